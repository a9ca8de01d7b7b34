"""What an operator may set: one table of keys, read into a frozen value."""
