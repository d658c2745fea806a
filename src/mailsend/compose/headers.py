"""The one writer of header fields: checked, encoded and folded here and nowhere else (RFC 5322, 2.2).

Each function gives a whole field, its CRLF included. A line has at most 78 characters wherever it
can be broken, 76 where it holds an encoded word (RFC 2047, section 2), and never more than 998.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from mailsend.compose.encoded_words import LONGEST, SHORTEST, encode_words
from mailsend.errors import InvalidMessage
from mailsend.model.address import Mailbox
from mailsend.model.lines import LONGEST_LINE

__all__ = [
    "Field",
    "address_list",
    "date",
    "message_id",
    "refuse_unwritable",
    "structured",
    "text",
]

_WIDTH = 78
_WIDTH_ENCODED = 76

_NAME = re.compile(r"[!-9;-~]{1,76}\Z")
# Controls, separators of lines that some readers break at, halves of surrogate pairs.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_PLAIN_PHRASE = re.compile(rf"[{_ATEXT}]+(?: [{_ATEXT}]+)*\Z")
_TO_ESCAPE = re.compile(r'(["\\])')
_BLANK_OR_NOTHING = ("", " ")
_BLANKS = re.compile("( +)")
_MESSAGE_ID = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+\Z")
_NO_OFFSET = timedelta()
_MINUTE = timedelta(minutes=1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TWO = tuple(f"{number:02d}" for number in range(60))


class Field:
    """A header field while it is written, word by word."""

    __slots__ = ("_column", "_name", "_parts", "_width")

    def __init__(self, name: str) -> None:
        refuse_name(name)
        self._name = name
        self._parts = [name, ":"]
        self._column = len(name) + 1
        self._width = _WIDTH

    def word(self, word: str, before: str = " ") -> None:
        """Add what must not be broken, with the white space that stands before it."""
        size = len(before) + len(word)
        # Right after the name a fold is legal, yet some readers take it for an empty field, and
        # Python 3.11's keeps the white space. It stands there only where nothing else helps.
        at_start = len(self._parts) == 2
        if self._column + size > (LONGEST_LINE if at_start else self._width):
            if size > LONGEST_LINE:
                why = f"it holds {len(word)} characters that cannot be broken into lines of {LONGEST_LINE}"
                raise InvalidMessage(self._name, why)
            self._break()
        self._parts += (before, word)
        self._column += size

    def words(self, words: Sequence[str]) -> None:
        """Add words with one blank before each; an empty one means one blank more before the next."""
        together = " ".join(words)
        if together and self._column + 1 + len(together) <= self._width:
            self.word(together)
            return
        blanks = " "
        for word in words:
            if word:
                self.word(word, blanks)
                blanks = " "
            else:
                blanks += " "

    def encoded(self, text: str) -> None:
        """Add text as encoded words."""
        room = _WIDTH_ENCODED - self._column - 1
        if room < SHORTEST:
            self._break()
            room = LONGEST
        words = encode_words(text, min(room, LONGEST))
        self._parts += (" ", "\r\n ".join(words))
        self._column = 1 + len(words[-1]) + (self._column if len(words) == 1 else 0)
        self._width = _WIDTH_ENCODED

    def _break(self) -> None:
        self._parts.append("\r\n")
        self._column, self._width = 0, _WIDTH

    def end(self) -> str:
        """Give the field."""
        self._parts.append("\r\n")
        return "".join(self._parts)


@lru_cache(maxsize=256)
def refuse_name(name: str) -> None:
    """Raise InvalidMessage for what is no name of a header field."""
    if not _NAME.match(name):
        raise InvalidMessage(ascii(name), "this is no name of a header field (RFC 5322, section 2.2)")


def refuse_unwritable(field: str, value: str) -> None:
    """Raise InvalidMessage for control characters and lone surrogates in ``value``."""
    # Most text is printable, which is sooner told; what is not may be writable all the same.
    wrong = None if value.isprintable() else _UNWRITABLE.search(value)
    if wrong:
        raise InvalidMessage(
            field,
            f"{wrong.group()!a} at character {wrong.start()} cannot stand in a header field",
            advice="Take line breaks and other control characters out of it.",
        )


def text(name: str, value: str, *, for_people: bool = True) -> str:
    """Give a field of free text (RFC 5322, 2.2.1), encoded as far as it needs that (RFC 2047).

    A long word is encoded as well, since that lets it be folded; not where the field is not
    ``for_people``: programs that read such a field seldom decode it.
    """
    refuse_name(name)
    refuse_unwritable(name, value)
    if _fits_plainly(name, value) and "=?" not in value:
        return f"{name}: {value}\r\n"
    field = Field(name)
    words = value.split(" ")
    first, last = _span_to_encode(words, _WIDTH - 1 if for_people else LONGEST_LINE - 1)
    field.words(words[:first])
    if first < last:
        field.encoded(" ".join(words[first:last]))
        field.words(words[last:])
    return field.end()


def _span_to_encode(words: Sequence[str], longest: int) -> tuple[int, int]:
    """Find the stretch from the first to the last word that cannot stand as it is.

    Words are divided by one blank each, so that an empty word means one blank more. Blanks at the
    ends of the text would be lost, and beside an encoded word they are not safe: they go inside.
    """
    end = len(words)
    needy = [n for n, word in enumerate(words) if not word.isascii() or len(word) > longest or "=?" in word]
    if "" in words:
        needy += _beside_unsafe_blanks(words, longest)
    if not needy:
        return end, end
    first, last = min(needy), max(needy) + 1
    while first and not words[first - 1]:
        first -= 1
    while last < end and not words[last]:
        last += 1
    return first, last


def _beside_unsafe_blanks(words: Sequence[str], longest: int) -> list[int]:
    end = len(words)
    filled = [n for n, word in enumerate(words) if word] or [0]
    beside: list[int] = []
    if filled[0] > 0:
        beside += (0, filled[0])
    if filled[-1] < end - 1:
        beside += (filled[-1], end - 1)
    if any(after - one > longest // 2 for one, after in pairwise(filled)):
        beside += (0, end - 1)
    return beside


def _fits_plainly(name: str, value: str) -> bool:
    return (
        len(name) + len(value) <= _WIDTH - 2
        and value.isascii()
        and value[:1] not in _BLANK_OR_NOTHING
        and value[-1] != " "
    )


def structured(name: str, value: str) -> str:
    """Give a field that programs read (References, List-Id): folded at its blanks, never encoded.

    Raises InvalidMessage where it holds anything but printable ASCII, or where a stretch without a
    blank is longer than a line may be.
    """
    refuse_name(name)
    refuse_unwritable(name, value)
    if _fits_plainly(name, value):
        return f"{name}: {value}\r\n"
    field = Field(name)
    if not value.isascii():
        raise InvalidMessage(name, "this field takes ASCII only", advice="Write domains in A-labels (xn--…).")
    value = value.strip(" ")
    if len(name) + len(value) > _WIDTH - 2:
        value = value.replace(">,<", ">, <")
    blanks = " "
    for piece in _BLANKS.split(value):
        if piece.startswith(" "):
            blanks = piece
        elif piece:
            field.word(piece, blanks)
    return field.end()


def address_list(name: str, mailboxes: Sequence[Mailbox]) -> str:
    """Give a field of mailboxes (RFC 5322, 3.4); raw UTF-8 only in an address that needs it (RFC 6532)."""
    if len(mailboxes) == 1:
        (only,) = mailboxes
        written = f"{only.name} <{only.address}>" if only.name else str(only.address)
        plain = not only.name or _PLAIN_PHRASE.match(only.name)
        if plain and _fits_plainly(name, written) and written.isprintable() and "=?" not in written:
            refuse_name(name)
            return f"{name}: {written}\r\n"
    field = Field(name)
    left = len(mailboxes)
    for mailbox in mailboxes:
        left -= 1
        comma = "," if left else ""
        address = str(mailbox.address)
        refuse_unwritable(name, address)
        if mailbox.name:
            _phrase(field, name, mailbox.name)
            field.word(f"<{address}>{comma}")
        else:
            field.word(address + comma)
    return field.end()


def _phrase(field: Field, name: str, phrase: str) -> None:
    """Write a display name so that nothing in it can be read as an address or as encoded."""
    refuse_unwritable(name, phrase)
    if "=?" not in phrase and phrase.isascii():
        if _PLAIN_PHRASE.match(phrase):
            words = phrase.split(" ")
            if max(map(len, words)) < _WIDTH - 1:
                field.words(words)
                return
        elif "  " not in phrase and phrase == phrase.strip(" "):
            escaped = _TO_ESCAPE.sub(r"\\\1", phrase)
            if len(escaped) < _WIDTH - 2:
                field.word(f'"{escaped}"')
                return
    field.encoded(phrase)


def date(name: str, when: datetime) -> str:
    """Give a field with a point in time (RFC 5322, 3.3); raises InvalidMessage without a time zone."""
    offset = when.utcoffset()
    if offset is None:
        raise InvalidMessage(name, "a time without a time zone", advice="Use an aware datetime.")
    zone = "+0000"
    if offset:
        if offset % _MINUTE:
            when = when.astimezone(UTC)
        else:
            hours, minutes = divmod(abs(offset) // _MINUTE, 60)
            zone = f"{'-' if offset < _NO_OFFSET else '+'}{hours:02d}{minutes:02d}"
    day = f"{_DAYS[when.weekday()]}, {_TWO[when.day]} {_MONTHS[when.month - 1]} {when.year:04d}"
    return f"{name}: {day} {_TWO[when.hour]}:{_TWO[when.minute]}:{_TWO[when.second]} {zone}\r\n"


def message_id(name: str, value: str) -> str:
    """Give a field with one msg-id (RFC 5322, 3.6.4); ``value`` comes without its angle brackets."""
    if not _MESSAGE_ID.match(value):
        raise InvalidMessage(name, "a msg-id is printable ASCII with one @ and no blank or angle bracket")
    return structured(name, f"<{value}>")
