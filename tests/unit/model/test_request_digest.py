"""Whether a request is the same is told by what it asks for, in every process alike (M36)."""

from __future__ import annotations

import dataclasses
import enum
import functools
import os
import subprocess
import sys
from collections import UserDict, UserList, namedtuple
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from types import SimpleNamespace
from uuid import UUID, SafeUUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_strategies import cases

from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation, Message
from mailsend.model.plain_form import plain_form
from mailsend.model.request_digest import request_digest

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
BASE = {"to": "bob@example.org", "template": "order", "values": {"order": 4711}}
FILE = Attachment.from_bytes(b"x", filename="a.pdf")


class Colour(enum.Enum):
    RED = enum.auto()
    BLUE = enum.auto()


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Order:
    number: int
    cache: object = dataclasses.field(default=None, compare=False)


class Customer:
    def __init__(self, name):
        self.name = name
        self._session = object()

    @functools.cached_property
    def greeting(self):
        return f"Dear {self.name}"

    @property
    def expensive(self):
        raise AssertionError("a property was asked")


class Slotted:
    __slots__ = ("_hidden", "missing", "name")

    def __init__(self, name):
        self.name = name
        self._hidden = object()


class Lazy:
    """A text that is made when it is asked for, as lazy translations are."""

    __slots__ = ("_text",)

    def __init__(self, text):
        self._text = text

    def __str__(self):
        return f"{self._text} at {id(self):#x}"


class Broken:
    @property
    def __dict__(self):
        raise RuntimeError("working outside of its context")


Point = namedtuple("Point", "x y")

DIFFERENT = [
    {"values": {"order": 4712}},
    {"values": {"order": "4711"}},
    {"values": {"order": 4711, "more": None}},
    {"values": {}},
    {"template": "invoice"},
    {"to": "eve@example.org"},
    {"to": "Bob <bob@example.org>"},
    {"to": ("bob@example.org", "eve@example.org")},
    {"to": (), "cc": "bob@example.org"},
    {"to": (), "bcc": "bob@example.org"},
    {"from_": "ann@example.org"},
    {"reply_to": "ann@example.org"},
    {"bounce_to": "ann@example.org"},
    {"customer": "ratcatcher"},
    {"customer": ""},
    {"customer": "ratcatcher", "business_unit": "zurich"},
    {"locale": "de"},
    {"template": None, "values": {}, "subject": "x"},
    {"template": None, "values": {}, "text": "x"},
    {"template": None, "values": {}, "html": "x"},
    {"attachments": FILE},
    {"attachments": Attachment.from_bytes(b"y", filename="a.pdf")},
    {"attachments": Attachment.from_bytes(b"x", filename="b.pdf")},
    {"attachments": Attachment.from_bytes(b"x", filename="a.pdf", inline=True)},
    {"attachments": Attachment.from_bytes(b"x", filename="a.pdf", content_type="text/plain")},
    {"calendar": Invitation("BEGIN:VCALENDAR", "REQUEST")},
    {"calendar": Invitation("BEGIN:VCALENDAR", "CANCEL")},
    {"headers": {"X-Order": "1"}},
    {"tags": "order"},
    {"metadata": {"order": "1"}},
    {"actor": "ann"},
    {"sensitive": True},
    {"sensitive": False},
    {"essential": True},
    {"auto_submitted": False},
    {"require_tls": True},
    {"reply_to_verified": True},
    {"priority": 1},
    {"kind": "status"},
]


def test_every_part_of_a_request_tells_it_from_others():
    """No two of these ask for the same, so no two of them have one digest."""
    asked = [Message(**{**BASE, **change}) for change in ({}, *DIFFERENT)]
    assert len({request_digest(one) for one in asked}) == len(asked)
    assert {change for one in DIFFERENT for change in one} | {
        "send_at",
        "expires_at",
        "idempotency_key",
        "original",
    } == {one.name for one in dataclasses.fields(Message)}


def test_when_it_goes_out_and_the_key_itself_have_no_part_in_it():
    """A time that is counted from now differs each time that the same is asked for."""
    later = Message(**BASE, send_at=NOW, expires_at=NOW + timedelta(days=1), idempotency_key="order-4711")
    assert request_digest(later) == request_digest(Message(**BASE))


def test_a_finished_mail_is_known_by_its_content():
    """Date and Message-ID, which whoever hands it over makes anew, tell nothing."""
    first, again, other = (
        Message.from_mime(
            f"From: a@b.example\nTo: bob@example.org\nSubject: x\nDate: {day} Nov 2026 08:00:00 +0000\n"
            f"Message-ID: <{day}@b.example>\n\n{body}\n".encode()
        )
        for day, body in ((21, "x"), (22, "x"), (22, "y"))
    )
    assert request_digest(first) == request_digest(again) != request_digest(other)


