"""The filters that templates have: Jinja's, each paid for, and ours for dates and money."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from jinja2 import filters as jinja_filters
from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import _PassArg
from markupsafe import Markup, escape

from mailsend.compose.templates.limits import (
    CONTAINERS,
    LimitReached,
    counted,
    joined,
    searched,
    spend,
    weigh,
)
from mailsend.compose.templates.methods import check_format, check_whole_number, check_widths, replaced_size
from mailsend.compose.templates.wording import FILTERS as OUR_FILTERS

__all__ = ["CHARGED", "COUNTED", "JOINED", "SEARCHED", "WEIGHED", "guarded_filters"]

# What the guard puts into a template's tree; no template can write such a name.
COUNTED = "mailsend counted"
CHARGED = "mailsend charged"
JOINED = "mailsend joined"
SEARCHED = "mailsend searched"
WEIGHED = "mailsend weighed"

_LEFT_OUT = frozenset({"random", "pprint", "urlize"})  # chance, inner workings, slow expressions
_WIDTHS = frozenset({"batch", "center", "indent", "round", "slice", "truncate", "wordwrap"})
_AS_THEY_ARE = frozenset({"count", "d", "default", "length"})  # these give back what they were given
_ITERATING = frozenset(
    "batch first groupby list map max min reject rejectattr reverse select selectattr slice sort sum unique urlencode".split()
)
_MEASURED = (str, *CONTAINERS)
_DEFAULT_INDENT = 4
_WORD = re.compile(r"[^\t\n\x0b\x0c\r ]++")  # as textwrap sees words

Filter = Callable[..., Any]


def guarded_filters() -> dict[str, Filter]:
    """Give every filter by name, each bound to the limits of the rendering that it runs in."""
    theirs = {
        name: function
        if name in _AS_THEY_ARE
        else _guarded(function, _CHECKS.get(name), wide=name in _WIDTHS, iterating=name in _ITERATING)
        for name, function in jinja_filters.FILTERS.items()
        if name not in _LEFT_OUT
    }
    return {
        **theirs,
        **OUR_FILTERS,
        "join": _join,
        COUNTED: _counted,
        CHARGED: _charged,
        SEARCHED: _searched,
        WEIGHED: _weighed,
        JOINED: _joined_values,
    }


# A filter that takes the context is never run while a template is compiled, where there is no budget.
@pass_context
def _counted(_: Context, value: Any) -> Any:
    return counted(value)


@pass_context
def _charged(_: Context, value: Any) -> Any:
    if isinstance(value, str):
        spend(work=len(value))
    elif isinstance(value, CONTAINERS):
        weigh(value)
    return value


@pass_context
def _searched(_: Context, value: Any) -> Any:
    return searched(value)


@pass_context
def _weighed(_: Context, value: Any) -> Any:
    weigh(value)
    return value


@pass_context
def _joined_values(_: Context, values: list[Any]) -> str:
    """What ``~`` does: the text of each value, joined; escaped where one of them is HTML already."""
    if any(hasattr(value, "__html__") for value in values):
        return Markup(joined(map(escape, values)))  # noqa: S704 - each piece is escaped
    return joined(map(str, values))


@pass_context
def _join(context: Context, value: Any, d: str = "", attribute: str | int | None = None) -> Any:
    items = list(counted(value))
    if attribute is not None:
        items = list(map(jinja_filters.make_attrgetter(context.environment, attribute), items))
    weigh(items)
    spend(steps=1, work=len(items) * len(str(d)))
    return jinja_filters.FILTERS["join"](context.eval_ctx, items, d)


def _guarded(function: Filter, check: Callable[..., None] | None, *, wide: bool, iterating: bool) -> Filter:
    passed = _PassArg.from_obj(function)

    @wraps(function)
    def run(context: Context, value: Any, *arguments: Any, **keywords: Any) -> Any:
        spend(steps=1, work=len(value) if isinstance(value, _MEASURED) else 1)
        if iterating and not isinstance(value, _MEASURED):
            value = counted(value)
        if wide:
            check_widths((*arguments, *keywords.values()))
        if check is not None:
            check(value, *arguments, **keywords)
        if passed is None:
            return _settled(function(value, *arguments, **keywords))
        if passed is _PassArg.eval_context:
            return _settled(function(context.eval_ctx, value, *arguments, **keywords))
        first = context if passed is _PassArg.context else context.environment
        return _settled(function(first, value, *arguments, **keywords))

    return pass_context(run)  # after wraps(), which copied what the other one is passed


def _settled(result: Any) -> Any:
    if isinstance(result, str):
        spend(work=len(result))
    elif isinstance(result, CONTAINERS):
        weigh(result)
    elif isinstance(result, Iterator):
        return counted(result)
    return result


def _check_replace(value: Any, old: Any, new: Any, count: int | None = None) -> None:
    spend(work=replaced_size(str(value), str(old), str(new)))


def _check_format(value: Any, *arguments: Any, **keywords: Any) -> None:
    check_format(str(value), (*arguments, *keywords.values()))


def _check_indent(value: Any, width: int | str = _DEFAULT_INDENT, *_: Any, **__: Any) -> None:
    columns = len(width) if isinstance(width, str) else max(width, 0)
    spend(work=(str(value).count("\n") + 1) * columns)


def _check_int(value: Any, *_: Any, **__: Any) -> None:
    check_whole_number(value)


def _check_wordwrap(value: Any, width: int = 79, *arguments: Any, **keywords: Any) -> None:
    longest = max((len(one) for one in (*arguments, *keywords.values()) if isinstance(one, str)), default=1)
    text = str(value)
    spend(work=len(text) * longest)
    # A word is cut by copying the rest of it for each line.
    word = max((len(one[0]) for one in _WORD.finditer(text)), default=0)
    spend(work=word**2 // max(width, 1))


def _check_sum(value: Any, attribute: Any = None, start: Any = 0) -> None:
    if isinstance(start, (str, *CONTAINERS)):
        raise LimitReached("the filter 'sum' adds numbers only", "Put texts together with the filter 'join'.")


def _check_json(value: Any) -> None:
    weigh(value)


_CHECKS: dict[str, Callable[..., None]] = {
    "format": _check_format,
    "indent": _check_indent,
    "int": _check_int,
    "replace": _check_replace,
    "sum": _check_sum,
    "tojson": _check_json,
    "wordwrap": _check_wordwrap,
}
