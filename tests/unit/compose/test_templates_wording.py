"""Dates, numbers and money as readers write them; colours that can be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from mailsend.compose.templates import StaticLayer, Templates
from mailsend.compose.templates.palette import contrast, palette
from mailsend.compose.templates.wording import date_in, money_in, number_in, time_in
from mailsend.model.rules import Branding

DAY = date(2026, 5, 3)


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en", "3 May 2026"),
        ("en-US", "May 3, 2026"),
        ("de", "3. Mai 2026"),
        ("de-CH", "3. Mai 2026"),
        ("fr", "2026-05-03"),
    ],
)
def test_a_day_is_written_in_the_language_of_the_mail(locale, shown):
    """English and German in words, every other language as ISO 8601 writes it."""
    assert date_in(locale, DAY) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (time(7, 5), "07:05"),
        (datetime(2026, 5, 3, 7, 5), "07:05"),
        (datetime(2026, 5, 3, 7, 5, tzinfo=UTC), "07:05 UTC"),
        (datetime(2026, 5, 3, 7, 5, tzinfo=timezone(timedelta(hours=2))), "07:05 UTC+02:00"),
        (datetime(2026, 5, 3, 7, 5, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), "07:05 UTC-03:30"),
    ],
)
def test_a_time_says_how_far_from_utc_it_is(value, shown):
    """An aware time names its distance, since the reader may be anywhere."""
    assert time_in(value) == shown


@pytest.mark.parametrize(
    ("locale", "value", "digits", "shown"),
    [
        ("en", 1234567, None, "1,234,567"),
        ("de", 1234567.5, None, "1.234.567,5"),
        ("de-CH", Decimal("1234.5"), 2, "1’234.50"),
        ("de-AT", "1234.5", 0, "1.235"),
        ("fr", -1234, 1, "-1234.0"),
        ("en", 2.675, 2, "2.68"),
        ("en", 0, None, "0"),
    ],
)
def test_a_number_is_grouped_and_rounded_half_up(locale, value, digits, shown):
    """Thousands are kept apart as the language does; halves go up, as people expect of amounts."""
    assert number_in(locale, value, digits) == shown


@pytest.mark.parametrize(
    ("value", "digits"),
    [("x", None), (None, None), (float("nan"), 2), (float("inf"), None), ("1e999999", None), ("1e-999999", None),
     ("0e-999999", None), (1, 20), (1, -1), (1, "2"), ([], 2), (10**40, 2), ("sNaN", 2)],
)  # fmt: skip
def test_what_is_no_number_to_show_is_refused(value, digits):
    """Neither words nor numbers of a million digits come through."""
    with pytest.raises(ValueError, match="not a number to show"):
        number_in("en", value, digits)


@pytest.mark.parametrize(
    ("locale", "currency", "shown"),
    [
        ("en", "EUR", "EUR 1,234.50"),
        ("de", "EUR", "1.234,50 EUR"),
        ("de-CH", "CHF", "CHF 1’234.50"),
        ("fr", "JPY", "JPY 1235"),
        ("en", "KWD", "KWD 1,234.500"),
    ],
)
def test_money_has_the_digits_of_its_currency(locale, currency, shown):
    """Two digits, none for yen and its like, three for dinars."""
    assert money_in(locale, Decimal("1234.5"), currency, " ") == shown


def test_filters_follow_the_mail():
    """In HTML amounts do not break, in text they have plain spaces; a text stays as it is."""
    body = "{{ d|date }}|{{ t|datetime }}|{{ t|time }}|{{ d|datetime }}|{{ 's'|date }}|{{ 's'|time }}|{{ 5|number(1) }}|{{ 5|money('EUR') }}"
    layer = StaticLayer.of("own", {"t/subject.txt.j2": "s", "t/body.txt.j2": body, "t/body.html.j2": body})
    made = Templates(layers=(layer,), branding=Branding())
    moment = datetime(2026, 5, 3, 7, 5, tzinfo=UTC)
    content = made.render("t", {"d": DAY, "t": moment}, locale="de-DE", sender="", now=moment)
    text = "3. Mai 2026|3. Mai 2026, 07:05 UTC|07:05 UTC|3. Mai 2026|s|s|5,0|5,00 EUR"
    assert (content.text, content.html) == (text, text.replace("0 EUR", "0\u00a0EUR"))


def test_the_default_palette():
    """Without colours of one's own there is a whole palette, and each text in it reaches AA."""
    colors = palette({})
    pairs = [
        *(
            (text, ground)
            for text in ("text", "muted", "link")
            for ground in ("surface", "panel", "background")
        ),
        *(
            (f"dark_{text}", f"dark_{ground}")
            for text in ("text", "muted", "link")
            for ground in ("surface", "panel", "background")
        ),
        ("on_primary", "primary"),
    ]
    assert {pair: contrast(colors[pair[0]], colors[pair[1]]) >= 4.5 for pair in pairs} == dict.fromkeys(
        pairs, True
    )


def test_what_a_brand_states_is_kept():
    """Derived colours give way to stated ones, and a brand may have names of its own."""
    colors = palette({"primary": "#FFF", "link": "#123456", "accent": "#0f0"})
    assert {key: colors[key] for key in ("primary", "on_primary", "link", "accent")} == {
        "primary": "#ffffff",
        "on_primary": "#000000",
        "link": "#123456",
        "accent": "#00ff00",
    }


def test_a_brand_that_leaves_no_room_gets_black_or_white():
    """Where no colour can be read on all grounds that a brand states, the strongest is taken."""
    assert palette({"surface": "#ffffff", "panel": "#000000"})["link"] in ("#000000", "#ffffff")
