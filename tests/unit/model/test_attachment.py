"""Attachments: names that harm nobody, types that are types, bytes encoded once."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from mailsend.errors import InvalidAttachment
from mailsend.model import files
from mailsend.model.attachment import Attachment, safe_filename


def test_a_file_is_read_from_the_disk(tmp_path: Path) -> None:
    """Name and type come from the file's own name."""
    path = tmp_path / "Invoice 4711.PDF"
    path.write_bytes(b"%PDF-1.7")
    expected = Attachment(filename="Invoice 4711.PDF", content_type="application/pdf", data=b"%PDF-1.7")
    assert Attachment.from_path(path) == Attachment.from_path(str(path)) == expected


def test_name_and_type_may_be_given(tmp_path: Path) -> None:
    """What the caller says goes before what the file's name tells."""
    path = tmp_path / "x1"
    path.write_bytes(b"a,b")
    made = Attachment.from_path(
        path, filename="list.csv", content_type="Text/CSV; charset=utf-8", inline=True
    )
    assert (made.filename, made.content_type, made.media_type, made.inline) == (
        "list.csv",
        "text/csv; charset=utf-8",
        "text/csv",
        True,
    )


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A directory, a missing file, a pipe and a text that is no path each have words of their own."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "file").touch()
    said = {}
    for path in (tmp_path, tmp_path / "no.pdf", tmp_path / "file" / "x", pipe, "a\0b", "a" * 5000):
        with pytest.raises(InvalidAttachment) as caught:
            Attachment.from_path(path)
        assert caught.value.advice == "Give the path of an ordinary file that this process may read."
        assert caught.value.filename == os.fspath(path)
        said[os.fspath(path)] = caught.value.why
    assert list(said.values()) == [
        "this is a directory, not a file",
        "there is no such file",
        "there is no such file",
        "this is a device or a pipe, not a file",
        "this is no path",
        "the file cannot be read: File name too long",
    ]


def test_a_forbidden_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this process may not read says so (the system's refusal is scripted: root may all)."""

    def refuse(path: object, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)
    with pytest.raises(InvalidAttachment) as caught:
        Attachment.from_path(tmp_path / "secret.pdf")
    assert caught.value.why == "the file may not be read by this process"


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(b"abc")])
def test_bytes_of_every_kind_are_kept_as_bytes(data: bytes | bytearray | memoryview) -> None:
    """What could change later is copied."""
    made = Attachment.from_bytes(data, filename="a.txt")
    assert made == Attachment("a.txt", "text/plain", b"abc")
    assert type(made.data) is bytes


@pytest.mark.parametrize(
    ("data", "why", "advice"),
    [
        ("abc", "its data is text", "Encode it: text.encode('utf-8')."),
        (7, "its data is int, not bytes", "Read it into bytes first."),
    ],
)
def test_other_data_is_refused_with_advice(data: bytes, why: str, advice: str) -> None:
    """Text has an encoding that only the caller knows."""
    with pytest.raises(InvalidAttachment) as caught:
        Attachment.from_bytes(data, filename="a.txt")
    assert (caught.value.filename, caught.value.why, caught.value.advice) == ("a.txt", why, advice)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\invoice.pdf", "invoice.pdf"),
        ("C:invoice.pdf", "C_invoice.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nb\x00.txt", "ab.txt"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("Rechnung für Zoë.pdf", "Rechnung für Zoë.pdf"),
        ("  padded.txt . ", "padded.txt"),
        ("", "attachment"),
        ("..", "attachment"),
        ("folder/", "attachment"),
        ("\u202e", "attachment"),
        (".pdf", ".pdf"),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
        ("ö" * 200 + ".pdf", "ö" * 125 + ".pdf"),
        ("a" * 300, "a" * 255),
        ("x." + "a" * 300, "x." + "a" * 253),
    ],
)
def test_a_file_name_is_made_safe(name: str, kept: str) -> None:
    """No folder, nothing that turns or hides, never empty, never too long for a disk."""
    assert Attachment.from_bytes(b"", filename=name).filename == safe_filename(name) == kept


def test_a_file_name_is_text() -> None:
    """A name of another kind is refused, showing it."""
    with pytest.raises(InvalidAttachment) as caught:
        Attachment(filename=b"a.txt", content_type="text/plain", data=b"")
    assert caught.value.why == "a file name is text"
    with pytest.raises(InvalidAttachment):
        Attachment.from_bytes(7, filename=None)


