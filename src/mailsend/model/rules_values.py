"""How single settings are read: addresses, look, keys, times, languages."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address, Domain, Mailbox
from mailsend.model.language_tag import LANGUAGE_TAG_ADVICE, language_tag
from mailsend.model.reading import Converter, Loose, Place
from mailsend.model.rules import Logo
from mailsend.model.secret import Secret

__all__ = [
    "address",
    "color",
    "color_name",
    "domain",
    "dotted_path",
    "extension",
    "key_domains",
    "locale",
    "logo",
    "mailbox",
    "not_here",
    "pem",
    "selector",
    "store_url",
    "support_address",
    "timezone",
]

_WRITTEN_LINE_BREAK: Final = r"\n"
_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF87a", "image/gif", "gif"),
    (b"GIF89a", "image/gif", "gif"),
)
_FILE_NAME = re.compile(r"[\w.+ -]{1,100}\Z")
_TIMEZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}\Z")
_COLOR = re.compile(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\Z")
_COLOR_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SELECTOR = re.compile(rf"(?=.{{1,190}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_EXTENSION = re.compile(r"[a-z0-9][a-z0-9_.-]{0,20}\Z")
_DOTTED_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*\Z")
_STORE = re.compile(r"[a-z][a-z0-9+]*:")


def mailbox(value: Any, place: Place) -> Mailbox | None:
    """Read ``Ann Meier <ann@example.com>`` or the address alone."""
    if isinstance(value, Mailbox):
        return value
    if isinstance(value, Address):
        return Mailbox("", value)
    if not isinstance(value, str):
        place.refuse("expected a mailbox as text", 'Write "Ann Meier <ann@example.com>".')
        return None
    try:
        return Mailbox.parse(value)
    except InvalidAddress as fault:
        place.refuse(_told(fault), fault.advice)
        return None


def address(value: Any, place: Place) -> Address | None:
    """Read an address; a name before it is dropped."""
    read = mailbox(value, place)
    return None if read is None else read.address


def support_address(value: Any, place: Place) -> str | None:
    """Read the address that a mail shows to people, in the spelling that they know."""
    read = address(value, place)
    return None if read is None else read.unicode


def domain(value: Any, place: Place) -> Domain | None:
    """Read a domain."""
    try:
        return value if isinstance(value, Domain) else Domain.parse(value if isinstance(value, str) else "")
    except InvalidAddress as fault:
        place.refuse(f"{str(value)[:120]!a} is not a domain: {fault.why}", fault.advice)
        return None


def key_domains(value: Any, place: Place) -> str | None:
    """Read a domain that a DKIM key signs, or ``*`` for all of its scope."""
    if value == "*":
        return "*"
    read = domain(value, place)
    return None if read is None else read.ascii


def locale(value: Any, place: Place) -> str | None:
    """Read a language tag such as ``de-CH`` (RFC 5646: language, script, region)."""
    tag = language_tag(value) if isinstance(value, str) else None
    if tag is None:
        place.refuse("expected a language tag", LANGUAGE_TAG_ADVICE)
    return tag


def timezone(value: Any, place: Place) -> str | None:
    """Read the name of a time zone that this machine's data knows, such as ``Europe/Zurich``."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if isinstance(value, str) and _TIMEZONE.match(value):
        try:
            if value != "UTC":  # known without any data
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
        else:
            return str(value)
    place.refuse("expected a time zone", 'Write its name, as in "Europe/Zurich" or "UTC".')
    return None


def color_name(value: Any, place: Place) -> str | None:
    """Read what a colour is for, such as ``primary``."""
    if isinstance(value, str) and _COLOR_NAME.match(value):
        return value
    place.refuse("the name of a colour is a word in lower case", "Write it as in primary.")
    return None


def color(value: Any, place: Place) -> str | None:
    """Read a colour, ``#rgb`` or ``#rrggbb``."""
    if isinstance(value, str) and _COLOR.match(value):
        return str(value)
    place.refuse("expected a colour", 'Write it as "#0b5fff" or "#05f".')
    return None


