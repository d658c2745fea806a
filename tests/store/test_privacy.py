"""A person erased is nowhere in the store, and what kept mail from that person goes on to hold (M38)."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from store_samples import KEYS
from stored_mails import NOW, a_mail, put, rows_of

from mailsend.errors import InvalidSettings, StoreError
from mailsend.model.address import Address, ByAddress
from mailsend.model.attachment import Attachment
from mailsend.model.erasure import ERASED
from mailsend.model.list_entry import ListName, ListPattern, Why
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, Exchange, Outcome, RecipientResult
from mailsend.store import open_store, upgrade
from mailsend.store.events import note
from mailsend.store.mails import attempt_rows
from mailsend.store.privacy import compacting
from mailsend.store.schema import mails, metadata, upkeep
from mailsend.store.vault import Vault

BOB = Address.parse("Bob.Meier@example.org")
EVE = Address.parse("eve@example.org")
ERASING = {"reason": "he asked for it", "by": "ann", "now": NOW}
VAULT = Vault(KEYS, purpose="content")


def _fill(database, *, to="Bob Meier <Bob.Meier@example.org>", id="01bob", state="done", **more):
    """Put a mail in as it stands after it was sent, with all that is written down on the way."""
    mail = a_mail(**{"id": id, "to": to, "html": "<p>x</p>", **more})
    put(database, mail, state=state, vault=VAULT)
    results = {
        one: RecipientResult(
            outcome=Outcome.REJECTED,
            reply=Reply(550, f"<{one}>: User {one.local_part} unknown", "5.1.1"),
            reason="no_such_user",
            server="relay1",
        )
        for one in mail.recipients
    }
    said = [f"RCPT TO:<{one}> ORCPT=rfc822;{str(one).replace('.', '+2E')}" for one in mail.recipients]
    tried = Attempt(
        server="relay1",
        recipients=ByAddress(results),
        outcome=Outcome.REJECTED,
        reply=next(iter(results.values())).reply,
        conversation=tuple(Exchange(at=0.1, who="C", line=one) for one in said),
    )
    with database.writing() as transaction:
        run = transaction.connection.execute
        run(insert(mails.attempt), attempt_rows(id, [tried], now=NOW))
        for one, result in results.items():
            mine = (mails.recipient.c.message == id) & (mails.recipient.c.address == str(one))
            run(update(mails.recipient).where(mine).values(reply=result.reply.text))
        who = str(next(iter(mail.recipients)))
        note(transaction, "released", now=NOW, by=who, message=id, reason=f"asked {who}", facts={who: 1})


def _everything(database):
    return {table.name: [vars(one) for one in rows_of(database, table)] for table in metadata.sorted_tables}


def _spelled_anywhere(database):
    found = repr(_everything(database)).lower()
    return "bob.meier" in found or "bob+2emeier" in found


@pytest.fixture
def book(store):
    return store.privacy


@pytest.fixture
def rows(store):
    return store._database


def test_an_erased_person_is_in_no_table(store, rows, book):
    """Records, contents, attempts, conversations, events and keys tell of nobody, and the rest stays."""
    large = Attachment.from_bytes(b"for bob only" * 10_000, filename="bob.pdf")
    _fill(
        rows,
        subject="Dear Bob Meier",
        metadata={"who": "Bob Meier", "order": "4711"},
        actor="bob.meier@EXAMPLE.org",
        attachments=[large],
        idempotency_key="mail-to-bob.meier@example.org",
    )
    with rows.writing() as transaction:
        run = transaction.connection.execute
        key = {"customer": "", "in_test_mode": 0, "key": f"to-{BOB}", "request_digest": "d", "kept_until": 1}
        run(insert(mails.idempotency), {**key, "message": "01bob"})
        provider = {"provider": "x", "source": "mx", "at": 1, "until": 2}
        run(insert(upkeep.provider), {**provider, "domain": "example.org"})
        note(transaction, "looked", now=NOW, by=f"x {BOB}", reason="no mail of his")
    done = book.erase(BOB, **ERASING)
    assert (done.mails, done.recipients, done.attempts, done.events) == (1, 1, 1, 1)
    assert (done.contents, done.keys, done.others, done.open, done.remaining) == (1, 1, 1, (), {})
    assert done.found
    assert not _spelled_anywhere(rows)
    (message,) = rows_of(rows, mails.message)
    assert (message.subject, message.state, message.customer) == ("", "done", "ratcatcher")
    assert json.loads(message.metadata) == {"who": ERASED, "order": "4711"}
    assert json.loads(message.envelopes)[0][1] == [ERASED]
    steps = [one["step"] for one in json.loads(message.decisions)]
    assert steps == [one["step"] for one in a_mail().records()]
    bob, _archive = rows_of(rows, mails.recipient)
    assert (bob.address, bob.key, bob.name, bob.domain) == (ERASED, ERASED, "", "erased.invalid")
    assert (bob.envelope_address, bob.reply, bob.outcome) == (ERASED, "", "pending")
    (tried,) = rows_of(rows, mails.attempt)
    assert (tried.conversation, tried.reply, tried.code) == ("[]", "", 550)
    assert json.loads(tried.recipients)[0] == [ERASED, "rejected", "no_such_user", 550, "5.1.1", ""]
    assert [rows_of(rows, one) for one in (mails.content, mails.content_blob, mails.blob)] == [[], [], []]
    assert rows_of(rows, upkeep.provider) == []
    (last,) = [one for one in rows_of(rows, mails.event) if one.act == "erase"]
    assert (last.by, last.reason, json.loads(last.facts)["mails"]) == ("ann", "he asked for it", 1)
    assert not book.erase(BOB, **ERASING).found


def test_others_lose_nothing(store, rows, book):
    """Whose address merely ends or begins alike, and who got the same mail, is known as before."""
    _fill(rows, id="01other", to=["x.bob.meier@example.org", "bob.meier@example.org.example"])
    before = _everything(rows)
    _fill(rows, to=["Bob Meier <Bob.Meier@example.org>", "Eve <eve@example.org>"])
    book.erase(BOB, **ERASING)
    after = _everything(rows)
    for table, kept in before.items():
        assert [one for one in kept if one not in after[table]] == [], table
    eve = next(one for one in rows_of(rows, mails.recipient) if one.address == "eve@example.org")
    bob = next(one for one in rows_of(rows, mails.recipient) if one.address == ERASED)
    assert (eve.name, eve.domain, bob.domain) == ("Eve", "example.org", "example.org")


@pytest.mark.parametrize(
    "address",
    ['"a b"@example.org', "ünal@münchen.example", "o'hara_1%@example.org", "ÜNAL@xn--mnchen-3ya.example"],
)
def test_addresses_of_every_kind_are_found(store, rows, book, address):
    """Quotes, letters beyond ASCII and what SQL takes for a pattern hide nobody."""
    who = Address.parse(address)
    _fill(rows, to=f"Bob <{who.unicode}>", actor=who.unicode, metadata={"x": f"<{who}>"}, subject=f"{who}")
    done = book.erase(who, **ERASING)
    assert (done.mails, done.contents, done.remaining) == (1, 1, {})
    left = repr(_everything(rows)).casefold()
    assert who.local_part.casefold() not in left


def test_the_requested_sender_and_its_name_are_found(store, rows, book):
    """Who asked for a mail is a person too, whose name stands in the rewritten From."""
    mail = {"from_": "Bob Meier <bob.meier@example.org>", "to": "eve@example.net", "actor": "bob"}
    _fill(rows, **mail)
    (before,) = rows_of(rows, mails.message)
    assert "Bob Meier" in before.sender_mailbox
    book.erase(BOB, **ERASING)
    (after,) = rows_of(rows, mails.message)
    assert "Meier" not in repr(vars(after))
    assert after.sender == before.sender


@pytest.mark.parametrize("state", ["queued", "held", "sending"])
def test_a_mail_on_its_way_stands_in_the_way(store, rows, book, state):
    """Nothing is changed while a mail to the person waits or goes out."""
    _fill(rows, state=state)
    before = _everything(rows)
    with pytest.raises(
        StoreError, match="1 mail that names this person has not come to an end \\(01bob\\)"
    ) as no:
        book.erase(BOB, **ERASING)
    assert "--cancel-open" in no.value.advice
    assert _everything(rows) == before


def test_mails_that_wait_can_be_cancelled(store, rows, book):
    """They come to their end, with an event, and are blanked like the others."""
    _fill(rows, state="queued")
    _fill(rows, id="01held", state="held")
    done = book.erase(BOB, **ERASING, cancel_open=True)
    assert (done.cancelled, done.open, done.mails) == (2, ("01bob", "01held"), 2)
    assert {one.state for one in rows_of(rows, mails.message)} == {"cancelled"}
    assert not _spelled_anywhere(rows)


def test_a_mail_that_is_being_sent_is_not_cancelled(store, rows, book):
    """Its worker has it in hand; whoever erases comes back later."""
    _fill(rows, state="sending")
    with pytest.raises(StoreError, match="01bob cannot be cancelled"):
        book.erase(BOB, **ERASING, cancel_open=True)
    assert rows_of(rows, mails.content) != []


def test_a_dry_run_tells_and_changes_nothing(store, rows, book):
    """What would be found is told, open mails too."""
    _fill(rows)
    _fill(rows, id="01open", state="queued")
    before = _everything(rows)
    told = book.erase(BOB, **ERASING, dry_run=True)
    assert (told.mails, told.open, told.dry_run) == (2, ("01open",), True)
    assert _everything(rows) == before


def test_mail_that_names_the_person_within_its_content_alone_loses_it(store, rows, book):
    """Somebody else's mail keeps its record; one on its way keeps its content, which is told."""
    _fill(rows, id="01eve", to="eve@example.net", text=f"Write to {BOB}", html=None, subject="x")
    vcard = Attachment.from_bytes(
        b"TEL:1\r\n" * 20_000 + b"EMAIL:Bob.Meier@example.org\r\n", filename="x.vcf"
    )
    put(rows, a_mail(id="01card", to="eve@example.net", attachments=[vcard]), state="done")
    put(rows, a_mail(id="01open", to="eve@example.net", text=str(BOB)), state="queued")
    with rows.writing() as transaction:
        run = transaction.connection.execute
        run(mails.attempt.delete())
        run(mails.event.delete())
        run(update(mails.recipient).values(reply=""))
    done = book.erase(BOB, **ERASING)
    assert (done.mails, done.contents, done.remaining) == (0, 2, {"open mails": 1})
    assert [one.message for one in rows_of(rows, mails.content)] == ["01open"]
    assert {one.id for one in rows_of(rows, mails.message)} == {"01eve", "01card", "01open"}


