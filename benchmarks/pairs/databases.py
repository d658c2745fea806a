"""An empty database for each contender and round: a file of SQLite, or one of a PostgreSQL server's."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# The tests' server, which pip brings; here it waits for the disk at each commit.
_HELPERS = Path(__file__).parents[2] / "tests" / "helpers"


@contextmanager
def databases(folder: Path, *, postgres: bool) -> Iterator[Callable[[], str]]:
    """Give what makes an empty database each time, and gives its URL."""
    if not postgres:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            numbers = itertools.count()
            yield lambda: f"sqlite:///{name}/queue-{next(numbers)}.db"
        return
    sys.path.append(str(_HELPERS))
    from postgres_server import PostgresServer

    server = PostgresServer(durable=True)
    server.start()
    try:
        yield server.new_database
    finally:
        server.stop()
