"""SQL written once with SQLAlchemy's builder, compiled once per dialect, and run as text ever after."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.expression import Executable

    from mailsend.store.direct import Direct, Guest

__all__ = ["Compiled", "Statement"]

_AT_ONCE: Final = 16  # rows in one INSERT: more of them save little
_MOST_VALUES: Final = 999  # SQLite took no more in one statement before version 3.32


@final
class Compiled:
    """SQL for one driver; ``order`` is that of its values where the driver numbers them.

    ``given`` are values that the statement brings itself. One that ``widens`` puts in as many rows as
    there are behind its VALUES: ``wide`` is for ``at_once`` of them, where the driver marks each value by a ``?``.
    """

    __slots__ = ("_given", "_in_order", "_row", "at_once", "text", "wide")

    def __init__(
        self, text: str, order: Sequence[str] | None, given: dict[str, Any], *, widens: bool = False
    ) -> None:
        self.text: Final = text
        row = f"({', '.join('?' * len(order))})" if order else ""
        self.at_once: Final = (
            min(_AT_ONCE, _MOST_VALUES // len(order)) if widens and order and row in text else 0
        )
        self.wide: Final = text.replace(row, ", ".join([row] * self.at_once)) if self.at_once else ""
        self._given: Final = given
        self._in_order: Final = None if order is None else _in_order(order)
        self._row: Callable[[Sequence[Any]], Any] | None = None

    def arranged(self, values: dict[str, Any] | tuple[Any, ...]) -> Any:
        """Give ``values``, and those of its own, as the driver takes them; a tuple is so already."""
        if isinstance(values, tuple):
            return values
        if self._given:
            values = {**self._given, **values}
        return values if self._in_order is None else self._in_order(values)

    def named(self, description: Sequence[Sequence[Any]], found: Sequence[Sequence[Any]]) -> list[Any]:
        """Give the driver's rows as named tuples."""
        row = self._row
        if row is None:  # its columns are the same each time
            names = [one[0] for one in description]
            kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # known at run time alone
            row = self._row = kind._make
        return [row(one) for one in found]


@final
class Statement:
    """One statement; ``columns`` are those that an INSERT or UPDATE sets, by the names of their values.

    One that ``widens`` is an INSERT of one row, which may have several behind its VALUES.
    """

    __slots__ = ("_built", "_columns", "_compiled", "_widens")

    def __init__(
        self, built: Executable, *, columns: Sequence[str] | None = None, widens: bool = False
    ) -> None:
        self._built: Final = built
        self._columns: Final = columns
        self._widens: Final = widens
        self._compiled: dict[tuple[str, str, str], Compiled] = {}

    def run(self, ground: Direct | Guest, values: dict[str, Any] | tuple[Any, ...]) -> Sequence[Any]:
        """Run it with ``values`` by name; give the rows of a query (named tuples), and none otherwise."""
        return ground.run(self.compiled_for(ground.dialect), values)

    def run_many(self, ground: Direct | Guest, rows: Sequence[dict[str, Any]]) -> int:
        """Run it once for each of ``rows``; give how many rows of the table it changed in all."""
        return ground.run_many(self.compiled_for(ground.dialect), rows) if rows else 0

    def compiled_for(self, dialect: Dialect) -> Compiled:
        """Give its text as the driver of ``dialect`` takes it."""
        # A caller's connection may have another driver, which marks values in another way, as ours may.
        found = self._compiled.get(key := (dialect.name, dialect.driver, dialect.paramstyle))
        if found is None:
            found = self._compiled[key] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> Compiled:
        compiled: Any = self._built.compile(  # type: ignore[attr-defined]  # every statement has it
            dialect=dialect, column_keys=self._columns
        )
        given = {name: value for name, value in compiled.params.items() if value is not None}
        return Compiled(str(compiled), compiled.positiontup, given, widens=self._widens)


def _in_order(names: Sequence[str]) -> Callable[[dict[str, Any]], Any]:
    """Give what takes the values of ``names`` out, as a tuple."""
    match names:
        case []:
            return lambda _: ()
        case [name]:
            return lambda values: (values[name],)
        case _:
            return itemgetter(*names)
