"""A real PostgreSQL server that is stopped and started while others use it."""

from __future__ import annotations

import contextlib

from postgres_server import PostgresServer

__all__ = ["RestartingServer"]


class RestartingServer(PostgresServer):
    """One server that may be away for a while; its files stay."""

    def halt(self, how: str = "fast") -> None:
        """Stop it: ``fast`` ends all connections, ``immediate`` is as if it had crashed."""
        self._ctl("-m", how, "stop")

    def resume(self) -> None:
        """Start it once more."""
        self._ctl(
            "-l", str(self.folder / "data" / "later.log"), "restart"
        )  # as it was started the first time

    def stop(self) -> None:
        """Stop it, and take its files away."""
        with contextlib.suppress(RuntimeError):  # it may be away
            self.halt("immediate")
        super().stop()

    def _ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-s", "-w", "-D", str(self.folder / "data"), *arguments)
