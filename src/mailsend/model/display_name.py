"""Display names that do not pretend: what a rewritten sender may be called (M2)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

__all__ = ["LONGEST_NAME", "NameReason", "clean_name", "is_protected", "name_for_rewritten"]

LONGEST_NAME = 64
LONGEST_FALLBACK = 500

_VIA = re.compile(r"(?:\A|\s+)via(?:\s.*)?\Z", re.IGNORECASE | re.DOTALL)
_LIKE_A_DOMAIN = re.compile(r"[^\W_][\w-]*\.(?:[^\W\d_]\S|xn--[\w-]+)|\d{1,3}(?:\.\d{1,3}){3}", re.IGNORECASE)
# Letters and marks that nobody sees (Unicode's Default_Ignorable_Code_Point, beside category Cf).
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_QUOTES = str.maketrans(dict.fromkeys("\"'`´“”„‟‘’‚‛«»‹›<>", None))


class NameReason(StrEnum):
    """What became of the name that the requested sender had."""

    AS_ASKED = "as_asked"
    WITH_VIA = "with_via"
    NO_ACTOR = "no_actor"
    PROTECTED = "protected"
    NOTHING_LEFT = "nothing_left"
    SAME = "same"
    FALLBACK_ALONE = "fallback_alone"


def name_for_rewritten(
    asked: str, fallback: str, *, has_actor: bool, protected: Iterable[str]
) -> tuple[str, NameReason]:
    """Give the name that a rewritten sender goes by, and why it is that one.

    ``{asked} via {fallback}`` where a person acts and the name is harmless, else ``fallback`` alone.
    """
    if not asked or not fallback:
        return fallback, NameReason.FALLBACK_ALONE
    if not has_actor:
        return fallback, NameReason.NO_ACTOR
    if is_protected(asked, protected):
        return fallback, NameReason.PROTECTED
    name = clean_name(asked)
    if not name:
        return fallback, NameReason.NOTHING_LEFT
    if _skeleton(name) == _skeleton(fallback):
        return fallback, NameReason.SAME
    return f"{name} via {fallback[:LONGEST_FALLBACK]}", NameReason.WITH_VIA


def clean_name(name: str) -> str:
    """Take out of a name what could be read as an address, a domain, or nothing at all.

    Gives at most 64 characters.
    """
    shown = "".join(
        " " if unicodedata.category(one) in ("Zs", "Zl", "Zp") else one
        for one in _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", name))).replace(
            "。", "."
        )
        if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    words = [
        word
        for word in _VIA.sub("", shown.translate(_QUOTES)).split()
        if "@" not in word and not _LIKE_A_DOMAIN.search(word)
    ]
    return " ".join(words)[:LONGEST_NAME].rstrip()


def is_protected(name: str, protected: Iterable[str]) -> bool:
    """Whether ``name`` holds one of the protected names, letters with accents taken as plain ones."""
    within = f" {_skeleton(name)} "
    return any(
        (bare := _skeleton(one)) and (f" {bare} " in within or _joined(bare) == _joined(within))
        for one in protected
    )


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = (
        one if one.isalnum() else " " for one in plain if unicodedata.category(one) not in ("Mn", "Cf")
    )
    return " ".join("".join(letters).split())


def _joined(name: str) -> str:
    return name.replace(" ", "")
