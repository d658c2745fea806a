"""Stores of each kind: the same tests hold for all of them."""

from __future__ import annotations

import pytest
from postgres_server import PostgresServer
from refusing_store import RefusingStore
from store_samples import KEYS

from mailsend.store import open_store, upgrade
from mailsend.store.database import Database
from mailsend.store.location import read_location

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres():
    """Give a PostgreSQL server; asked for by tests with the mark ``postgres`` alone."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


def _url(kind, request, tmp_path):
    if kind == "postgres":
        return request.getfixturevalue("postgres").new_database()
    return "memory:" if kind == "memory" else f"sqlite:///{tmp_path / 'mailsend.db'}"


@pytest.fixture(params=["file", "memory", POSTGRES])
def store(request, tmp_path):
    """Give an upgraded store with secret keys."""
    url = _url(request.param, request, tmp_path)
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as opened:
        yield opened


@pytest.fixture(params=["file", "memory", POSTGRES])
def any_url(request, tmp_path):
    """Give the URL of an upgraded store of any kind; one in memory is its Mailer's alone."""
    url = _url(request.param, request, tmp_path)
    if url != "memory:":
        upgrade(url)
    return url


@pytest.fixture(params=["file", "memory", POSTGRES])
def database(request, tmp_path):
    """Give the database of an upgraded store, below all that reads and writes it."""
    url = _url(request.param, request, tmp_path)
    upgrade(url)
    opened = Database(read_location(url))
    yield opened
    opened.close()


@pytest.fixture(params=["file", POSTGRES])
def empty_url(request, tmp_path):
    """Give the URL of a store that several may open, and that has no tables yet."""
    return _url(request.param, request, tmp_path)


@pytest.fixture
def url(empty_url):
    """Give the URL of an upgraded store that several may open."""
    upgrade(empty_url)
    return empty_url


@pytest.fixture
def refusing():
    """Give a store in memory whose transactions fail as they are told to."""
    opened = RefusingStore()
    yield opened
    opened.close()
