"""Misbehaviour of SMTP servers by name, as data: what strikes, where, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from mailsend.errors import InvalidSettings
from mailsend.testing.faults.between import BETWEEN
from mailsend.testing.faults.by_step import BY_STEP
from mailsend.testing.faults.content import CONTENT
from mailsend.testing.faults.envelope import ENVELOPE
from mailsend.testing.faults.opening import OPENING
from mailsend.testing.faults.terms import Act, Place, ScriptedFault

__all__ = ["FAULTS", "Act", "Place", "ScriptedFault", "fault_named"]

FAULTS: Final[Mapping[str, ScriptedFault]] = MappingProxyType(
    {one.name: one for one in (*OPENING, *ENVELOPE, *CONTENT, *BETWEEN, *BY_STEP)}
)


_NAMED: Final = re.compile(r"(?P<name>[a-z0-9-]+)(?:\+(?P<after>\d{1,6}))?(?::(?P<times>\d{1,6}))?\Z")


def fault_named(text: str) -> ScriptedFault:
    """Give the fault called ``text``.

    ``"dot-421:2"`` strikes twice and then never again, ``"dot-421+3"`` not before the fourth time. Raises
    InvalidSettings that names the faults there are.
    """
    asked = _NAMED.match(text)
    if asked is None or asked["name"] not in FAULTS:
        from difflib import get_close_matches

        near = get_close_matches(text.partition(":")[0], FAULTS, n=5, cutoff=0.5)
        told = f"; near it: {', '.join(near)}" if near else ""
        raise InvalidSettings(
            "faults", f"there is no fault called {text!r}{told}", advice=f"Known are: {', '.join(FAULTS)}."
        )
    fault = FAULTS[asked["name"]]
    return replace(
        fault,
        times=int(asked["times"]) if asked["times"] else fault.times,
        after=int(asked["after"]) if asked["after"] else fault.after,
    )
