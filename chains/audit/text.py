"""Text from outside on its way to people."""


def printable(text: str) -> str:
    """Return the text with what a terminal or a page would obey, or hide, escaped; line breaks stay."""
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)
