"""``mailsend queue``: what people see of it and do to it, in words and in JSON, with the codes they get."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from mailsend import Attachment, Mailer, Message, Settings
from mailsend.mailer import standing
from mailsend.store.schema.mails import recipient

WHY = ("--reason", "wrong prices", "--by", "ann")
ACTS = ("retry", "force", "hold", "release", "freeze", "thaw", "delete")


@pytest.fixture
def mailer(mailsend, settings):
    """Give a Mailer whose store has its tables."""
    store = 'store = "sqlite:///mailsend.db"\nsecret_keys = ["the-first-of-the-secret-keys"]\n'
    settings.write_text(settings.read_text().replace("[application]\n", f"[application]\n{store}", 1))
    assert mailsend("store", "upgrade").code == 0
    with Mailer(Settings.load(settings)) as opened:
        yield opened


def _enqueue(mailer, **more):
    asked = {"to": "bob@example.org", "subject": "Invoice 7", "text": "Hello Bob\n", **more}
    return mailer.enqueue(Message(**asked))


def _state(mailer, mail):
    found = mailer.outbox.get(mail)
    return str(found.state), found.reason, found.frozen


# Lists and figures.


def test_an_empty_queue_says_so(mailsend, mailer):
    """Nothing is there; nothing is like that; JSON has empty lists."""
    assert mailsend("queue", "list").out == "Nothing is in the queue.\n"
    _enqueue(mailer)
    assert mailsend("queue", "list", "state:held").out == "Nothing in the queue is like that.\n"
    said = mailsend("queue", "list", "state:held", "--json")
    assert said.document == {"mails": [], "next": None, "standing_holds": []}


def test_mails_are_listed_newest_first_in_pages(mailsend, mailer):
    """Each on its line; the last line says how to go on, and JSON has the same place."""
    mails = [
        _enqueue(mailer, to=["bob@example.org", "eve@example.org"], customer="ratcatcher") for _ in range(3)
    ]
    said = mailsend("queue", "list", "customer:ratcatcher", "--limit", 2)
    lines = said.out.splitlines()
    assert (said.code, said.err, len(lines)) == (0, "", 4)
    assert lines[0].split() == "id state due (UTC) age size (bytes) customer from to subject".split()
    assert [one.split()[:2] for one in lines[1:3]] == [[mails[2], "queued"], [mails[1], "queued"]]
    assert "ratcatcher" in lines[1]
    assert lines[1].endswith("bob@example.org and 1 more  Invoice 7")
    place = lines[3].removeprefix("2 mails; the next ones: --after ")
    rest = mailsend("queue", "list", "--after", place, "--json").document
    assert ([one["id"] for one in rest["mails"]], rest["next"]) == ([mails[0]], None)


def test_a_mail_in_a_list_has_its_record_and_recipients(mailsend, mailer):
    """And neither decisions nor anything of its content."""
    mail = _enqueue(mailer)
    (told,) = mailsend("queue", "list", "--json").document["mails"]
    assert {one: told[one] for one in ("id", "state", "subject", "frozen")} == {
        "id": mail,
        "state": "queued",
        "subject": "Invoice 7",
        "frozen": False,
    }
    assert [(one["address"], one["outcome"]) for one in told["recipients"]] == [
        ("bob@example.org", "pending")
    ]
    assert {"decisions", "attempts", "events", "content", "raw"} & set(told) == set()


def test_the_figures_tell_how_full_it_is(mailsend, mailer):
    """By state, by why they are held, by customer; labels longer than others keep their distance."""
    for _ in range(2):
        _enqueue(mailer, customer="ratcatcher")
    _enqueue(mailer)
    mailer.outbox.stand("customer:ratcatcher", reason="wrong prices", by="ann")
    told = mailsend("queue", "stats", "--json").document
    assert {one: told[one] for one in ("states", "reasons", "customers", "due", "frozen")} == {
        "states": {"queued": 1, "sending": 0, "held": 2},
        "reasons": {"standing_hold": 2},
        "customers": {"": 1},
        "due": 1,
        "frozen": 0,
    }
    lines = mailsend("queue", "stats").out.splitlines()
    assert lines[0] == "! standing hold 1: customer:ratcatcher, by ann: wrong prices"
    assert "  standing_hold 2" in lines
    assert "  (application) 1" in lines


# One mail.


def test_a_mail_is_shown_with_all_that_is_known_but_its_content(mailsend, mailer):
    """Recipients, decisions and events, in English or German; nothing of it is a look at the content."""
    mail = _enqueue(mailer)
    mailer.outbox.hold(mail, reason="wrong prices", by="ann")
    said = mailsend("queue", "show", mail)
    assert (said.code, said.err) == (0, "")
    assert f"id          {mail}\n" in said.out
    assert "state       held: by_hand wrong prices\n" in said.out
    assert "! to bob@example.org: held\n" in said.out
    assert "From is Acme Suite <no-reply@suite.example>" in said.out
    assert "by ann: wrong prices" in said.out
    assert "Hello Bob" not in said.out
    assert "Absender" in mailsend("queue", "show", mail, "--locale", "de").out
    told = mailsend("queue", "show", mail, "--json").document
    assert [one["act"] for one in told["events"]] == ["hold"]
    assert told["decisions"][0]["step"] == "sender"
    assert "content" not in told


def test_a_tried_mail_shows_what_was_said(mailsend, mailer):
    """Each attempt with its server, reply and conversation."""
    mail = _enqueue(mailer)
    mailer.deliver_due()
    assert "accepted by memory: (250 2.0.0 kept in memory)\n" in mailsend("queue", "show", mail).out
    (attempt,) = mailsend("queue", "show", mail, "--json").document["attempts"]
    assert (attempt["server"], attempt["outcome"]) == ("memory:", "accepted")
    assert [sorted(one) for one in attempt["conversation"]] == [["at", "line", "who"]] * len(
        attempt["conversation"]
    )


def test_the_content_is_shown_and_each_look_is_written_down(mailsend, mailer):
    """Header, text and attachments; who looked, and when, is an event of the mail."""
    mail = _enqueue(
        mailer,
        html="<p>Hello</p>",
        attachments=(Attachment.from_bytes(b"1,2", filename="prices.csv"),),
    )
    said = mailsend("queue", "show", mail, "--content", "--by", "ann")
    assert "Subject: Invoice 7\n" in said.out
    assert "Hello Bob\n" in said.out
    besides = (
        "Besides (queue show --save FOLDER writes it)\nHTML, 12 characters\nprices.csv (text/csv, 3 bytes)\n"
    )
    assert said.out.endswith(besides)
    raw = mailsend("queue", "show", mail, "--raw", "--by", "ben")
    assert raw.out.startswith("From: ")
    told = mailsend("queue", "show", mail, "--content", "--json", "--by", "cem").document
    assert (told["content"]["text"], told["content"]["html"]) == ("Hello Bob\n", "<p>Hello</p>")
    assert told["content"]["attachments"] == [
        {"filename": "prices.csv", "content_type": "text/csv", "size": 3}
    ]
    assert "raw" in mailsend("queue", "show", mail, "--raw", "--json").document
    looks = [(one.act, one.by) for one in mailer.outbox.get(mail).events]
    assert looks[:3] == [("content_seen", "ann"), ("content_seen", "ben"), ("content_seen", "cem")]
    assert len(looks) == 4


def test_the_content_is_written_into_a_folder(mailsend, mailer, tmp_path):
    """The very bytes, the HTML as a browser shows it, each attachment under its number; a look, too."""
    logo = Attachment.from_bytes(b"png", filename="logo.png", inline=True)
    sheet = Attachment.from_bytes(b"1,2", filename="../../prices.csv")
    mail = _enqueue(mailer, html=f'<img src="cid:{logo.cid}">', attachments=(logo, sheet))
    folder = tmp_path / "seen"
    folder.mkdir()
    said = mailsend("queue", "show", mail, "--save", folder)
    assert said.code == 0
    written = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert set(written) == {f"{mail}{one}" for one in (".eml", ".html", "-1-logo.png", "-2-prices.csv")}
    assert written[f"{mail}.eml"] == mailer.outbox.content(mail).data
    assert b"data:image/png;base64," in written[f"{mail}.html"]
    assert written[f"{mail}-2-prices.csv"] == b"1,2"
    assert [one.act for one in mailer.outbox.get(mail).events][0] == "content_seen"
    assert all(f"written     {folder / name}\n" in said.out for name in written)
    assert mailsend("queue", "show", mail, "--save", tmp_path / "nowhere").code == 73


@pytest.mark.parametrize("more", [("--content",), ("--raw",), ("--save", ".")])
def test_sensitive_mail_is_shown_to_nobody(mailsend, mailer, tmp_path, more):
    """Not its text, not its bytes, not as files; what was decided is shown all the same (M37)."""
    mail = _enqueue(mailer, subject="Your password", text="planted-token\n", sensitive=True)
    before = set(tmp_path.iterdir())
    assert "(sensitive)" in mailsend("queue", "list").out
    assert "password" not in mailsend("queue", "list", "--json").out + mailsend("queue", "list").out
    for words in (more, (*more, "--json")):
        said = mailsend("queue", "show", mail, *words)
        assert (said.code, "planted" in said.out + said.err, "password" in said.out) == (77, False, False)
    assert "its content is shown to nobody" in mailsend("queue", "show", mail, *more).err
    assert set(tmp_path.iterdir()) == before
    told = mailsend("queue", "show", mail)
    assert (told.code, "Your password" in told.out) == (0, False)
    assert mailer.outbox.get(mail).events == ()


# Acts.


@pytest.mark.parametrize(
    ("act", "before", "after", "words"),
    [
        ("retry", (), ("queued", "", False), "1 mail due now"),
        ("hold", (), ("held", "by_hand", False), "1 mail held"),
        ("release", ("hold",), ("queued", "", False), "1 mail released"),
        ("force", ("hold",), ("queued", "", False), "1 mail due now"),
        ("freeze", (), ("queued", "", True), "1 mail frozen"),
        ("thaw", ("freeze",), ("queued", "", False), "1 mail thawed"),
        ("delete", (), ("cancelled", "", False), "1 mail cancelled"),
    ],
)
def test_an_act_is_tried_done_and_written_down(mailsend, mailer, act, before, after, words):
    """A dry run changes nothing and needs no reason; then it is done, with who did it and why."""
    mail = _enqueue(mailer)
    for one in before:
        getattr(mailer.outbox, one)(mail, reason="x", by="x")
    stood = _state(mailer, mail)
    dry = mailsend("queue", act, mail, "--dry-run", "--json")
    assert (dry.code, dry.document) == (
        0,
        {"act": act, "dry_run": True, "changed": [mail], "refused": {}},
    )
    assert "1 mail would be " in mailsend("queue", act, mail, "--dry-run").out
    assert _state(mailer, mail) == stood
    said = mailsend("queue", act, mail, *WHY)
    assert (said.code, said.out, said.err) == (0, f"✓ {words}\n", "")
    assert _state(mailer, mail) == after
    event = mailer.outbox.get(mail).events[-1]
    assert (event.by, event.reason) == ("ann", "wrong prices")


@pytest.mark.parametrize("act", ACTS)
def test_an_act_takes_several_mails_or_a_query(mailsend, mailer, act):
    """Ids one after the other, or what a query finds; the document names them."""
    mails = [_enqueue(mailer, tags=("weekly",)) for _ in range(2)]
    for one in {"release": ("hold",), "thaw": ("freeze",)}.get(act, ()):
        getattr(mailer.outbox, one)(mails, reason="x", by="x")
    _enqueue(mailer)
    dry = mailsend("queue", act, *mails, "--dry-run", "--json").document
    assert sorted(dry["changed"]) == sorted(mails)
    done = mailsend("queue", act, "tag:weekly", "kind:transactional", *WHY, "--json").document
    assert (sorted(done["changed"]), done["dry_run"]) == (sorted(mails), False)


@pytest.mark.parametrize("act", ACTS)
def test_what_cannot_be_done_is_told_mail_by_mail(mailsend, mailer, act):
    """65 where nothing could be done to any that was named, with why and what to do instead."""
    mail = _enqueue(mailer)
    mailer.outbox.delete(mail, reason="x", by="x")
    said = mailsend("queue", act, mail, "01m00000000000000000000000", *WHY)
    assert (said.code, said.out.splitlines()[0][:8]) == (65, "✗ 0 mail")
    assert f"  ! {mail}: " in said.out
    assert "  ! 01m00000000000000000000000: the store has no mail with this id\n" in said.out
    told = mailsend("queue", act, mail, *WHY, "--json")
    assert (told.code, list(told.document["refused"])) == (65, [mail])


@pytest.mark.parametrize("act", ACTS)
def test_a_query_that_finds_nothing_is_no_failure(mailsend, mailer, act):
    """Whoever runs it by a clock hears nothing bad."""
    said = mailsend("queue", act, "tag:weekly", *WHY)
    assert (said.code, said.out[:8], said.err) == (0, "! 0 mail", "")


def test_of_many_that_cannot_be_changed_some_are_shown(mailsend, mailer):
    """Twenty, and how many more; JSON has all."""
    for _ in range(22):
        _enqueue(mailer)
    said = mailsend("queue", "thaw", "state:queued", *WHY)
    assert (said.code, len(said.out.splitlines()), said.out.splitlines()[-1]) == (65, 22, "  and 2 more")
    assert len(mailsend("queue", "thaw", "state:queued", *WHY, "--json").document["refused"]) == 22


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        *((("queue", one), 64, "no mail is named") for one in ACTS),
        *((("queue", one, "tag:x"), 64, "no reason is given") for one in ACTS),
        *((("queue", one, "tag:(", *WHY), 64, "cannot be read") for one in ACTS),
        *((("queue", one, "tag:x", "--reason", " "), 64, "no reason is given") for one in ("hold", "delete")),
        (("queue",), 64, ""),
        (("queue", "list", "stat:held"), 64, "cannot be read"),
        (("queue", "list", "--limit", "0"), 64, ""),
        (("queue", "list", "--after", "elsewhere"), 64, "no place in a list"),
        (("queue", "show"), 64, ""),
        (("queue", "show", "01m00000000000000000000000"), 65, "has no mail"),
        (("queue", "hold", "--until", "2h", *WHY), 64, "no query is given"),
        (("queue", "hold", "tag:x", "--standing"), 64, "no reason is given"),
        (("queue", "hold", "tag:x", "--until", "soon", *WHY), 64, "is no time"),
        (("queue", "hold", "tag:x", "--until", "2026-01-01", *WHY), 64, "has passed"),
        (("queue", "hold", "tag:x", "--until", "9999999w", *WHY), 64, "is no time"),
        (("queue", "hold", "tag:x", "--until", "999999w", *WHY), 64, "is no time"),
        (("queue", "hold", "state:held", "--standing", *WHY), 64, "cannot ask for state:held"),
        (("queue", "lift", "7", *WHY), 65, "no standing hold 7"),
        (("queue", "lift", "7"), 64, "no reason is given"),
        (("queue", "lift", "7", "--reason", " "), 64, "no reason is given"),
        (("queue", "hold", "tag:x", "--standing", "--reason", " "), 64, "no reason is given"),
        (("queue", "lift", "x", *WHY), 64, ""),
    ],
    ids=str,
)
def test_what_is_typed_wrongly_is_told(mailsend, mailer, words, code, what):
    """With its code, in words and as JSON, without a traceback."""
    said = mailsend(*words)
    assert (said.code, what in said.err, "Traceback" in said.err) == (code, True, False)
    if len(words) > 1:
        told = mailsend(*words, "--json")
        assert (told.code, told.err, told.document["error"]["code"]) == (code, "", code)


@pytest.mark.parametrize(
    "words", [("list",), ("stats",), ("show", "x"), *((one, "x", *WHY) for one in ACTS)], ids=str
)
def test_without_a_store_there_is_no_queue(mailsend, settings, words):
    """Each command says so, with advice."""
    said = mailsend("queue", *words)
    assert (said.code, "needs a store" in said.err) == (78, True)


def test_quietly_it_says_nothing(mailsend, mailer):
    """And does it all the same."""
    mail = _enqueue(mailer)
    said = mailsend("queue", "hold", mail, *WHY, "--quiet")
    assert (said.code, said.out, said.err, _state(mailer, mail)[0]) == (0, "", "", "held")


# Standing holds.


@pytest.mark.parametrize(
    "how", [("--standing",), ("--until", "2h"), ("--until", "2126-12-31T12:00")], ids=str
)
def test_a_standing_hold_is_made_shown_and_lifted(mailsend, mailer, how, monkeypatch):
    """It stands above every list until it is lifted; what it held is then released by its reason."""
    monkeypatch.setattr(standing, "_FRESH", 0.0)
    mail = _enqueue(mailer)
    said = mailsend("queue", "hold", "template:x", "OR", "rcpt:bob@example.org", *how, *WHY)
    assert (said.code, said.err) == (0, "")
    line = said.out.removeprefix("✓ ")
    assert line.startswith("standing hold 1: template:x OR rcpt:bob@example.org")
    assert line.endswith(", by ann: wrong prices\n")
    assert _state(mailer, mail) == ("held", "standing_hold", False)
    assert mailsend("queue", "list").out.startswith(f"! {line}")
    (told,) = mailsend("queue", "list", "--json").document["standing_holds"]
    assert (told["id"], told["query"], told["by"], told["until"] is None) == (
        1,
        "template:x OR rcpt:bob@example.org",
        "ann",
        how == ("--standing",),
    )
    assert "released" in mailsend("queue", "release", "reason:standing_hold", *WHY).out
    mailer.deliver_due()
    assert _state(mailer, mail) == ("held", "standing_hold", False)
    lifted = mailsend("queue", "lift", "1", *WHY)
    assert (lifted.code, "release what it held" in lifted.out) == (0, True)
    mailsend("queue", "release", "reason:standing_hold", *WHY)
    mailer.deliver_due()
    assert _state(mailer, mail)[0] == "done"


def test_a_standing_hold_in_json(mailsend, mailer):
    """The document is the hold itself; lifting names its number."""
    told = mailsend("queue", "hold", "tag:x", "--standing", *WHY, "--json").document
    told.pop("at")
    assert told == {
        "id": 1, "query": "tag:x", "customer": None, "reason": "wrong prices", "by": "ann", "until": None,
    }  # fmt: skip
    assert mailsend("queue", "lift", "1", *WHY, "--json").document == {"lifted": 1}


def test_a_dry_run_of_a_standing_hold_makes_none(mailsend, mailer):
    """It says what waits now and would be held."""
    mail = _enqueue(mailer, tags=("x",))
    said = mailsend("queue", "hold", "tag:x", "--standing", "--dry-run")
    assert (said.code, said.out) == (0, "✓ 1 mail would be held\n")
    assert (mailer.outbox.standing(), _state(mailer, mail)[0]) == ((), "queued")


def test_why_a_mail_waits_is_told_in_words(mailsend, mailer):
    """Beside its code, in English or German: what was written down, else what the code means."""
    kept = mailer.keep(mailer.preview(Message(to="bob@example.org", subject="x", text="y")))
    held = _enqueue(mailer)
    mailer.outbox.hold(held, reason="wrong prices", by="ann")
    shown = [mailsend("queue", "show", one, "--locale", tag).out for one, tag in ((kept, "en"), (kept, "de"))]
    assert "held: kept It was kept as it was shown, until somebody releases it.\n" in shown[0]
    assert "held: kept Sie wurde so aufbewahrt, wie sie gezeigt wurde, bis jemand sie freigibt.\n" in shown[1]
    assert "state       held: kept It was kept as it was shown" in mailsend("log", "show", kept).out
    with mailer._core.store_door.open("this test")._database.writing() as transaction:
        changed = {"outcome": "deferred", "reason": "not_ready"}
        transaction.connection.execute(update(recipient).where(recipient.c.message == held).values(changed))
    assert "deferred (not_ready). It could not be made ready just now" in mailsend("queue", "show", held).out


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("nothing", [("",), (" ",), ("", "")])
def test_a_blank_name_is_not_the_whole_queue(mailsend, mailer, act, nothing):
    """A variable of the shell that is not set names no mail: nothing is done to any."""
    mail = _enqueue(mailer)
    said = mailsend("queue", act, *nothing, *WHY)
    assert (said.code, said.out) == (64, "")
    assert said.err.startswith("mailsend: no mail is named\n")
    assert _state(mailer, mail) == ("queued", "", False)


def test_a_word_among_ids_is_no_query(mailsend, mailer):
    """An id that was mistyped among others is told, and nothing is done to any."""
    mails = [_enqueue(mailer) for _ in range(2)]
    said = mailsend("queue", "hold", *mails, "01m81", *WHY)
    assert (said.code, said.out) == (64, "")
    assert said.err.startswith("mailsend: 01m81 is no id of ours\n")
    assert [_state(mailer, one)[0] for one in mails] == ["queued", "queued"]
    assert mailsend("queue", "hold", mails[0], "state:queued", *WHY).out == "✓ 1 mail held\n"
    assert mailsend("queue", "freeze", mails[0], "OR", mails[1], *WHY).out == "✓ 2 mails frozen\n"


def test_a_long_subject_makes_no_long_row(mailsend, mailer):
    """In lists it is cut; whoever asks for the mail gets it whole."""
    mail = _enqueue(mailer, subject="S" * 5000)
    for said in (mailsend("queue", "list"), mailsend("log", "search", "--columns", "subject,id")):
        assert max(len(one) for one in said.out.splitlines()) < 300
        assert f"{'S' * 99}…" in said.out
    assert "S" * 5000 in mailsend("queue", "show", mail).out
    assert mailsend("queue", "list", "--json").document["mails"][0]["subject"] == "S" * 5000


def test_times_say_of_which_zone_they_are(mailsend, mailer):
    """In what is shown of a mail, to the second."""
    mail = _enqueue(mailer)
    mailsend("queue", "hold", mail, *WHY)
    said = mailsend("queue", "show", mail).out
    times = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d\S*(?: UTC)?", said)
    assert len(times) == 2
    assert all(re.fullmatch(r"\S+ \d\d:\d\d:\d\d UTC", one) for one in times)


_FINISHED = (
    b"From: no-reply@suite.example\r\nTo: bob@example.org\r\nSubject: Papers\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n'
    b'--b\r\nContent-Type: application/pdf; name="../a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n'
    b"--b\r\nContent-Type: strange\r\nContent-Disposition: attachment\r\n\r\nold\r\n--b--\r\n"
)


def test_the_files_of_a_finished_mail_are_seen_one_by_one(mailsend, mailer, tmp_path):
    """What an application handed in whole is taken apart for whoever looks at it."""
    mail = mailer.enqueue(Message.from_mime(_FINISHED))
    seen = mailer.outbox.content(mail)
    told = [(one.filename, one.content_type, one.data) for one in seen.attachments]
    assert told == [("a.pdf", "application/pdf", b"%PDF-"), ("attachment", "text/plain", b"old")]
    assert mailsend("queue", "show", mail, "--save", tmp_path).code == 0
    assert (tmp_path / f"{mail}-1-a.pdf").read_bytes() == b"%PDF-"


def test_a_file_with_the_longest_name_can_be_saved(mailsend, mailer, tmp_path):
    """Its name is cut where our id before it makes it too long for a folder; its ending stays."""
    mail = mailer.enqueue(
        Message(
            to="bob@example.org",
            subject="Long",
            text="Hi",
            attachments=(Attachment.from_bytes(b"x", filename=f"{'x' * 251}.txt"),),
        )
    )
    assert mailsend("queue", "show", mail, "--save", tmp_path).code == 0
    (saved,) = tmp_path.glob("*.txt")
    assert (saved.read_bytes(), len(saved.name), saved.name[:29]) == (b"x", 255, f"{mail}-1-")
