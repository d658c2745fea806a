"""Customers' rules in the store: versions, secrets, and a directory that reads them."""

from __future__ import annotations

import asyncio
import json

import pytest
from store_samples import BY_ANN, KEYS, LATER, NOW

from mailsend import AsyncMailer, Mailer, Message, Refusal, Settings
from mailsend.errors import InvalidSettings, StoreError, UnknownCustomer
from mailsend.mailer import store_directory
from mailsend.mailer.store_directory import StoreDirectory
from mailsend.model.customer_record import CustomerVersion
from mailsend.model.secret import Secret
from mailsend.store import open_store

RAT = {"allowed_domains": ["rat.example"], "fallback_sender": "Rat <office@rat.example>"}
SECRET = {
    **RAT,
    "servers": [
        "smtp://ann:hunter2@mail.rat.example:587",
        {"url": "smtp://mail2.rat.example:587", "user": "bob", "password": "tr0ub4dor"},
    ],
    "branding": {"colors": {"primary": "#0b5fff"}},
}
HIDDEN = {
    **RAT,
    "servers": [
        "smtp://***@mail.rat.example:587",
        {"url": "smtp://mail2.rat.example:587", "user": "***", "password": "***"},
    ],
    "branding": {"colors": {"primary": "#0b5fff"}},
}


def _version(number, rules, by="ann", at=NOW, note=""):
    return CustomerVersion(name="rat", version=number, rules=rules, by=by, at=at, note=note)


def test_every_version_is_kept(store):
    """Each with who wrote it, when and why; the current one is what counts."""
    book = store.customers
    first = book.set("rat", RAT, note="new", **BY_ANN)
    changed = {**RAT, "locale": "de-CH"}
    second = book.set("rat", changed, by="bob", now=LATER)
    assert (first, second) == (_version(1, RAT, note="new"), _version(2, changed, "bob", LATER))
    assert book.history("rat") == (first, second)
    assert (book.get("rat"), book.get("rat", 1)) == (second, first)
    assert (book.version("rat"), book.version("cat")) == (2, None)
    assert book.rules("rat") == (2, changed)
    assert book.rules_of("rat", 1) == RAT
    book.set("cat", {}, **BY_ANN)
    assert book.names() == ("cat", "rat")
    assert [(one.name, one.version) for one in book.current()] == [("cat", 1), ("rat", 2)]


def test_the_same_rules_stay_the_same_version(store):
    """Nothing is written, whoever sets them; another secret is another version."""
    store.customers.set("rat", SECRET, **BY_ANN)
    same = store.customers.set("rat", json.loads(json.dumps(SECRET)), by="bob", now=LATER)
    assert (same.version, same.by) == (1, "ann")
    other = {**SECRET, "servers": ["smtp://ann:hunter3@mail.rat.example:587"]}
    assert store.customers.set("rat", other, **BY_ANN).version == 2


def test_each_change_is_an_event(store):
    """It tells the version, and none of the rules."""
    store.customers.set("rat", SECRET, note="she moved", **BY_ANN)
    rows = store._database.looking(
        lambda one: one.connection.exec_driver_sql(
            "SELECT act, customer, reason, by, facts FROM mailsend_event"
        ).fetchall()
    )
    assert [tuple(one) for one in rows] == [("customer_set", "rat", "she moved", "ann", '{"version":1}')]


def test_secrets_are_shown_to_nobody_and_come_back_whole(store):
    """What is told hides them; the rules that are worked with have them."""
    told = store.customers.set("rat", SECRET, **BY_ANN)
    assert told.rules == HIDDEN
    assert "hunter2" not in repr(told)
    assert store.customers.get("rat").rules == HIDDEN
    assert store.customers.rules("rat") == (1, SECRET)
    assert store.customers.rules_of("rat", 1) == SECRET


def _everything(store):
    return store._database.looking(
        lambda one: [
            str(row)
            for table in ("mailsend_customer", "mailsend_customer_version", "mailsend_event")
            for row in one.connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()
        ]
    )


def test_no_secret_lies_in_the_tables(store):
    """Neither password nor user stands there in clear."""
    store.customers.set("rat", SECRET, **BY_ANN)
    written = "\n".join(_everything(store))
    assert [one for one in ("hunter2", "tr0ub4dor", "ann:", "bob") if one in written] == []
    assert "mail2.rat.example" in written


