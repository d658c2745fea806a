"""Stores by their URL, and every way in which one cannot be used."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import tempfile
import traceback
from pathlib import Path

import pytest
from store_samples import BY_ANN, KEYS, a_server

from mailsend import store as store_room
from mailsend.errors import InvalidSettings, MissingExtra, StoreError
from mailsend.model.secret import Secret
from mailsend.store import open_store, upgrade
from mailsend.store.engine import engine_at
from mailsend.store.location import Location, StoreKind, read_location
from mailsend.store.schema import REVISION

SHAPE = "Write sqlite:///mailsend.db, postgresql+psycopg://user:password@host/database or memory:."


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///mailsend.db", "mailsend.db"),
        ("sqlite:////var/lib/app/mailsend.db", "/var/lib/app/mailsend.db"),
        ("sqlite+pysqlite:///a%20b/100%25.db", "a b/100%.db"),
    ],
)
def test_a_file_of_sqlite(url, path):
    """Three slashes are relative, four absolute; what is special is percent-encoded."""
    assert read_location(url) == Location(kind=StoreKind.SQLITE, shown=path, path=Path(path))
    assert read_location(Secret(url)) == read_location(url)


def test_a_database_of_postgresql():
    """User, password, host, port, database and what the driver takes besides; user and password are not shown."""
    read = read_location("postgresql+psycopg://us%40er:p%2Fw%3A@db.example:6432/mail?sslmode=verify-full&x=")
    assert read == Location(
        kind=StoreKind.POSTGRESQL,
        shown="postgresql://db.example:6432/mail",
        host="db.example",
        port=6432,
        database="mail",
        user="us@er",
        password=Secret("p/w:"),
        query=(("sslmode", "verify-full"), ("x", "")),
    )
    assert "us@er" not in repr(read)
    assert "p/w" not in repr(read)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://[2001:db8::1]/mail", "postgresql://[2001:db8::1]/mail"),
        ("postgres://db/mail", "postgresql://db/mail"),
        ("postgresql+psycopg:///mail?host=/run/postgresql", "postgresql:///mail"),
    ],
)
def test_other_spellings_of_postgresql(url, shown):
    """Addresses, the short scheme and a socket's folder are understood."""
    read = read_location(url)
    assert (read.kind, read.shown) == (StoreKind.POSTGRESQL, shown)


@pytest.mark.parametrize(
    ("url", "why", "advice"),
    [
        ("", "a store is kept in SQLite or PostgreSQL", SHAPE),
        ("mysql://root:hunter2@db/mail", "a store is kept in SQLite or PostgreSQL", SHAPE),
        ("hunter2", "a store is kept in SQLite or PostgreSQL", SHAPE),
        ("memory:hunter2", "nothing can follow memory:", "Write memory: alone."),
        (
            "postgresql+asyncpg://ann:hunter2@db/mail",
            "the driver asyncpg is not the one that the store speaks through",
            SHAPE,
        ),
        (
            "sqlite+aiosqlite:///x.db",
            "the driver aiosqlite is not the one that the store speaks through",
            SHAPE,
        ),
        ("sqlite://", "a file is missing", "Write sqlite:///mailsend.db, or memory: to keep nothing."),
        (
            "sqlite:///:memory:",
            "a file is missing",
            "Write sqlite:///mailsend.db, or memory: to keep nothing.",
        ),
    ],
)
def test_a_url_that_is_none_is_a_setting_to_mend(url, why, advice):
    """The error names the key, says what is wrong and how it is written."""
    with pytest.raises(InvalidSettings) as refused:
        open_store(url)
    assert (refused.value.where, refused.value.why, refused.value.advice) == (
        "application.store",
        why,
        advice,
    )
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["sqlite:///x.db?timeout=1", "sqlite:x.db", "sqlite:///x#1.db", "sqlite:///%00"]
)
def test_a_file_that_cannot_be_read_from_the_url(url):
    """What follows the file, and what is half encoded, is refused."""
    with pytest.raises(InvalidSettings, match="the file cannot be read from the URL"):
        upgrade(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunt@er2@db/mail",
        "postgresql://ann:hunt/er2@db/mail",
        "postgresql://ann:hunt?er2@db/mail",
        "postgresql://ann:12/hunter2@db/mail",
        "postgresql://ann:hunt:er2@db/mail",
        "postgresql://db:99999/hunter2",
        "postgresql://db/",
        "postgresql://db/%00",
        "postgresql:db",
    ],
)
def test_nothing_of_a_url_that_cannot_be_read_is_shown(url):
    """Where a password is not percent-encoded any part may be a piece of it, so the error shows none."""
    with pytest.raises(InvalidSettings) as refused:
        open_store(url)
    assert refused.value.why == "host, port or database cannot be read from the URL"
    assert "%40 for @" in refused.value.advice
    told = "".join(traceback.format_exception(refused.value))
    assert not [one for one in ("er2", "hunt", "ann:") if one in f"{refused.value} {told.splitlines()[-1]}"]


