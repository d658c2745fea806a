"""Faults that strike alike at every step: closing, cutting, dripping, flooding, senseless replies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from mailsend.testing.faults.terms import Act, Place, ScriptedFault, fault

__all__ = ["BY_STEP"]

# A step's name in the names of faults, where it is, and the first line of a good answer there.
_STEPS: Final = (
    ("greet", Place.GREETING, "220"),
    ("ehlo", Place.EHLO, "250"),
    ("starttls", Place.STARTTLS, "220"),
    ("auth", Place.AUTH, "235"),
    ("mail", Place.MAIL, "250"),
    ("rcpt", Place.RCPT, "250"),
    ("data", Place.DATA, "354"),
    ("dot", Place.DOT, "250"),
)

# What an application knows by an older name keeps it.
_NAMES: Final = MappingProxyType(
    {
        "data-drop": "drop-before-354",
        "data-silent": "silent-before-354",
        "dot-drop": "drop-after-dot",
        "dot-silent": "silent-after-dot",
        "dot-drip": "drip-after-dot",
        "dot-no-code": "garbage-after-dot",
    }
)


def _at(step: str, place: Place, code: str) -> Iterator[ScriptedFault]:
    """Give what can go wrong with an answer wherever it is given; ``code`` is the one that is due."""
    yield fault(f"{step}-drop", place, Act.DROP)
    yield fault(f"{step}-close", place, Act.CLOSE)
    yield fault(f"{step}-cut", place, Act.CUT)
    yield fault(f"{step}-split", place, Act.SPLIT)
    yield fault(f"{step}-silent", place, Act.SILENCE)
    yield fault(f"{step}-drip", place, Act.DRIP, f"{code}-wait")
    yield fault(f"{step}-endless", place, Act.ENDLESS, f"{code}-wait")
    yield fault(f"{step}-flood", place, Act.FLOOD, f"{code} wait")
    yield fault(f"{step}-long-line", place, Act.REWORD, "{} " + "x" * 9000)
    yield fault(f"{step}-no-code", place, Act.REPLY, "Thank you")
    yield fault(f"{step}-six", place, Act.REPLY, "650 What comes after five")
    yield fault(f"{step}-long-code", place, Act.REPLY, f"{code}0 One digit more")
    yield fault(f"{step}-intermediate", place, Act.REPLY, "399 Go on, whatever it was")
    yield fault(f"{step}-two-codes", place, Act.REPLY, f"{code}-Perhaps\r\n550 or not")
    yield fault(f"{step}-binary", place, Act.REPLY, "\x16\x03\x01\udcff\udcfe\udc80\x01\x7f")
    yield fault(f"{step}-nul", place, Act.REWORD, "{}\x00")
    yield fault(f"{step}-bare-lf", place, Act.REWORD, "{}\n")
    yield fault(f"{step}-empty-line", place, Act.REWORD, "\r\n{}")


BY_STEP: Final = tuple(
    replace(one, name=_NAMES.get(one.name, one.name)) for step in _STEPS for one in _at(*step)
)
