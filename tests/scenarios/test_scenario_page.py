"""The page of the documentation says what the catalogue says, which every run is judged by."""

from __future__ import annotations

import re

from catalogue import CATALOGUE, PARTS
from scenario_page import PAGE, page

from mailsend.testing.faults import FAULTS


def test_the_page_is_up_to_date():
    """The committed table is the catalogue's: `python tests/scenarios/write_table.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(PARTS)


def test_the_page_counts_what_there_is():
    """As many rows as scenarios, and the numbers in its words are those."""
    text = PAGE.read_text(encoding="utf-8")
    heads = 2 * len(PARTS)
    assert text.count("\n| ") - heads == len(CATALOGUE)
    assert re.findall(r"(\d+) scenarios try (\d+) faults", text) == [(str(len(CATALOGUE)), str(len(FAULTS)))]
