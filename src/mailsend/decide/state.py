"""The states of a mail: the one table of what may be done to it when, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome
from mailsend.model.words import catalogue

__all__ = [
    "LAST_WORDS",
    "Act",
    "MailStateRefused",
    "Refused",
    "allowed_from",
    "allowed_when_frozen",
    "comes_to",
    "frozen_after",
    "is_news",
    "next_state",
    "outcome_under",
    "settled_state",
    "state_of",
]


class Act(StrEnum):
    """What callers, workers, the clock and people do to a mail."""

    PUT = "put"
    CLAIM = "claim"
    FINISH = "finish"
    GIVE_BACK = "give_back"
    LAPSE = "lapse"
    SETTLE = "settle"
    GIVE_UP = "give_up"
    EXPIRE = "expire"
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"
    FORCE = "force"
    CANCEL = "cancel"
    FREEZE = "freeze"
    THAW = "thaw"


class MailStateRefused(StrEnum):
    """Why something cannot be done to a mail: the state that it is in."""

    QUEUED = "queued"
    SENDING = "sending"
    HELD = "held"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FROZEN = "frozen"
    NOT_FROZEN = "not_frozen"


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be done to a mail: why, and what to do instead."""

    reason: MailStateRefused
    advice: str

    def explain(self, locale: str = "en") -> str:
        """Tell why, in words."""
        return catalogue(locale)[f"mail.{self.reason}"]


_QUEUED, _SENDING, _HELD = MailState.QUEUED, MailState.SENDING, MailState.HELD
_DONE, _CANCELLED, _EXPIRED = MailState.DONE, MailState.CANCELLED, MailState.EXPIRED

# The whole table: from which state an act is possible, and to which it may lead. None: no mail yet.
_NEXT: Final[Mapping[Act, Mapping[MailState | None, tuple[MailState, ...]]]] = MappingProxyType(
    {
        Act.PUT: {None: (_QUEUED, _SENDING, _HELD, _DONE, _EXPIRED)},
        Act.CLAIM: {_QUEUED: (_SENDING,)},
        Act.FINISH: {_SENDING: (_QUEUED, _HELD, _DONE, _EXPIRED)},
        Act.GIVE_BACK: {_SENDING: (_QUEUED,)},
        Act.LAPSE: {_SENDING: (_QUEUED, _HELD, _DONE, _EXPIRED)},
        Act.SETTLE: {
            _QUEUED: (_QUEUED, _DONE, _EXPIRED),
            _SENDING: (_QUEUED, _DONE, _EXPIRED),
            _HELD: (_HELD, _DONE, _EXPIRED),
            _DONE: (_DONE,),
            _CANCELLED: (_CANCELLED,),
            _EXPIRED: (_DONE, _EXPIRED),
        },
        Act.GIVE_UP: {_QUEUED: (_EXPIRED,), _SENDING: (_EXPIRED,)},
        Act.EXPIRE: {_QUEUED: (_EXPIRED,), _HELD: (_EXPIRED,)},
        Act.HOLD: {_QUEUED: (_HELD,)},
        Act.RELEASE: {_HELD: (_QUEUED,)},
        Act.RETRY: {_QUEUED: (_QUEUED,)},
        Act.FORCE: {_QUEUED: (_QUEUED,), _HELD: (_QUEUED,), _DONE: (_QUEUED,)},
        Act.CANCEL: {_QUEUED: (_CANCELLED,), _HELD: (_CANCELLED,)},
        Act.FREEZE: {_QUEUED: (_QUEUED,), _SENDING: (_SENDING,), _HELD: (_HELD,)},
        Act.THAW: {_QUEUED: (_QUEUED,), _SENDING: (_SENDING,), _HELD: (_HELD,)},
    }
)

# The clock passes a frozen mail by, and so does a retry; what stands in neither is possible anyhow.
_ONLY_UNFROZEN: Final = frozenset({Act.CLAIM, Act.GIVE_UP, Act.EXPIRE, Act.RETRY, Act.FREEZE})
_ONLY_FROZEN: Final = frozenset({Act.THAW})

_ENDED: Final = "Send it anew: mailsend log resend."
_INSTEAD: Final[Mapping[MailStateRefused, str]] = MappingProxyType(
    {
        MailStateRefused.QUEUED: "It goes out by itself, or at once: mailsend queue retry.",
        MailStateRefused.SENDING: "Wait until it has been tried, and look again.",
        MailStateRefused.HELD: "Release it: mailsend queue release.",
        MailStateRefused.DONE: _ENDED,
        MailStateRefused.CANCELLED: _ENDED,
        MailStateRefused.EXPIRED: _ENDED,
        MailStateRefused.FROZEN: "Thaw it: mailsend queue thaw; or force it.",
        MailStateRefused.NOT_FROZEN: "There is nothing to thaw.",
    }
)

