"""A mail as rows: what every database takes comes back as it was."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from mail_strategies import shop
from sqlalchemy import insert
from store_samples import KEYS
from stored_mails import NOW, a_mail, put, rows_of

from mailsend.errors import InvalidSettings, StoreError
from mailsend.model.address import Address, ByAddress
from mailsend.model.attachment import Attachment
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, Conversation, Exchange, Fault, Outcome, RecipientResult, Report
from mailsend.settings import Settings
from mailsend.store.mails import (
    attempt_rows,
    content_row,
    cut,
    data_in,
    forget_sensitive,
    joined,
    message_in,
    message_row,
    rank,
    read_asked,
    recipient_rows,
    template_of,
    write_asked,
)
from mailsend.store.schema import mails
from mailsend.store.times import MICROSECONDS, moment
from mailsend.store.vault import Vault

BOB = Address.parse("bob@example.org")


def _row(submission, **more):
    return message_row(submission, **{"how": "enqueue", "state": "queued", "now": NOW, "due_at": NOW, **more})


def test_a_row_has_every_column_of_its_table():
    """No column is forgotten and none is invented, in each of the tables."""
    mail = a_mail()
    attempt = Attempt(server="relay1", recipients=ByAddress({}), outcome=Outcome.ACCEPTED)
    numbered = {"id"}
    assert set(_row(mail)) == {one.name for one in mails.message.columns}
    (recipient, archive) = recipient_rows(mail, now=NOW, due_at=NOW)
    assert set(recipient) == set(archive) == {one.name for one in mails.recipient.columns}
    (tried,) = attempt_rows("01mail", [attempt], now=NOW)
    assert set(tried) == {one.name for one in mails.attempt.columns} - numbered
    assert set(content_row(mail, now=NOW, vault=None).row) == {one.name for one in mails.content.columns}


def test_the_row_of_a_message_says_what_was_decided():
    """Senders, envelopes, decisions and routes stand in it as the Submission has them."""
    later = NOW + timedelta(hours=1)
    mail = a_mail(
        tags=("order", "ö"),
        metadata={"order": "4711"},
        actor="ann",
        priority=2,
        expires_at=later,
        idempotency_key="order-4711",
        business_unit="zurich",
    )
    row = _row(mail, gives_up_at=later, lane="relay", request_digest="d" * 64)
    assert row == {
        "id": "01mail",
        "customer": "ratcatcher",
        "business_unit": "zurich",
        "state": "queued",
        "frozen": 0,
        "reason": "",
        "why": "",
        "how": "enqueue",
        "kind": "transactional",
        "in_test_mode": 0,
        "due_at": moment(NOW),
        "rank": moment(NOW) - 120 * MICROSECONDS,
        "priority": 2,
        "send_at": None,
        "expires_at": moment(later),
        "gives_up_at": moment(later),
        "lease_until": None,
        "fence": 0,
        "worker": "",
        "attempts": 0,
        "queued_at": moment(NOW),
        "prepared_at": moment(NOW),
        "tried_at": None,
        "done_at": None,
        "message_id": mail.message_id,
        "subject": "Hello",
        "requested": "ann@operations-the-rat.example",
        "sender": "ann@operations-the-rat.example",
        "sender_mailbox": "Ann <ann@operations-the-rat.example>",
        "reply_to": "Ann <ann@operations-the-rat.example>",
        "reverse_path": str(mail.return_path.address),
        "template": "",
        "actor": "ann",
        "locale": "de-CH",
        "tags": '["order","ö"]',
        "metadata": '{"order":"4711"}',
        "size": len(mail.data),
        "sensitive": 0,
        "essential": 0,
        "require_tls": 0,
        "digest": mail.digest,
        "first_digest": mail.digest,
        "rules_version": mail.rules_version,
        "decisions": row["decisions"],
        "routes": '[["application","memory:"]]',
        "lane": "relay",
        "envelopes": json.dumps(
            [
                [str(mail.return_path.address), ["bob@example.org"]],
                [str(mail.return_path.address), ["archive@operations-the-rat.example"]],
            ],
            separators=(",", ":"),
        ),
        "server": "",
        "queue_id": "",
        "idempotency_key": "order-4711",
        "request_digest": "d" * 64,
        "linked_to": "",
        "seal": "",
    }
    assert json.loads(row["decisions"]) == mail.records()


def test_decisions_are_written_down_as_they_were_made_however_many_mails_share_them():
    """Each mail's records are its own, whatever was written for mails before it."""
    several = [a_mail(id=f"01m{n}", to=f"b{n}@example.org", from_="x@gmail.com") for n in range(5)]
    kept = [json.loads(_row(one)["decisions"]) for one in (*several, *several)]
    assert kept == [one.records() for one in (*several, *several)]


