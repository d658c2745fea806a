"""Attachments: bytes with a name, encoded once and shared by all mails that hold them (RFC 2045)."""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass, field

from mailsend.errors import InvalidAttachment
from mailsend.model.files import FilePath, path_text, read_file
from mailsend.model.lines import base64_crlf, base64_size
from mailsend.model.media_types import guess_media_type

__all__ = ["Attachment", "safe_filename"]

_LONGEST_FILENAME = 255
_LONGEST_CONTENT_TYPE = 255
_TRAILING = string.whitespace + "."
_NAME = r"[A-Za-z0-9!#$%&'*+.^_`{|}~\-]+"
_CONTENT_TYPE = re.compile(
    rf'({_NAME}/{_NAME})((?:[ ]*;[ ]*{_NAME}=(?:{_NAME}|"(?:[ !#-\[\]-~]|\\[ -~])*"))*)\Z'
)
_CID = re.compile(r"[A-Za-z0-9!#$%&'*+./=?^_`{|}~@\-]{1,200}\Z")
# Control characters, separators of lines, surrogates, and what turns or hides text (UAX #9).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail; an inline one is shown in the HTML by ``cid:``.

    ``filename`` is cleaned: no folders, no control or bidirectional characters, never empty.
    ``content_type`` is type and subtype with parameters as in RFC 2045, section 5.1. ``cid`` is the
    Content-ID without angle brackets (RFC 2392), made from name and content where none is given,
    empty where not inline. Raises InvalidAttachment for values of a wrong kind.
    """

    filename: str
    content_type: str
    data: bytes = field(repr=False)
    inline: bool = False
    cid: str = ""
    _encoded: bytes | None = field(default=None, init=False, repr=False, compare=False)
    _digest: str | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        filename = safe_filename(self.filename)
        put(self, "filename", filename)
        put(self, "data", _bytes(self.data, filename))
        put(self, "content_type", _checked_content_type(self.content_type, filename))
        if not self.inline:
            put(self, "cid", "")
        elif not self.cid:
            seed = hashlib.sha256(f"{self.digest}\n{filename}".encode()).hexdigest()
            put(self, "cid", f"{seed[:32]}@inline")
        elif not _CID.match(self.cid):
            raise InvalidAttachment(
                filename,
                "its cid holds characters that a Content-ID cannot hold",
                advice="Use ASCII letters, digits, '.', '-' and '@', without angle brackets.",
            )

    @classmethod
    def from_path(
        cls,
        path: FilePath,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        inline: bool = False,
    ) -> Attachment:
        """Read a file from the disk; its own name and what that tells of its type are the defaults.

        Raises InvalidAttachment for a directory, a device, and what is missing or unreadable.
        """
        return cls.from_bytes(
            read_file(path),
            filename=path_text(path) if filename is None else filename,
            content_type=content_type,
            inline=inline,
        )

    @classmethod
    def from_bytes(
        cls,
        data: bytes | bytearray | memoryview,
        *,
        filename: str,
        content_type: str | None = None,
        inline: bool = False,
        cid: str = "",
    ) -> Attachment:
        """Take bytes as they are; the type follows from the name unless it is given.

        Raises InvalidAttachment for text, for a type that is none, and for values of other kinds.
        """
        return cls(
            filename=filename,
            content_type=content_type or guess_media_type(safe_filename(filename)),
            data=_bytes(data, filename),
            inline=inline,
            cid=cid,
        )

    @property
    def media_type(self) -> str:
        """Type and subtype alone, in lower case."""
        return self.content_type.partition(";")[0].rstrip().lower()

    @property
    def extension(self) -> str:
        """What follows the last dot of the name, in lower case; empty where there is none."""
        return self.filename.rpartition(".")[2].lower() if "." in self.filename else ""

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        digest = self._digest
        if digest is None:
            digest = hashlib.sha256(self.data).hexdigest()
            object.__setattr__(self, "_digest", digest)
        return digest

    @property
    def encoded(self) -> bytes:
        """The bytes in base64, in lines of at most 76 characters that each end in CRLF.

        Made when first asked for and kept; two threads that ask at once make the same.
        """
        encoded = self._encoded
        if encoded is None:
            encoded = base64_crlf(self.data)
            object.__setattr__(self, "_encoded", encoded)
        return encoded

    @property
    def encoded_size(self) -> int:
        """The length of ``encoded`` in bytes, known without encoding."""
        return base64_size(len(self.data))


def safe_filename(name: str) -> str:
    """Give the last part of a path as a name that harms nobody: ``attachment`` where nothing is left.

    Folders, control, bidirectional and invisible characters go, a colon (drives and streams of
    Windows) becomes ``_``; at most 255 octets of UTF-8 stay, the extension among them.
    """
    if not isinstance(name, str):
        raise InvalidAttachment(ascii(name), "a file name is text", advice="Give the file name as str.")
    last = re.split(r"[/\\]", _UNSAFE.sub("", name))[-1]
    bare = last.replace(":", "_").strip().rstrip(_TRAILING)
    if not bare:
        return "attachment"
    octets = bare.encode()
    if len(octets) <= _LONGEST_FILENAME:
        return bare
    stem, dot, extension = bare.rpartition(".")
    tail = f"{dot}{extension}" if stem and len(extension) <= 16 else ""
    kept = octets[: _LONGEST_FILENAME - len(tail.encode())].decode(errors="ignore")
    return f"{kept.rstrip(_TRAILING)}{tail}"


def _bytes(data: object, filename: object) -> bytes:
    if isinstance(data, bytes):
        return bytes(data)
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    shown = filename if isinstance(filename, str) else ascii(filename)
    if isinstance(data, str):
        raise InvalidAttachment(shown, "its data is text", advice="Encode it: text.encode('utf-8').")
    raise InvalidAttachment(
        shown, f"its data is {type(data).__name__}, not bytes", advice="Read it into bytes first."
    )


def _checked_content_type(content_type: object, filename: str) -> str:
    found = _CONTENT_TYPE.match(content_type) if isinstance(content_type, str) else None
    if found is None or len(found.group()) > _LONGEST_CONTENT_TYPE:
        raise InvalidAttachment(
            filename,
            f"{ascii(content_type)[:80]} is not a content type (RFC 2045, section 5.1)",
            advice="Write type and subtype, as in 'application/pdf'.",
        )
    return found.group(1).lower() + found.group(2)
