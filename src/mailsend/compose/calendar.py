"""Calendar objects, changed line by line: METHOD and ORGANIZER (RFC 5545, RFC 5546, M31, M35).

Lines that are not changed keep their folding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mailsend.errors import InvalidMessage
from mailsend.model.address import Address
from mailsend.model.message import Invitation

__all__ = [
    "ATTACHED_MAILS",
    "FILENAME",
    "calendar_octets",
    "is_calendar",
    "method_fault",
    "read_method",
    "with_organizer",
    "without_method",
]

FILENAME: Final = "invite.ics"
ATTACHED_MAILS: Final = frozenset(("message/rfc822", "message/global", "message/news"))
"""What may hold an invitation of its own."""

_TYPES = frozenset(("text/calendar", "text/x-vcalendar", "application/ics"))
_EXTENSIONS = (".ics", ".ical", ".icalendar", ".ifb", ".vcs")
_ORGANISED = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"))
# What may stand before a first line and is no part of it.
_BEFORE_LINE = "\ufeff \t"

_LINE_END = re.compile(r"\r\n?|\n")
_FOLD = re.compile(r"(?:\r\n?|\n)[ \t]")
# A logical line: folded lines belong together (RFC 5545, 3.1).
_NEW_LINE = re.compile(r"(?>\r\n?|\n)(?![ \t])")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_METHOD = re.compile(r"[A-Za-z0-9-]+\Z")
_NOT_IN_PARAMETER = re.compile('[\x00-\x1f\x7f"]')
_LONGEST = 75
_PLAIN_IN_URI = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$'*+@")


def is_calendar(media_type: str, names: Iterable[str]) -> bool:
    """Say whether programs take a part for a calendar object, by its type or by one of its names."""
    return media_type in _TYPES or any(name.lower().endswith(_EXTENSIONS) for name in names)


def read_method(ics: str) -> str | None:
    """Give the METHOD of a calendar object in upper case, or None where it has none."""
    for depth, line in _nested(_logical_lines(ics)):
        if depth == 1 and _name(line) == "METHOD":
            return _value(line).upper()
    return None


def method_fault(invitation: Invitation) -> str | None:
    """Say how an invitation's method and its object's METHOD differ, or None where they agree."""
    within = read_method(invitation.ics) or ""
    if within and not _METHOD.match(within):
        return f"METHOD in the calendar object is {within!a}, which is no method (RFC 5546)"
    if within == invitation.method.upper():
        return None
    return (
        f"the method is {invitation.method or 'none'}, and METHOD in the calendar object is "
        f"{within or 'missing'}"
    )


def without_method(ics: str) -> str:
    """Give the object without METHOD at any depth, so that no program takes it for a request (M35)."""
    lines = _logical_lines(ics)
    kept = [line for line in lines if _name(line) != "METHOD"]
    return ics if len(kept) == len(lines) else _joined(kept)


def with_organizer(ics: str, organizer: Address, name: str = "", sent_by: Address | None = None) -> str:
    """Give the object with this ORGANIZER in place of those there (RFC 5545, 3.8.4.3).

    Each VEVENT, VTODO, VJOURNAL and VFREEBUSY has it; other components keep theirs.
    """
    parameters = ""
    if name:
        bare = _NOT_IN_PARAMETER.sub("'", name)
        parameters += f';CN="{bare}"'
    if sent_by is not None:
        parameters += f';SENT-BY="{_mailto(sent_by)}"'
    written = _folded(f"ORGANIZER{parameters}:{_mailto(organizer)}")
    lines: list[str] = []
    open_components: list[str] = []
    for line in _logical_lines(ics):
        kind = _name(line)
        if kind == "END" and open_components:
            open_components.pop()
        if kind == "ORGANIZER" and open_components and open_components[-1] in _ORGANISED:
            continue
        lines.append(line)
        if kind == "BEGIN":
            open_components.append(_value(line).upper())
            if open_components[-1] in _ORGANISED:
                lines.append(written)
    return _joined(lines)


def calendar_octets(ics: str) -> bytes:
    """Give the object as bytes: UTF-8 in CRLF lines; raises InvalidMessage for lone surrogates."""
    text = _LINE_END.sub("\r\n", ics)
    try:
        return (text if text.endswith("\r\n") else f"{text}\r\n").encode()
    except UnicodeEncodeError as fault:
        why = f"half of a surrogate pair stands at character {fault.start}"
        raise InvalidMessage("calendar", why, advice="Give text that UTF-8 can write.") from None


def _logical_lines(ics: str) -> list[str]:
    return [line for line in _NEW_LINE.split(ics) if line]


def _nested(lines: list[str]) -> list[tuple[int, str]]:
    """Give each line with how many components are open where it stands."""
    found = []
    depth = 0
    for line in lines:
        kind = _name(line)
        depth = max(0, depth - (kind == "END"))
        found.append((depth, line))
        depth += kind == "BEGIN"
    return found


def _name(line: str) -> str:
    found = _NAME.match(_FOLD.sub("", line).lstrip(_BEFORE_LINE))
    return found.group().upper() if found else ""


def _value(line: str) -> str:
    """Give what follows the first colon outside quotes."""
    quoted = False
    unfolded = _FOLD.sub("", line)
    for at, char in enumerate(unfolded):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return unfolded[at + 1 :].strip()
    return ""


def _mailto(address: Address) -> str:
    octets = str(address).encode()
    return "mailto:" + "".join([chr(o) if o in _PLAIN_IN_URI else f"%{o:02X}" for o in octets])


def _folded(line: str) -> str:
    """Fold at 75 octets, never inside a character (RFC 5545, 3.1)."""
    parts: list[str] = []
    start, size = 0, 0
    for at, char in enumerate(line):
        octets = len(char.encode())
        if size + octets > _LONGEST:
            parts.append(line[start:at])
            start, size = at, 1
        size += octets
    return "\r\n ".join([*parts, line[start:]])


def _joined(lines: list[str]) -> str:
    return "".join([_LINE_END.sub("\r\n", line) + "\r\n" for line in lines])
