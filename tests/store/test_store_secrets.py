"""What a stolen, or a changed, database gives away."""

from __future__ import annotations

import logging
import sqlite3
import traceback
from pathlib import Path

import pytest
from store_samples import BY_ANN, KEYS, NOW, a_server

from mailsend.decide.server_state import ServerAct
from mailsend.errors import InvalidSettings, StoreError
from mailsend.model.secret import Secret
from mailsend.store import open_store, upgrade
from mailsend.store.fingerprint import fingerprints

CANARY = "correct-horse-battery-staple"
USER = "a-token-as-user-name"
NAME = "mail.rat.example:587"
OLD = Secret("the-secret-key-of-last-year")


@pytest.fixture
def path(tmp_path):
    """Give the file of an upgraded store."""
    file = tmp_path / "mailsend.db"
    upgrade(f"sqlite:///{file}")
    return file


def _open(path: Path, keys=KEYS):
    return open_store(f"sqlite:///{path}", secret_keys=keys)


def _change(path: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(sql, values)
    connection.close()


def test_the_files_hold_neither_user_nor_password(path, caplog):
    """No octet of the database, its log or its journal shows an account; nor does any message of the log."""
    with caplog.at_level(logging.DEBUG, logger="sqlalchemy.engine"), _open(path) as store:
        server = a_server(user=USER, password=CANARY)
        store.servers.add("rat", server, **BY_ANN)
        store.servers.step("rat", NAME, ServerAct.VERIFY, server=server, **BY_ANN)
        store.servers.set("rat", NAME, a_server(user=USER, password=f"{CANARY}2"), **BY_ANN)
        store.servers.keep_rules_server(
            "rat", a_server(host="r.example", user=USER, password=CANARY), **BY_ANN
        )
        assert store.servers.of("rat")[0].server.credentials.user == USER
        shown = f"{store!r} {store.servers!r} {store.servers.of('rat')!r} {caplog.text}"
        files = sorted(path.parent.iterdir())
        octets = b"".join(one.read_bytes() for one in files)
    assert [one.name for one in files] == ["mailsend.db", "mailsend.db-shm", "mailsend.db-wal"]
    octets += path.read_bytes()
    assert b"mail.rat.example" in octets  # it was written there
    assert "mailsend_alembic_version" in caplog.text  # SQLAlchemy tells of what it runs, and of no values
    for secret in (CANARY, USER, KEYS[0].reveal()):
        assert secret.encode() not in octets
        assert secret not in shown


def test_the_file_is_its_owners_alone(path):
    """A new file of SQLite, and those beside it, can be read by nobody else."""
    with _open(path) as store:
        store.servers.add("rat", a_server(), **BY_ANN)
        modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    assert modes == {"mailsend.db": 0o600, "mailsend.db-shm": 0o600, "mailsend.db-wal": 0o600}


def test_fingerprints_let_nobody_guess_a_password():
    """Who has the row but not the secret key cannot tell which password it was made with."""
    (one,) = fingerprints("rat", a_server(password="a"), [OLD])
    (other_key,) = fingerprints("rat", a_server(password="a"), KEYS)
    assert one != other_key
    assert fingerprints("rat", a_server(password="a"), [*KEYS, OLD]) == (other_key, one)
    (other_password,) = fingerprints("rat", a_server(password="b"), [OLD])
    assert (one.account, one.fingerprint) != (other_password.account, other_password.fingerprint)
    assert one.account == other_password.account


def test_an_account_stolen_into_another_row_is_refused(path):
    """A ciphertext that is copied to another customer, who could release it, does not open there."""
    with _open(path) as store:
        store.servers.add("rat", a_server(password=CANARY), **BY_ANN)
        store.servers.add("thief", a_server(user="thief@rat.example", password="x"), **BY_ANN)
    _change(
        path,
        "UPDATE mailsend_server SET sealed = (SELECT sealed FROM mailsend_server WHERE customer = 'rat')"
        " WHERE customer = 'thief'",
    )
    with _open(path) as store:
        with pytest.raises(StoreError) as refused:
            store.servers.of("thief")
        assert "of 'thief' was sealed for something else" in str(refused.value)
        assert store.servers.of("rat")[0].server.credentials.password.reveal() == CANARY
        store.servers.remove("thief", NAME, may_be_last=True, **BY_ANN)
        assert store.servers.of("thief") == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mail.rat.example", "mail.evil.example"),
        ('"port":587', '"port":2525'),
        ('"guarded":true', '"guarded":false'),
        ('"guarded":true', '"guarded":true,"tls":"none"'),
        ('"guarded":true', '"guarded":true,"pin":"00"'),
    ],
)
def test_a_password_follows_no_changed_host(path, before, after):
    """A definition that was changed in the database no longer fits its fingerprint, and is not used."""
    with _open(path) as store:
        store.servers.add("rat", a_server(password=CANARY), **BY_ANN)
    _change(path, "UPDATE mailsend_server SET definition = replace(definition, ?, ?)", before, after)
    with _open(path) as store:
        with pytest.raises(StoreError) as refused:
            store.servers.of("rat")
        assert str(refused.value) == f"the server {NAME} of 'rat' is not the one that was entered"
        assert CANARY not in "".join(traceback.format_exception(refused.value))


