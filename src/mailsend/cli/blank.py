"""Blank arguments, as shells make them of variables that are not set: nobody means nothing by a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import typer

__all__ = ["none_blank", "not_blank"]

T = TypeVar("T")


def not_blank(given: T) -> T:
    """Give back what was typed; raises BadParameter, which is wrong usage, where it is blank."""
    if isinstance(given, str) and not given.strip():
        raise typer.BadParameter("it is blank")
    return given


def none_blank(given: Sequence[str] | None) -> Sequence[str]:
    """Give back all that was typed, and nothing for nothing: Typer 0.15 counts it; raises as ``not_blank`` does."""
    return [not_blank(one) for one in given or ()]
