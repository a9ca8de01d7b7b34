"""Signed SLSA provenance for Tekton runs."""