@pytest.mark.parametrize(
    ("lacking", "url", "extra"),
    [
        ("sqlalchemy", "memory:", "store"),
        ("alembic", "sqlite:///x.db", "store"),
        ("psycopg", "postgresql://db/mail", "postgres"),
    ],
)
def test_what_is_not_installed_is_named(lacking, url, extra, monkeypatch):
    """Without its driver a store is not opened, and the error says which extra brings it."""
    from importlib.util import find_spec

    monkeypatch.setattr(
        "mailsend.store.opening.find_spec", lambda name: None if name == lacking else find_spec(name)
    )
    with pytest.raises(MissingExtra) as refused:
        open_store(url)
    assert refused.value.extra == extra


def test_a_file_is_made_when_it_is_first_used(tmp_path):
    """Opening and asking for the revision create nothing; the first use makes file and tables, for its owner."""
    file = tmp_path / "mailsend.db"
    with open_store(f"sqlite:///{file}") as store:
        with pytest.raises(StoreError, match="there is no store at"):
            store.revision()
        assert list(tmp_path.iterdir()) == []
        assert store.servers.customers() == ()
        assert store.revision() == REVISION
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_applications_own_file_gets_our_tables_too(tmp_path):
    """Its own tables stay as they are: that is how a queue row commits in the application's transaction."""
    file = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(file)) as own:
        own.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        own.execute("INSERT INTO orders VALUES (7)")
        own.commit()
    with open_store(f"sqlite:///{file}") as store:
        assert store.servers.customers() == ()
    with contextlib.closing(sqlite3.connect(file)) as own:
        assert own.execute("SELECT id FROM orders").fetchall() == [(7,)]


@pytest.mark.postgres
def test_a_database_server_without_tables_says_so(postgres):
    """It is not used until somebody upgrades it, and is usable without opening it anew then."""
    url = postgres.new_database()
    with open_store(url) as store:
        assert store.revision() is None
        for call in (store.servers.customers, lambda: store.servers.remove("a", "b", **BY_ANN)):
            with pytest.raises(StoreError) as refused:
                call()
            assert str(refused.value).endswith("has no tables yet")
            assert refused.value.advice == "Bring it up to date: mailsend store upgrade."
        upgrade(url)
        assert store.servers.customers() == ()


def test_what_is_no_database_is_left_as_it_is(tmp_path):
    """A file of another kind is neither used nor changed."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann, this is a letter and no database at all." * 20)
    before = file.read_bytes()
    with open_store(f"sqlite:///{file}") as store:
        for call in (store.servers.customers, lambda: upgrade(f"sqlite:///{file}")):
            with pytest.raises(StoreError) as refused:
                call()
            assert str(refused.value) == f"the store {file} failed: file is not a database"
            assert refused.value.advice == (
                "Look whether it is the right file; none of another kind is ever changed."
            )
    assert file.read_bytes() == before


def test_a_file_where_none_can_be_is_told(tmp_path):
    """A folder that is not there, or is a file, is named with what stands in the way."""
    (tmp_path / "file").touch()
    for path, why in (("nowhere/x.db", "No such file or directory"), ("file/x.db", "Not a directory")):
        with pytest.raises(StoreError) as refused:
            upgrade(f"sqlite:///{tmp_path / path}")
        assert str(refused.value) == f"the store {tmp_path / path} cannot be made: {why}"
        assert (
            refused.value.advice == "Name a file in a folder that is there, and that this user may write to."
        )


def test_a_folder_is_no_store(tmp_path):
    """A folder where a file should be is told as one."""
    with pytest.raises(StoreError, match="is no file"):
        upgrade(f"sqlite:///{tmp_path}")


def test_who_holds_the_database_too_long_is_told(tmp_path, monkeypatch):
    """A writer waits for another one, and says at last that another program has it."""
    monkeypatch.setattr("mailsend.store.engine._PATIENCE", 0)
    file = tmp_path / "mailsend.db"
    upgrade(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with open_store(f"sqlite:///{file}", secret_keys=KEYS) as store:
        assert store.servers.customers() == ()  # readers wait for nobody
        with pytest.raises(StoreError) as refused:
            store.servers.add("rat", a_server(), **BY_ANN)
        assert str(refused.value) == f"the store {file} failed: database is locked"
        assert refused.value.advice == (
            "Another program has held it for too long: look which one has it open."
        )
        other.execute("ROLLBACK")
        store.servers.add("rat", a_server(), **BY_ANN)
    other.close()


def _told_to_nobody(url):
    """Give the advice that a user without rights gets who writes to the store."""
    with open_store("memory:", secret_keys=KEYS) as warm:  # what has to be imported, may be unreadable later
        warm.servers.add("rat", a_server(), **BY_ANN)
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            if os.geteuid() == 0:  # root may write everything
                os.setuid(65534)
            open_store(url, secret_keys=KEYS).servers.add("rat", a_server(), **BY_ANN)
        except StoreError as refused:
            os.write(writing, refused.advice.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.wait()
    with os.fdopen(reading) as told:
        return told.read()


def test_a_file_that_may_not_be_written_is_told():
    """A store that this user may only read is not used by halves: the error says what to look at."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # every user may reach it
        file = Path(folder) / "mailsend.db"
        upgrade(f"sqlite:///{file}")
        file.chmod(0o444)
        Path(folder).chmod(0o555)
        told = _told_to_nobody(f"sqlite:///{file}")
        Path(folder).chmod(0o700)
    assert told == "Look whether this user may read and write the file and its folder."


