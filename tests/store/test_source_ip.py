"""The address that an attempt came from: the log holds it, and finds by it."""

from __future__ import annotations

import pytest
from queue_shop import a_mail, settings

from mailsend import Mailer, Settings
from mailsend.testing import ScriptedServer

ONE, TWO = "127.0.0.2", "127.0.0.3"  # loopback has more than one address


def mailer_at(server, source, url):
    where = f"{server.url}{'&' if '?' in server.url else '?'}source_address={source}"
    return Mailer(Settings.model_validate(settings(where, store=url)))


def sources(mailer, id):
    return [one.source_ip for one in mailer.journal.get(id).attempts]


def test_the_log_holds_the_address_that_an_attempt_came_from(any_url):
    """Each attempt is kept with this end's address, on a new connection and on one that was open already."""
    with ScriptedServer() as server, mailer_at(server, ONE, any_url) as mailer:
        first, second = (mailer.enqueue(a_mail()) for _ in range(2))
        sent = mailer.send(a_mail())
        mailer.deliver_due()
        assert [one.source_ip for one in sent.attempts] == [ONE]
        assert [sources(mailer, one) for one in (first, second, sent.id)] == [[ONE], [ONE], [ONE]]
        assert {one.id for one in mailer.journal.search(f"source-ip:{ONE}").mails} == {first, second, sent.id}
        assert mailer.journal.search(f"source-ip:{TWO}").mails == ()


@pytest.mark.parametrize("fault", ["greet-554", "rcpt-550"])
def test_who_is_turned_away_is_told_with_its_address(any_url, fault):
    """Where a server turns this machine away, the log says by which of its addresses it came."""
    with ScriptedServer(faults=(fault,)) as server, mailer_at(server, TWO, any_url) as mailer:
        id = mailer.enqueue(a_mail())
        mailer.deliver_due()
        assert sources(mailer, id) == [TWO]
        assert mailer.journal.get(id).attempts[0].reply


def test_no_connection_has_no_address(any_url):
    """What came to no connection, or needs none, came from no address."""
    with ScriptedServer() as server:
        gone = server.url
    for url in (gone, "memory:"):
        with Mailer(Settings.model_validate(settings(url, store=any_url))) as mailer:
            id = mailer.enqueue(a_mail())
            mailer.deliver_due()
            assert sources(mailer, id) == [""]
