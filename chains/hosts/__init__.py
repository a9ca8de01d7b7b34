"""Hosts that edges speak HTTP to: how they are reached, left alone and understood."""
