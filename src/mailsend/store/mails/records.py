"""Decisions as they are written down (house rule 13); those that many mails share are written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailsend.store.buckets import account_mark
from mailsend.store.mails.written import as_json

if TYPE_CHECKING:
    from mailsend.decide.content import ContentDecision
    from mailsend.decide.route import RoutesDecision
    from mailsend.model.decision import Decision
    from mailsend.model.submission import Submission

__all__ = ["decisions_of", "routes_of"]

T = TypeVar("T")

_MOST: Final = 4096

# By identity. Beside each text stands what it was made of, so that nothing else can come to have its id.
_kept: dict[tuple[int, Callable[[Any], str]], tuple[str, Any]] = {}


def decisions_of(submission: Submission) -> str:
    """Give the records of all decisions as JSON; of a sensitive mail they name no files."""
    one = submission
    shared = [_once(made, _record) for made in (one.sender, one.reply_to, one.routes, one.return_path)]
    shared.insert(2, _record(one.recipients))
    content = _without_content(one.content) if one.content.sensitive else _record(one.content)
    return f"[{','.join((*shared, content, _once(one.signatures, _record)))}]"


def routes_of(routes: RoutesDecision) -> str:
    """Give ``[[owner, name, account], …]`` in their order, as JSON; without what stands for no account."""
    return _once(routes, _routes)


def _once(made: T, write: Callable[[T], str]) -> str:
    key = id(made), write
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        found = _kept[key] = write(made), made
    return found[0]


def _record(decision: Decision) -> str:
    return as_json(decision.record())


def _without_content(decision: ContentDecision) -> str:
    record = decision.record()
    record["facts"]["attachments"] = []
    return as_json(record)


def _routes(routes: RoutesDecision) -> str:
    named = ((str(one.owner), one.server.name, account_mark(one.server)) for one in routes.offered)
    return as_json([one if one[2] else one[:2] for one in named])
