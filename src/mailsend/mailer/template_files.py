"""Folders of templates, read from the disk: customers' own, and those that mailsend ships."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from mailsend.compose.templates.files import MAX_FILE_CHARACTERS, TemplateFiles, is_safe_path
from mailsend.errors import TemplateError

__all__ = ["FolderLayer", "shipped_layer"]

_SUFFIXES = (".j2", ".toml")
_MOST_FILES = 2_000
# Looking at the disk takes at most this share of the time, so that many mails a second do not wait for it.
_SHARE_OF_OWN = 1 / 50
_SHARE_OF_SHIPPED = 1 / 500

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    files: TemplateFiles
    stamp: Stamp
    look_again: float


class FolderLayer:
    """A folder of templates; the next mail sees an edited file, without a restart.

    Files that are no template (``.j2``, ``.toml``), hidden ones, deeper folders, and links that
    lead out of the folder are passed by. ``snapshot()`` raises TemplateError for a folder or file
    that cannot be read.
    """

    __slots__ = ("_folder", "_seen", "_share", "name")

    def __init__(self, path: str | Path, *, name: str = "", share: float = _SHARE_OF_OWN) -> None:
        self._folder = Path(path)
        self.name = name or str(path)
        self._share = share
        self._seen: _Seen | None = None

    def snapshot(self) -> TemplateFiles:
        """Give the files as they are now; the same object as long as nothing has changed."""
        seen = self._seen
        begun = _tick()
        if seen is not None and begun < seen.look_again:
            return seen.files
        stamp = self._on_disk()
        if seen is None or stamp != seen.stamp:
            files = TemplateFiles({path: self._text(path) for path, *_ in stamp})
        else:
            files = seen.files
        done = _tick()
        look_again = done + (done - begun) / self._share if seen and files is seen.files else done
        self._seen = _Seen(files=files, stamp=stamp, look_again=look_again)
        return files

    def _on_disk(self) -> Stamp:
        found: list[tuple[str, int, int, int]] = []
        try:
            for one in self._stamps():
                found.append(one)
                if len(found) > _MOST_FILES:
                    raise TemplateError(
                        self.name,
                        f"the folder holds more than {_MOST_FILES} files",
                        advice="Point template_dirs to the folder that holds the templates alone.",
                    )
        except OSError as error:
            raise TemplateError(
                self.name,
                f"the folder cannot be read: {error.strerror}",
                advice="Check template_dirs; relative paths count from the file that says them.",
            ) from None
        return tuple(sorted(found))

    def _stamps(self) -> Iterator[tuple[str, int, int, int]]:
        with os.scandir(self._folder) as folders:
            for folder in folders:
                if folder.is_dir() and self._is_inside(folder):
                    with os.scandir(folder.path) as files:
                        for file in files:
                            path = f"{folder.name}/{file.name}"
                            if not file.name.endswith(_SUFFIXES) or not is_safe_path(path):
                                continue
                            if file.is_file() and self._is_inside(file):
                                stat = file.stat()
                                yield path, stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(self._folder.resolve())

    def _text(self, path: str) -> str:
        folder, _, file = path.partition("/")
        try:
            with (self._folder / path).open("rb") as opened:
                data = opened.read(4 * MAX_FILE_CHARACTERS + 4)
            return data.decode("utf-8-sig")
        except OSError as error:
            why = f"the file cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            why = "the file is not UTF-8"
        raise TemplateError(folder, why, file=file, advice=f"It lies in {self.name}; save it as UTF-8.")

    def __repr__(self) -> str:
        return f"FolderLayer({str(self._folder)!r}, name={self.name!r})"


def _tick() -> float:
    return time.monotonic()  # noqa: TID251 - how long looking at the disk takes; no mail depends on it


@lru_cache(maxsize=1)
def shipped_layer() -> FolderLayer:
    """Give the templates that come with mailsend.

    An installed wheel carries them inside the package; a checkout keeps them at its top.
    """
    packaged = Path(str(resources.files("mailsend") / "templates"))
    at_top = Path(__file__).resolve().parents[3] / "templates"
    return FolderLayer(packaged if packaged.is_dir() else at_top, name="shipped", share=_SHARE_OF_SHIPPED)