@pytest.mark.parametrize(
    "name",
    [
        "bob.meier@example.org.txt",
        "Contract_Bob.Meier@example.org.pdf",
        "to-bob.meier@example.org_2026.tar.gz",
        "bob.meier@example.org-2026 (signed).PDF",
    ],
)
def test_a_file_that_is_named_after_the_person_is_found(store, rows, book, name):
    """In a mail to somebody else, whose content goes, and of whose record the file's name."""
    file = Attachment.from_bytes(b"x" * 100, filename=name)
    put(rows, a_mail(id="01eve", to="eve@example.net", attachments=[file]), state="done")
    (told,) = book.export(BOB, by="ann", now=NOW)["mails"]
    assert (told["id"], told["as_recipient"], told["as_sender"]) == ("01eve", [], False)
    done = book.erase(BOB, **ERASING)
    assert (done.mails, done.contents, done.remaining) == (1, 1, {})
    assert not _spelled_anywhere(rows)


@pytest.mark.parametrize(
    "name",
    ["bob.meier@example.org.uk", "bob.meier@example.org.uk.pdf", "x.bob.meier@example.org.pdf", "bob.pdf"],
)
def test_a_file_that_is_named_after_somebody_else_stays(store, rows, book, name):
    """An address that ends or begins otherwise is another person's."""
    file = Attachment.from_bytes(b"x" * 100, filename=name)
    put(rows, a_mail(id="01eve", to="eve@example.net", attachments=[file]), state="done")
    assert not book.erase(BOB, **ERASING).found
    assert len(rows_of(rows, mails.content)) == 1


