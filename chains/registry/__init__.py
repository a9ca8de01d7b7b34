"""Edge: OCI registries."""
