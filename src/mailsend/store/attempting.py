"""Works tried in one transaction: what each answers, or what went wrong and whose fault that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event
from time import monotonic  # noqa: TID251 - how long the database has been asked is seen by nobody else
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError, OperationalError

from mailsend.errors import StoreError
from mailsend.store.written_together import Item, Work

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction

__all__ = ["Failure", "attempt", "attempt_surely", "is_the_databases", "unheard"]

# PostgreSQL's classes of errors that only some of what was written may have made: a transaction undone for
# another's sake, and a row too large for an index (PostgreSQL's manual, appendix A).
_UNDONE: Final = "40"
_OWN_FAULTS: Final = (_UNDONE, "54")
_HELD_UP: Final = ("55P03", "57014")  # a lock that another holds, or a limit of the server's
_READ_ONLY: Final = "25006"  # as a server is that another has taken over from

_PAUSES: Final = (0.0, 0.2, 0.5, 1.0, 2.0)  # seconds
_LONGEST: Final = 4.0  # seconds after which nobody is asked once more
_pause: Final = Event().wait  # it is never set


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why works are not written, or nobody knows whether they are.

    ``is_whole``: the database itself failed, and would for each of them. ``is_held_up``: something took
    too long, for which one of several may be to blame. ``passes``: the same may be written later.
    ``has_begun``: a connection was there. ``is_unsure``: it may be committed all the same.
    """

    problem: BaseException
    is_whole: bool = False
    is_held_up: bool = False
    passes: bool = False
    has_begun: bool = True
    is_unsure: bool = False


def attempt(database: Database, works: Sequence[Work]) -> list[Any] | Failure:
    """Do works in one transaction; a server is asked once where one statement does it."""
    begun = at_one_stroke = False

    def alone(transaction: Transaction) -> Any:
        nonlocal begun
        begun = True
        return stroke(transaction)

    try:
        first = works[0]
        stroke: Any = first.alone if isinstance(first, Item) and len(works) == 1 else None
        if stroke is not None and database.is_far:
            at_one_stroke = True
            return [database.at_one_stroke(alone)]
        with database.writing() as transaction:
            begun = True
            return [work(transaction) for work in works]
    except BaseException as problem:  # noqa: BLE001 - it is told to whoever waits
        return _failure(problem, begun=begun, at_one_stroke=at_one_stroke)


def attempt_surely(
    database: Database, works: Sequence[Work], unsure: Failure | None = None
) -> list[Any] | Failure:
    """Do works; what may be written though its answer was lost is done ``again``, on another connection.

    So it is only where each of them bears that. ``unsure`` is what came of the first time, if it was done.
    """
    told = unsure or attempt(database, works)
    if not isinstance(told, Failure) or not told.is_unsure:
        return told
    anew = [getattr(one, "again", None) for one in works]
    if None in anew:
        return replace(told, problem=_unknown(told.problem))
    began = monotonic()
    for pause in _PAUSES:
        _pause(pause)
        answer = attempt(database, [one for one in anew if one is not None])
        if not isinstance(answer, Failure) or not (answer.is_whole or answer.is_held_up):
            return answer
        if monotonic() - began > _LONGEST:
            break
    return unsure or replace(told, problem=_unknown(told.problem))


def unheard(problem: StoreError) -> Failure:
    """Say that a statement may have been its own commit, though its answer was not heard."""
    return Failure(problem=_unknown(problem), is_whole=True, passes=True, is_unsure=True)


def is_the_databases(problem: BaseException) -> bool:
    """Whether it is the database that failed, and would for each of several that were written together."""
    cause = problem.__cause__
    if not isinstance(problem, StoreError) or not isinstance(cause, DBAPIError):
        return False
    if cause.connection_invalidated:
        return True
    state = _state(cause)
    if state in _HELD_UP or state.startswith(_OWN_FAULTS):
        return False
    return isinstance(cause, OperationalError) or state == _READ_ONLY


def _failure(problem: BaseException, *, begun: bool, at_one_stroke: bool) -> Failure:
    if not begun:
        return Failure(problem=problem, is_whole=True, passes=True, has_begun=False)
    cause = problem.__cause__
    if not isinstance(cause, DBAPIError):
        return Failure(problem=problem)
    if is_the_databases(problem):
        unsure = cause.connection_invalidated and (at_one_stroke or cause.statement == "COMMIT")
        return Failure(problem=problem, is_whole=True, passes=True, is_unsure=unsure)
    state = _state(cause)
    held_up = state in _HELD_UP
    return Failure(problem=problem, is_held_up=held_up, passes=held_up or state.startswith(_UNDONE))


def _state(cause: DBAPIError) -> str:
    return getattr(cause.orig, "sqlstate", None) or ""


def _unknown(problem: BaseException) -> StoreError:
    told = StoreError(
        f"{problem}; whether it is written is not known",
        advice="Look whether it is there before you do it again; mails with an idempotency key are put in once.",
    )
    told.__cause__ = problem.__cause__
    return told
