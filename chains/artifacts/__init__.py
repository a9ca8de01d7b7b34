"""What a run made and used."""
