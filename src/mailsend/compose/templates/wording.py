"""Dates, numbers and money as the reader writes them; English and German, else as ISO writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context as TemplateContext

__all__ = ["FILTERS", "date_in", "money_in", "number_in", "time_in"]

_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
}
_WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
_WITH_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_SEPARATORS = {"en": (",", "."), "de": (".", ","), "de-CH": ("’", "."), "de-LI": ("’", ".")}
_EXACT = Context(prec=60)
_LARGEST = Decimal(10) ** 40
_MOST_DIGITS = 20  # after the point
_STEPS = {digits: Decimal(1).scaleb(-digits) for digits in range(_MOST_DIGITS)}


def _language(locale: str) -> str:
    return locale.partition("-")[0]


def date_in(locale: str, value: date) -> str:
    """Give a day in words: 3 May 2026, May 3, 2026 (en-US), 3. Mai 2026, else 2026-05-03."""
    months = _MONTHS.get(_language(locale))
    if months is None:
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    month = months[value.month - 1]
    if locale == "en-US":
        return f"{month} {value.day}, {value.year}"
    return f"{value.day}{'.' if _language(locale) == 'de' else ''} {month} {value.year}"


def time_in(value: datetime | time) -> str:
    """Give hours and minutes, and for an aware value its distance from UTC."""
    shown = f"{value.hour:02}:{value.minute:02}"
    offset = value.utcoffset()
    if offset is None:
        return shown
    minutes = offset // timedelta(minutes=1)
    if not minutes:
        return f"{shown} UTC"
    return f"{shown} UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def number_in(locale: str, value: Any, digits: int | None = None) -> str:
    """Give a number with its thousands apart; ``digits`` after the point, else as it is.

    Raises ValueError for what is no number, or one of 40 digits and more.
    """
    number = _shown(value, digits)
    if number is None:
        raise ValueError("not a number to show")
    thousands, point = _SEPARATORS.get(locale) or _SEPARATORS.get(_language(locale)) or ("", ".")
    whole, _, rest = f"{number:,f}".partition(".")
    return whole.replace(",", thousands) + (point + rest if rest else "")


def _shown(value: Any, digits: int | None) -> Decimal | None:
    try:
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if not -_LARGEST < number < _LARGEST:
            return None
        if digits is not None:
            return number.quantize(_STEPS[digits], ROUND_HALF_UP, _EXACT)
    except (InvalidOperation, KeyError, TypeError, ValueError):
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and exponent > -_MOST_DIGITS else None


def money_in(locale: str, value: Any, currency: str, space: str = "\u00a0") -> str:
    """Give an amount with its currency (ISO 4217): EUR 1,234.50, 1.234,50 EUR, CHF 1’234.50.

    Raises ValueError for what is no number.
    """
    digits = 0 if currency in _WITHOUT_CENTS else 3 if currency in _WITH_THOUSANDTHS else 2
    amount = number_in(locale, value, digits)
    if _language(locale) == "de" and locale not in ("de-CH", "de-LI"):
        return f"{amount}{space}{currency}"
    return f"{currency}{space}{amount}"


def _locale(context: TemplateContext) -> str:
    return str(context.resolve("locale"))


def _space(context: TemplateContext) -> str:
    return "\u00a0" if context.eval_ctx.autoescape else " "


@pass_context
def _date(context: TemplateContext, value: Any) -> Any:
    return date_in(_locale(context), value) if isinstance(value, date) else value


@pass_context
def _time(context: TemplateContext, value: Any) -> Any:
    return time_in(value) if isinstance(value, (datetime, time)) else value


@pass_context
def _datetime(context: TemplateContext, value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{date_in(_locale(context), value)}, {time_in(value)}"
    return _date(context, value)


@pass_context
def _number(context: TemplateContext, value: Any, digits: int | None = None) -> str:
    return number_in(_locale(context), value, digits)


@pass_context
def _money(context: TemplateContext, value: Any, currency: str) -> str:
    return money_in(_locale(context), value, currency, _space(context))


FILTERS: dict[str, Callable[..., Any]] = {
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "number": _number,
    "money": _money,
}
