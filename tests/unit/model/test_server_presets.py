"""Presets: what large providers demand, with source and date (M8)."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest

from mailsend.model.server import Server
from mailsend.model.server_options import TRAITS
from mailsend.model.server_presets import (
    PRESETS,
    preset_for,
    preset_for_greeting,
    preset_named,
    traits_for,
)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("smtp.office365.com", "microsoft-365"),
        ("SMTP.Office365.com.", "microsoft-365"),
        ("smtp.gmail.com", "google-workspace"),
        ("smtp-relay.gmail.com", "google-relay"),
        ("email-smtp.eu-central-1.amazonaws.com", "amazon-ses"),
        ("email-smtp.amazonaws.com", None),
        ("email-smtp.eu-central-1.amazonaws.com.attacker.example", None),
        ("xsmtp.gmail.com", None),
        ("suite-example.mail.protection.outlook.com", None),
        ("relay1.suite.example", None),
        ("192.0.2.1", None),
        ("", None),
    ],
)
def test_a_preset_is_found_by_the_name_of_the_server(host, name):
    """The whole name has to fit, in any case."""
    found = preset_for(host)
    assert (found.name if found else None) == name


def test_every_preset_says_where_it_was_read_and_when():
    """Each has sources, a date that has been, traits that the settings know, and a name of its own."""
    for one in PRESETS:
        assert one.sources
        assert all(source.startswith("https://") for source in one.sources)
        assert date(2026, 11, 1) <= one.date <= date.today()  # noqa: DTZ011  a day is exact enough
        assert set(one.traits) <= set(TRAITS) & {field.name for field in fields(Server)}
        assert one.traits
        assert preset_named(one.name) is one
    assert len({one.name for one in PRESETS}) == len(PRESETS)
    assert preset_named("nobody") is None


def test_a_preset_fills_in_what_the_settings_leave_open():
    """What the URL says wins; where the rest came from is told, and changes no comparison."""
    server = Server.from_url("smtp://smtp.office365.com?max_per_minute=10")

    assert (server.max_connections, server.max_per_minute, server.max_recipients_per_day) == (3, 10, 10_000)
    assert server.traits_from == (
        ("max_connections", "microsoft-365"), ("max_recipients_per_day", "microsoft-365"),
    )  # fmt: skip
    assert server == Server(
        host="smtp.office365.com",
        port=587,
        max_connections=3,
        max_per_minute=10.0,
        max_recipients_per_day=1e4,
    )


def test_amazon_replaces_what_is_then_not_signed():
    """Amazon SES makes its own Message-ID and Date, and takes 50 recipients at once."""
    server = Server.from_url("smtp://email-smtp.eu-west-1.amazonaws.com")

    assert (server.rewrites, server.own_message_id, server.max_recipients) == (
        ("Message-ID", "Date"),
        True,
        50,
    )


def test_where_everything_is_said_or_nothing_known_no_preset_is_named():
    """A preset that fills in nothing is not told as the source of anything."""
    assert traits_for("smtp-relay.gmail.com", {"max_recipients_per_day"}) == {}
    assert Server.from_url("smtp://relay1.suite.example").traits_from == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mail.suite.example ESMTP Postfix (Debian/GNU)", "postfix"),
        ("mail.suite.example ESMTP Postfixed", None),
        ("mx.suite.example ready " + "x" * 600 + " Postfix", None),
    ],
)
def test_a_greeting_may_name_its_program(text, name):
    """A greeting that names Postfix leads to what Postfix does as it comes."""
    found = preset_for_greeting(text)
    assert (found.name if found else None) == name
