"""Rim: the service that watches runs and signs them."""
