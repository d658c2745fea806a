"""One run of the command line: what is raised becomes words, or JSON, and an exit code."""

from __future__ import annotations

import io
import logging
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import typer

from mailsend.cli.documents import error_document, interrupted_document, usage_document
from mailsend.cli.exits import INTERRUPTED, CommandFailed, Exit, exit_of
from mailsend.cli.output import Output
from mailsend.errors import MailsendError

__all__ = ["run"]

# Typer raises click's errors, its own copies of them since 0.26; this is the root of both.
_UsageError: type[Exception] = typer.BadParameter.__mro__[2]


_NEGATED: Final = re.compile(r"-[a-z][a-z-]*:")  # of a query, which the shell gives as it gives options


def run(arguments: Sequence[str]) -> int:
    """Run one command; give its exit code. Nothing is raised."""
    from mailsend.cli.app import app

    options = _before_dashes(arguments)
    output = Output(as_json="--json" in options)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a mark that a terminal lacks is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        quiet = {"--quiet", "-q"} & set(options) != set()
        with _warnings_told(Output(as_json=output.as_json, quiet=quiet)), _sigterm_interrupts():
            code = typer.main.get_command(app).main(
                args=list(arguments), prog_name="mailsend", standalone_mode=False
            )
    except _UsageError as problem:
        return _usage(problem, output, options)
    except (MailsendError, OSError) as problem:
        return _failed(problem, output)
    except (KeyboardInterrupt, typer.Abort):
        output.document(interrupted_document())
        output.fail("interrupted")
        return INTERRUPTED
    except Exception as problem:
        if "--debug" in options:
            raise
        return _internal(problem, output)
    return code if isinstance(code, int) else Exit.OK


def _before_dashes(arguments: Sequence[str]) -> Sequence[str]:
    """Give the arguments up to ``--``, behind which nothing is an option."""
    return arguments[: list(arguments).index("--")] if "--" in arguments else arguments


def _usage(problem: Exception, output: Output, options: Sequence[str]) -> int:
    message = str(getattr(problem, "format_message", problem.__str__)())
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "mailsend"
    advice = f"Try '{command} --help'."
    negated = next((one for one in options if _NEGATED.match(one)), None)
    if negated is not None:
        advice = f"A query that begins with a minus stands behind --, as in: {command} -- {negated}"
    output.document(usage_document(message, advice))
    output.fail(message, advice, name=command)
    return Exit.USAGE


def _failed(problem: Exception, output: Output) -> int:
    if isinstance(problem, OSError) and not isinstance(problem, MailsendError):
        where = f"{problem.filename}: " if problem.filename else ""
        problem = CommandFailed(Exit.NO_INPUT, f"{where}{problem.strerror or problem}")
    assert isinstance(problem, MailsendError)  # an OSError has just become one
    output.document(error_document(problem))
    what = str(problem)
    output.fail(what, problem.advice)
    return exit_of(problem)


def _internal(problem: Exception, output: Output) -> int:
    failure = CommandFailed(
        Exit.INTERNAL,
        f"this should not have happened ({type(problem).__name__})",
        advice="Please report it with what --debug shows; look it through for what nobody should see.",
    )
    return _failed(failure, output)


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Let SIGTERM end a command as SIGINT does, so that what became of a mail is said."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@contextmanager
def _warnings_told(output: Output) -> Iterator[None]:
    """Say what the library logs as a warning the way the command line speaks."""
    log = logging.getLogger("mailsend")
    handler = _Told(output)
    before = log.propagate
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = before


class _Told(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__(logging.WARNING)
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        self._output.warn(record.getMessage())