@pytest.mark.parametrize(
    ("priority", "steps"), [(0, 0), (1, 1), (-3, -3), (1000, 1000), (10**9, 1000), (-(10**9), -1000)]
)
def test_a_step_of_priority_is_worth_a_minute(priority, steps):
    """A mail overtakes by a minute for each step, by a thousand at most, either way."""
    assert rank(moment(NOW), priority) == moment(NOW - timedelta(minutes=steps))
    assert rank(None, priority) is None
    assert _row(a_mail(priority=priority))["priority"] == steps


def test_the_rows_of_recipients_say_who_stands_where():
    """Each requested recipient has a row, and the archive, which stands for nobody, has one behind them."""
    mail = a_mail(to=["Bob <bob@example.org>", "Ünal <ü@münchen.example>"], bcc="eve@example.net")
    rows = recipient_rows(mail, now=NOW, due_at=NOW)
    told = [
        {name: row[name] for name in ("position", "field", "address", "name", "key", "domain", "envelope")}
        for row in rows
    ]
    assert told == [
        _told(0, "to", "bob@example.org", "Bob"),
        _told(1, "to", "ü@xn--mnchen-3ya.example", "Ünal"),
        _told(2, "bcc", "eve@example.net", ""),
        {**_told(3, "archive", "archive@operations-the-rat.example", ""), "envelope": 1},
    ]
    assert [row["envelope_address"] for row in rows] == [row["address"] for row in rows]
    assert {row["outcome"] for row in rows} == {"pending"}
    assert {row["due_at"] for row in rows} == {moment(NOW)}


def _told(position, field, address, name):
    return {
        "position": position,
        "field": field,
        "address": address,
        "name": name,
        "key": address,
        "domain": address.partition("@")[2],
        "envelope": 0,
    }


def test_in_test_mode_the_test_address_stands_for_each():
    """The rows tell both: who was asked for and who gets it."""
    mail = a_mail(to=["bob@example.org", "eve@example.net"], in_test=True)
    rows = recipient_rows(mail, now=NOW, due_at=NOW)
    assert [(row["address"], row["envelope_address"]) for row in rows] == [
        ("bob@example.org", "test@suite.example"),
        ("eve@example.net", "test@suite.example"),
    ]
    assert _row(mail)["in_test_mode"] == 1


def test_an_archive_that_was_asked_for_as_well_has_one_row():
    """Who is requested is told of once, though two envelopes hold the address."""
    mail = a_mail(to="archive@operations-the-rat.example")
    (row,) = recipient_rows(mail, now=NOW, due_at=NOW)
    assert (len(mail.envelopes), row["field"], row["envelope"]) == (2, "to", 0)


def test_who_is_left_out_stands_in_no_envelope():
    """Such a recipient is settled from the beginning, with the reason, and is never due."""
    from dataclasses import replace

    from stored_mails import RULES

    from mailsend.mailer.gather import gather
    from mailsend.model.message import Message
    from mailsend.prepare import prepare

    message = Message(to=["bob@example.org", "eve@example.net"], subject="x", text="x")
    scope = RULES.scope()
    found = gather(message, scope, RULES, now=NOW, id="01mail", test_mode=scope.test_mode)
    mail = prepare(message, replace(found, suppressed={"eve@example.net": "complaint"}))
    bob, eve = recipient_rows(mail, now=NOW, due_at=NOW)
    assert (bob["outcome"], bob["reason"], bob["due_at"]) == ("pending", "", moment(NOW))
    assert (eve["outcome"], eve["reason"], eve["due_at"]) == ("suppressed", "suppressed", None)
    assert (eve["envelope_address"], eve["envelope"]) == ("", -1)


