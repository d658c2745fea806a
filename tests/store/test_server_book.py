"""The book of servers, the same in every kind of store."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from store_samples import BY_ANN, LATER, NOW, a_server

from mailsend.decide.server_state import ServerAct
from mailsend.errors import StoreError
from mailsend.model.address import DomainPattern
from mailsend.model.server import AuthMethod, Pipelining, Server, ServerKind, ServerState, TlsMode
from mailsend.model.server_record import ServerChange, ServerRecord, ServerStep

RAT = "ratcatcher"
NAME = "mail.rat.example:587"
ENTERED, VERIFIED, RELEASED, LOCKED = (
    ServerState.ENTERED,
    ServerState.VERIFIED,
    ServerState.RELEASED,
    ServerState.LOCKED,
)


@pytest.fixture
def book(store):
    """Give the book of an empty store."""
    return store.servers


def _release(book, customer=RAT, name=NAME, server=None):
    for act in (ServerAct.VERIFY, ServerAct.RELEASE):
        record = book.step(customer, name, act, server=server or a_server(), **BY_ANN)
    return record


def _names(book, customer=RAT):
    return [one.name for one in book.of(customer)]


def test_what_was_never_heard_of_has_nothing(book):
    """A customer without servers has none, no state, no history, and is no customer here."""
    assert (book.of(RAT), book.customers(), book.history(RAT)) == ((), (), ())
    assert book.state_of(RAT, a_server()) is None


def test_a_server_begins_at_entered_and_is_kept_whole(book):
    """What was entered is what is read, password included, with who entered it and when."""
    server = a_server(
        tls=TlsMode.IMPLICIT,
        port=465,
        auth=AuthMethod.CRAM_MD5,
        timeout=12.5,
        pin="ab" * 32,
        tls_name="inside.rat.example",
        ca="-----BEGIN CERTIFICATE-----\n",
        signs=True,
        rewrites=("Date", "Message-ID"),
        pipelining=Pipelining.WITHIN,
        max_connections=2,
        max_per_minute=30.0,
        mail_from="login",
        internal_domains=(DomainPattern.parse("*.rat.example"),),
        traits_from=(("signs", "preset"),),
    )
    added = book.add(RAT, server, senders=("@rat.example",), **BY_ANN)
    assert added == ServerRecord(
        customer=RAT,
        name="mail.rat.example:465",
        position=0,
        server=server,
        senders=("@rat.example",),
        state=ENTERED,
        steps=(ServerStep(state=ENTERED, at=NOW, by="ann"),),
        from_rules=False,
        findings={},
    )
    (read,) = book.of(RAT)
    assert read == added
    assert read.server.credentials.password.reveal() == "hunter2"
    assert (read.server.label, read.server.traits_from) == ("", server.traits_from)
    assert (book.customers(), book.state_of(RAT, server)) == ((RAT,), ENTERED)


@pytest.mark.parametrize(
    "server",
    [
        Server(kind=ServerKind.MEMORY, tls=TlsMode.DANGEROUS_NONE),
        Server(kind=ServerKind.FILE, folder="/tmp/mails", tls=TlsMode.DANGEROUS_NONE),
        a_server(user="", host="2001:db8::1", port=25),
        a_server(user="ünïcode", password="pässwörd\N{PILE OF POO} \ud800"),
    ],
    ids=lambda one: one.name,
)
def test_every_kind_of_server_is_kept(book, server):
    """Servers without account, of other kinds, and with accounts in any text are read as they were entered."""
    assert book.add(RAT, server, **BY_ANN).server == server
    assert book.of(RAT)[0].server == server
    assert book.state_of(RAT, server) is ENTERED


def test_the_open_networks_are_not_kept(book):
    """Which internal networks a customer may reach is said by the rules of the day, not by the store."""
    from mailsend.model.internal_network import InternalNetwork

    server = a_server(internal_networks=(InternalNetwork("10.1.0.0/16"),))
    assert book.add(RAT, server, **BY_ANN).server == a_server()


def test_the_steps_lead_from_entered_to_released(book):
    """Each step is kept with who, when and why, and what the verification found."""
    book.add(RAT, a_server(), **BY_ANN)
    zurich = datetime(2026, 11, 22, 10, 30, 15, 123456, tzinfo=timezone(timedelta(hours=1)))
    findings = {"extensions": ["PIPELINING", "SIZE"], "tls": {"version": "TLSv1.3", "days": 80}}
    book.step(RAT, NAME, ServerAct.VERIFY, server=a_server(), by="cron", now=zurich, findings=findings)
    record = book.step(RAT, NAME, ServerAct.RELEASE, server=a_server(), note="by telephone", **BY_ANN)
    assert (record.state, record.findings) == (RELEASED, findings)
    assert record.steps == (
        ServerStep(state=ENTERED, at=NOW, by="ann"),
        ServerStep(state=VERIFIED, at=NOW + timedelta(hours=1), by="cron"),
        ServerStep(state=RELEASED, at=NOW, by="ann", note="by telephone"),
    )
    assert book.of(RAT) == (record,)
    assert book.state_of(RAT, a_server()) is RELEASED


def test_a_repeated_verification_takes_the_last_ones_place(book):
    """A server that is looked at each hour does not grow; its history does."""
    book.add(RAT, a_server(), **BY_ANN)
    for number in range(3):
        record = book.step(
            RAT, NAME, ServerAct.VERIFY, server=a_server(), by="cron", now=NOW, findings={"n": number}
        )
    assert [one.state for one in record.steps] == [ENTERED, VERIFIED]
    assert record.findings == {"n": 2}
    assert len(book.history(RAT)) == 4


def test_what_was_found_stays_until_it_is_found_anew(book):
    """A step without findings leaves those of the last verification; being entered forgets them."""
    book.add(RAT, a_server(), **BY_ANN)
    book.step(RAT, NAME, ServerAct.VERIFY, server=a_server(), findings={"a": 1}, **BY_ANN)
    assert book.step(RAT, NAME, ServerAct.RELEASE, server=a_server(), **BY_ANN).findings == {"a": 1}
    locked = book.step(RAT, NAME, ServerAct.LOCK, server=a_server(), **BY_ANN)
    assert ([one.state for one in locked.steps], locked.findings) == (
        [ENTERED, VERIFIED, RELEASED, LOCKED],
        {"a": 1},
    )
    unlocked = book.step(RAT, NAME, ServerAct.UNLOCK, server=a_server(), **BY_ANN)
    assert ([one.state for one in unlocked.steps], unlocked.findings) == ([ENTERED], {})


@pytest.mark.parametrize(
    ("act", "before", "said", "advice"),
    [
        (ServerAct.RELEASE, (), "The server is not verified.", "Verify it first: mailsend server verify."),
        (ServerAct.UNLOCK, (), "The server is not locked.", "There is nothing to unlock."),
        (
            ServerAct.VERIFY,
            (ServerAct.LOCK,),
            "The server is locked.",
            "Unlock it or enter it anew, then verify it.",
        ),
    ],
)
def test_a_step_that_cannot_be_taken_changes_nothing(book, act, before, said, advice):
    """It is refused in words, and neither state nor history shows a trace of it."""
    book.add(RAT, a_server(), **BY_ANN)
    for one in before:
        book.step(RAT, NAME, one, server=a_server(), **BY_ANN)
    kept, history = book.of(RAT), book.history(RAT)
    with pytest.raises(StoreError) as refused:
        book.step(RAT, NAME, act, server=a_server(), **BY_ANN)
    assert (str(refused.value), refused.value.advice) == (f"{NAME} of 'ratcatcher': {said}", advice)
    assert (book.of(RAT), book.history(RAT)) == (kept, history)


@pytest.mark.parametrize(
    "other",
    [
        {"password": "hunter3"},
        {"user": "bob@rat.example"},
        {"host": "mail2.rat.example"},
        {"port": 2525},
        {"tls": TlsMode.IMPLICIT},
        {"pin": "ab" * 32},
        {"ca": "-----BEGIN CERTIFICATE-----"},
        {"tls_name": "other.example"},
        {"guarded": False},
        {"user": ""},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_step_counts_for_the_very_server_that_was_looked_at(book, other):
    """A verification of what stood there before another host, account or password came is refused."""
    book.add(RAT, a_server(), **BY_ANN)
    with pytest.raises(StoreError) as refused:
        book.step(RAT, NAME, ServerAct.VERIFY, server=a_server(**other), **BY_ANN)
    assert str(refused.value) == f"the server {NAME} of 'ratcatcher' was changed meanwhile"
    assert refused.value.advice == "Look at it again, and repeat the step."
    assert book.state_of(RAT, a_server(**other)) is None
    assert book.state_of(RAT, a_server()) is ENTERED


def test_another_password_is_entered_again(book):
    """A released server with another password is used only once it was verified and released anew."""
    book.add(RAT, a_server(), **BY_ANN)
    _release(book)
    changed = book.set(RAT, NAME, a_server(password="hunter3"), by="bob", now=LATER)
    assert (changed.state, changed.findings) == (ENTERED, {})
    assert changed.steps == (ServerStep(state=ENTERED, at=LATER, by="bob"),)
    assert changed.server.credentials.password.reveal() == "hunter3"
    assert book.state_of(RAT, a_server()) is None


def test_other_habits_leave_a_server_as_far_as_it_was(book):
    """Traits, limits and senders are changed without a step back."""
    book.add(RAT, a_server(), senders=("@rat.example",), **BY_ANN)
    released = _release(book)
    changed = book.set(RAT, NAME, a_server(signs=True, max_connections=1), **BY_ANN)
    assert (changed.state, changed.steps, changed.senders) == (RELEASED, released.steps, ("@rat.example",))
    assert (changed.server.signs, changed.server.max_connections) == (True, 1)
    changed = book.set(RAT, NAME, a_server(), senders=(), **BY_ANN)
    assert (changed.state, changed.senders, changed.server) == (RELEASED, (), a_server())


def test_another_host_gives_another_name(book):
    """A name that says host and port tells the truth after a change, and the history says what it was."""
    book.add(RAT, a_server(), **BY_ANN)
    changed = book.set(RAT, NAME, a_server(host="mail2.rat.example"), **BY_ANN)
    assert changed.name == "mail2.rat.example:587"
    assert _names(book) == ["mail2.rat.example:587"]
    assert book.history(RAT)[-1].note == f"it was {NAME}"


def test_a_label_stays_the_name(book):
    """Who named a server keeps the name, whatever its host becomes; another label is another name."""
    book.add(RAT, a_server(label="main"), **BY_ANN)
    assert book.set(RAT, "main", a_server(host="new.rat.example"), **BY_ANN).name == "main"
    assert book.of(RAT)[0].server.name == "main"
    assert book.set(RAT, "main", a_server(label="first"), **BY_ANN).name == "first"


def test_two_accounts_at_one_server_have_two_names(book):
    """The second gets a number behind its name, which reports show too, and keeps it when it is changed."""
    book.add(RAT, a_server(), **BY_ANN)
    second = book.add(RAT, a_server(user="bob@rat.example"), **BY_ANN)
    assert (second.name, second.server.name) == (f"{NAME} (2)", f"{NAME} (2)")
    changed = book.set(RAT, second.name, second.server, senders=("bob@rat.example",), **BY_ANN)
    assert (changed.name, changed.state) == (second.name, ENTERED)
    plain = book.set(RAT, second.name, a_server(user="bob@rat.example", signs=True), **BY_ANN)
    assert plain.name == second.name
    moved = book.set(RAT, second.name, a_server(user="bob@rat.example", host="two.example"), **BY_ANN)
    assert (moved.name, moved.server.label) == ("two.example:587", "")


def test_one_account_is_entered_once(book):
    """A second server with the same account is refused, whatever its password."""
    book.add(RAT, a_server(), **BY_ANN)
    book.add(RAT, a_server(host="other.example"), **BY_ANN)
    with pytest.raises(StoreError) as refused:
        book.add(RAT, a_server(password="hunter3"), **BY_ANN)
    assert str(refused.value) == f"'ratcatcher' has this account already, as {NAME}"
    assert refused.value.advice == "Change that one: mailsend server set."
    with pytest.raises(StoreError, match="has this account already"):
        book.set(RAT, "other.example:587", a_server(), **BY_ANN)


def test_customers_know_nothing_of_each_other(book):
    """The same server of two customers has two states."""
    book.add(RAT, a_server(), **BY_ANN)
    book.add("cats", a_server(), **BY_ANN)
    _release(book)
    assert (book.state_of(RAT, a_server()), book.state_of("cats", a_server())) == (RELEASED, ENTERED)
    assert book.customers() == ("cats", RAT)
    assert [one.customer for one in book.history("cats")] == ["cats"]


def test_servers_stand_where_they_are_put(book):
    """A position counts from 0; what is behind moves on; none, or a far one, is the end."""
    for host, position in (("a", None), ("b", None), ("c", 0), ("d", 1), ("e", 99), ("f", -5)):
        book.add(RAT, a_server(host=f"{host}.example"), position=position, **BY_ANN)
    assert [(one.name[0], one.position) for one in book.of(RAT)] == [
        (letter, at) for at, letter in enumerate("fcdabe")
    ]


def test_an_order_names_each_server_once(book):
    """The servers stand in the order given, and nothing changes where one is missing, twice or unknown."""
    a, b, c = (book.add(RAT, a_server(host=f"{one}.example"), **BY_ANN).name for one in "abc")
    ordered = book.order(RAT, [c, a, b], by="bob", now=LATER)
    assert [(one.name, one.position) for one in ordered] == [(c, 0), (a, 1), (b, 2)]
    assert book.of(RAT) == ordered
    assert book.history(RAT)[-1] == ServerChange(
        at=LATER,
        by="bob",
        customer=RAT,
        name="",
        act="order",
        before=None,
        after=None,
        note=f"{c}, {a}, {b}",
    )
    each = f"Name each of them once: {c}, {a}, {b}."
    for names, said, advice in (
        ([a], f"this order of the servers of 'ratcatcher' leaves out {c}, {b}", each),
        ([a, b, c, a], f"this order of the servers of 'ratcatcher' names {a} twice", each),
        ([a, b, c, "d"], "'ratcatcher' has no server 'd'", f"There are: {c}, {a}, {b}."),
    ):
        with pytest.raises(StoreError) as refused:
            book.order(RAT, names, **BY_ANN)
        assert (str(refused.value), refused.value.advice) == (said, advice)
    assert book.of(RAT) == ordered


def test_one_route_remains(book):
    """The last server is taken away only by who says that it may be the last; the rest close the gap."""
    for one in "abc":
        book.add(RAT, a_server(host=f"{one}.example"), **BY_ANN)
    book.remove(RAT, "a.example:587", **BY_ANN)
    assert [(one.name, one.position) for one in book.of(RAT)] == [("b.example:587", 0), ("c.example:587", 1)]
    book.remove(RAT, "b.example:587", **BY_ANN)
    with pytest.raises(StoreError) as refused:
        book.remove(RAT, "c.example:587", **BY_ANN)
    assert (
        str(refused.value) == "c.example:587 is the last server of 'ratcatcher', and one route has to remain"
    )
    assert (
        refused.value.advice
        == "Add another one first, or set application.smarthosts; or lock it, and its mail waits."
    )
    book.remove(RAT, "c.example:587", may_be_last=True, by="bob", now=LATER)
    assert (book.of(RAT), book.customers()) == ((), ())
    assert book.history(RAT)[-1] == ServerChange(
        at=LATER, by="bob", customer=RAT, name="c.example:587", act="remove", before=ENTERED, after=None
    )


def test_a_server_that_is_not_there_is_named_with_those_that_are(book):
    """Every method that takes a name says what it could have been."""
    for call in (
        lambda: book.set(RAT, "x", a_server(), **BY_ANN),
        lambda: book.remove(RAT, "x", **BY_ANN),
        lambda: book.step(RAT, "x", ServerAct.LOCK, server=a_server(), **BY_ANN),
    ):
        with pytest.raises(StoreError) as refused:
            call()
        assert str(refused.value) == "'ratcatcher' has no server 'x'"
        assert refused.value.advice == "There is none yet: add one."


def test_the_state_of_a_server_in_the_rules_is_kept_without_the_server(book):
    """Of a server that the settings define, the store keeps how far it has come, and nothing else."""
    kept = book.keep_rules_server(RAT, a_server(), senders=("@rat.example",), **BY_ANN)
    assert kept == ServerRecord(
        customer=RAT,
        name=NAME,
        position=0,
        server=None,
        senders=("@rat.example",),
        state=ENTERED,
        steps=(ServerStep(state=ENTERED, at=NOW, by="ann"),),
        from_rules=True,
        findings={},
    )
    assert book.keep_rules_server(RAT, a_server(), by="bob", now=LATER) == kept
    assert _release(book).state is RELEASED
    assert book.state_of(RAT, a_server()) is RELEASED
    with pytest.raises(StoreError) as refused:
        book.set(RAT, NAME, a_server(), **BY_ANN)
    assert str(refused.value) == (
        f"the server {NAME} of 'ratcatcher' stands in the settings, or comes from the Directory"
    )
    with pytest.raises(StoreError, match="has this account already: it stands in the settings"):
        book.add(RAT, a_server(password="hunter3"), **BY_ANN)


def test_another_password_in_the_rules_takes_the_old_records_place(book):
    """The account is the same, so there is one record of it, and it is entered again."""
    book.keep_rules_server(RAT, a_server(), **BY_ANN)
    _release(book)
    assert book.state_of(RAT, a_server(password="hunter3")) is None
    again = book.keep_rules_server(RAT, a_server(password="hunter3"), by="bob", now=LATER)
    assert (again.name, again.state, _names(book)) == (NAME, ENTERED, [NAME])
    assert again.steps == (ServerStep(state=ENTERED, at=LATER, by="bob"),)
    last = book.history(RAT)[-1]
    assert (last.act, last.before, last.after) == ("enter", RELEASED, ENTERED)


def test_two_accounts_in_the_rules_at_one_server_have_two_states(book):
    """Each account has a record of its own, and neither takes the other's place."""
    bob = a_server(user="bob@rat.example")
    book.keep_rules_server(RAT, a_server(), **BY_ANN)
    assert book.keep_rules_server(RAT, bob, **BY_ANN).name == f"{NAME} (2)"
    _release(book)
    assert (book.state_of(RAT, a_server()), book.state_of(RAT, bob)) == (RELEASED, ENTERED)


