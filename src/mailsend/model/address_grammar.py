"""The grammar of one mailbox, read in one pass without recursion (RFC 5322, section 3.4)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from mailsend.errors import InvalidAddress
from mailsend.model.encoded_words import decode_words

__all__ = ["LONGEST_TEXT", "UNSHOWABLE", "MailboxText", "read_mailbox_text"]

LONGEST_TEXT: Final = 1000
# Control characters, line and paragraph separators, halves of surrogate pairs.
UNSHOWABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = re.compile(r'(?P<word>[^ \t"(),:;<>@\[\\\]]+)|[ \t]+|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<special>.)')
_ESCAPED = re.compile(r"\\(.)")
_IN_COMMENT = re.compile(r"[()]|\\.")
_STRAY_DOT = re.compile(r"\A\.|\.\.|\.\Z")

_NO_LITERAL = "a domain literal is not taken; a domain name must stand here"

_WORDS = ("word", "quoted")
_EXPLAINED = {
    ",": "a second address would begin here (a name with a comma needs quotes)",
    ";": "a list would go on here, and one address is asked for",
    ":": "groups and source routes are not taken",
    "[": "a domain literal is not taken, and names with brackets need quotes",
    "]": "a bracket cannot stand here",
    "@": "an address has one @, and a name with an @ needs quotes",
    "<": "one address in angle brackets is enough",
    ">": "an angle bracket closes that was not opened",
    ")": "a comment closes that was not opened",
    "\\": "a backslash stands in quotes only",
    "word": "there is text beside the address",
    "quoted": "there is text beside the address",
}


class MailboxText(NamedTuple):
    """The parts of a mailbox as they were written, unquoted, with where they began."""

    name: str
    local_part: str
    local_part_at: int
    domain: str
    domain_at: int


class _Token(NamedTuple):
    kind: str
    value: str
    at: int


def read_mailbox_text(text: str) -> MailboxText:
    """Take a mailbox apart; comments and white space are dropped.

    Raises InvalidAddress with the position for whatever is not exactly one mailbox. Takes time
    linear in the text, of which more than 1000 characters are refused unread.
    """
    if len(text) > LONGEST_TEXT:
        why = f"it has more than {LONGEST_TEXT} characters"
        raise InvalidAddress(text, why, position=LONGEST_TEXT)
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        why = "a control character cannot stand in an address"
        raise InvalidAddress(text, why, position=forbidden.start())
    tokens = _tokens(text)
    opened = next((n for n, token in enumerate(tokens) if token.kind == "<"), None)
    if opened is None:
        return _addr_spec(text, "", tokens, len(text))
    for token in tokens[:opened]:
        if token.kind not in _WORDS:
            raise InvalidAddress(text, _EXPLAINED[token.kind], position=token.at)
    closed = next((n for n, token in enumerate(tokens) if token.kind == ">"), None)
    if closed is None:
        why = "the angle bracket is not closed"
        raise InvalidAddress(text, why, position=tokens[opened].at)
    inside = tokens[opened + 1 : closed]
    if inside and inside[0].kind == "@" and any(token.kind == ":" for token in inside):
        why = "source routes are not taken (RFC 5321, section 3.6.1)"
        raise InvalidAddress(text, why, position=inside[0].at)
    parts = _addr_spec(text, _name(tokens[:opened]), inside, tokens[closed].at)
    if closed + 1 < len(tokens):
        beside = tokens[closed + 1]
        raise InvalidAddress(text, _EXPLAINED[beside.kind], position=beside.at)
    return parts


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while found := _TOKEN.match(text, at):
        kind = found.lastgroup
        start, at = at, found.end()
        if kind == "word":
            tokens.append(_Token("word", found.group(), start))
        elif kind == "quoted":
            tokens.append(_Token("quoted", _ESCAPED.sub(r"\1", found.group()[1:-1]), start))
        elif kind == "special":
            char = found.group()
            if char == "(":
                at = _end_of_comment(text, start)
            elif char == '"':
                raise InvalidAddress(text, "the quotes are not closed", position=start)
            else:
                tokens.append(_Token(char, char, start))
    return tokens


def _end_of_comment(text: str, start: int) -> int:
    depth = 0
    for found in _IN_COMMENT.finditer(text, start):
        if found.group() == "(":
            depth += 1
        elif found.group() == ")":
            depth -= 1
            if depth == 0:
                return found.end()
    raise InvalidAddress(text, "the comment is not closed", position=start)


def _addr_spec(text: str, name: str, tokens: list[_Token], end: int) -> MailboxText:
    if not tokens:
        raise InvalidAddress(text, "there is no address", position=end)
    if all(token.kind in _WORDS for token in tokens):
        raise InvalidAddress(text, "there is no @", position=end)
    local = tokens[0]
    if local.kind == "@":
        raise InvalidAddress(text, "there is nothing before the @", position=local.at)
    if local.kind not in _WORDS:
        raise InvalidAddress(text, _EXPLAINED[local.kind], position=local.at)
    if local.kind == "word" and (dots := _STRAY_DOT.search(local.value)):
        why = "dots stand between other characters only, one at a time, unless they are quoted"
        raise InvalidAddress(text, why, position=local.at + dots.end() - 1)
    if tokens[1].kind != "@":
        raise InvalidAddress(text, _EXPLAINED[tokens[1].kind], position=tokens[1].at)
    if len(tokens) == 2:
        raise InvalidAddress(text, "there is no domain after the @", position=end)
    domain = tokens[2]
    if domain.kind != "word":
        why = _NO_LITERAL if domain.kind == "[" else "a domain must stand after the @"
        raise InvalidAddress(text, why, position=domain.at)
    if len(tokens) > 3:
        raise InvalidAddress(text, _EXPLAINED[tokens[3].kind], position=tokens[3].at)
    inside = local.at + 1 if local.kind == "quoted" else local.at
    return MailboxText(name, local.value, inside, domain.value, domain.at)


def _name(tokens: list[_Token]) -> str:
    """Join a name's words; encoded words are read outside quotes only (RFC 2047, section 5)."""
    pieces: list[str] = []
    plain: list[str] = []
    for token in tokens:
        if token.kind == "quoted":
            pieces += [_decoded(plain), token.value.replace("\t", " ")]
            plain = []
        else:
            plain.append(token.value)
    pieces.append(_decoded(plain))
    return " ".join(piece for piece in pieces if piece)


def _decoded(words: list[str]) -> str:
    written = " ".join(words)
    if "=?" not in written:
        return written
    readable = decode_words(written)
    return written if UNSHOWABLE.search(readable) else readable
