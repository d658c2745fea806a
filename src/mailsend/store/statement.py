"""SQL written once with SQLAlchemy's builder, compiled once per dialect, and run as text ever after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.sql.expression import Executable

__all__ = ["Statement"]


class _Compiled(NamedTuple):
    """SQL for one driver; ``order`` is that of its values where the driver numbers them.

    ``given`` are values that the statement brings itself.
    """

    text: str
    order: tuple[str, ...] | None
    given: dict[str, Any]

    def arranged(self, values: dict[str, Any]) -> Any:
        if self.given:
            values = {**self.given, **values}
        return values if self.order is None else tuple([values[one] for one in self.order])


@final
class Statement:
    """One statement; ``columns`` are those that an INSERT or UPDATE sets, by the names of their values."""

    __slots__ = ("_built", "_columns", "_compiled")

    def __init__(self, built: Executable, *, columns: Sequence[str] | None = None) -> None:
        self._built: Final = built
        self._columns: Final = columns
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: dict[str, Any]) -> Sequence[Any]:
        """Run it with ``values`` by name; give the rows of a query (named tuples), and none otherwise."""
        compiled = self._for(connection)
        result = connection.exec_driver_sql(compiled.text, compiled.arranged(values))
        return result.fetchall() if result.returns_rows else ()

    def run_many(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
        """Run it once for each of ``rows``; give how many rows of the table it changed in all."""
        if not rows:
            return 0
        compiled = self._for(connection)
        return connection.exec_driver_sql(compiled.text, [compiled.arranged(one) for one in rows]).rowcount

    def _for(self, connection: Connection) -> _Compiled:
        # A caller's connection may have another driver, which marks values in another way.
        driver = f"{connection.dialect.name}+{connection.dialect.driver}"
        found = self._compiled.get(driver)
        if found is None:
            found = self._compiled[driver] = self._compile(connection)
        return found

    def _compile(self, connection: Connection) -> _Compiled:
        compiled: Any = self._built.compile(  # type: ignore[attr-defined]  # every statement has it
            dialect=connection.dialect, column_keys=self._columns
        )
        order = compiled.positiontup
        given = {name: value for name, value in compiled.params.items() if value is not None}
        return _Compiled(str(compiled), None if order is None else tuple(order), given)
