"""SQL written once with SQLAlchemy's builder, compiled once per dialect, and run as text ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.sql.expression import Executable

__all__ = ["Statement"]


@final
class Statement:
    """One statement; ``columns`` are those that an INSERT or UPDATE sets, by the names of their values."""

    __slots__ = ("_built", "_columns", "_compiled")

    def __init__(self, built: Executable, *, columns: Sequence[str] | None = None) -> None:
        self._built: Final = built
        self._columns: Final = columns
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None]] = {}

    def run(self, connection: Connection, values: dict[str, Any]) -> Sequence[Any]:
        """Run it with ``values`` by name; give the rows of a query (named tuples), and none otherwise."""
        found = self._compiled.get(connection.dialect.name)
        if found is None:
            found = self._compiled[connection.dialect.name] = self._compile(connection)
        text, order = found
        given = values if order is None else tuple([values[one] for one in order])
        result = connection.exec_driver_sql(text, given)
        return result.fetchall() if result.returns_rows else ()

    def _compile(self, connection: Connection) -> tuple[str, tuple[str, ...] | None]:
        """Give the text, and the order of its values where the driver numbers them."""
        compiled: Any = self._built.compile(  # type: ignore[attr-defined]  # every statement has it
            dialect=connection.dialect, column_keys=self._columns
        )
        order = compiled.positiontup
        return str(compiled), None if order is None else tuple(order)