def test_secrets_need_a_key_and_other_rules_do_not(url):
    """Without secret keys rules without secrets are kept; with a secret it is said what is missing."""
    with open_store(url) as store:
        assert store.customers.set("rat", RAT, **BY_ANN).version == 1
        assert store.customers.rules("rat") == (1, RAT)
        with pytest.raises(InvalidSettings) as refused:
            store.customers.set("rat", SECRET, **BY_ANN)
        assert refused.value.where == "application.secret_keys"
        assert store.customers.version("rat") == 1


def test_secret_keys_can_be_changed(url):
    """Sealed anew with the first key, every version opens without the old one."""
    new = Secret("another-secret-key-of-ours")
    with open_store(url, secret_keys=KEYS) as store:
        store.customers.set("rat", SECRET, **BY_ANN)
        store.customers.set("rat", {**SECRET, "locale": "de"}, **BY_ANN)
        store.customers.set("cat", RAT, **BY_ANN)
    with open_store(url, secret_keys=(new, *KEYS)) as store:
        assert store.customers.rotate() == 2
        assert store.customers.rotate() == 0
    with open_store(url, secret_keys=(new,)) as store:
        assert store.customers.rules("rat") == (2, {**SECRET, "locale": "de"})
        assert store.customers.rules_of("rat", 1) == SECRET


def test_rules_that_were_changed_by_hand_do_not_get_the_secrets(store):
    """Else whoever can write a row could have a password carried to a server of his own."""
    store.customers.set("rat", SECRET, **BY_ANN)
    with store._database.writing() as transaction:
        transaction.connection.exec_driver_sql(
            "UPDATE mailsend_customer SET rules = replace(rules, 'mail.rat.example', 'mail.cat.example')"
        )
    with pytest.raises(StoreError, match="are not those that were written"):
        store.customers.rules("rat")
    assert store.customers.set("rat", SECRET, **BY_ANN).version == 2
    assert store.customers.rules("rat") == (2, SECRET)


def test_secrets_of_one_customer_open_for_no_other(store):
    """A row that was copied is told."""
    store.customers.set("rat", SECRET, **BY_ANN)
    store.customers.set("cat", SECRET, **BY_ANN)
    with store._database.writing() as transaction:
        transaction.connection.exec_driver_sql(
            "UPDATE mailsend_customer SET sealed ="
            " (SELECT sealed FROM mailsend_customer_version WHERE name = 'cat') WHERE name = 'rat'"
        )
    with pytest.raises(StoreError):
        store.customers.rules("rat")


def test_who_changes_what_has_changed_meanwhile_is_told(store):
    """A change that was made from version 1 does not overwrite version 2."""
    store.customers.set("rat", RAT, based_on=0, **BY_ANN)
    store.customers.set("rat", {**RAT, "locale": "de"}, based_on=1, **BY_ANN)
    with pytest.raises(StoreError, match="were changed meanwhile"):
        store.customers.set("rat", {**RAT, "locale": "fr"}, based_on=1, **BY_ANN)
    assert store.customers.version("rat") == 2


@pytest.mark.parametrize("method", ["history", "get", "rules"])
def test_an_unknown_customer_is_told(store, method):
    """With what to do about it."""
    with pytest.raises(UnknownCustomer) as refused:
        getattr(store.customers, method)("rat")
    assert refused.value.customer == "rat"


def test_an_unknown_version_is_told(store):
    """With the one that there is."""
    store.customers.set("rat", RAT, **BY_ANN)
    for call in (store.customers.get, store.customers.rules_of):
        with pytest.raises(StoreError) as refused:
            call("rat", 7)
        assert (str(refused.value), refused.value.advice) == (
            "'rat' has no version 7",
            "Its current one is 1.",
        )
    with pytest.raises(UnknownCustomer):
        store.customers.rules_of("cat", 1)


def test_what_json_cannot_write_is_refused(store):
    """It is told by its key, not by its value; what is deep without end, too."""
    with pytest.raises(InvalidSettings) as refused:
        store.customers.set("rat", {"locale": {"x": {1, 2}}}, **BY_ANN)
    assert refused.value.where == "customers.rat.locale.x"
    deep: dict[str, object] = {}
    node = deep
    for _ in range(50):
        node["x"] = node = {}
    with pytest.raises(InvalidSettings):
        store.customers.set("rat", deep, **BY_ANN)


