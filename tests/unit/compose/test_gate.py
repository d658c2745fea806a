from __future__ import annotations

import pytest

from mailsend.compose.gate import GateCode, GateFault, check

HEAD = b"From: a@b.example\r\nDate: x\r\nMessage-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n"
GOOD = HEAD + b"\r\nbody\r\n"


def test_a_finished_mail_passes() -> None:
    """Folded fields, raw UTF-8 in the header and an empty body are all in order."""
    assert check(GOOD) is None
    assert check(HEAD + b"\r\n") is None
    assert check(HEAD + "To: jörg@b.example,\r\n\tx@y.example\r\nSubject:\r\n\r\n".encode()) is None
    assert check(HEAD + b"X-A: 1\r\nX-A: 2\r\n\r\n") is None


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (GOOD + b"\0\r\n", GateCode.NUL, f"octet {len(GOOD)}"),
        (GOOD + b"a\nb\r\n", GateCode.BARE_CR_OR_LF, f"octet {len(GOOD) + 1}"),
        (GOOD + b"a\rb\r\n", GateCode.BARE_CR_OR_LF, f"octet {len(GOOD) + 1}"),
        (GOOD + b"end", GateCode.UNFINISHED_LINE, f"octet {len(GOOD) + 3}"),
        (b"", GateCode.UNFINISHED_LINE, "octet 0"),
        (GOOD + b"x" * 999 + b"\r\n", GateCode.LONG_LINE, f"octet {len(GOOD)}"),
        (b"From: a@b.example\r\n", GateCode.NO_HEADER, ""),
        (b"\r\nbody\r\n\r\n", GateCode.BROKEN_HEADER, "octet 0"),
        (HEAD + b"no field\r\n\r\n", GateCode.BROKEN_HEADER, f"octet {len(HEAD)}"),
        (HEAD + b" \r\nX: y\r\n\r\n", GateCode.BROKEN_HEADER, f"octet {len(HEAD)}"),
        (HEAD + b"X: \xff\r\n\r\n", GateCode.HEADER_NOT_UTF8, f"octet {len(HEAD) + 3}"),
        (GOOD + b"\xc3\xa4\r\n", GateCode.BODY_NOT_7BIT, f"octet {len(GOOD)}"),
        (HEAD.replace(b"From", b"X") + b"\r\n", GateCode.FIELD_MISSING, "from"),
        (HEAD.replace(b"Date", b"X") + b"\r\n", GateCode.FIELD_MISSING, "date"),
        (HEAD.replace(b"Message-ID", b"X") + b"\r\n", GateCode.FIELD_MISSING, "message-id"),
        (HEAD.replace(b"MIME-Version", b"X") + b"\r\n", GateCode.FIELD_MISSING, "mime-version"),
        (HEAD + b"from: x@y.example\r\n\r\n", GateCode.FIELD_TWICE, "from"),
        (HEAD + b"Subject: a\r\nSUBJECT: b\r\n\r\n", GateCode.FIELD_TWICE, "subject"),
        (HEAD + b"Bcc: x@y.example\r\n\r\n", GateCode.FIELD_FORBIDDEN, "bcc"),
        (HEAD + b"resent-bcc: x@y.example\r\n\r\n", GateCode.FIELD_FORBIDDEN, "resent-bcc"),
    ],
)
def test_the_first_fault_is_told_with_its_place(data: bytes, code: GateCode, where: str) -> None:
    """Each thing that must not leave has its code."""
    assert check(data) == GateFault(code=code, where=where)


@pytest.mark.parametrize(
    ("more", "code", "octet"),
    [
        ((b"fine\r\n", b"a\0\r\n"), GateCode.NUL, 7),
        ((b"fine\r\n", b"a\n"), GateCode.BARE_CR_OR_LF, 7),
        ((b"fine\r\n", b"\n"), GateCode.BARE_CR_OR_LF, 6),
        ((b"fine\r", b"\n"), GateCode.BARE_CR_OR_LF, 4),
        ((b"un", b"finished\r\n"), GateCode.UNFINISHED_LINE, 2),
        ((b"fine\r\n", b"x" * 999 + b"\r\n"), GateCode.LONG_LINE, 6),
        ((b"fine\r\n", b"a\xff\r\n"), GateCode.BODY_NOT_7BIT, 7),
    ],
)
def test_a_mail_in_pieces_is_looked_through_as_a_whole(
    more: tuple[bytes, ...], code: GateCode, octet: int
) -> None:
    """Each piece holds whole lines, and a fault is told by its place in the mail."""
    assert check(GOOD, b"fine\r\n", b"fine too\r\n") is None
    assert check(GOOD, *more) == GateFault(code=code, where=f"octet {len(GOOD) + octet}")


def test_a_large_piece_is_looked_through_as_a_small_one_is() -> None:
    """A piece of many lines passes, and its one fault is found."""
    lines = b"x" * 76 + b"\r\n"
    many = lines * 2000
    assert check(GOOD, many) is None
    for wrong, code in ((b"a\n", GateCode.BARE_CR_OR_LF), (b"y" * 999 + b"\r\n", GateCode.LONG_LINE)):
        found = check(GOOD, many + wrong + many)
        assert found is not None
        assert found.code is code
    assert check(GOOD, many + b"end") == GateFault(
        code=GateCode.UNFINISHED_LINE, where=f"octet {len(GOOD) + len(many) + 3}"
    )
