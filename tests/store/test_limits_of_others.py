"""A limit stays as long as some server has it: in the settings, or another customer's in the store (M8)."""

from __future__ import annotations

import pytest
from queue_shop import change, rows, settings, store_of
from sqlalchemy import update
from store_samples import BY_ANN, a_server

from mailsend import Mailer, Settings
from mailsend.decide.limit import Limit, Rate
from mailsend.mailer.clock import utc_now
from mailsend.model.secret import Secret
from mailsend.store import open_store
from mailsend.store.buckets import lane_name
from mailsend.store.schema.servers import server as server_table
from mailsend.store.schema.upkeep import limit

HOST = "mail.rat.example:587"
ACCOUNT = {"user": "ann@rat.example", "password": "hunter2"}
LANE = lane_name(a_server())


def shop(url, **traits):
    """Give settings whose smarthost is the account of ``a_server``, with these limits."""
    smarthost = {"url": "smtp://mail.rat.example:587", **ACCOUNT, **traits}
    made = settings(store=url)
    made["application"]["smarthosts"] = [smarthost]
    made["customers"] = {one: {"allowed_domains": [f"{one}.example"]} for one in ("cat", "rat")}
    return Settings.model_validate(made)


def amounts(mailer):
    """Give what the store has for the account: its amounts."""
    return [[rate.amount for rate in one.rates] for one in mailer.limits.list() if one.name == LANE]


def began(mailer):
    """Let it claim, as a worker that starts."""
    mailer.deliver_due()
    return amounts(mailer)


@pytest.fixture
def book(any_url):
    """Give a Mailer without a limit in its settings, and the book of its store's servers."""
    with Mailer(shop(any_url)) as mailer:
        yield mailer, store_of(mailer).servers


def test_who_has_no_limit_lifts_none_that_a_server_in_the_store_has(book):
    """What was taken stays taken, and mails that wait for it go on waiting."""
    mailer, servers = book
    servers.add("rat", a_server(max_per_day=5), **BY_ANN)
    store_of(mailer).limits.taking(LANE, Limit((Rate(5, 86_400.0),)), utc_now()).result()
    before = rows(mailer, limit)
    assert began(mailer) == [[5]]
    assert rows(mailer, limit) == before


def test_it_is_kept_whatever_state_the_server_is_in(book):
    """A server that is locked today carries mail again when it is released, and the account is the same."""
    mailer, servers = book
    servers.add("rat", a_server(max_per_day=5), **BY_ANN)
    servers.step("rat", HOST, "lock", server=a_server(max_per_day=5), **BY_ANN)
    assert began(mailer) == [[5]]


def test_of_several_the_strictest_of_each_rate_is_kept(book):
    """Each customer keeps to what any of them was told; another account's limits are no matter."""
    mailer, servers = book
    servers.add("rat", a_server(max_per_day=5, max_per_minute=3), **BY_ANN)
    servers.add("cat", a_server(max_per_day=4, max_recipients_per_day=9), **BY_ANN)
    servers.add("cat", a_server(user="bob@rat.example", max_per_day=1), **BY_ANN)
    assert began(mailer) == [[3, 4, 9]]


def test_a_limit_of_earlier_settings_gives_way_to_what_is_left(any_url):
    """The settings had a stricter one; with theirs gone the store's server still has its own."""
    with Mailer(shop(any_url)) as mailer:
        store_of(mailer).servers.add("rat", a_server(max_per_day=5), **BY_ANN)
        store_of(mailer).limits.keeping({LANE: Limit((Rate(2, 86_400.0),))}, utc_now()).result()
        assert began(mailer) == [[5]]


def test_a_limit_that_nobody_has_is_lifted(book):
    """A server without a limit, and one of the same place with another account, keep none."""
    mailer, servers = book
    servers.add("rat", a_server(), **BY_ANN)
    servers.add("cat", a_server(user="bob@rat.example", max_per_day=1), **BY_ANN)
    store_of(mailer).limits.keeping({LANE: Limit((Rate(2, 86_400.0),))}, utc_now()).result()
    assert began(mailer) == []


def test_a_server_that_cannot_be_read_keeps_the_limits_of_its_place(url):
    """Whose account it has is not known without its key: it may be this one."""
    with Mailer(shop(url)) as mailer:
        store_of(mailer).servers.add("rat", a_server(max_per_day=5), **BY_ANN)
        with open_store(url, secret_keys=(Secret("another-key-of-another-shop"),)) as other:
            elsewhere = lane_name(a_server(host="else.example"))
            lifted = {LANE: None, elsewhere: None}
            other.limits.keeping({elsewhere: Limit((Rate(1, 60.0),))}, utc_now()).result()
            other.limits.keeping(lifted, utc_now()).result()
        with open_store(url) as without_keys:
            without_keys.limits.keeping(lifted, utc_now()).result()
        assert amounts(mailer) == [[5]]


@pytest.mark.parametrize(
    "definition", ['{"max_per_day":', '{"max_per_day":5,"tls":"sideways"}', '["max_per_day"]']
)
def test_what_is_no_server_keeps_no_limit(book, definition):
    """A row that somebody changed by hand stops nobody from lifting a limit."""
    mailer, servers = book
    servers.add("rat", a_server(max_per_day=5), **BY_ANN)
    change(mailer, update(server_table).values(definition=definition))
    assert began(mailer) == []


def test_a_server_that_loses_its_limit_leaves_the_settings_theirs(any_url):
    """The settings' own limit of the account holds at once, and what was taken stays taken."""
    with Mailer(shop(any_url, max_per_day=7)) as mailer:
        mailer.servers.add("rat", a_server(max_per_day=5), by="ann")
        mailer.servers.set("rat", HOST, a_server(), by="ann")
        assert amounts(mailer) == [[7]]


def test_a_server_that_loses_its_limit_leaves_another_ones(book):
    """Another customer's server with the same account has one still; the settings have none."""
    mailer, _ = book
    mailer.servers.add("rat", a_server(max_per_day=5), by="ann")
    mailer.servers.add("cat", a_server(max_per_day=4), by="ann")
    mailer.servers.set("cat", HOST, a_server(), by="ann")
    assert amounts(mailer) == [[5]]
    mailer.servers.set("rat", HOST, a_server(), by="ann")
    assert amounts(mailer) == []


def test_a_server_that_is_removed_leaves_the_limit(any_url):
    """Nobody lifts it: the settings have it still, and a worker that starts finds it as it is."""
    with Mailer(shop(any_url, max_per_day=7)) as mailer:
        mailer.servers.add("rat", a_server(max_per_day=5), by="ann")
        mailer.servers.remove("rat", HOST, by="ann")
        assert (amounts(mailer), began(mailer)) == ([[5]], [[7]])