def test_a_path_of_any_text_is_found(tmp_path):
    """Spaces, question marks and percent signs in a path are encoded in the URL, and mean themselves."""
    folder = tmp_path / "a ?#% b"
    folder.mkdir()
    url = f"sqlite:///{tmp_path}/a%20%3F%23%25%20b/x.db"
    upgrade(url)
    with open_store(url) as store:
        assert store.servers.customers() == ()
    assert (folder / "x.db").is_file()


def test_a_closed_store_is_closed(store):
    """Closing twice is once; what is asked of it afterwards is refused."""
    store.servers.customers()
    store.close()
    store.close()
    with pytest.raises(StoreError) as refused:
        store.servers.customers()
    assert (str(refused.value), refused.value.advice) == ("the store is closed", "Open it anew.")


def test_the_room_names_its_things():
    """What a store is worked with is found at the room's door, and nothing else."""
    assert store_room.ServerBook.__name__ == "ServerBook"
    assert all(hasattr(store_room, one) for one in store_room.__all__)
    with pytest.raises(AttributeError, match=r"mailsend\.store.*Serverbook"):
        store_room.Serverbook  # noqa: B018 - reading it is the test


def test_writers_are_sure_and_wait(tmp_path):
    """SQLite writes ahead, to the disk before it answers, with foreign keys on."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    with open_store(url) as store:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        told = store._database.run(
            lambda one: [one.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
        )
    assert told == ["wal", 2, 1, 10_000]


@pytest.mark.postgres
def test_a_wrong_password_is_told_without_it(postgres):
    """Over loopback the right password opens, and a wrong one is told without being shown."""
    assert upgrade(postgres.by_password()) == (None, REVISION)
    with open_store(postgres.by_password("hunter3")) as store, pytest.raises(StoreError) as refused:
        store.servers.customers()
    assert "password authentication failed" in str(refused.value)
    assert refused.value.advice == "Look at user and password in the store's URL."
    assert "hunter3" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_told(postgres):
    """A database of PostgreSQL is never made by us, and the error says so."""
    with pytest.raises(StoreError) as refused:
        upgrade(postgres.by_password(database="nowhere"))
    assert 'database "nowhere" does not exist' in str(refused.value)
    assert refused.value.advice == (
        "Look at the names in the store's URL; the database itself is made by hand."
    )


@pytest.mark.postgres
@pytest.mark.parametrize(("query", "silence"), [("", "30000"), ("?tcp_user_timeout=5000", "5000")])
def test_a_host_that_is_gone_is_not_waited_for(postgres, query, silence):
    """The system gives a silent connection up after half a minute, or after what the URL says."""
    engine = engine_at(read_location(postgres.by_password(database="postgres") + query))
    with engine.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    engine.dispose()
    assert (told["tcp_user_timeout"], told["keepalives_idle"]) == (silence, "30")


def test_a_server_that_is_not_there_is_told():
    """Where nobody listens the error says where it looked."""
    with (
        open_store("postgresql://ann:hunter2@127.0.0.1:1/mail") as store,
        pytest.raises(StoreError) as refused,
    ):
        store.servers.customers()
    assert str(refused.value).startswith("the store postgresql://127.0.0.1:1/mail failed: ")
    assert refused.value.advice == "Look whether the server runs and can be reached."
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