def test_bytes_and_secrets_are_written_as_text(store):
    """A logo in Base64, as settings may have it; tuples are lists."""
    given = {"servers": ({"password": Secret("hunter2")},), "branding": {"logo": b"\x89PNG"}, "log_days": 3}
    store.customers.set("rat", given, **BY_ANN)
    kept = {"servers": [{"password": "hunter2"}], "branding": {"logo": "iVBORw=="}, "log_days": 3}
    assert store.customers.rules("rat") == (1, kept)


# In a Mailer


def _settings(url, **more):
    return Settings.model_validate(
        {
            "application": {
                "name": "Acme Suite",
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthosts": ["memory:"],
                "secret_keys": [one.reveal() for one in KEYS],
                "store": url,
                "directory": "store",
            },
            **more,
        }
    )


MESSAGE = Message(
    to="bob@example.org", subject="Hello", text="Hello\n", from_="x@rat.example", customer="rat"
)


def _sender(prepared):
    return prepared.reason if isinstance(prepared, Refusal) else str(prepared.sender.mailbox.address)


def test_a_mailer_takes_its_customers_from_the_store(url):
    """What is set there counts at once in this Mailer; the settings stay around it."""
    with Mailer(_settings(url)) as mailer:
        assert _sender(mailer.preview(MESSAGE)) == "unknown_customer"
        mailer.customers.set("rat", {}, by="ann")
        assert _sender(mailer.preview(MESSAGE)) == "no-reply@suite.example"
        done = mailer.customers.set("rat", RAT, note="entered", by="ann")
        assert (done.version, done.note) == (2, "entered")
        assert _sender(mailer.preview(MESSAGE)) == "x@rat.example"
        assert mailer.customers.list() == (done,)
        assert mailer.customers.show("rat") == done
        assert mailer.customers.show("rat", 1).rules == {}
        assert [one.version for one in mailer.customers.history("rat")] == [1, 2]


def test_single_keys_are_changed(url):
    """Dots go inwards, a number into a list; None takes a key away; secrets stay what they were."""
    with Mailer(_settings(url)) as mailer:
        mailer.customers.set("rat", SECRET, by="ann")
        done = mailer.customers.change(
            "rat",
            {("locale",): "de-CH", ("branding", "partner_name"): "Rat", ("servers", "1", "user"): "eve"},
            by="ann",
        )
        assert done.version == 2
        mailer.customers.change("rat", {("branding", "colors"): None, ("timezone",): None}, by="ann")
        with open_store(url, secret_keys=KEYS) as store:
            servers = [SECRET["servers"][0], {**SECRET["servers"][1], "user": "eve"}]
            assert store.customers.rules("rat") == (
                3,
                {**RAT, "servers": servers, "branding": {"partner_name": "Rat"}, "locale": "de-CH"},
            )
        for path in (("locale", "x"), ("servers", "9", "user"), ("servers", "x")):
            with pytest.raises(InvalidSettings, match="no key can be set in it"):
                mailer.customers.change("rat", {path: "y"}, by="ann")
        with pytest.raises(UnknownCustomer):
            mailer.customers.change("cat", {("locale",): "de"}, by="ann")


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ({"alowed_domains": []}, "customers.rat.alowed_domains"),
        ({"fallback_sender": "a@elsewhere.example"}, "customers.rat.fallback_sender"),
        (
            {"dkim_keys": [{"domain": "*", "selector": "s", "key": "no key"}]},
            "customers.rat.dkim_keys[0].key",
        ),
    ],
)
def test_rules_that_are_not_valid_are_not_written(url, rules, where):
    """They are told as those of a settings file are."""
    with Mailer(_settings(url)) as mailer:
        with pytest.raises(InvalidSettings) as refused:
            mailer.customers.set("rat", rules, by="ann")
        assert refused.value.where == where
        assert mailer.customers.list() == ()


@pytest.mark.parametrize(
    ("mine", "theirs", "why"),
    [
        ("rat.example", "rat.example", "rat.example belongs"),
        ("mail.rat.example", "rat.example", "rat.example, which lies above mail.rat.example, belongs"),
        ("rat.example", "mail.rat.example", "mail.rat.example, which lies under rat.example, belongs"),
    ],
)
def test_a_domain_belongs_to_one_customer(url, mine, theirs, why):
    """Another customer's domain, or one above or under it, is refused (M5), wherever he names it."""
    others = (
        {"allowed_domains": [theirs]},
        {"allowed_domains": ["cat.example"], "alias_domains": {theirs: "cat.example"}},
        {"business_units": {"zurich": {"allowed_domains": [theirs]}}},
    )
    for other in others:
        with Mailer(_settings(url)) as mailer:
            mailer.customers.set("cat", other, by="ann")
            with pytest.raises(InvalidSettings) as refused:
                mailer.customers.set("rat", {"allowed_domains": ["free.example", mine]}, by="ann")
            assert refused.value.where == "customers.rat.allowed_domains[1]"
            assert refused.value.why == f"{why} to the customer 'cat' already"
            mailer.customers.set("cat", {"allowed_domains": ["cat.example"]}, by="ann")