def test_servers_in_the_rules_and_in_the_store_stand_in_one_order(book):
    """Both kinds are ordered together; a state of the rules' kind is no route that remains."""
    book.keep_rules_server(RAT, a_server(), **BY_ANN)
    book.add(RAT, a_server(host="b.example"), **BY_ANN)
    book.order(RAT, ["b.example:587", NAME], **BY_ANN)
    assert [(one.name, one.from_rules) for one in book.of(RAT)] == [("b.example:587", False), (NAME, True)]
    with pytest.raises(StoreError, match="is the last server"):
        book.remove(RAT, "b.example:587", **BY_ANN)
    book.remove(RAT, NAME, **BY_ANN)
    assert _names(book) == ["b.example:587"]


def test_history_tells_every_step_and_outlives_the_server(book):
    """Who, when, what, from where to where, and why: in the order in which it was done."""
    book.add(RAT, a_server(), **BY_ANN)
    _release(book)
    book.step(RAT, NAME, ServerAct.LOCK, server=a_server(), by="bob", now=LATER, note="535\nthree times")
    book.remove(RAT, NAME, may_be_last=True, **BY_ANN)
    book.add(RAT, a_server(), **BY_ANN)
    assert [(one.by, one.act, one.before, one.after, one.note) for one in book.history(RAT)] == [
        ("ann", "enter", None, ENTERED, ""),
        ("ann", "verify", ENTERED, VERIFIED, ""),
        ("ann", "release", VERIFIED, RELEASED, ""),
        ("bob", "lock", RELEASED, LOCKED, "535\nthree times"),
        ("ann", "remove", LOCKED, None, ""),
        ("ann", "enter", None, ENTERED, ""),
    ]
    assert {one.at for one in book.history(RAT)} == {NOW, LATER}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"by": " "}, "who does it is missing, or holds what is no text"),
        ({"by": "an\x00n"}, "who does it is missing, or holds what is no text"),
        ({"customer": "\ud800"}, "the customer is missing, or holds what is no text"),
        ({"now": datetime(2026, 11, 22)}, "a time without its zone cannot be kept"),
        ({"senders": "ann@rat.example"}, "senders are a list of texts"),
        ({"senders": (1,)}, "senders are a list of texts"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(book, change, said):
    """Neither a database's own error nor half a row comes of it."""
    given = {"customer": RAT, "server": a_server(), **BY_ANN, **change}
    with pytest.raises(StoreError) as refused:
        book.add(**given)
    assert str(refused.value) == said
    assert book.customers() == ()


@pytest.mark.parametrize("findings", [{"a": NOW}, {"a": float("nan")}], ids=["a time", "not a number"])
def test_findings_that_are_no_json_are_refused(book, findings):
    """What could not be read back is not written; the error does not show it."""
    book.add(RAT, a_server(), **BY_ANN)
    with pytest.raises(StoreError, match=r"^findings cannot be written as JSON$"):
        book.step(RAT, NAME, ServerAct.VERIFY, server=a_server(), findings=findings, **BY_ANN)
    assert book.of(RAT)[0].state is ENTERED


def test_where_tokens_come_from_is_not_kept(book):
    """An account with a token provider belongs into the settings; its state may be kept all the same."""
    from mailsend.model.server import Credentials
    from mailsend.model.tokens import NamedProvider

    server = a_server(user="")
    server = Server(
        host=server.host,
        port=587,
        credentials=Credentials(user="ann@rat.example", token_provider=NamedProvider(call="app:token")),
    )
    with pytest.raises(StoreError) as refused:
        book.add(RAT, server, **BY_ANN)
    assert str(refused.value) == "where access tokens come from cannot be kept in a store"
    assert refused.value.advice == "Name the server in the settings, or let the Directory give it."
    assert book.keep_rules_server(RAT, server, **BY_ANN).state is ENTERED
    assert book.state_of(RAT, server) is ENTERED


def test_a_changed_limit_holds_for_the_queue_at_once(store, book):
    """Who claims takes by what the store says: it is written with the server, and lifted with the last of its rates."""

    def limits():
        return [[(rate.amount, rate.seconds) for rate in one.rates] for one in store.limits.all(now=NOW)]

    book.add(RAT, a_server(max_per_minute=30.0), **BY_ANN)
    assert limits() == [[(30, 60.0)]]
    book.set(RAT, NAME, a_server(max_per_minute=60.0, max_per_day=500.0), **BY_ANN)
    assert limits() == [[(60, 60.0), (500, 86400.0)]]
    book.set(RAT, NAME, a_server(), **BY_ANN)
    assert limits() == []
    book.add("other", a_server(max_per_minute=5.0), **BY_ANN)
    book.set(RAT, NAME, a_server(timeout=5.0), **BY_ANN)
    assert limits() == [[(5, 60.0)]]
