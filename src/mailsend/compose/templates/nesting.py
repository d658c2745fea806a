"""How deep and how many the tags of a file are, before a parser builds a tree of them."""

from __future__ import annotations

from collections.abc import Iterable

from mailsend.compose.templates.limits import MarkupLimitReached
from mailsend.compose.templates.markup import Piece

__all__ = ["MAX_OPEN", "MAX_TAGS", "check_nesting"]

MAX_OPEN = 200  # elements open at once; a parser recurses over them, and copies formatting again and again
MAX_TAGS = 5_000  # start and end tags of one file

_VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_CELLS = frozenset({"td", "th"})
_SECTIONS = frozenset({"tbody", "thead", "tfoot", "colgroup"})
_OPTIONAL = frozenset({"p", "li", "dd", "dt", "option", "tr"}) | _CELLS | _SECTIONS  # need no end tag
_ENDED_BY = {
    "p": frozenset({"p"}),
    "li": frozenset({"p", "li"}),
    "option": frozenset({"option"}),
    **dict.fromkeys(("dd", "dt"), frozenset({"p", "dd", "dt"})),
    **dict.fromkeys(_CELLS, _CELLS | {"p"}),
    "tr": _CELLS | {"p", "tr"},
    **dict.fromkeys(_SECTIONS, _CELLS | _SECTIONS | {"p", "tr"}),
}
_NOTHING: frozenset[str] = frozenset()


def check_nesting(tags: Iterable[Piece], source: str, path: str) -> None:
    """Refuse a file whose tags are too many or too deep; raises MarkupLimitReached with the line.

    An end tag that does not match what was opened last closes nothing: a parser would keep such
    elements, or open them anew, so they count as open to the end of the file.
    """
    opened: list[str] = []
    for count, tag in enumerate(tags, 1):
        if count > MAX_TAGS:
            raise MarkupLimitReached(
                f"it has more than {MAX_TAGS} tags",
                source.count("\n", 0, tag.start) + 1,
                path,
                "Write what repeats once, in a {% for %} or a macro, or move parts to files of their own.",
            )
        if tag.is_end:
            _close(opened, tag.name)
        elif tag.name not in _VOID:
            ended = _ENDED_BY.get(tag.name, _NOTHING)
            while opened and opened[-1] in ended:
                opened.pop()
            opened.append(tag.name)
            if len(opened) > MAX_OPEN:
                raise MarkupLimitReached(
                    f"more than {MAX_OPEN} elements are open at once",
                    source.count("\n", 0, tag.start) + 1,
                    path,
                    "Close each element, the last one opened first, and nest them less deeply.",
                )


def _close(opened: list[str], name: str) -> None:
    at = len(opened) - 1
    while at >= 0 and opened[at] != name and opened[at] in _OPTIONAL and name not in _FORMATTING:
        at -= 1
    if at >= 0 and opened[at] == name:
        del opened[at:]
