"""The programs of the torture run lie beside its test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from postgres_server import PostgresServer

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def postgres():
    """Give a PostgreSQL server that waits for the disk, as one in earnest."""
    server = PostgresServer(durable=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """Give the URL of an empty store that several processes may open."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").new_database()
    return f"sqlite:///{tmp_path / 'mailsend.db'}"
