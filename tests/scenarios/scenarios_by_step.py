"""Each of the faults that strike alike at every step, with PIPELINING and without."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import ACCEPTED, ACROSS, LOST, OFF, SENSELESS, SILENCE, Scenario, one

__all__ = ["BY_STEP"]

_OPENING = ("greet", "ehlo", "starttls", "auth")
_ENVELOPE = ("mail", "rcpt", "data")
_CUT_SHORT = ("drop", "close", "cut", "silent", "drip")
_NO_REPLY = ("endless", "flood", "long-line", "no-code", "six", "long-code", "intermediate", "two-codes")
_STILL_NO_REPLY = ("binary", "empty-line")
_STILL_GOOD = ("split", "nul", "bare-lf")
_KNOWN_AS = {
    "data-drop": "drop-before-354",
    "data-silent": "silent-before-354",
    "dot-drop": "drop-after-dot",
    "dot-silent": "silent-after-dot",
    "dot-drip": "drip-after-dot",
    "dot-no-code": "garbage-after-dot",
}
# What came before the connection closed was whole, and the mail may be on its way already.
_RACES = {"data-close": f"{LOST} | {SILENCE}"}
# The server says 250, and nobody can read it.
_TAKEN_UNREADABLY = ("dot-cut", "dot-long-line", "dot-empty-line")


def _before_the_dot(step: str) -> Iterator[tuple[str, str]]:
    for names, told in (
        (_CUT_SHORT, LOST),
        ((*_NO_REPLY, *_STILL_NO_REPLY), SENSELESS),
        (_STILL_GOOD, ACCEPTED),
    ):
        for name in names:
            fault = f"{step}-{name}"
            yield _KNOWN_AS.get(fault, fault), _RACES.get(fault, told)


def _after_the_dot() -> Iterator[tuple[str, str, bool]]:
    for name in (*_CUT_SHORT, *_NO_REPLY, *_STILL_NO_REPLY, *_STILL_GOOD):
        fault = f"dot-{name}"
        good = name in (*_STILL_GOOD, "close")
        told = ACCEPTED if good else SENSELESS if name == "intermediate" else SILENCE
        yield _KNOWN_AS.get(fault, fault), told, good or fault in _TAKEN_UNREADABLY


def _all() -> Iterator[Scenario]:
    for step in _OPENING:
        for fault, told in _before_the_dot(step):
            yield one(fault, told)
    for level in (ACROSS, OFF):
        behind = "" if level is ACROSS else ", one command at a time"
        for step in _ENVELOPE:
            for fault, told in _before_the_dot(step):
                yield one(fault + behind, told, pipelining=level)
        for fault, told, taken in _after_the_dot():
            yield one(fault + behind, told, taken=(taken,), pipelining=level)


BY_STEP = tuple(_all())
