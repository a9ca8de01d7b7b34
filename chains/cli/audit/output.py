"""Where the report of an audit goes, and in which form."""

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from chains.audit.report import Report
from chains.errors import InputError

FORMATS = {
    "table": ("chains.audit.table", ""),
    "json": ("chains.audit.document", "as_json"),
    "jsonl": ("chains.audit.document", "as_lines"),
    "sarif": ("chains.audit.sarif", "as_sarif"),
    "junit": ("chains.audit.junit", "as_junit"),
    "html": ("chains.audit.page", "as_page"),
}


def emit(report: Report, form: str, path: str) -> None:
    """Write the report to a file or to stdout; beside a file, stderr has its one sentence."""
    text = _table(report, to_file=bool(path)) if form == "table" else _written(form)(report)
    if not path:
        click.echo(text, nl=False)
        return
    try:
        Path(path).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"{report.sentence} The report is in {path}", err=True)


def _written(form: str) -> Callable[[Report], str]:
    module, name = FORMATS[form]
    write: Callable[[Report], str] = getattr(importlib.import_module(module), name)
    return write


def _table(report: Report, *, to_file: bool) -> str:
    table = importlib.import_module(FORMATS["table"][0])
    on_terminal = sys.stdout.isatty() and not to_file
    width = shutil.get_terminal_size().columns if on_terminal else 0
    text: str = table.as_table(report, table.Look(width, on_terminal and not os.environ.get("NO_COLOR")))
    return text
