"""The duty that finds out who receives mail for a domain, at a real name server."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kept_mails import rows
from name_server import SILENT, NameServer

from mailsend import Mailer, Message, Settings
from mailsend.care import DUTIES
from mailsend.care.providers import PROVIDERS, look_up_providers
from mailsend.doctor.dns import Resolver
from mailsend.mailer.clock import utc_now
from mailsend.store.schema.upkeep import provider
from mailsend.store.times import moment

ZONE = {
    "acme.ch": "acme.ch. 60 IN MX 10 acme-ch.mail.protection.outlook.com.",
    "rat.ch": "rat.ch. 172800 IN MX 10 mx1.mailhost.co.uk.\nrat.ch. 172800 IN MX 5 mx0.mailhost.co.uk.",
    "alone.ch": "alone.ch. 99999999 IN A 192.0.2.1",
    "null.ch": "null.ch. 3600 IN MX 0 .",
    "web.ch": "web.ch. 3600 IN TXT hello",
    "silent.ch": SILENT,
    "broken.ch": "SERVFAIL",
}
DAY = timedelta(days=1)


@pytest.fixture
def mailer(url):
    """Give a Mailer whose store has mail for all kinds of domains."""
    settings = Settings.model_validate(
        {
            "application": {
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthosts": ["memory:"],
                "store": url,
            }
        }
    )
    with Mailer(settings) as opened:
        yield opened


def _write_to(mailer, *domains):
    mailer.enqueue_many(Message(to=f"bob@{one}", subject="Hello", text="Hello") for one in domains)


def _known(mailer):
    store = mailer._core.store_door.open("a test")
    return {one.domain: (one.provider, one.source, one.until) for one in rows(store, provider)}


@pytest.fixture
def name_server():
    """Give a name server, a resolver that asks it, and one for names of which it says nothing."""
    server = NameServer(ZONE)
    with server.running() as address:
        server.resolver = Resolver((address,))
        server.hasty_resolver = Resolver((address,), timeout=0.2)
        yield server


def test_a_provider_is_found_for_every_domain(mailer, name_server):
    """By the table, by the mail servers, by the domain's own address; each holds a day to a week."""
    now = utc_now()
    _write_to(mailer, "gmail.com", "acme.ch", "rat.ch", "alone.ch", "null.ch", "web.ch", "gone.ch")
    told = look_up_providers(mailer, now, resolver=name_server.resolver)
    assert told == {"table": 1, "mx": 3, "none": 3, "unanswered": 0}
    assert _known(mailer) == {
        "gmail.com": ("Gmail", "table", moment(now + 7 * DAY)),
        "acme.ch": ("Microsoft 365", "mx", moment(now + DAY)),
        "rat.ch": ("mailhost.co.uk", "mx", moment(now + 2 * DAY)),
        "alone.ch": ("alone.ch", "mx", moment(now + DAY)),
        "null.ch": ("", "none", moment(now + DAY)),
        "web.ch": ("", "none", moment(now + DAY)),
        "gone.ch": ("", "none", moment(now + DAY)),
    }
    assert [one.id for one in mailer.journal.search('provider:"microsoft*"').mails] == [
        one.id for one in mailer.journal.search("domain:acme.ch").mails
    ]
    assert mailer.journal.case("domain:rat.ch").summary["providers"] == ["mailhost.co.uk"]


def test_nobody_is_asked_twice_before_it_is_time(mailer, name_server):
    """Domains of the table are never asked for, others when what is known has run out."""
    now = utc_now()
    _write_to(mailer, "gmail.com", "acme.ch", "acme.ch", "x.example", "printer.local")
    look_up_providers(mailer, now, resolver=name_server.resolver)
    assert name_server.asked == ["MX acme.ch"]
    assert (
        look_up_providers(mailer, now + DAY - timedelta(seconds=1), resolver=name_server.resolver)["mx"] == 0
    )
    assert look_up_providers(mailer, now + DAY, resolver=name_server.resolver)["mx"] == 1
    assert name_server.asked == ["MX acme.ch"] * 2


def test_silence_changes_nothing_that_is_known(mailer, name_server):
    """It is asked again after an hour, and until then what was known goes on to hold."""
    now = utc_now()
    _write_to(mailer, "acme.ch")
    assert look_up_providers(mailer, now, resolver=name_server.resolver)["mx"] == 1
    _write_to(mailer, "silent.ch", "broken.ch")
    assert look_up_providers(mailer, now, resolver=name_server.hasty_resolver)["unanswered"] == 2
    assert _known(mailer)["silent.ch"] == ("", "none", moment(now + timedelta(hours=1)))
    name_server.zone["acme.ch"] = SILENT
    later = now + 2 * DAY
    told = look_up_providers(mailer, later, resolver=name_server.hasty_resolver)
    assert told == {"table": 0, "mx": 0, "none": 0, "unanswered": 3}
    assert _known(mailer)["acme.ch"] == ("Microsoft 365", "mx", moment(later + timedelta(hours=1)))


def test_the_duty_is_done_by_workers():
    """It is among the duties, every ten minutes."""
    assert PROVIDERS in DUTIES
    assert (PROVIDERS.name, PROVIDERS.every) == ("providers", 600.0)