def test_what_holds_for_mail_to_come_is_told_and_left_to_people(store, rows, book):
    """A test address that is still in use is no record of the past."""
    switch = {"scope": "", "enabled": 1, "recipient": str(BOB), "by": str(BOB), "at": 1}
    with rows.writing() as transaction:
        transaction.connection.execute(insert(upkeep.test_switch), switch)
    done = book.erase(BOB, **ERASING)
    assert (done.others, done.remaining) == (1, {"mailsend_test_switch": 1})
    (row,) = rows_of(rows, upkeep.test_switch)
    assert (row.recipient, row.by) == (str(BOB), ERASED)


def test_a_suppression_holds_without_the_address(store, rows, book):
    """The entry has a mark alone, and still keeps mail from whoever is written to by that address."""
    store.lists.add(
        ListName.SUPPRESS,
        ListPattern.parse(BOB),
        why=Why.COMPLAINT,
        note=f"{BOB} called",
        by=str(BOB),
        now=NOW,
    )
    done = book.erase(BOB, **ERASING)
    assert done.entries == 1
    assert not _spelled_anywhere(rows)
    assert store.lists.of("", [BOB.key], now=NOW)[BOB.key].why is Why.COMPLAINT
    assert book.erase(BOB, **ERASING).entries == 0


def test_no_mark_that_can_be_guessed_is_left(url):
    """What was written down about entries while there was no key is marked with the key as well."""
    with open_store(url) as store:
        store.lists.add(ListName.BLOCK, ListPattern.parse(BOB), by="ann", now=NOW)
        bare = store.lists.marks_of(BOB.key)[0]
        with pytest.raises(InvalidSettings):
            store.privacy.erase(BOB, **ERASING)
    with open_store(url, secret_keys=KEYS) as store:
        store.lists.rotate()
        store.privacy.erase(BOB, **ERASING)
        assert bare not in repr(_everything(store._database))
        assert list(store.lists.of("", [BOB.key], now=NOW)) == [BOB.key]


