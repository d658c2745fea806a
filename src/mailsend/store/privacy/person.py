"""One person's address in every way that it may be written, and text without it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final, final

from mailsend.model.address import Address
from mailsend.model.erasure import ERASED
from mailsend.store.mails.written import as_json

__all__ = ["Person"]

# Beside an address none of these stands, or it is somebody else's; and where callers join words to keys.
_APART: Final = (r"(?<![\w.+\-])", r"(?![\w\-]|\.\w)")
_JOINED: Final = (r"(?<![^\W_])(?<![.+])", r"(?![^\W_]|\.[^\W_])")
# In a file's name an ending may follow, which is no part of a domain: of those that are no top-level domain
# themselves, and of zip, which hardly anybody has.
_ENDINGS: Final = (
    "7z|asc|bmp|csv|docm?|docx|eml|epub|gif|gpg|gz|html?|ics|jpe?g|json|log|mbox|mp[34]|msg|od[pst]|p7[ms]"
    "|pdf|pem|pgp|png|pptx?|rar|rtf|sig|svg|tar|tgz|tiff?|txt|vcf|wav|webp|xls[mx]?|xml|yaml|zip"
)
_IN_A_FILES_NAME: Final = (_JOINED[0], rf"(?:(?:[_ (]|-\d)[^\"\\/<>\r\n]{{0,80}}?)?\.(?:{_ENDINGS})(?!\w)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]+\Z")
_NAMED: Final = re.compile(r'\s*"?(?P<name>[^<>"]+?)"?\s*<[^<>]*>\s*\Z')


@final
class Person:
    """Somebody who is known by an address.

    ``needles`` are texts, in lower case, one of which stands wherever the address does in a text or
    in JSON; ``octets`` the same for files.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        domains = dict.fromkeys((address.domain.ascii, address.domain.unicode))
        written = [one.rpartition("@")[0] for one in (str(address), address.key)]
        bare = [address.local_part, f'"{address.local_part}"', *written]
        spellings = dict.fromkeys(f"{one}@{domain}" for one in bare for domain in domains)
        either = "|".join(re.escape(one) for one in spellings)
        apart, joined, named = (
            f"{before}(?:{either}){behind}" for before, behind in (_APART, _JOINED, _IN_A_FILES_NAME)
        )
        self._apart, self._joined = (re.compile(f"{one}|{named}", re.IGNORECASE) for one in (apart, joined))
        # Quotes, and the case of what is not ASCII, are the databases' own affair.
        local_part = address.local_part.lower() if _PLAIN.match(address.local_part) else ""
        self.needles = tuple(f"{local_part}@{domain}" for domain in domains)
        self.octets = tuple(
            dict.fromkeys(one.encode() for one in (str(address), address.key, address.unicode))
        )

    def is_in(self, text: str | None, *, joined: bool = False) -> bool:
        """Whether the address stands in a text; with ``joined``, words may be tied to it, as in ``to-bob@…``."""
        pattern = self._joined if joined else self._apart
        return bool(text) and pattern.search(text or "") is not None

    def is_in_octets(self, data: bytes) -> bool:
        """Whether the address stands in what is written in UTF-8."""
        return self.is_in(data.decode("utf-8", "replace"))

    def names_in(self, texts: Iterable[str]) -> set[str]:
        """Give the names that stand before the address, in JSON too."""
        found = set()
        for text in texts:
            for one in _strings(_read(text)):
                named = _NAMED.match(one)
                if named and self.is_in(one):
                    found.add(named["name"])
        return {one for one in found if _is_telling(one)}

    def without(self, text: str, names: Iterable[str] = (), *, joined: bool = False) -> str:
        """Give a text without the person: in JSON each text that holds the address, or a name, is replaced."""
        several = [rf"(?<!\w){re.escape(one)}(?!\w)" for one in names if _is_telling(one)]
        named = re.compile("|".join(several)) if several else None

        def stays(one: str) -> bool:
            return not self.is_in(one, joined=joined) and (named is None or named.search(one) is None)

        value = _read(text)
        if isinstance(value, str):
            return text if stays(value) else ERASED
        if all(map(stays, _strings(value))):
            return text
        return as_json(_replaced(value, stays))


def _is_telling(name: str) -> bool:
    """Whether it can be told from the codes that decisions are written in."""
    return len(name) > 1 and (" " in name or name != name.lower() or not name.isascii())


def _read(text: str) -> Any:
    """Give what JSON says, or the text itself."""
    if text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _replaced(value: Any, stays: Any) -> Any:
    if isinstance(value, str):
        return value if stays(value) else ERASED
    if isinstance(value, dict):
        return {_replaced(name, stays): _replaced(one, stays) for name, one in value.items()}
    return [_replaced(one, stays) for one in value] if isinstance(value, list) else value
