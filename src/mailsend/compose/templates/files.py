"""Template files as values: a folder read once, with the digest of all that is in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from mailsend.errors import TemplateError

__all__ = ["MAX_FILE_CHARACTERS", "StaticLayer", "TemplateFiles", "TemplateLayer", "is_safe_path"]

MAX_FILE_CHARACTERS = 200_000
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-]*/[A-Za-z0-9_][A-Za-z0-9_\-]*(\.[A-Za-z0-9_\-]+)+\Z")


def is_safe_path(path: str) -> bool:
    """Whether ``path`` is one folder and one file: never absolute, never with ``..``."""
    return _PATH.match(path) is not None


@dataclass(frozen=True, slots=True)
class TemplateFiles:
    """The files of one folder of templates, by path (``invoice/body.html.j2``).

    Two are equal where their ``digest`` (SHA-256 of names and texts) is. Raises TemplateError for
    a path that is not one folder and one file, and for a file above 200,000 characters.
    """

    files: Mapping[str, str] = field(compare=False, repr=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        kept = dict(sorted(self.files.items()))
        sha = hashlib.sha256()
        for path, text in kept.items():
            if not is_safe_path(path):
                raise TemplateError(
                    path,
                    "a template file is one folder and one file name",
                    advice="Name it like 'invoice/body.html.j2'.",
                )
            if len(text) > MAX_FILE_CHARACTERS:
                folder, _, file = path.partition("/")
                raise TemplateError(
                    folder,
                    f"the file has more than {MAX_FILE_CHARACTERS} characters",
                    file=file,
                    advice="Gmail cuts mails off after 102 KB; make it smaller.",
                )
            for part in (path, text):
                data = part.encode("utf-8", "surrogatepass")
                sha.update(len(data).to_bytes(8, "big"))
                sha.update(data)
        object.__setattr__(self, "files", MappingProxyType(kept))
        object.__setattr__(self, "digest", sha.hexdigest())

    def read(self, path: str) -> str | None:
        """Give the text of ``path``, or None where there is no such file."""
        return self.files.get(path)

    def list(self) -> tuple[str, ...]:
        """Give all paths, sorted."""
        return tuple(self.files)


class TemplateLayer(Protocol):
    """One place that templates come from: a unit's folder, a customer's, the shipped ones.

    ``name`` is what errors and lists call it. ``snapshot()`` gives its files as they are now, the
    same object as long as nothing has changed.
    """

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def snapshot(self) -> TemplateFiles:
        """Give the files."""
        ...


@dataclass(frozen=True, slots=True)
class StaticLayer:
    """A layer made of texts that the application holds, by path."""

    name: str
    files: TemplateFiles

    @classmethod
    def of(cls, name: str, files: Mapping[str, str]) -> StaticLayer:
        """Build a layer from texts by path; raises TemplateError as TemplateFiles does."""
        return cls(name, TemplateFiles(files))

    def snapshot(self) -> TemplateFiles:
        """Give the files."""
        return self.files
