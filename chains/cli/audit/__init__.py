"""`chains audit`: from its flags to its report."""
