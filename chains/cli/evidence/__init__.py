"""What an audit rests on, kept in an archive and read again."""
