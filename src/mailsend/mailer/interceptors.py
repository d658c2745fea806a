"""The application's own word on a mail: before it is decided, when it is finished, after it went out."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from threading import current_thread, main_thread
from typing import Any, cast

from mailsend.errors import InvalidSettings
from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.rules import Rules
from mailsend.model.submission import Hold, Refusal, Submission

__all__ = ["After", "Before", "Check", "Interceptors"]

Before = Callable[[Message, Rules], Message | Refusal]
Check = Callable[[Submission], Refusal | Hold | None]
After = Callable[[Report], object]

_log = logging.getLogger("mailsend")


@dataclass(frozen=True, slots=True)
class Interceptors:
    """The interceptors in the order in which they run: the settings' first, then the Mailer's."""

    before: tuple[Before, ...] = ()
    check: tuple[Check, ...] = ()
    after: tuple[After, ...] = ()

    @classmethod
    def of(
        cls,
        paths: dict[str, tuple[str, ...]],
        before: Sequence[Before],
        check: Sequence[Check],
        after: Sequence[After],
    ) -> Interceptors:
        """Load those that the settings name by dotted path, and put the given ones behind them."""
        return cls(
            before=(*_load("before", paths.get("before", ())), *before),
            check=(*_load("check", paths.get("check", ())), *check),
            after=(*_load("after", paths.get("after", ())), *after),
        )

    def ask_before(self, message: Message, rules: Rules) -> Message | Refusal:
        """Let each change or refuse the message."""
        for one in self.before:
            answer = one(message, rules)
            if isinstance(answer, Refusal):
                return answer
            if not isinstance(answer, Message):
                raise _wrong(one, answer, "a Message or a Refusal")
            message = answer
        return message

    def ask_check(self, submission: Submission) -> Submission | Refusal:
        """Let each refuse or hold the finished mail; the first who does decides."""
        for one in self.check:
            answer = one(submission)
            if isinstance(answer, Refusal):
                return replace(answer, decisions=submission.decisions)
            if isinstance(answer, Hold):
                return replace(submission, hold=answer)
            if answer is not None:
                raise _wrong(one, answer, "None, a Refusal or a Hold")
        return submission

    def tell_after(self, report: Report) -> None:
        """Tell each what became of the mail; what they raise is logged and changes nothing."""
        for one in self.after:
            try:
                answer = one(report)
            except BaseException as problem:  # an observer changes nothing, whatever it raises
                if isinstance(problem, KeyboardInterrupt) and current_thread() is main_thread():
                    raise  # a person's, not the observer's
                _log.exception("an 'after' interceptor failed", extra={"mailsend_id": report.id})
            else:
                if isinstance(answer, Coroutine):
                    _log.error("%s", _wrong(one, answer, "nothing"), extra={"mailsend_id": report.id})


def _wrong(interceptor: Callable[..., Any], answer: object, expected: str) -> TypeError:
    """Say which interceptor gave what is no answer: a mail must not go out on a misunderstanding."""
    name = getattr(interceptor, "__qualname__", repr(interceptor))
    if isinstance(answer, Coroutine):
        answer.close()
        return TypeError(f"the interceptor {name} is async; interceptors are plain functions")
    return TypeError(f"the interceptor {name} gave {answer!r}; expected is {expected}")


def _load(kind: str, paths: Iterable[str]) -> tuple[Callable[..., Any], ...]:
    return tuple(_load_one(kind, path) for path in paths)


def _load_one(kind: str, path: str) -> Callable[..., Any]:
    where = f"application.interceptors.{kind}"
    module, _, name = path.rpartition(":") if ":" in path else path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as problem:  # a module may raise anything when it is imported
        raise InvalidSettings(
            where,
            f"{path!r} cannot be imported ({type(problem).__name__})",
            advice="Name a function by its dotted path, as in 'shop.mail.check' or 'shop.mail:check'.",
        ) from problem
    if not callable(found):
        raise InvalidSettings(
            where, f"{path!r} is not callable", advice="Name a function, not a module or a value."
        )
    return cast("Callable[..., Any]", found)
