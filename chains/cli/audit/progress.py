"""How far an audit is, on a terminal's stderr only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(length: int) -> Iterator[Callable[[], None]]:
    """Show a bar while the body runs; the function given to it counts one more as done."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=length, label="Auditing", file=sys.stderr, show_pos=True) as bar:
        yield lambda: bar.update(1)
