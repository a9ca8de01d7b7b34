"""Text from outside on its way to a terminal."""


def printable(text: str) -> str:
    """Return the text with what a terminal would obey, or hide, escaped; line breaks stay."""
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)
