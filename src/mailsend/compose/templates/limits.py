"""How much one rendering may do: steps, characters, and the size of what it builds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jinja2.exceptions import SecurityError, TemplateSyntaxError

__all__ = [
    "CONTAINERS",
    "MAX_PART",
    "MAX_STEPS",
    "MAX_WORK",
    "Budget",
    "LimitReached",
    "MarkupLimitReached",
    "counted",
    "joined",
    "range_within_limits",
    "spend",
    "weigh",
]

MAX_STEPS = 100_000  # turns of loops, calls and filters of one mail
MAX_PART = 5_000_000  # characters of one part, and of any one value that a template builds
MAX_WORK = 50_000_000  # characters and items touched while rendering one mail
MAX_WIDTH = 1_000  # columns of a padded or indented text
CONTAINERS = (list, tuple, dict, set, frozenset)
_CHUNK = 32
_NOTHING: dict[str, str] = {}
_VIEWS = (type(_NOTHING.keys()), type(_NOTHING.values()), type(_NOTHING.items()))
_SIZED: frozenset[type] = frozenset({list, tuple, dict, set, frozenset, str, range, *_VIEWS})


class LimitReached(SecurityError):
    """A template asked for more than it may have; ``advice`` says what to do."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


class MarkupLimitReached(TemplateSyntaxError):
    """The tags of a file are too many or too deep; ``advice`` says what to do."""

    def __init__(self, message: str, line: int, path: str, advice: str) -> None:
        super().__init__(message, line, path)
        self.advice = advice


@dataclass(slots=True)
class Budget:
    """What one rendering has left."""

    steps: int = MAX_STEPS
    work: int = MAX_WORK


BUDGET: ContextVar[Budget] = ContextVar("mailsend template budget")


def spend(*, steps: int = 0, work: int = 0) -> None:
    """Take from what the rendering has left; raises LimitReached where that is not enough."""
    budget = BUDGET.get()
    budget.steps -= steps
    budget.work -= work
    if budget.steps >= 0 and budget.work >= 0:
        return
    raise _too_many() if budget.steps < 0 else too_large()


def _too_many() -> LimitReached:
    return LimitReached(
        f"it takes more than {MAX_STEPS} turns of loops and calls",
        "Loop over less, or pass a shorter list.",
    )


def too_large() -> LimitReached:
    """Give the error for a value or a part that grows too large."""
    return LimitReached(
        f"what it builds is larger than {MAX_PART} characters",
        "Build less text in the template, or pass shorter values.",
    )


def counted(items: Any) -> Any:
    """Give something to loop over, its turns paid for: at once where the length is known."""
    if isinstance(items, range):
        _check_range(items)
    if type(items) in _SIZED:
        spend(steps=len(items))
        return items
    return _paid(iter(items))


def range_within_limits(*bounds: Any) -> range:
    """Give ``range(*bounds)``; raises LimitReached where no loop could go through it."""
    made = range(*bounds)
    _check_range(made)
    return made


def _check_range(numbers: range) -> None:
    if numbers[MAX_STEPS:]:  # len() itself fails for the largest ones
        raise _too_many()


def searched(items: Any) -> Any:
    """Give something to look into with ``in``, paid for as it is read."""
    if isinstance(items, str):
        spend(work=len(items))
    elif isinstance(items, CONTAINERS):
        weigh(items)
    elif isinstance(items, range):
        _check_range(items)
        spend(work=len(items))  # what is no int is compared with each
    elif not hasattr(items, "__contains__"):
        return counted(items)
    return items


def _paid(items: Iterator[Any]) -> Iterator[Any]:
    for item in items:
        spend(steps=1)
        yield item


def joined(pieces: Iterable[str]) -> str:
    """Join the pieces of an output, as long as they stay below the size of a part."""
    if isinstance(pieces, list):
        size = sum(map(len, pieces))
        spend(work=size)
        if size > MAX_PART:
            raise too_large()
        return "".join(pieces)
    kept: list[str] = []
    size = 0
    source = iter(pieces)
    while chunk := list(islice(source, _CHUNK)):
        size += sum(map(len, chunk))
        if size > MAX_PART:
            raise too_large()
        kept += chunk
    spend(work=size)
    return "".join(kept)


def weigh(value: Any) -> int:
    """Give how large ``value`` is when written out, however often one list stands in another.

    Raises LimitReached from the size of a part on, so that lists of lists of lists stay small.
    """
    total = 0
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, CONTAINERS):
            total += 2 * len(item)
            if total <= MAX_PART:
                rest.extend(item)
                rest.extend(item.values() if isinstance(item, dict) else ())
        total += 1
        if total > MAX_PART:
            raise too_large()
    spend(work=total)
    return total
