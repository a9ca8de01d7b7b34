"""Logs of the service: one JSON object a line on stderr, or for people on a terminal."""

import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer

LEAD = ("timestamp", "level", "event")
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def log_to_stderr(level: str) -> None:
    """Send every log line of that level or above to stderr."""
    for_people = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    # Local variables may hold a password, so no traceback shows them.
    tracebacks = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if for_people else [tracebacks]),
            _in_order,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def set_level(level: str) -> None:
    """Send from now on every log line of that level or above, and no other."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]))


def _in_order(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Put what every line has first, and leave out what is None."""
    return {name: event.pop(name) for name in LEAD} | {
        name: value for name, value in event.items() if value is not None
    }
