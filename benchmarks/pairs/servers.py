"""What stands at the other end: smtp-sink, our own sink in its place, the delaying proxy."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
HOST = "127.0.0.1"
PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec/postfix"))
INSTALL = "apt-get install --no-install-recommends postfix"


def find(program: str) -> str | None:
    """Give the path of a program, also where Debian puts postfix's."""
    return shutil.which(program, path=PLACES)


@contextmanager
def sink() -> Iterator[int]:
    """Run smtp-sink, or the fall-back, on a free port; end it afterwards."""
    program = find("smtp-sink")
    if program is None:
        with _ours("python_sink.py") as port:
            yield port
        return
    port = _free_port()
    user = ["-u", "nobody"] if getpass.getuser() == "root" else []  # it refuses to stay root
    command = [program, *user, "-a", f"{HOST}:{port}", "1024"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()


@contextmanager
def delayed(port: int, milliseconds: float) -> Iterator[int]:
    """Run the delaying proxy before ``port``; nothing where there is no delay."""
    if not milliseconds:
        yield port
        return
    with _ours("delay.py", str(port), str(milliseconds)) as mine:
        yield mine


@contextmanager
def _ours(*command: str) -> Iterator[int]:
    script, *arguments = command
    with subprocess.Popen(
        [sys.executable, str(HERE / script), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()  # that is its sign to end
            process.wait(10)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 5
    while time.monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    process.kill()
    _, told = process.communicate()
    raise RuntimeError(f"smtp-sink does not answer: {told.decode().strip()}")
