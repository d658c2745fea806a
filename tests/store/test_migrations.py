"""The tables, and how they come about."""

from __future__ import annotations

import multiprocessing
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from mailsend.errors import StoreError
from mailsend.store import open_store, upgrade, upgrade_sql
from mailsend.store.engine import engine_at
from mailsend.store.location import read_location
from mailsend.store.revision import create_all
from mailsend.store.schema import REVISION, REVISIONS, VERSION_TABLE, metadata
from mailsend.store.times import time_of
from mailsend.store.upgrading import _MIGRATIONS, _config


def _tables(engine):
    """Describe everything that a database says of our tables."""
    looked = inspect(engine)
    return {
        name: {
            "columns": [(one["name"], str(one["type"]), one["nullable"]) for one in looked.get_columns(name)],
            "key": looked.get_pk_constraint(name)["constrained_columns"],
            "unique": [one["column_names"] for one in looked.get_unique_constraints(name)],
            "indexes": sorted((one["name"], tuple(one["column_names"])) for one in looked.get_indexes(name)),
        }
        for name in looked.get_table_names()
    }


def test_the_migrations_lead_to_the_schema(url):
    """Brought up from nothing, a database holds what the schema says, no more and no less."""
    engine = engine_at(read_location(url))
    with engine.connect() as connection:
        kind = connection.dialect.name
        ours = {"include_object": lambda one, *_: one.info.get("database", kind) == kind}
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": VERSION_TABLE, **ours}
        )
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == REVISION
    engine.dispose()


def test_a_store_in_memory_has_the_same_tables(tmp_path):
    """Made at once or step by step, the tables are the same."""
    upgrade(f"sqlite:///{tmp_path / 'one.db'}")
    by_steps = engine_at(read_location(f"sqlite:///{tmp_path / 'one.db'}"))
    at_once = engine_at(read_location("memory:"))
    create_all(at_once)
    assert _tables(at_once).keys() == {*metadata.tables, VERSION_TABLE}
    ours = {name: told for name, told in _tables(at_once).items() if name != VERSION_TABLE}
    assert ours == {name: told for name, told in _tables(by_steps).items() if name != VERSION_TABLE}
    by_steps.dispose()
    at_once.dispose()


