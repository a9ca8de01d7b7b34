"""Edge: the Kubernetes API."""