def test_an_act_needs_a_reason_and_a_name(book):
    """Without them nothing is done; the address itself is not written down with them."""
    for missing in ("reason", "by"):
        with pytest.raises(StoreError, match="needs a"):
            book.erase(BOB, **{**ERASING, missing: " "})


def test_the_event_does_not_name_the_person(store, rows, book):
    """Who wrote the address into the reason has not written it into the store."""
    book.erase(BOB, reason=f"{BOB} asked", by=str(BOB), now=NOW)
    assert not _spelled_anywhere(rows)


def _files(folder):
    return b"".join(one.read_bytes() for one in sorted(Path(folder).iterdir()))


def test_no_file_of_the_store_holds_the_address(tmp_path):
    """The bytes of the database and of its log beside it tell of nobody once it was compacted."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:
        large = Attachment.from_bytes(b"Only For Bob.Meier@example.org" * 5000, filename="large.txt")
        for number in range(20):
            _fill(store._database, id=f"01bob{number}", attachments=[large], text="secret of bob")
        store.lists.add(ListName.SUPPRESS, ListPattern.parse(BOB), by="ann", now=NOW)
        assert b"bob.meier" in _files(tmp_path).lower()
        done = store.privacy.erase(BOB, **ERASING)
        assert (done.mails, done.compacted, done.advice) == (20, True, "")
        assert b"meier" not in _files(tmp_path).lower()
        assert b"secret of bob" not in _files(tmp_path)
        assert BOB.key in store.lists.of("", [BOB.key], now=NOW)
    assert b"meier" not in _files(tmp_path).lower()


def test_files_that_others_read_are_left_for_later(tmp_path, monkeypatch):
    """Where another program is in the midst of reading, the rest is done and told what is left."""
    monkeypatch.setattr(compacting, "_PATIENCE", 10)
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:
        _fill(store._database)
        other = sqlite3.connect(tmp_path / "mailsend.db", isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM mailsend_message").fetchall()
        done = store.privacy.erase(BOB, **ERASING)
        assert (done.mails, done.compacted, "--compact" in done.advice) == (1, False, True)
        assert b"meier" in _files(tmp_path).lower()
        other.close()
        assert store.privacy.erase(BOB, **ERASING).compacted
        assert b"meier" not in _files(tmp_path).lower()


def test_compacting_that_fails_undoes_no_erasure(url):
    """What was taken out is out; the advice tells what is left to do."""
    with open_store(url, secret_keys=KEYS) as store:
        _fill(store._database)
        assert not store.privacy.erase(BOB, **ERASING, compacting=False).compacted
        assert not _spelled_anywhere(store._database)
        store.close()
        assert compacting.compact(store._database) is False


@pytest.mark.postgres
def test_no_dump_of_postgresql_holds_the_address(postgres):
    """What pg_dump writes tells of nobody, and the tables are compacted where that is asked for."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:
        _fill(store._database)
        store.lists.add(ListName.SUPPRESS, ListPattern.parse(BOB), by="ann", now=NOW)
        assert b"bob.meier" in postgres.dump(url).lower()
        done = store.privacy.erase(BOB, **ERASING)
        assert (done.compacted, "VACUUM (FULL)" in done.advice) == (False, True)
        assert store.privacy.erase(BOB, **ERASING, compacting=True).compacted
        assert b"meier" not in postgres.dump(url).lower()
        assert BOB.key in store.lists.of("", [BOB.key], now=NOW)


