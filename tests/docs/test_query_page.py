"""The page about the query language tells of every key, and what it shows can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailsend.decide.query import parse
from mailsend.model.query import Key

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "query-language.md").read_text()
KEYS = re.findall(r"^\| `([a-z-]+):` \|.*\| `(.+)` \|$", PAGE, re.MULTILINE)
SHOWN = re.findall(r"^\| `([^|]+?)` \|[^|]*\|$", PAGE, re.MULTILINE)


def test_every_key_has_its_line():
    """The table has a line for each key, in the order of the language."""
    assert [key for key, _ in KEYS] == list(Key)


@pytest.mark.parametrize(("key", "example"), KEYS)
def test_an_example_is_one_of_its_key(key, example):
    """Each key's example can be read, and begins with the key."""
    assert example.startswith(f"{key}:")
    assert parse(example)


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_can_be_typed(text):
    """Each line of the other tables shows a query that can be read."""
    assert parse(text)


def test_there_is_something_to_look_at():
    """The tables were found."""
    assert len(SHOWN) > 15
