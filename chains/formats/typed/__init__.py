"""What decoding a run into Tekton's Go types and encoding it again does to its JSON."""
