"""What a command says: lines for people or one JSON document, never both."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailsend.model.plain_json import plain_json

__all__ = ["Output", "counted", "plain", "shortened"]

_LABEL_WIDTH = 11
_WIDEST = 100  # characters of what anybody may have written, in a table


class Output:
    """Where a command speaks.

    With ``as_json`` nothing but ``document`` writes; with ``quiet`` nothing but errors is said to
    people. Text of others is shown without control characters, so that it cannot move a cursor.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self._silent = as_json or quiet
        self._out = _console(sys.stdout)
        self._err = _console(sys.stderr)

    def document(self, value: Any) -> None:
        """Write one JSON document, where JSON was asked for."""
        if self.as_json:
            text = plain_json(json.dumps(value, ensure_ascii=False, indent=2))
            try:
                text.encode(sys.stdout.encoding or "utf-8")
            except UnicodeEncodeError:
                text = json.dumps(value, indent=2)
            sys.stdout.write(f"{text}\n")

    def document_line(self, value: Any) -> None:
        """Write one of many JSON documents as a line, at once, where JSON was asked for."""
        if self.as_json:
            sys.stdout.write(f"{plain_json(json.dumps(value))}\n")
            sys.stdout.flush()

    def line(self, text: str = "", style: str = "") -> None:
        """Say one line; a terminal wraps it where it must, so that it can be copied whole."""
        self._print(Text(plain(text), style=style))

    def heading(self, text: str) -> None:
        """Say what follows, after an empty line."""
        self.line()
        self.line(text, "bold")

    def labelled(self, label: str, text: str, *, style: str = "", indent: int = 0) -> None:
        """Say a value beside its name; where it is long, it hangs under itself on a terminal."""
        self._beside(Text(plain(label), style="cyan"), Text(plain(text), style=style), indent, _LABEL_WIDTH)

    def marked(self, good: bool | None, text: str, *, indent: int = 0) -> None:
        """Say what went well (``✓``), badly (``✗``), or should be looked at (``!``)."""
        mark, style = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("!", "yellow")}[good]
        self._beside(Text(mark, style=style), Text(plain(text)), indent, 1)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Say rows under their heads."""
        if self._silent:
            return
        if not self._out.is_terminal:
            widths = [max(len(plain(row[n])) for row in (head, *rows)) for n in range(len(head))]
            for row in (head, *rows):
                cells = (plain(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
                self.line("  ".join(cells).rstrip())
            return
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for one in head:
            table.add_column(one, overflow="fold")
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self._out.print(table)

    def block(self, text: str) -> None:
        """Say a text of several lines as it is."""
        for one in text.splitlines():
            self.line(one)

    @contextmanager
    def while_waiting(self, text: str) -> Iterator[None]:
        """Show on a terminal that something lasts."""
        if self._silent or not self._err.is_terminal:
            yield
            return
        with self._err.status(Text(plain(text))):
            yield

    @property
    def on_terminal(self) -> bool:
        """Whether people watch, so that what lasts may show how far it is."""
        return not self._silent and bool(self._err.is_terminal)

    @contextmanager
    def changing_line(self, text: str) -> Iterator[Callable[[str], None]]:
        """Show a line on a terminal that the function given changes; elsewhere it says nothing."""
        if not self.on_terminal:
            yield lambda _: None
            return
        with self._err.status(Text(plain(text))) as status:
            yield lambda changed: status.update(Text(plain(changed)))

    def warn(self, text: str) -> None:
        """Tell people what is worth a look, on standard error."""
        if not self._silent:
            self._err.print(Text.assemble(("warning: ", "yellow"), plain(text)), soft_wrap=True)

    def fail(self, what: str, advice: str = "", *, name: str = "mailsend") -> None:
        """Tell people what went wrong and what to do, on standard error; never with JSON."""
        if self.as_json:
            return
        first, *more = what.splitlines() or [""]
        self._err.print(Text.assemble((f"{name}: ", "bold red"), plain(first)), soft_wrap=True)
        for one in (*more, *advice.splitlines()):
            self._err.print(Text(f"  {plain(one)}"), soft_wrap=True)

    def _beside(self, left: Text, right: Text, indent: int, width: int) -> None:
        if self._silent:
            return
        width = max(width, len(left.plain))
        if not self._out.is_terminal:
            gap = " " * (width - len(left.plain) + 1)
            self._print(Text.assemble(" " * indent, left, gap, right))
            return
        grid = Table.grid(padding=(0, 1, 0, 0))
        if indent:
            grid.add_column(width=indent - 1)
        grid.add_column(width=width, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(*([""] if indent else []), left, right)
        self._out.print(grid)

    def _print(self, text: Text) -> None:
        if not self._silent:
            self._out.print(text, soft_wrap=True)


def plain(text: str) -> str:
    """Give text without what would move a terminal's cursor, change its colours or turn its direction."""
    return "".join(one if one.isprintable() or one == "\t" else "\N{REPLACEMENT CHARACTER}" for one in text)


def shortened(text: str) -> str:
    """Give what anybody may have written as a cell of a table takes it: no row is many screens long."""
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number with its noun: ``1 customer``, ``2 customers``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _console(stream: Any) -> Console:
    return Console(file=stream, highlight=False, markup=False, emoji=False)