# What becomes of a recipient's outcome when its mail comes to a state; all others stay. An unknown
# outcome is never written over: that mail may have arrived.
_WITH_THE_MAIL: Final[Mapping[MailState, Mapping[Outcome, Outcome]]] = MappingProxyType(
    {
        _QUEUED: {Outcome.HELD: Outcome.PENDING},
        _SENDING: {Outcome.HELD: Outcome.PENDING},
        _HELD: dict.fromkeys((Outcome.PENDING, Outcome.DEFERRED), Outcome.HELD),
        _DONE: {},
        _CANCELLED: dict.fromkeys((Outcome.PENDING, Outcome.DEFERRED, Outcome.HELD), Outcome.CANCELLED),
        _EXPIRED: dict.fromkeys((Outcome.PENDING, Outcome.DEFERRED, Outcome.HELD), Outcome.EXPIRED),
    }
)

# Of these nobody has to ask again.
LAST_WORDS: Final = frozenset({Outcome.ACCEPTED, Outcome.REJECTED})


def comes_to(state: MailState | None, act: Act) -> tuple[MailState, ...]:
    """Give the states that ``act`` may lead to; empty where it is not possible. None: no mail yet."""
    return _NEXT[act].get(state, ())


def allowed_from(act: Act) -> tuple[MailState, ...]:
    """Give the states in which ``act`` is possible: SQL's ``state IN (…)``.

    ``force`` and ``settle`` take a mail that is done only where a recipient's outcome is unknown, ``settle`` one
    that is being sent only where its newest claim has let no content out.
    """
    return tuple(state for state in _NEXT[act] if state is not None)


def allowed_when_frozen(act: Act) -> tuple[bool, ...]:
    """Give the values of the flag ``frozen`` with which ``act`` is possible."""
    return tuple(
        frozen for frozen in (False, True) if act not in (_ONLY_UNFROZEN if frozen else _ONLY_FROZEN)
    )


def next_state(
    state: MailState, act: Act, *, to: MailState | None = None, frozen: bool = False, unknown: bool = False
) -> MailState | Refused:
    """Give the state that a mail comes to by ``act``, or why that cannot be done to it.

    ``to`` says which, where there are several (``finish``, ``lapse``, ``settle``): what ``state_of`` computed;
    ValueError where it is missing or none of them. ``unknown``: a recipient's outcome is.
    """
    found = comes_to(state, act)
    if not found or (state is _DONE and not unknown):
        # One that is queued goes out by itself, but for this.
        return _refused(MailStateRefused.FROZEN if frozen and state is _QUEUED else MailStateRefused(state))
    if frozen not in allowed_when_frozen(act):
        return _refused(MailStateRefused.FROZEN if frozen else MailStateRefused.NOT_FROZEN)
    if to is None and len(found) == 1:
        return found[0]
    if to not in found:
        raise ValueError(f"{act} leads from {state} to {' or '.join(found)}, not to {to}")
    return to


def frozen_after(act: Act, state: MailState, *, frozen: bool) -> bool:
    """Give the flag ``frozen`` of a mail that came to ``state`` by ``act``; what has ended is not frozen."""
    if act in (Act.FREEZE, Act.THAW, Act.FORCE):
        return act is Act.FREEZE
    return frozen and state in (_QUEUED, _SENDING, _HELD)


def state_of(outcomes: Iterable[Outcome], *, resend: bool = False, over: bool = False) -> MailState:
    """Compute the state of a mail that nobody is sending from its recipients' outcomes (rule 7).

    ``resend``: a recipient whose outcome is unknown will be sent to once more (M20). ``over``: its time
    has passed, so that whoever is open expires. One held recipient holds the whole mail (M18).
    """
    seen = frozenset(outcomes)
    if Outcome.HELD in seen:
        return _HELD
    if seen & {Outcome.PENDING, Outcome.DEFERRED}:
        return _EXPIRED if over else _QUEUED
    if Outcome.UNKNOWN in seen and resend and not over:
        return _QUEUED
    if Outcome.CANCELLED in seen:
        return _CANCELLED
    return _EXPIRED if Outcome.EXPIRED in seen else _DONE


def outcome_under(state: MailState, outcome: Outcome) -> Outcome:
    """Give a recipient's outcome when its mail has come to ``state``.

    Whoever is open is held, cancelled or expired with the mail, and is pending again once it is released.
    """
    return _WITH_THE_MAIL[state].get(outcome, outcome)


def is_news(stands: Outcome, told: Outcome, *, pinned: bool, newest: bool) -> bool:
    """Whether what a late finisher was ``told`` of a recipient says more than its row does.

    ``stands`` is the outcome in the row. ``pinned``: it has a server that alone may be asked again, so
    that it may have the mail though it is held. ``newest``: no later claim has let content out to it.
    """
    silent = stands is Outcome.UNKNOWN or (stands is Outcome.HELD and pinned)
    return silent and newest and told in LAST_WORDS


def settled_state(state: MailState, outcomes: Iterable[Outcome], *, resend: bool) -> MailState:
    """Give the state of a mail in which recipients were settled; ``outcomes`` are those of all.

    It is computed as ever, but that nobody is let go whom a person holds, and that nothing begins again
    that has ended; one that is being sent is taken out of those hands. ``resend``: somebody who is unknown is
    sent to once more.
    """
    computed = state_of(outcomes, resend=resend)
    stays = _QUEUED if state is _SENDING else state
    return computed if computed in comes_to(state, Act.SETTLE) else stays


def _refused(reason: MailStateRefused) -> Refused:
    return Refused(reason, _INSTEAD[reason])
