"""The straight line a run takes: plan, sign, verify; no I/O of its own."""
