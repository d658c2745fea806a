"""Messages of all shapes for one shop, as strategies; used by the laws of deciding and sending."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation, Message

__all__ = ["ALLOWED", "FEATURES", "Case", "cases", "features", "shop"]

TEST_ADDRESS = "test@suite.example"

# Whose From domains are allowed, written out by hand: the oracle of the laws.
ALLOWED = {
    None: {"suite.example"},
    "ratcatcher": {"operations-the-rat.example", "xn--ratten-1xa.example", "suite.example"},
    "owl": {"owl.example", "mail.owl.example", "suite.example"},
}


def shop(*smarthosts: str, **application: Any) -> dict[str, Any]:
    """Give settings with two customers: one with a fallback of its own, one with a server of its own."""
    return {
        "application": {
            "name": "Acme Suite",
            "fallback_sender": "Acme Suite <no-reply@suite.example>",
            "allowed_domains": ["suite.example"],
            "admin_address": "postmaster@suite.example",
            "smarthosts": list(smarthosts) or ["memory:"],
            **application,
        },
        "customers": {
            "ratcatcher": {
                "allowed_domains": ["operations-the-rat.example", "rattenö.example"],
                "alias_domains": {"rat.example": "operations-the-rat.example"},
                "fallback_sender": "Operations the Rat <office@operations-the-rat.example>",
                "admin_address": "it@operations-the-rat.example",
                "archive_bcc": "archive@operations-the-rat.example",
                "business_units": {
                    "zurich": {
                        "fallback_sender": "Zürich <zurich@operations-the-rat.example>",
                        "locale": "de-CH",
                    },
                    "bern": {},
                },
            },
            "owl": {
                "allowed_domains": ["*.owl.example"],
                "servers": [{"url": (list(smarthosts) or ["memory:"])[0]}],
                "server_released": True,
                "proved_for_smarthost": ["owl.example"],
            },
        },
    }


@dataclass(frozen=True)
class Case:
    """A message and what its maker knows of it."""

    message: Message


_WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), include_characters="\u200f\u202e😀é"),
    max_size=60,
)
_ATTACKS = st.sampled_from(
    [
        "=?UTF-8?Q?=0A?=Bcc: evil@example.net",
        '"><evil@example.net>',
        "Ann (nested (comment)) <evil@example.net>",
        "ann@operations-the-rat.example",
        "x" * 300,
        "a, b; c: d",
        "=?utf-8?b?ZXZpbA==?=",
        "Оperations the Rat",
    ]
)
_NAMES = st.one_of(st.just(""), st.sampled_from(["Ann Meier", "Jörg Müller", "Ωμέγα"]), _WORDS, _ATTACKS)
_LOCAL_PARTS = st.one_of(
    st.sampled_from(["ann", "bob.b", "o'hara", "a+tag", "x_y-z", '"a b@c"', '"a\\"b"']),
    st.from_regex(r"\A[a-z0-9]{1,12}\Z"),
)
_SENDER_DOMAINS = st.sampled_from(
    [
        "operations-the-rat.example",
        "OPERATIONS-the-rat.example.",
        "rattenö.example",
        "rat.example",
        "owl.example",
        "mail.owl.example",
        "suite.example",
        "gmail.com",
        "operаtions-the-rat.example",
        "sub.operations-the-rat.example",
        "partner.example",
    ]
)
_RECIPIENT_DOMAINS = st.sampled_from(
    ["example.org", "example.net", "münchen.example", "owl.example", "operations-the-rat.example"]
)


def _mailboxes(domains: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(_NAMES, st.builds("{}@{}".format, _LOCAL_PARTS, domains)).map(_pair)


def _pair(named: tuple[str, str]) -> Any:
    from mailsend.model.address import Address, Mailbox

    name, address = named
    return Mailbox(name.strip(), Address.parse(address))


_RECIPIENTS = _mailboxes(_RECIPIENT_DOMAINS)
_TEXT = st.one_of(
    st.just("Hello\n"),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=300),
    st.just("From here\n.\n..\nshalom שלום‏\n" + "long " * 400 + "\ttab  two\n"),
)
_FILES = st.builds(
    lambda data, name: Attachment.from_bytes(data, filename=name),
    st.binary(max_size=400),
    st.sampled_from(["invoice.pdf", "Rechnung für Sie.pdf", 'a;b"c.txt', "notes.txt", "x" * 120 + ".bin"]),
)
_PICTURE = Attachment.from_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40, filename="rat.png", inline=True)
_ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//Suite//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:1@suite.example\r\nDTSTAMP:20261121T120000Z\r\nDTSTART:20261201T090000Z\r\nSUMMARY:Visit – Ä\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a message that is not refused for its content."""
    customer = draw(st.sampled_from([None, "ratcatcher", "ratcatcher", "owl"]))
    unit = draw(st.sampled_from([None, "zurich", "bern"])) if customer == "ratcatcher" else None
    html = draw(st.one_of(st.none(), _TEXT.map("<p>{}</p>".format)))
    files = draw(st.lists(_FILES, max_size=2))
    if draw(st.integers(0, 3)) == 0:
        html = f'{html or ""}<img src="cid:{_PICTURE.cid}" alt="">'
        files.append(_PICTURE)
    calendar = Invitation(_ICS, "REQUEST") if draw(st.integers(0, 3)) == 0 else None
    return Case(
        Message(
            from_=draw(st.one_of(st.none(), _mailboxes(_SENDER_DOMAINS), _mailboxes(_SENDER_DOMAINS))),
            to=draw(st.lists(_RECIPIENTS, min_size=1, max_size=3)),
            cc=draw(st.lists(_RECIPIENTS, max_size=2)),
            bcc=draw(st.lists(_RECIPIENTS, max_size=2)),
            reply_to=draw(st.lists(_RECIPIENTS, max_size=1)),
            bounce_to=draw(st.one_of(st.none(), st.sampled_from(["b@suite.example", "b@owl.example"]))),
            customer=customer,
            business_unit=unit,
            subject=draw(st.one_of(_WORDS, _ATTACKS)),
            text=draw(_TEXT) or "-",
            html=html,
            attachments=files,
            calendar=calendar,
            actor=draw(st.sampled_from([None, "ann"])),
            headers=draw(st.sampled_from([{}, {"X-Order": "4711 ä"}, {"References": "<a@b.example>"}])),
            sensitive=draw(st.sampled_from([None, True])),
            send_at=draw(st.sampled_from([None, datetime(2026, 11, 21, 9, tzinfo=UTC)])),
        )
    )


FEATURES = ("rewritten", "non-ASCII", "several recipients", "cid", "calendar")


def features(case: Case, *, rewritten: bool) -> Counter[str]:
    """Say which shapes a case has, for the shares that a run prints."""
    message = case.message
    text = f"{message.subject}{message.text}{message.html}{message.from_}{message.to}"
    return Counter(
        {
            "rewritten": rewritten,
            "non-ASCII": not text.isascii(),
            "several recipients": len(message.to) + len(message.cc) + len(message.bcc) > 1,
            "cid": any(one.inline for one in message.attachments),
            "calendar": message.calendar is not None,
        }
    )
