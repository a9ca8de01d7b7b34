"""Edge: Rekor, the transparency log."""
