"""What people typed, made into a Message and a Mailer."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from mailsend.cli.exits import CommandFailed, Exit
from mailsend.mailer import Mailer
from mailsend.mailer.interceptors import After
from mailsend.model.attachment import Attachment
from mailsend.model.message import Message
from mailsend.settings import Settings

__all__ = ["find_interceptors", "mailer_for", "message_from", "read_values", "settings_from"]

_LARGEST_TEXT: Final = 10_000_000
_LARGEST_VALUES: Final = 1_000_000


def settings_from(config: Path | None) -> Settings:
    """Read the settings: the file named, else where the library itself looks."""
    return Settings() if config is None else Settings.load(config)


def mailer_for(config: Path | None, *, after: Sequence[After] = ()) -> Mailer:
    """Give a Mailer for these settings; ``after`` is told what became of each mail."""
    settings = settings_from(config)
    find_interceptors(settings)
    return Mailer(settings, after=after)


def find_interceptors(settings: Settings) -> None:
    """Let interceptors that the settings name lie in the current folder, as an application's do."""
    here = str(Path.cwd())
    if settings.rules.application.interceptors and here not in sys.path:
        sys.path.append(here)


def message_from(
    *,
    to: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    bcc: Sequence[str] | None = None,
    reply_to: Sequence[str] | None = None,
    text: str | None = None,
    html_file: Path | None = None,
    attach: Iterable[Path] | None = None,
    values: Path | None = None,
    set_: Sequence[str] | None = None,
    header: Sequence[str] | None = None,
    **fields: Any,
) -> Message:
    """Build the Message from what options hold; ``fields`` are passed on as they are."""
    return Message(
        to=tuple(to or ()),
        cc=tuple(cc or ()),
        bcc=tuple(bcc or ()),
        reply_to=tuple(reply_to or ()),
        text=_from_stdin() if text == "-" else text,
        html=None if html_file is None else read_text(html_file),
        attachments=tuple(Attachment.from_path(one) for one in attach or ()),
        values=read_values(values, set_),
        headers=_headers(header or ()),
        **fields,
    )


def read_values(file: Path | None, set_: Sequence[str] | None) -> dict[str, Any]:
    """Read a template's values from TOML or JSON, and put single ones over them."""
    values = {} if file is None else _values_of(file)
    for one in set_ or ():
        key, equals, text = one.partition("=")
        if not equals or not all(key.split(".")):
            raise CommandFailed(
                Exit.USAGE, f"--set {one}: it is written KEY=TEXT", advice="As in --set name=Ann."
            )
        node = values
        *outer, last = key.split(".")
        for part in outer:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise CommandFailed(
                    Exit.USAGE,
                    f"--set {one}: {part} is a value and holds no others",
                    advice="Set either the value or what is in it.",
                )
        node[last] = text
    return values


def read_text(file: Path, most: int = _LARGEST_TEXT) -> str:
    """Read a file of text in UTF-8, of at most ``most`` bytes."""
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as problem:
        raise CommandFailed(
            Exit.NO_INPUT,
            f"{file} cannot be read: {problem.strerror}",
            advice="Name a file that you may read.",
        ) from None
    if len(data) > most:
        raise CommandFailed(
            Exit.DATA, f"{file} is larger than {most:,} bytes", advice="Look whether it is the right file."
        )
    return _decoded(data, str(file))


def _from_stdin() -> str:
    data = sys.stdin.buffer.read(_LARGEST_TEXT + 1)
    if len(data) > _LARGEST_TEXT:
        raise CommandFailed(
            Exit.DATA,
            f"standard input is larger than {_LARGEST_TEXT:,} bytes",
            advice="Look whether it is the right text.",
        )
    return _decoded(data, "standard input")


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise CommandFailed(
            Exit.DATA, f"{where} is not UTF-8 (byte {problem.start})", advice="Save the text as UTF-8."
        ) from None


def _values_of(file: Path) -> dict[str, Any]:
    text = read_text(file, _LARGEST_VALUES)
    try:
        values = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        kind = "JSON" if file.suffix.lower() == ".json" else "TOML"
        raise CommandFailed(
            Exit.DATA,
            f"{file} is no {kind}: {problem}",
            advice="Name the file .toml or .json by what is in it.",
        ) from None
    if not isinstance(values, dict):
        raise CommandFailed(
            Exit.DATA,
            f"{file}: an object is expected, not {type(values).__name__}",
            advice='Write names with their values, as in {"name": "Ann"}.',
        )
    return values


def _headers(given: Sequence[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for one in given:
        name, colon, text = one.partition(":")
        if not colon or not name.strip():
            raise CommandFailed(
                Exit.USAGE,
                f"--header {one}: it is written 'NAME: TEXT'",
                advice="As in --header 'X-Order: 4711'.",
            )
        if name.strip() in headers:
            raise CommandFailed(
                Exit.USAGE, f"--header {name.strip()} is given twice", advice="Write each name once."
            )
        headers[name.strip()] = text.strip()
    return headers
