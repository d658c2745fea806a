"""The page about a mail's states, from the table that the store goes by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mailsend.decide.state import Act, allowed_from, allowed_when_frozen, comes_to, outcome_under
from mailsend.model.mail_state import MailState
from mailsend.model.report import Outcome

__all__ = ["ACTS", "PAGE", "STATES", "page"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "states-of-a-mail.md"

STATES: Final = {
    MailState.QUEUED: "waits for its time: for its first attempt, or for the next one",
    MailState.SENDING: "is in a worker's hands, who holds it for a while",
    MailState.HELD: "waits for a person; a reason always stands beside it",
    MailState.DONE: "nobody is left to try: each recipient was accepted, rejected, suppressed, or is unknown for good",
    MailState.CANCELLED: "a person took it out of the queue",
    MailState.EXPIRED: "its time ran out: `expires_at`, or the window in which it was tried",
}
ACTS: Final = {
    Act.PUT: (
        "the application",
        "it is written down: to be sent, while it is sent, kept, or after it was sent",
    ),
    Act.CLAIM: ("a worker", "takes it to send it"),
    Act.FINISH: ("a worker", "has tried, and writes down what each recipient was told"),
    Act.GIVE_BACK: ("a worker", "stops before it has tried"),
    Act.LAPSE: ("the clock", "the worker did not come back in time"),
    Act.SETTLE: (
        "a worker",
        "is too late to finish, and knows what became of the unknown; whoever has the mail now let nothing out",
    ),
    Act.GIVE_UP: ("the clock", "the window in which it is tried has ended; its author gets a notice"),
    Act.EXPIRE: ("the clock", "`expires_at` has passed"),
    Act.HOLD: ("a person", "keeps it back until somebody decides"),
    Act.RELEASE: ("a person", "lets it go: it is due now"),
    Act.RETRY: ("a person", "it is due now, whatever its clock says"),
    Act.FORCE: (
        "a person",
        "it is due now, frozen or held, or done with an outcome unknown; the last look is asked all the same",
    ),
    Act.CANCEL: ("a person", "takes it out for good (`mailsend queue delete`)"),
    Act.FREEZE: ("a person", "the clock passes it by; its state stays"),
    Act.THAW: ("a person", "the clock counts again"),
}
_LANE: Final = 11
_LABEL: Final = 11

_HEAD: Final = """# States of a mail

A mail in the store is in one of six states, and each means one thing. Whether it arrived is not among them: a server
that says 250 took responsibility, no more ([accepted is not delivered](accepted-is-not-delivered.md)).

{states}

What became of it is told recipient by recipient, and the mail's state is computed from that in one place: one recipient
that is held holds the mail; else it is queued while anybody is open; else it is done. Other programs say *blocked*,
*rejected* or *quarantined* for several of these at once. Here, *held* is kept back by us and can be released,
*rejected* is one server's answer for one recipient, *suppressed* is a recipient whom we did not ask a server about, and
nothing else is meant by any of them.

`frozen` is no state but a flag beside it: the clock passes a frozen mail by, and so does `retry`, until it is thawed or
forced.

## What leads where

This diagram is written from the table in `mailsend.decide.state`, from which the store's SQL takes its conditions too, by
`python tests/docs/write_states.py`; a test fails where it is out of date. `●` is where a mail begins, `↺` stays where it is.

```text
{diagram}
```

| what | who | when | from | frozen |
|---|---|---|---|---|
{acts}

## What becomes of recipients

When a mail comes to a state, whoever is still open goes with it. An `unknown` outcome is never written over: that mail may
have arrived.

| outcome | {columns} |
|---|{rule}|
{outcomes}
"""


def page() -> str:
    """Give the whole page."""
    return _HEAD.format(
        states="\n".join(f"- **{state}**: {words}" for state, words in STATES.items()),
        diagram="\n".join(line.rstrip() for line in _diagram()),
        acts="\n".join(_act(act) for act in Act),
        columns=" | ".join(f"under {state}" for state in MailState),
        rule="|".join("---" for _ in MailState),
        outcomes="\n".join(_outcome(outcome) for outcome in Outcome if _moves(outcome)),
    )


def _diagram() -> Iterator[str]:
    yield " " * (_LABEL - 3) + "".join(state.center(_LANE) for state in MailState)
    for act in Act:
        label = str(act)
        for source in (None, *allowed_from(act)):
            for target in comes_to(source, act):
                yield f"{label:{_LABEL}}{''.join(_arrow(source, target))}"
                label = ""


def _arrow(source: MailState | None, target: MailState) -> list[str]:
    places = {state: _LANE * number + 2 for number, state in enumerate(MailState)}
    row = [" "] * (_LANE * len(places))
    for place in places.values():
        row[place] = "│"
    end = places[target]
    if source is None:
        row[end] = "●"
        return row
    begin = places[source]
    if begin == end:
        row[begin + 1] = "↺"
        return row
    step = 1 if begin < end else -1
    for place in range(begin + step, end - step, step):
        row[place] = "┼" if row[place] == "│" else "─"
    row[begin] = "├" if step > 0 else "┤"
    row[end - step] = "►" if step > 0 else "◄"
    return row


def _act(act: Act) -> str:
    who, when = ACTS[act]
    frozen = {(False, True): "any", (False,): "no", (True,): "yes"}[allowed_when_frozen(act)]
    return f"| `{act}` | {who} | {when} | {', '.join(allowed_from(act)) or '–'} | {frozen} |"


def _moves(outcome: Outcome) -> bool:
    return any(outcome_under(state, outcome) is not outcome for state in MailState)


def _outcome(outcome: Outcome) -> str:
    cells = (outcome_under(state, outcome) for state in MailState)
    return f"| {outcome} | {' | '.join('–' if one is outcome else one for one in cells)} |"