def test_the_revisions_are_those_of_the_folder():
    """The revisions that the schema names are the migrations there are, in their order."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    found = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def _identity(store):
    return store._database.looking(
        lambda one: one.connection.exec_driver_sql("SELECT id, uuid, made_at FROM mailsend_store").fetchall()
    )


def test_every_store_says_which_one_it_is(url, tmp_path):
    """However it was made, it holds one row with a UUID of its own and the time (UTC)."""
    upgrade(f"sqlite:///{tmp_path / 'other.db'}")
    found = []
    for one in (url, f"sqlite:///{tmp_path / 'other.db'}", "memory:"):
        with open_store(one) as store:
            found += _identity(store)
    assert [row[0] for row in found] == [1, 1, 1]
    assert len({uuid.UUID(row[1]) for row in found}) == 3
    assert all(datetime.now(UTC) - time_of(row[2]) < timedelta(hours=1) for row in found)


def test_upgrading_tells_from_where_to_where(empty_url):
    """The first time it comes from nothing, the second time there is nothing to do."""
    assert upgrade(empty_url) == (None, REVISION)
    assert upgrade(empty_url) == (REVISION, REVISION)
    with open_store(empty_url) as store:
        assert store.revision() == REVISION


def test_a_store_in_memory_is_always_up_to_date():
    """It is made by opening, so upgrading it does nothing."""
    assert upgrade("memory:") == (REVISION, REVISION)
    assert upgrade_sql("memory:") == ""
    with open_store("memory:") as store:
        assert store.revision() == REVISION


def test_the_sql_by_hand_does_the_same(empty_url):
    """Whoever runs the SQL by hand has the same tables; where nothing is missing there is none."""
    sql = upgrade_sql(empty_url)
    engine = engine_at(read_location(empty_url))
    if empty_url.startswith("sqlite"):
        with sqlite3.connect(empty_url.removeprefix("sqlite:///")) as connection:
            connection.executescript(sql)
        connection.close()
    else:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            driver.autocommit = True  # the script begins and commits by itself, as psql runs it
            driver.execute(sql)
    engine.dispose()
    with open_store(empty_url) as store:
        assert (store.revision(), store.servers.customers()) == (REVISION, ())
    assert upgrade_sql(empty_url) == ""


@pytest.mark.postgres
def test_contents_are_compressed_the_quick_way(postgres):
    """By lz4 where the server has it, otherwise not at all; undone, as the server does by itself (ADR 28)."""
    url = postgres.new_database()
    upgrade(url)
    engine = engine_at(read_location(url))
    asked = (
        "SELECT attstorage::text, attcompression::text FROM pg_attribute"
        " WHERE attrelid = 'mailsend_content'::regclass AND attname IN ('data', 'asked')"
    )
    able = "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
    with engine.connect() as connection, connection.begin():
        quick = ("x", "l") if connection.exec_driver_sql(able).scalar() else ("e", "")
        assert connection.exec_driver_sql(asked).all() == [quick] * 2
        config = _config(connection.dialect.name)
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        assert connection.exec_driver_sql(asked).all() == [("x", "")] * 2
    engine.dispose()


def test_asking_for_the_sql_makes_no_file(tmp_path):
    """Nothing is created by looking."""
    assert "CREATE TABLE mailsend_server" in upgrade_sql(f"sqlite:///{tmp_path / 'x.db'}")
    assert list(tmp_path.iterdir()) == []


def test_a_downgrade_leaves_nothing_behind(url):
    """All migrations can be undone; then there are no tables of ours but Alembic's own."""
    engine = engine_at(read_location(url))
    with engine.connect() as connection, connection.begin():
        config = _config(connection.dialect.name)
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(_tables(engine)) == {VERSION_TABLE}
    engine.dispose()


def _set_revision(url, revision):
    engine = engine_at(read_location(url))
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")
    engine.dispose()


def test_tables_of_a_newer_version_are_left_alone(url):
    """Neither using nor upgrading touches what this version does not know."""
    _set_revision(url, "9999")
    with open_store(url) as store:
        assert store.revision() == "9999"
        calls = (store.servers.customers, lambda: upgrade(url), lambda: upgrade_sql(url))
        for call in calls:
            with pytest.raises(StoreError) as refused:
                call()
            assert "has the tables of revision 9999, made by a newer mailsend than this one" in str(
                refused.value
            )
            assert refused.value.advice == "Install the version of mailsend that upgraded it, or a later one."


def test_tables_of_an_older_version_are_told(url, monkeypatch):
    """A store that is behind is not used; the error says which revision it has, and what to run."""
    monkeypatch.setattr("mailsend.store.revision.REVISION", "9999")
    with open_store(url) as store, pytest.raises(StoreError) as refused:
        store.servers.customers()
    assert str(refused.value).endswith(f"has the tables of revision {REVISION}; 9999 is needed")
    assert refused.value.advice == "Bring it up to date: mailsend store upgrade."


def test_several_upgrades_at_once_take_turns(empty_url):
    """Of processes that start together one makes the tables, and all find them made."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        results = pool.map(upgrade, [empty_url] * 3)
    assert sorted(results, key=str) == [(REVISION, REVISION), (REVISION, REVISION), (None, REVISION)]


def test_an_upgrade_leaves_the_applications_own_tables_alone(empty_url):
    """In a database that the application shares, nothing but our tables changes."""
    upgrade(empty_url)
    engine = engine_at(read_location(empty_url))
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
    assert upgrade(empty_url) == (REVISION, REVISION)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM alembic_version").fetchall() == [("theirs",)]
    engine.dispose()
