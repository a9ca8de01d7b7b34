"""Edge: policy engines."""
