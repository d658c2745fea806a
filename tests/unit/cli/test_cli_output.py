"""How the command line speaks: harmless text, and documents that any terminal can take."""

from __future__ import annotations

import io
import json
import sys

import pytest

from mailsend.cli.output import Output, counted, plain


def test_text_of_others_moves_no_cursor() -> None:
    """Control, escape and direction-changing characters are shown as replaced; letters stay."""
    assert plain("Grüezi \x1b[2J\u202e\r\nBcc:\u200b 你好\t.") == "Grüezi �[2J���Bcc:� 你好\t."


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (12345, "12,345 bytes")]
)
def test_numbers_agree_with_their_nouns(number: int, told: str) -> None:
    """One of a thing is not several, and thousands are parted."""
    assert counted(number, "byte") == told


def test_a_document_survives_a_narrow_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard output cannot write a letter, the document escapes it and stays whole."""
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken, encoding="ascii"))

    Output(as_json=True).document({"name": "Zürich"})
    sys.stdout.flush()

    assert json.loads(taken.getvalue()) == {"name": "Zürich"}


def test_with_json_nothing_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines, labels, marks, tables, warnings and errors are silent where a document is asked for."""
    output = Output(as_json=True)
    output.line("line")
    output.labelled("label", "text")
    output.marked(True, "mark")
    output.table(("head",), [("row",)])
    output.block("block")
    output.warn("warning")
    output.fail("error", "advice")
    with output.while_waiting("waiting"):
        output.document([])

    assert capsys.readouterr() == ("[]\n", "")


def test_an_error_of_several_lines_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line has the name, the others and the advice stand indented below."""
    Output().fail("first\nsecond\x1b", "advice")

    assert capsys.readouterr().err == "mailsend: first\n  second�\n  advice\n"
