"""Blank arguments, as shells make them of variables that are not set: nobody means nothing by a name."""

from __future__ import annotations

from typing import TypeVar

import typer

__all__ = ["not_blank"]

T = TypeVar("T")


def not_blank(given: T) -> T:
    """Give back what was typed; raises BadParameter, which is wrong usage, where it is blank, or one of it is."""
    for one in given if isinstance(given, list | tuple) else (given,):
        if isinstance(one, str) and not one.strip():
            raise typer.BadParameter("it is blank")
    return given
