"""What the engines need: PostgreSQL from pip, Redis from Debian, a sink; their programs lie beside the tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from free_port import free_port
from mail_strategies import shop
from postgres_server import PostgresServer

from mailsend.store import upgrade

HERE = Path(__file__).parent
sys.path.append(str(HERE))


@pytest.fixture(scope="session")
def postgres():
    """Give a PostgreSQL server."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(postgres):
    """Give the URL of an upgraded store in a database of its own."""
    url = postgres.new_database()
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """Give the URL of a Redis on loopback that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("there is no Redis here: apt-get install --no-install-recommends redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen([program, *options, "--dir", str(folder)], stdout=subprocess.DEVNULL) as process:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@pytest.fixture
def sink():
    """Give a server that takes all and says when what came."""
    from counting_sink import CountingSink

    with CountingSink() as one:
        yield one


class Programs:
    """Workers of engines: started as their documentation says, stopped by SIGTERM, and their last words kept."""

    def __init__(self, folder):
        self._folder = folder
        self._running = []

    def start(self, *command, settings, ready, **environment):
        """Start one with the settings of its Mailer, and wait until it says that it is ``ready``."""
        path = os.pathsep.join((str(HERE), str(HERE.parent / "helpers")))
        log = self._folder / f"program-{len(self._running)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self._folder,
                env={
                    **os.environ,
                    "PYTHONPATH": path,
                    "ENGINE_SETTINGS": json.dumps(settings),
                    **environment,
                },
                stdout=file,
                stderr=file,
            )
        self._running.append((process, log))
        ends = time.monotonic() + 120
        while ready not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.05)

    def stop(self):
        """Stop all; an engine that did not run on until now, or does not end well, is told."""
        early = [self._told(one) for one in self._running if one[0].poll() is not None]
        for process, _ in self._running:
            process.send_signal(signal.SIGTERM)  # at most once: a second one would hurry it
        for process, _ in self._running:
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        told = early + [self._told(one) for one in self._running if one[0].returncode]
        self._running = []
        assert told == []

    def _told(self, one):
        process, log = one
        return f"{process.args} ended with {process.returncode}: {log.read_text()[-3000:]}"

    @property
    def logs(self):
        """What they said so far."""
        return "".join(log.read_text() for _, log in self._running)


@pytest.fixture
def programs(tmp_path):
    """Give what starts and stops the engines' workers."""
    running = Programs(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def settings(database, sink):
    """Give what makes the settings of one application, by the query of its smarthost."""

    def make(query="", **application):
        url = f"smtp://127.0.0.1:{sink.port}?tls=none{query}"
        return shop(url, store=database, **application)

    return make


def _wait_for(port):
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Redis does not answer")
