"""`chains explain`: why a run was signed or was not."""
