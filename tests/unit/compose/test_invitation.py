from __future__ import annotations

import pytest

from mailsend.compose.calendar import (
    calendar_octets,
    method_fault,
    read_method,
    with_organizer,
    without_method,
)
from mailsend.errors import InvalidMessage
from mailsend.model.address import Address
from mailsend.model.message import Invitation

ICS = (
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETH\r\n OD;X-A="b:c":req\r\n uest\r\n'
    "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nORGANIZER;CN=Old:mailto:o\r\n ld@x.example\r\nSUMMARY:"
    + "s"
    * 60
    + "\r\n tail\r\n"
    "BEGIN:VALARM\r\nORGANIZER:kept\r\nMETHOD:kept\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
BARE = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR"


@pytest.mark.parametrize(
    ("ics", "method"),
    [
        (ICS, "REQUEST"),
        (BARE, None),
        ("", None),
        (":odd\nBEGIN:VCALENDAR\nMETHOD:cancel", "CANCEL"),
        ("BEGIN:VCALENDAR\nMETHOD\nEND:VCALENDAR", ""),
    ],
)
def test_the_method_is_read_where_it_counts(ics: str, method: str | None) -> None:
    """Folded, with parameters, in any case; not within a component."""
    assert read_method(ics) == method


@pytest.mark.parametrize(
    ("ics", "method", "fault"),
    [
        (ICS, "REQUEST", None),
        (ICS, "request", None),
        (BARE, "", None),
        (ICS, "CANCEL", "the method is CANCEL, and METHOD in the calendar object is REQUEST"),
        (ICS, "", "the method is none, and METHOD in the calendar object is REQUEST"),
        (BARE, "REQUEST", "the method is REQUEST, and METHOD in the calendar object is missing"),
        (
            "BEGIN:VCALENDAR\nMETHOD:A;B\n",
            "A;B",
            "METHOD in the calendar object is 'A;B', which is no method (RFC 5546)",
        ),
    ],
)
def test_a_method_that_differs_is_told(ics: str, method: str, fault: str | None) -> None:
    """Programs act on either, so both must say the same (M31)."""
    assert method_fault(Invitation(ics, method)) == fault


def test_without_its_method_an_object_asks_for_nothing() -> None:
    """All else stays as it was, folding included."""
    bare = ICS.replace('METH\r\n OD;X-A="b:c":req\r\n uest\r\n', "").replace("METHOD:kept\r\n", "")
    assert without_method(ICS) == bare
    assert without_method(bare) is bare
    assert read_method(without_method(ICS)) is None


def test_the_organizer_is_replaced_in_each_event_alone() -> None:
    """The old one goes with its folded lines; other components keep theirs."""
    written = with_organizer(ICS, Address.parse("office@suite.example"))
    assert written == ICS.replace("ORGANIZER;CN=Old:mailto:o\r\n ld@x.example\r\n", "").replace(
        "BEGIN:VEVENT\r\n", "BEGIN:VEVENT\r\nORGANIZER:mailto:office@suite.example\r\n"
    )
    assert with_organizer(written, Address.parse("office@suite.example")) == written


def test_an_organizer_may_have_a_name_and_somebody_who_sent_for_him() -> None:
    """Names are quoted, addresses are URIs, and lines are folded at 75 octets between characters."""
    written = with_organizer(
        BARE,
        Address.parse('"a b"@customer.example'),
        'Jörg "J" ' + "ü" * 40,
        sent_by=Address.parse("no-reply@suite.example"),
    )
    assert max(len(line.encode()) for line in written.split("\r\n")) <= 75
    assert written.replace("\r\n ", "") == (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
        f'ORGANIZER;CN="Jörg \'J\' {"ü" * 40}";SENT-BY="mailto:no-reply@suite.example"'
        ":mailto:%22a%20b%22@customer.example\r\n"
        "UID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def test_an_end_too_many_does_no_harm() -> None:
    """Objects come from anywhere."""
    assert with_organizer("END:VEVENT\nORGANIZER:x", Address.parse("a@b.example")) == (
        "END:VEVENT\r\nORGANIZER:x\r\n"
    )


def test_an_object_is_utf8_in_crlf_lines() -> None:
    """Half of a surrogate pair cannot be written."""
    assert calendar_octets("a\nü\r\n") == "a\r\nü\r\n".encode()
    assert calendar_octets("a") == b"a\r\n"
    with pytest.raises(InvalidMessage) as caught:
        calendar_octets("\udcff")
    assert caught.value.field == "calendar"


@pytest.mark.parametrize(
    "ics",
    [
        "\ufeffMETHOD:REQUEST\r\nBEGIN:VCALENDAR\r\n",
        "\ufeffBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n",
        "END:X\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:X\r\nMETHOD:REQUEST\r\n",
        " METHOD:REQUEST\r\nBEGIN:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\n\ufeffmethod;X=1:REQUEST\r\n",
    ],
)
def test_no_disorder_saves_a_method(ics: str) -> None:
    """A byte order mark, an END too many and a wrong place hide METHOD from nobody."""
    assert "METHOD" not in without_method(ics).upper()


def test_a_method_is_read_behind_a_byte_order_mark_and_an_end_too_many() -> None:
    """What programs read is what is compared with the method that was said."""
    assert read_method("\ufeffEND:X\nBEGIN:VCALENDAR\nMETHOD:REQUEST\n") == "REQUEST"


@pytest.mark.parametrize("component", ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"])
def test_every_component_that_has_an_organizer_gets_it(component: str) -> None:
    """Tasks, journals and free-busy times are organised as events are."""
    ics = (
        f"BEGIN:VCALENDAR\nBEGIN:{component}\nORGANIZER:mailto:old@x.example\nEND:{component}\nEND:VCALENDAR"
    )
    assert with_organizer(ics, Address.parse("a@b.example")) == (
        f"BEGIN:VCALENDAR\r\nBEGIN:{component}\r\nORGANIZER:mailto:a@b.example\r\nEND:{component}\r\n"
        "END:VCALENDAR\r\n"
    )