def logo(value: Any, place: Place) -> Logo | None:
    """Read a picture (PNG, JPEG, GIF): its bytes, Base64 text, or ``{data = …, filename = "…"}``."""
    if isinstance(value, Logo):
        return value
    filename = ""
    if isinstance(value, Mapping) and set(value) == {"data", "filename"}:
        filename, value = str(value["filename"]), value["data"]
    if isinstance(value, str):
        value = _from_base64(value)
    if not isinstance(value, bytes):
        place.refuse(
            "expected the bytes of a picture, or these in Base64",
            "A path can only stand in a settings file; elsewhere give what is in the file.",
        )
        return None
    for start, content_type, ending in _PICTURES:
        if value.startswith(start):
            named = filename if _FILE_NAME.match(filename) else f"logo.{ending}"
            return Logo(data=value, filename=named, content_type=content_type)
    place.refuse("this is no PNG, JPEG or GIF picture", "Mail clients show these three everywhere.")
    return None


_NOT_IN_PEM = re.compile(r"[\x00\ud800-\udfff]")


def pem(value: Any, place: Place) -> Secret | None:
    """Read a private key as PEM text; in Loose text backslash and n may break lines."""
    if isinstance(value, Secret):
        value = value.reveal()
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, Loose) and "\n" not in value:
        value = value.replace(_WRITTEN_LINE_BREAK, "\n")
    if isinstance(value, str) and "-----BEGIN" in value and not _NOT_IN_PEM.search(value):
        return Secret(str(value))
    place.refuse(
        "expected a private key in PEM (-----BEGIN …)",
        "To name the file that it stands in, write key_file in a settings file.",
    )
    return None


def selector(value: Any, place: Place) -> str | None:
    """Read a DKIM selector: one or more labels (RFC 6376, section 3.1)."""
    if isinstance(value, str) and _SELECTOR.match(value.lower()):
        return value.lower()
    place.refuse("expected a selector", 'Write letters, digits and hyphens, as in "default".')
    return None


def store_url(value: Any, place: Place) -> Secret | None:
    """Read where the queue is kept; a Secret, since it may hold a password."""
    if isinstance(value, str) and _STORE.match(value) and not re.search(r"[\x00-\x20]", value):
        return Secret(str(value))
    place.refuse("expected a store URL", "Write sqlite:///mailsend.db, postgresql+psycopg://… or memory:.")
    return None


def extension(value: Any, place: Place) -> str | None:
    """Read the extension of a file name, in lower case and without its dot."""
    bare = value.lower().removeprefix("*").removeprefix(".") if isinstance(value, str) else ""
    if _EXTENSION.match(bare):
        return bare
    place.refuse("expected the extension of a file name", 'Write it as "exe".')
    return None


def dotted_path(value: Any, place: Place) -> str | None:
    """Read where a Python function is, ``module.name`` or ``module:name``, with any packages before."""
    if isinstance(value, str) and _DOTTED_PATH.match(value):
        return str(value)
    place.refuse("expected the dotted path of a function", 'Write "package.module:function".')
    return None


def not_here(instead: str) -> Converter:
    """Give a converter for keys that name files, which only a settings file may do."""

    def convert(_value: Any, place: Place) -> None:
        place.refuse("a path can only stand in a settings file", f"Give what is in the file as {instead}.")

    return convert


def _from_base64(value: str) -> bytes | None:
    written = "".join(value.split())
    if written.startswith("data:"):
        written = written.partition("base64,")[2]
    try:
        return base64.b64decode(written, validate=True)
    except ValueError:  # binascii.Error, and text that is not ASCII
        return None


def _told(fault: InvalidAddress) -> str:
    shown = ascii(fault.text if len(fault.text) <= 120 else fault.text[:117] + "...")
    at = "" if fault.position is None else f" (at character {fault.position})"
    return f"{shown} is not a valid address{at}: {fault.why}"