def _report(mail):
    taken = RecipientResult(
        outcome=Outcome.ACCEPTED,
        reply=Reply(250, "ok", "2.0.0"),
        server="relay1",
        envelope_address=BOB,
        attempts=1,
    )
    archive = Address.parse("archive@operations-the-rat.example")
    refused = RecipientResult(
        outcome=Outcome.REJECTED,
        reply=Reply(550, "no\nsuch user", "5.1.1"),
        server="relay1",
        envelope_address=archive,
        attempts=1,
        fault=Fault.RECIPIENT,
        reason="no_such_user",
        lasting=True,
    )
    opening = (Exchange(at=0.0, who="S", line="220 hello"),)
    first = Attempt(
        server="relay1",
        recipients=ByAddress({BOB: taken}),
        outcome=Outcome.ACCEPTED,
        reply=taken.reply,
        queue_id="4XQ",
        conversation=Conversation(opening, [(5.25, "C", ("EHLO x", "MAIL FROM:<a@b.example>"))], began=5.0),
        started=NOW,
        ended=NOW + timedelta(seconds=2),
    )
    second = Attempt(
        server="relay1",
        recipients=ByAddress({archive: refused}),
        outcome=Outcome.REJECTED,
        fault=Fault.RECIPIENT,
        reply=refused.reply,
        reason="no_such_user",
    )
    return Report(id=mail.id, recipients=ByAddress({BOB: taken}), attempts=(first, second))


def test_a_report_fills_the_rows_of_its_recipients():
    """Outcome, reply, server and queue id are those of the report; the archive's are its attempt's."""
    mail = a_mail()
    bob, archive = recipient_rows(mail, now=NOW, due_at=NOW, report=_report(mail))
    told = (
        "outcome",
        "reason",
        "fault",
        "lasting",
        "attempts",
        "code",
        "enhanced",
        "reply",
        "server",
        "queue_id",
    )
    assert [bob[name] for name in told] == ["accepted", "", "", 0, 1, 250, "2.0.0", "ok", "relay1", "4XQ"]
    assert [archive[name] for name in told] == [
        "rejected",
        "no_such_user",
        "recipient",
        1,
        1,
        550,
        "5.1.1",
        "no\nsuch user",
        "relay1",
        "",
    ]
    assert (bob["due_at"], archive["due_at"]) == (None, None)


def test_an_attempt_keeps_each_recipients_answer_and_what_was_said():
    """The row of an attempt holds its times, its recipients and its conversation."""
    first, second = attempt_rows("01mail", _report(a_mail()).attempts, now=NOW, fence=3, worker="w1")
    assert json.loads(first["conversation"]) == [
        [0.0, "S", "220 hello"],
        [0.25, "C", "EHLO x"],
        [0.25, "C", "MAIL FROM:<a@b.example>"],
    ]
    assert json.loads(first["recipients"]) == [["bob@example.org", "accepted", "", 250, "2.0.0", "ok"]]
    assert (first["started_at"], first["ended_at"]) == (moment(NOW), moment(NOW) + 2 * MICROSECONDS)
    assert (second["started_at"], second["ended_at"]) == (moment(NOW), moment(NOW))
    assert (first["fence"], first["worker"], first["queue_id"]) == (3, "w1", "4XQ")
    assert (second["fault"], second["reason"], second["code"]) == ("recipient", "no_such_user", 550)


def test_what_no_database_takes_is_written_so_that_every_one_takes_it(database):
    """NUL and halves of surrogate pairs in text become U+FFFD; codes are cut to their column."""
    mail = a_mail(
        actor="a\0b",
        tags=("t\0", "\ud800"),
        metadata={"k\udfff": "v\0"},
        idempotency_key="k\0",
        html="<p>x</p>",
    )
    put(database, mail, reason="r" * 50)
    (row,) = rows_of(database, mails.message)
    assert (row.actor, row.idempotency_key, row.reason) == ("a\ufffdb", "k\ufffd", "r" * 32)
    assert json.loads(row.tags) == ["t\0", "\ufffd"]
    assert json.loads(row.metadata) == {"k\ufffd": "v\0"}
    (content,) = rows_of(database, mails.content)
    back = message_in(content, {}.__getitem__, vault=None)
    assert (back.actor, back.tags, back.metadata) == ("a\0b", ("t\0", "\ud800"), {"k\udfff": "v\0"})
    attempt = Attempt(
        server="s",
        recipients=ByAddress({}),
        outcome=Outcome.REJECTED,
        reply=Reply(550, "\0\udcff", "5." + "1" * 40),
        conversation=(Exchange(at=0, who="S", line="\0\udcff"),),
    )
    (tried,) = attempt_rows(mail.id, [attempt], now=NOW)
    with database.writing() as transaction:
        transaction.connection.execute(insert(mails.attempt), tried)
    (row,) = rows_of(database, mails.attempt)
    assert (row.reply, row.enhanced) == ("\ufffd\ufffd", "5." + "1" * 30)


