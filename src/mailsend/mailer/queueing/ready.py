"""A claimed mail with all that it takes to bring it on its way: rules, servers, frozen bytes, last look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from mailsend.mailer.facts import offered_servers
from mailsend.mailer.queueing.consigning import Bundle, Routes, bundles_of, data_of
from mailsend.mailer.thinking import Asked, AskedOfLists, Thinking, ask_rules, ask_servers
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.queue_reason import QueueReason
from mailsend.model.report import Outcome, RecipientResult
from mailsend.model.rules import Rules, Scope
from mailsend.model.submission import Refusal

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.looking import Look
    from mailsend.store.queue import Claimed

__all__ = ["Ground", "Grounds", "Ready", "find_ground", "kept_back", "make_ready"]

_log: Final = logging.getLogger("mailsend.queue")

_LARGE: Final = 1 << 20  # bytes of content that are checked in a thread: a loop would stand still meanwhile


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed mail with all that it takes to bring it on its way; one with a ``fault`` cannot be."""

    claimed: Claimed
    bundles: tuple[Bundle, ...]
    look: Look | None
    fault: str = ""
    lasting: bool = False
    rules: Rules | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What all mails of one customer and unit in a claim stand on."""

    rules: Rules | Refusal
    scope: Scope | None
    routes: Routes


# The ground of each customer and unit, or why nobody could tell.
Grounds: TypeAlias = Mapping[Asked, "Ground | Exception"]


def find_ground(core: Core, whose: Asked) -> Thinking[Ground]:
    """Find rules and servers of a customer and unit; raises what its directory raises."""
    from mailsend.mailer.gather import find_scope

    rules = yield from ask_rules(whose)
    if isinstance(rules, Refusal):
        smarthosts = core.rules.application.smarthosts
        servers = tuple([OfferedServer(server=one, owner=Owner.APPLICATION) for one in smarthosts])
        return Ground(rules, None, Routes(servers))
    scope = find_scope(*whose, rules)
    if isinstance(scope, Refusal):
        return Ground(rules, None, Routes(()))
    own = (yield from ask_servers(scope)) if core.states.asks(scope) else None
    return Ground(rules, scope, Routes(offered_servers(scope, own)))


async def make_ready(core: Core, claimed: Claimed, ground: Ground | Exception) -> Ready:
    """Give a mail with what it takes; one that cannot be read is held.

    Where its customer's directory, or the store, is away it is tried again later: that stops no other.
    """
    if isinstance(ground, Exception):
        return _unready(claimed, ground)
    try:
        if claimed.blobs or len(claimed.row.data or b"") > _LARGE:
            bundles = await asyncio.to_thread(_bundles, core, claimed, ground.routes)
        else:
            bundles = _bundles(core, claimed, ground.routes)
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with its rows, it stops no other
        return _unready(claimed, problem, lasting=True)
    parts = [one.consignment for one in bundles if one.consignment is not None]
    try:
        look = await _told(core, core.look_with(parts[0], ground.rules, *parts[1:])) if parts else None
    except Exception as problem:  # noqa: BLE001 - the same
        return _unready(claimed, problem)
    rules = ground.rules if isinstance(ground.rules, Rules) else None
    return Ready(claimed, bundles, look, rules=rules, scope=ground.scope)


def _bundles(core: Core, claimed: Claimed, routes: Routes) -> tuple[Bundle, ...]:
    data = data_of(claimed, core.content_vault)
    return bundles_of(claimed, data, routes, secret_keys=core.rules.application.secret_keys)


async def _told(core: Core, thinking: Thinking[Look]) -> Look:
    """Answer what is asked for a last look, all of which the store knows."""
    try:
        asked = next(thinking)
        while True:
            match asked:
                case AskedOfLists():
                    asked = thinking.send(await core.listed.of_async(asked))
                case Scope():
                    asked = thinking.send(await core.states.own_async(asked))
                case _:
                    raise AssertionError(f"no last look asks for {asked!r}")
    except StopIteration as done:
        look: Look = done.value
        return look


def kept_back(why: str, *, lasting: bool) -> RecipientResult:
    """Give what is told of a mail that was not offered to any server: held, or tried again later."""
    if lasting:
        return RecipientResult(outcome=Outcome.HELD, reason=QueueReason.UNREADABLE, advice=why)
    return RecipientResult(outcome=Outcome.DEFERRED, reason=QueueReason.NOT_READY, advice=why)


def _unready(claimed: Claimed, problem: Exception, *, lasting: bool = False) -> Ready:
    name = type(problem).__name__
    _log.warning("%s could not be made ready: %s", claimed.row.id, name)
    return Ready(claimed, (), None, fault=str(problem) or name, lasting=lasting)