def test_an_account_without_keys_is_a_matter_of_settings(path):
    """Without secret keys nothing with an account is entered or read; what has none needs no key."""
    with _open(path, ()) as keyless:
        keyless.servers.add("rat", a_server(user="", host="open.example"), **BY_ANN)
        assert keyless.servers.of("rat")[0].server == a_server(user="", host="open.example")
        with pytest.raises(InvalidSettings, match=r"application\.secret_keys: .* there is no key") as refused:
            keyless.servers.add("rat", a_server(), **BY_ANN)
        assert "secret_keys_file" in refused.value.advice
        assert keyless.servers.state_of("nobody", a_server()) is None
    with _open(path) as store:
        store.servers.add("rat", a_server(), **BY_ANN)
    with _open(path, ()) as keyless, pytest.raises(InvalidSettings, match="there is no key"):
        keyless.servers.of("rat")


def test_a_lost_key_is_told_and_can_be_mended(path):
    """With other keys the account does not open; entering it anew helps, and so does the old key."""
    with _open(path, [OLD]) as store:
        store.servers.add("rat", a_server(), **BY_ANN)
    with _open(path) as store:
        with pytest.raises(StoreError, match="opens with none of the secret keys"):
            store.servers.of("rat")
        assert store.servers.state_of("rat", a_server()) is None
        store.servers.set("rat", NAME, a_server(), **BY_ANN)
        assert store.servers.of("rat")[0].server == a_server()


def test_rotating_lets_the_old_key_go(path):
    """Accounts are sealed, and fingerprints made, with the first key; states stay, also of the rules' servers."""
    in_rules = a_server(host="r.example")
    with _open(path, [OLD]) as store:
        store.servers.add("rat", a_server(), **BY_ANN)
        store.servers.keep_rules_server("cats", in_rules, **BY_ANN)
        store.servers.step("cats", "r.example:587", ServerAct.VERIFY, server=in_rules, **BY_ANN)
        store.servers.add("dogs", a_server(user=""), **BY_ANN)
    with _open(path, [*KEYS, OLD]) as store:
        before = (store.servers.of("rat"), store.servers.of("cats"))
        assert store.servers.rotate([("cats", in_rules), ("cats", a_server())], by="cron", now=NOW) == 2
        assert store.servers.rotate([("cats", in_rules)], by="cron", now=NOW) == 0
        assert [one.act for one in store.servers.history("rat")] == ["enter", "rotate"]
    with _open(path) as store:
        assert (store.servers.of("rat"), store.servers.of("cats")) == before
        assert store.servers.state_of("cats", in_rules) == "verified"


def test_a_step_makes_the_fingerprint_anew(path):
    """A server that takes a step under new keys is known by the first of them from then on."""
    in_rules = a_server(host="r.example")
    with _open(path, [OLD]) as store:
        store.servers.keep_rules_server("cats", in_rules, **BY_ANN)
    with _open(path, [*KEYS, OLD]) as store:
        assert store.servers.state_of("cats", in_rules) == "entered"
        store.servers.step("cats", "r.example:587", ServerAct.VERIFY, server=in_rules, **BY_ANN)
    with _open(path) as store:
        assert store.servers.state_of("cats", in_rules) == "verified"


def test_a_row_of_a_newer_version_is_not_half_read(path):
    """A trait that this version has never heard of might matter, so the server is not used without it."""
    with _open(path) as store:
        store.servers.add("rat", a_server(), **BY_ANN)
    _change(path, "UPDATE mailsend_server SET definition = replace(definition, '{', '{\"novel\":1,')")
    with _open(path) as store, pytest.raises(StoreError) as refused:
        store.servers.of("rat")
    assert str(refused.value) == (f"the server {NAME} was kept by a newer mailsend: novel is not known here")