def test_content_goes_into_every_database_and_comes_back(database):
    """Bytes and message are read from the tables as they were written, large files once."""
    file = Attachment.from_bytes(bytes(range(256)) * 400, filename="large.bin")
    mail = a_mail(attachments=[file, file])
    put(database, mail)
    (row,) = rows_of(database, mails.content)
    blobs = {one.digest: bytes(one.data) for one in rows_of(database, mails.blob)}
    assert blobs == {file.digest: file.data}
    assert len(row.data) < 3000
    assert data_in(row, blobs.__getitem__, vault=None) == mail.data
    assert message_in(row, blobs.__getitem__, vault=None).attachments == (file, file)


def test_a_sensitive_mails_content_is_kept_encrypted_alone(database):
    """Neither subject nor texts nor files nor their names can be read in any row."""
    vault = Vault(KEYS, purpose="content")
    secret = Attachment.from_bytes(b"secret " * 20_000, filename="secret-contract.pdf")
    mail = a_mail(
        subject="Your secret", text="secret", html="<b>secret</b>", attachments=[secret], sensitive=True
    )
    put(database, mail, vault=vault)
    (row,) = rows_of(database, mails.content)
    assert row.sealed == 1
    assert data_in(row, {}.__getitem__, vault=vault) == mail.data
    assert message_in(row, {}.__getitem__, vault=vault).attachments == (secret,)
    assert rows_of(database, mails.blob) == []
    kept = [
        vars(one)
        for table in (mails.message, mails.recipient, mails.content)
        for one in rows_of(database, table)
    ]
    assert "secret" not in repr(kept)
    (message,) = rows_of(database, mails.message)
    assert (message.subject, message.sensitive) == ("", 1)


@pytest.mark.parametrize("where", ["application", "customer", "unit"])
def test_subjects_can_be_left_out_of_the_log(where):
    """Whoever asks for it, from the inside out, has none in the row; the mail itself has it (M38)."""
    told = shop()
    customer = told["customers"]["ratcatcher"]
    places = {
        "application": told["application"],
        "customer": customer,
        "unit": customer["business_units"]["zurich"],
    }
    places[where]["log_subjects"] = False
    rules = Settings.model_validate(told).rules
    mail = a_mail(rules=rules, business_unit="zurich")
    assert (_row(mail)["subject"], mail.subject, b"Subject: Hello" in mail.data) == ("", "Hello", True)
    customer["log_subjects"] = True
    rules = Settings.model_validate(told).rules
    subject = _row(a_mail(rules=rules, business_unit="zurich"))["subject"]
    assert subject == ("" if where == "unit" else "Hello")


def test_sensitive_mail_needs_a_key():
    """Without a vault it is neither written nor read."""
    mail = a_mail(sensitive=True)
    with pytest.raises(InvalidSettings) as refused:
        content_row(mail, now=NOW, vault=None)
    assert refused.value.where == "application.secret_keys"


def test_sealed_content_opens_for_its_own_row_alone(database):
    """What was moved to another mail, changed, or sealed by another key does not open."""
    vault = Vault(KEYS, purpose="content")
    put(database, a_mail(sensitive=True), vault=vault)
    (row,) = rows_of(database, mails.content)
    row.message = "01other"
    with pytest.raises(StoreError, match="sealed for something else"):
        data_in(row, {}.__getitem__, vault=vault)
    row.data, row.asked = row.asked, row.data
    row.message = "01mail"
    with pytest.raises(StoreError, match="sealed for something else"):
        data_in(row, {}.__getitem__, vault=vault)
    row.data = row.data[:-8] + b"AAAAAAA="
    with pytest.raises(StoreError, match="none of the secret keys"):
        data_in(row, {}.__getitem__, vault=vault)


