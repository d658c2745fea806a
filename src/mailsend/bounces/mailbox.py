"""A maildir, read and left as it is: each mail in a file of its own, in ``new`` or ``cur``."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mailsend.errors import InvalidSettings

__all__ = ["ArrivedMail", "Maildir"]

_LARGEST: Final = 50_000_000  # octets of one mail; larger ones are passed over
_FOLDERS: Final = ("new", "cur")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedMail:
    """One mail in a mailbox: its unique name there, and its octets as they are stored."""

    name: str
    data: bytes = field(repr=False)


class Maildir:
    """The maildir at ``folder``. Other programs may write to it, and move mails in it, meanwhile."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def names(self) -> frozenset[str]:
        """Give the unique names of the mails that are there; raises InvalidSettings where none can be."""
        return frozenset(name for name, _ in self._files())

    def mails(self, without: Container[str] = ()) -> Iterator[ArrivedMail]:
        """Give the mails that are there, but for those named in ``without``; raises as ``names`` does."""
        for name, path in self._files():
            if name in without:
                continue
            with suppress(FileNotFoundError):  # moved or removed since it was listed
                with path.open("rb") as file:
                    data = file.read(_LARGEST + 1)
                if len(data) <= _LARGEST:
                    yield ArrivedMail(name=name, data=data)

    def _files(self) -> list[tuple[str, Path]]:
        found: dict[str, Path] = {}
        for one in _FOLDERS:
            try:
                entries = sorted((self.folder / one).iterdir())
            except OSError as problem:
                raise InvalidSettings(
                    "bounce_mailbox",
                    f"{self.folder / one} cannot be read: {problem.strerror}",
                    advice="Name the folder that holds a maildir's new and cur, readable by this process.",
                ) from None
            for path in entries:
                if path.is_file() and not path.name.startswith("."):
                    found[path.name.partition(":")[0]] = path  # behind the colon stand its flags
        return list(found.items())