EQUAL = [
    ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
    ({"a": 1}, UserDict({"a": 1})),
    ([1, 2], (1, 2)),
    ([1, 2], Point(1, 2)),
    ([1, 2], UserList([1, 2])),
    ({"x", "y", "z"}, frozenset("zyx")),
    (Level.LOW, 1),
    (Customer("Ann"), Customer("Ann")),
    (Slotted("Ann"), Slotted("Ann")),
    (Order(1, cache=1), Order(1, cache=object())),
    (object(), object()),
    (Lazy("Hello"), Lazy("Hello")),
    (Broken(), Broken()),
    (iter([1]), iter([2])),
    (bytearray(b"x"), b"x"),
    (memoryview(b"xyxy")[::2], b"xx"),
    (SimpleNamespace(a=1), SimpleNamespace(a=1)),
    (UUID(int=1), UUID(int=1, is_safe=SafeUUID.safe)),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_values_that_say_the_same_are_alike(one, other):
    """Order of mappings, kind of sequence, caches, private parts and memory addresses make no difference."""
    assert plain_form(one) == plain_form(other)


APART = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    1j,
    "",
    "1",
    "a",
    b"a",
    b"",
    [],
    {},
    [[]],
    ["a", "b"],
    ["ab"],
    [["a"], "b"],
    {"a": "b"},
    {"a": None},
    [("a", "b")],
    {"a"},
    {("a", "b")},
    NOW,
    NOW + timedelta(hours=1),
    NOW.date(),
    date(2026, 11, 23),
    time(8, 30),
    timedelta(1),
    Decimal("1.0"),
    Decimal("1.00"),
    UUID(int=1),
    UUID(int=2),
    Colour.RED,
    Colour.BLUE,
    Order(1),
    Order(2),
    Customer("Ann"),
    Customer("Eve"),
    Slotted("Ann"),
    Slotted("Eve"),
    Lazy("Hello"),
    Lazy("Bye"),
    object(),
    Broken(),
    iter([]),
    Order,
    Customer,
    print,
    os.path.join,
    os,
    sys,
    PurePosixPath("a"),
    PurePosixPath("b"),
]


def test_values_that_differ_are_told_apart():
    """Each of these has a form of its own."""
    assert len({plain_form(one) for one in APART}) == len(APART)


def test_what_was_counted_once_changes_nothing():
    """A cached property that the template asked for is no other request."""
    ann = Customer("Ann")
    before = plain_form(ann)
    assert ann.greeting == "Dear Ann"
    assert plain_form(ann) == before


def test_what_leads_round_in_circles_comes_to_an_end():
    """Depth and number of what is looked at are bounded, and the answer stays the same."""
    ann, eve = Customer("Ann"), Customer("Eve")
    ann.friends, eve.friends = [eve] * 10, [ann] * 10
    assert plain_form(ann) == plain_form(ann)
    loop = []
    loop += [loop, loop]
    assert plain_form(loop) == plain_form(loop)
    assert len(plain_form(loop)) < 10_000_000


def test_more_than_is_looked_at_is_counted():
    """Of a set that is too large its size tells, since its order is chance."""
    many = {str(number) for number in range(150_000)}
    assert plain_form(many) == plain_form({f"x{number}" for number in range(150_000)})
    assert plain_form(many) != plain_form(many | {"x"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, _JSON)
def test_two_values_have_one_form_where_they_are_equal_in_kind_too(one, other):
    """The form is one to one: repr, which tells plain values apart, agrees."""

    def ordered(value):
        if isinstance(value, dict):
            return {key: ordered(value[key]) for key in sorted(value)}
        return [ordered(each) for each in value] if isinstance(value, list) else value

    same = repr(ordered(one)) == repr(ordered(other))
    assert (plain_form(one) == plain_form(other)) == same
    assert plain_form(one) == plain_form(one)


@given(cases())
def test_the_same_request_made_again_has_the_same_digest(case):
    """Two Messages of the same values ask for the same."""
    asked = {name: getattr(case.message, name) for name in Message.__dataclass_fields__}
    assert request_digest(Message(**asked)) == request_digest(case.message)


SCRIPT = """
from datetime import UTC, datetime
from mailsend.model.message import Message
from mailsend.model.request_digest import request_digest
class Thing:
    def __init__(self): self.tags = {"a", "b", "c", "d"}
values = {"things": [Thing()], "set": frozenset(map(str, range(50))), "at": datetime(2026, 1, 1, tzinfo=UTC)}
print(request_digest(Message(to="bob@example.org", template="x", values=values, headers={"X-A": "1", "X-B": "2"})))
"""


def test_every_process_comes_to_the_same_digest():
    """Another hash seed and time zone change nothing."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed, zone in (("1", "UTC"), ("4242", "Asia/Kathmandu"))
    }
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64
