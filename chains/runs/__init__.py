"""What Tekton did: runs as frozen values, and the marks left on them."""
