"""Edge: key material."""
