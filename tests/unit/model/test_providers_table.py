"""The dated table of who receives mail."""

from __future__ import annotations

from datetime import date

import pytest

from mailsend.model.domain import Domain
from mailsend.model.freemail import is_freemail
from mailsend.model.providers import AS_OF, BY_DOMAIN, provider_by_mx


def test_the_table_has_a_date_and_names_domains_as_the_store_does():
    """A-labels in lower case, each once, most of them free mail."""
    assert date.fromisoformat(AS_OF)
    assert [one for one in BY_DOMAIN if Domain.parse(one).ascii != one] == []
    assert (BY_DOMAIN["gmail.com"], BY_DOMAIN["hotmail.ch"], BY_DOMAIN["gmx.ch"]) == (
        "Gmail",
        "Microsoft",
        "GMX",
    )
    assert sum(is_freemail(Domain(one)) for one in BY_DOMAIN) > len(BY_DOMAIN) * 0.9


@pytest.mark.parametrize(
    ("hosts", "provider"),
    [
        ([], ""),
        (["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "Google"),
        (["SMTP.Google.com."], "Google"),
        (["acme-ch.mail.protection.outlook.com"], "Microsoft 365"),
        (["hotmail-com.olc.protection.outlook.com"], "Microsoft"),
        (["acme-ch.k-v1.mx.microsoft"], "Microsoft 365"),
        (["mx1.filter.example", "acme-ch.mail.protection.outlook.com"], "Microsoft 365"),
        (["mx00.t-online.de"], "Telekom"),
        (["notgoogle.com"], "notgoogle.com"),
        (["mx1.eu.mailhost.co.uk", "mx2.other.example"], "mailhost.co.uk"),
        (["a..b"], "a..b"),
        (["under_score"], "under_score"),
    ],
)
def test_mail_servers_tell_their_provider(hosts, provider):
    """By the longest suffix that is known; else the organisation of the first one, whatever it is called."""
    assert provider_by_mx(hosts) == provider