def test_the_stored_message_of_a_test_copy_has_no_marks():
    """What test mode writes into a copy is no part of what is sent when it is released."""
    mail = a_mail(in_test=True, subject="Hello", text="Hello", html="<p>Hello</p>")
    assert mail.subject == "[TEST] Hello"
    row = content_row(mail, now=NOW, vault=None).row
    back = read_asked(row["asked"], {}.__getitem__)
    assert (back.subject, back.text, back.html) == ("Hello", "Hello", "<p>Hello</p>")


def test_the_name_of_the_template_is_kept_beside_the_content():
    """People can see what the content came from; preparing it does not ask for it."""
    from mailsend.model.content import Content
    from mailsend.model.message import Message

    data = write_asked(Message(to="bob@example.org", template="order"), Content(subject="x", text="x"))
    assert template_of(data) == "order"
    assert template_of(write_asked(Message(to="bob@example.org"), Content())) is None
    assert read_asked(data, {}.__getitem__).template is None


def test_a_later_form_is_not_guessed_at():
    """What a later version wrote is refused, with advice."""
    with pytest.raises(StoreError, match="form 2"):
        read_asked(b'{"v":2}', {}.__getitem__)


@pytest.mark.parametrize("state", ["queued", "held", "sending", "done", "cancelled", "expired"])
def test_the_content_of_sensitive_mail_goes_with_its_end(database, state):
    """What waits keeps it; of mail that is not sensitive it stays for its days."""
    vault = Vault(KEYS, purpose="content")
    put(database, a_mail(id="01secret", sensitive=True), vault=vault, state=state)
    put(database, a_mail(id="01open"), state=state)
    with database.writing() as transaction:
        gone = forget_sensitive(transaction, ["01secret", "01open", "01none"])
    ended = state in ("done", "cancelled", "expired")
    assert gone == ended
    kept = ["01open"] if ended else ["01open", "01secret"]
    assert [one.message for one in rows_of(database, mails.content)] == kept


def test_a_file_that_begins_as_another_does_is_not_taken_for_it():
    """The whole of the longer one is cut out, and both come back."""
    short = Attachment.from_bytes(b"a" * 57 * 2000, filename="short.txt")
    long = Attachment.from_bytes(b"a" * 57 * 3000, filename="long.txt")
    for files in ([short, long], [long, short], [long]):
        mail = a_mail(attachments=files)
        whole = cut(mail.data, [short, long])
        assert joined(whole.data, whole.cuts, whole.blobs.__getitem__) == mail.data
        assert set(whole.blobs) == {one.digest for one in files}
        assert len(whole.data) < 3000


def test_with_tokens_each_recipients_row_names_its_own_envelope():
    """Where each has an envelope of his own, the rows count them."""
    rules = Settings.model_validate(
        shop(store="memory:", secret_keys=["the-first-of-the-secret-keys"], bounce_address="b@suite.example")
    ).rules
    mail = a_mail(
        id="01kahx0000abcdefghjkmnpqrs", rules=rules, customer=None, to=["bob@example.org", "eve@example.org"]
    )
    assert [one["envelope"] for one in recipient_rows(mail, now=NOW, due_at=NOW)] == [0, 1]
    row = _row(mail)
    assert [path for path, _ in json.loads(row["envelopes"])] == [
        str(one.reverse_path) for one in mail.envelopes
    ]
    assert row["reverse_path"] == "b@suite.example"


def test_however_many_decisions_there_are_few_texts_are_kept(monkeypatch):
    """What is remembered of decisions is bounded, and forgetting it changes nothing."""
    from mailsend.store.mails import records

    monkeypatch.setattr(records, "_MOST", 3)
    monkeypatch.setattr(records, "_kept", {})
    for number in range(5):
        mail = a_mail(from_=f"x{number}@gmail.com", reply_to=f"y{number}@example.org")
        assert json.loads(_row(mail)["decisions"]) == mail.records()
        assert len(records._kept) <= 3
