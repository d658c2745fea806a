"""A real PostgreSQL server, in a temporary folder, for the length of a test run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PASSWORD = "hunter2-of-the-database"


def _programs() -> Path:
    """Give the folder with the server's programs; Debian keeps them out of PATH."""
    found = shutil.which("pg_ctl")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name))
    if found is None and not folders:
        raise RuntimeError("there is no PostgreSQL server here: apt-get install postgresql")
    return Path(found).parent if found else folders[-1]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class PostgresServer:
    """One server, on a socket in its folder (trusted) and on loopback (by password)."""

    def __init__(self) -> None:
        self._programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="mailsend-postgres-", dir="/tmp"))
        self._as_user: list[str] = []
        self._count = 0
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self._as_user = ["runuser", "-u", "postgres", "--"]
        self.port = _free_port()

    def start(self) -> None:
        """Make the server's files and start it."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "mailsend", "-E", "UTF8", "--locale", "C.UTF-8",
            "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}",
        )  # fmt: skip
        options = f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", "-o", options,
            "start",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop it, and take its files away."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def new_database(self) -> str:
        """Give the URL of an empty database."""
        self._count += 1
        name = f"store_{self._count}"
        self.run(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://mailsend@/{name}?host={self.folder}&port={self.port}"

    def by_password(self, password: str = PASSWORD, database: str = "postgres") -> str:
        """Give a URL that leads over loopback."""
        return f"postgresql://mailsend:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str) -> None:
        """Run one command as the server's owner."""
        import psycopg

        where = {"host": str(self.folder), "port": self.port, "user": "mailsend", "dbname": "postgres"}
        with psycopg.connect(**where, autocommit=True) as connection:
            connection.execute(sql)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_user, str(self._programs / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE
            if program == "initdb"
            else subprocess.DEVNULL,  # pg_ctl's child keeps it open
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program}: {done.stderr!r} {log.read_text() if log.exists() else ''}")
