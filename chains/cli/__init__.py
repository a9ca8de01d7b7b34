"""Rim: thin commands."""
