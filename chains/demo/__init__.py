"""Rim: a world in one process, each server speaking the real protocol on loopback."""
