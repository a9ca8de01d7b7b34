"""A Kubernetes API server in the process: kubectl and every client library may talk to it."""
