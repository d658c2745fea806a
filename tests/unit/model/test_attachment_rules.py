"""File names that receivers refuse (Q10)."""

from __future__ import annotations

import pytest

from mailsend.model.attachment_rules import BLOCKED_EXTENSIONS, blocked_extension


@pytest.mark.parametrize(
    ("filename", "blocked"),
    [
        ("setup.exe", "exe"),
        ("SETUP.ExE", "exe"),
        ("invoice.pdf.js", "js"),
        ("setup.exe.", "exe"),
        ("setup.exe . ", "exe"),
        ("invoice.pdf", None),
        ("exe", None),
        ("a.exe.pdf", None),
    ],
)
def test_the_last_extension_counts(filename, blocked):
    """Case and trailing dots or blanks hide no extension; an inner one is none."""
    assert blocked_extension(filename, BLOCKED_EXTENSIONS) == blocked


def test_a_list_may_be_written_with_dots_and_in_capitals():
    """A list that says .DOC blocks a.doc."""
    assert blocked_extension("a.doc", (".DOC",)) == "doc"