def test_another_process_change_counts_within_a_second(url, monkeypatch):
    """Until then memory answers; the same version gives the same rules."""
    clock = 1000.0
    monkeypatch.setattr(store_directory, "monotonic", lambda: clock)
    with Mailer(_settings(url)) as mailer, Mailer(_settings(url)) as other:
        other.customers.set("rat", RAT, by="ann")
        assert _sender(mailer.preview(MESSAGE)) == "x@rat.example"
        other.customers.set("rat", {}, by="ann")
        assert _sender(mailer.preview(MESSAGE)) == "x@rat.example"
        clock += 1.01
        assert _sender(mailer.preview(MESSAGE)) == "no-reply@suite.example"
        rules = mailer._core.directory.rules_for("rat", None)
        clock += 1.01
        assert mailer._core.directory.rules_for("rat", None) is rules


def test_a_directory_remembers_a_bounded_number(url, monkeypatch):
    """More customers than that are read anew, and one can be forgotten."""
    monkeypatch.setattr(store_directory, "MOST_CUSTOMERS", 1)
    settings = _settings(url)
    with Mailer(settings) as mailer:
        for name in ("cat", "rat"):
            mailer.customers.set(name, {}, by="ann")
        directory = StoreDirectory(settings.rules)
        for name in ("cat", "rat", "cat"):
            assert set(directory.rules_for(name).customers) == {name}
        assert len(directory._kept) == 1
        directory.forget()
        assert directory._kept == {}
        with pytest.raises(UnknownCustomer):
            directory.rules_for("dog")
        directory._door.close()


def test_the_same_awaited(url):
    """AsyncMailer reads and sets them, too."""

    async def work():
        async with AsyncMailer(_settings(url)) as mailer:
            first = _sender(await mailer.preview(MESSAGE))
            await mailer.customers.set("rat", RAT, by="ann")
            await mailer.customers.change("rat", {("locale",): "de"}, by="ann")
            second = _sender(await mailer.preview(MESSAGE))
            third = _sender(await mailer.preview(MESSAGE))
            history = await mailer.customers.history("rat")
            assert await mailer.customers.list() == history[1:]
            assert await mailer.customers.show("rat") == history[1]
            return first, second, third

    assert asyncio.run(work()) == ("unknown_customer", "x@rat.example", "x@rat.example")


def test_customers_stand_in_one_place(url):
    """In the settings, in the store, or behind directory=: never in two of them."""
    with pytest.raises(InvalidSettings) as refused:
        _settings(url, customers={"rat": RAT})
    assert (refused.value.where, refused.value.why) == ("customers", "customers come from the store")
    with pytest.raises(InvalidSettings) as refused:
        Mailer(_settings(url), directory=StoreDirectory(_settings(url).rules))
    assert refused.value.where == "application.directory"


def test_the_stores_customers_need_a_store():
    """It is said by the settings, and by the directory itself."""
    application = {"fallback_sender": "a@suite.example", "allowed_domains": ["suite.example"]}
    with pytest.raises(InvalidSettings) as refused:
        Settings.model_validate({"application": {**application, "directory": "store"}})
    assert refused.value.where == "application.directory"
    with pytest.raises(InvalidSettings) as refused:
        StoreDirectory(Settings.model_validate({"application": application}).rules)
    assert refused.value.where == "application.store"
    with pytest.raises(InvalidSettings) as refused:
        Settings.model_validate({"application": {**application, "directory": "ldap", "store": "memory:"}})
    assert refused.value.where == "application.directory"


@pytest.mark.parametrize("name", ["a\0", "\udcff"])
def test_what_no_database_holds_is_no_customer(store, name):
    """It is unknown, as any other that was never entered."""
    assert store.customers.version(name) is None
    for ask in (store.customers.rules, store.customers.history, store.customers.get):
        with pytest.raises(UnknownCustomer):
            ask(name)
    with pytest.raises(UnknownCustomer):
        store.customers.rules_of(name, 1)