@pytest.mark.parametrize(
    ("filename", "content_type", "extension"),
    [
        ("a.pdf", "application/pdf", "pdf"),
        ("a.DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        ("a.tar.gz", "application/gzip", "gz"),
        ("logo.png", "image/png", "png"),
        ("invite.ics", "text/calendar", "ics"),
        ("pdf", "application/octet-stream", ""),
        ("a.unknown", "application/octet-stream", "unknown"),
    ],
)
def test_the_type_follows_from_the_name(filename: str, content_type: str, extension: str) -> None:
    """The table is ours, so that every machine says the same."""
    made = Attachment.from_bytes(b"", filename=filename)
    assert (made.content_type, made.extension) == (content_type, extension)


@pytest.mark.parametrize(
    "content_type",
    [
        "pdf",
        "application/",
        "application/pdf\r\nBcc: eve@y.example",
        "application/pdf\n",
        "application/pdf; name",
        "application/pdf; name=a b",
        'application/pdf; name="a',
        "text/plain; charset=ü",
        "text/" + "a" * 300,
        7,
    ],
)
def test_what_is_no_content_type_is_refused(content_type: str) -> None:
    """Nothing but type, subtype and parameters reaches the header."""
    with pytest.raises(InvalidAttachment) as caught:
        Attachment.from_bytes(b"", filename="a.pdf", content_type=content_type)
    assert caught.value.why.endswith("is not a content type (RFC 2045, section 5.1)")
    assert caught.value.advice == "Write type and subtype, as in 'application/pdf'."


@pytest.mark.parametrize("content_type", ['text/plain;name="a b; \\" c"', "TEXT/plain ; charset=utf-8"])
def test_parameters_are_kept(content_type: str) -> None:
    """Quoted values may hold spaces, semicolons and escaped quotes."""
    made = Attachment.from_bytes(b"", filename="a.txt", content_type=content_type)
    assert made.content_type.partition("in")[2] == content_type.partition("in")[2]
    assert made.media_type == "text/plain"


def test_an_inline_one_has_a_content_id_of_its_own() -> None:
    """It follows from name and bytes alone; one that is not inline has none."""
    logo = Attachment.from_bytes(b"png", filename="logo.png", inline=True)
    seed = f"{hashlib.sha256(b'png').hexdigest()}\nlogo.png"
    assert logo.cid == f"{hashlib.sha256(seed.encode()).hexdigest()[:32]}@inline"
    assert Attachment.from_bytes(b"png", filename="logo.png", inline=True) == logo
    assert Attachment.from_bytes(b"png", filename="logo2.png", inline=True).cid != logo.cid
    assert Attachment.from_bytes(b"gif", filename="logo.png", inline=True).cid != logo.cid
    assert Attachment.from_bytes(b"png", filename="logo.png", cid="x").cid == ""


def test_a_content_id_may_be_given() -> None:
    """HTML that names its images already keeps their names."""
    assert Attachment.from_bytes(b"", filename="a.png", inline=True, cid="logo").cid == "logo"
    with pytest.raises(InvalidAttachment) as caught:
        Attachment.from_bytes(b"", filename="a.png", inline=True, cid="<logo>")
    assert caught.value.why == "its cid holds characters that a Content-ID cannot hold"


def test_bytes_are_encoded_once() -> None:
    """The same object is given each time, in lines of 76 that end in CRLF."""
    made = Attachment.from_bytes(b"x" * 100, filename="a.bin")
    assert made.encoded == base64.encodebytes(b"x" * 100).replace(b"\n", b"\r\n")
    assert made.encoded is made.encoded
    assert made.digest == hashlib.sha256(b"x" * 100).hexdigest()
    assert made.digest is made.digest


def test_what_was_asked_of_it_changes_no_equality() -> None:
    """Encoding is memory, not identity; the bytes stay out of the repr."""
    one, two = (Attachment.from_bytes(b"secret", filename="a.txt") for _ in range(2))
    assert one.encoded
    assert one == two
    assert hash(one) == hash(two)
    assert repr(one) == "Attachment(filename='a.txt', content_type='text/plain', inline=False, cid='')"