def test_the_export_tells_all_of_one_person_and_nothing_of_others(store, rows, book):
    """Mails, what became of them, list entries and keys are there; other recipients are not."""
    _fill(rows, to=["Bob Meier <Bob.Meier@example.org>", "Eve <eve@example.org>"], metadata={"order": "4711"})
    _fill(rows, id="01sent", from_="bob.meier@example.org", to="eve@example.net")
    store.lists.add(ListName.SUPPRESS, ListPattern.parse(BOB), note="asked", by="ann", now=NOW)
    given = book.export(BOB, by="ann", now=NOW)
    assert json.loads(json.dumps(given)) == given
    assert given["address"] == str(BOB)
    first, second = given["mails"]
    assert (first["id"], first["subject"], first["metadata"]) == ("01bob", "Hello", {"order": "4711"})
    assert [one["address"] for one in first["as_recipient"]] == [str(BOB)]
    assert first["as_recipient"][0]["updated_at"] == NOW.isoformat()
    assert (first["as_sender"], second["as_sender"], second["as_recipient"]) == (False, True, [])
    assert [one["reason"] for one in first["attempts"]] == [""]
    assert [one["act"] for one in first["events"]] == ["released"]
    assert "eve@" not in repr(given).lower()
    assert [(one["list"], one["note"]) for one in given["list_entries"]] == [("suppress", "asked")]
    assert "content" not in first
    (looked,) = [one for one in rows_of(rows, mails.event) if one.act == "person"]
    assert (looked.by, json.loads(looked.facts)) == ("ann", {"mails": 2, "with_content": False})


def test_the_export_has_the_mails_themselves_where_that_is_asked_for(store, rows, book):
    """Each is there as it went out; sensitive mail is shown to nobody."""
    import base64

    large = Attachment.from_bytes(b"x" * 100_000, filename="large.bin")
    _fill(rows, attachments=[large])
    _fill(rows, id="01secret", sensitive=True)
    first, second = book.export(BOB, by="ann", now=NOW, with_content=True)["mails"]
    mail = a_mail(id="01bob", to="Bob Meier <Bob.Meier@example.org>", html="<p>x</p>", attachments=[large])
    assert base64.b64decode(first["content"]) == mail.data
    assert "content" not in second
    book.erase(EVE, **ERASING)


def test_of_somebody_unknown_there_is_nothing(book):
    """Neither does an export find anything, nor an erasure."""
    given = book.export(EVE, by="ann", now=NOW)
    assert (given["mails"], given["list_entries"], given["idempotency_keys"]) == ([], [], [])
    assert not book.erase(EVE, **ERASING).found


def test_what_looks_like_json_and_is_none_is_text(store, rows, book):
    """A reason in brackets is replaced as a whole."""
    with rows.writing() as transaction:
        note(transaction, "looked", now=NOW, by="[ann", reason=f"[{BOB}]")
    assert book.erase(BOB, **ERASING).others == 1
    (first, *_) = rows_of(rows, mails.event)
    assert (first.by, first.reason) == ("[ann", ERASED)


def test_an_export_knows_mails_whose_content_is_kept_no_longer(store, rows, book):
    """The record is there, and no content."""
    _fill(rows)
    with rows.writing() as transaction:
        transaction.connection.execute(mails.content.delete())
    (mail,) = book.export(BOB, by="ann", now=NOW, with_content=True)["mails"]
    assert (mail["id"], mail["content"]) == ("01bob", None)


def test_any_number_of_keys_is_taken_out(store, rows, book):
    """More than one statement of any database takes values for."""
    many = 25_000
    same = {"customer": "", "in_test_mode": 0, "message": "01bob", "request_digest": "", "kept_until": 0}
    with rows.writing() as transaction:
        transaction.connection.execute(
            insert(mails.idempotency),
            [{**same, "key": f"bob.meier@example.org {one}"} for one in range(many)],
        )
    erased = book.erase(BOB, **ERASING, compacting=False)
    assert (erased.keys, rows_of(rows, mails.idempotency)) == (many, [])
