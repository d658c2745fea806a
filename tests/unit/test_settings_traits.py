"""Traits that no setting says are told with the preset that they come from (M8)."""

from __future__ import annotations

from mailsend import Mailer, Message, Settings
from mailsend.model.rules import CustomerServer, Rules
from mailsend.model.server import Server
from mailsend.settings import Provenance
from mailsend.settings.traits import traits_of_presets

AMAZON = (
    "preset amazon-ses (2026-11-22, https://docs.aws.amazon.com/ses/latest/dg/header-fields.html,"
    " https://docs.aws.amazon.com/ses/latest/dg/quotas.html)"
)


def settings(**customer):
    return Settings.model_validate(
        {
            "application": {
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthosts": [
                    "smtp://relay.suite.example",
                    "smtp://email-smtp.eu-west-1.amazonaws.com?max_recipients=10",
                ],
            },
            "customers": {"x": customer} if customer else {},
        }
    )


def test_each_trait_of_a_preset_is_told_with_source_and_date():
    """What a preset fills in stands among the settings, and what the URL says does not."""
    told = settings().provenance()

    at = "application.smarthosts[1]"
    assert told[-2:] == (
        Provenance(f"{at}.rewrites", AMAZON, "Message-ID, Date"),
        Provenance(f"{at}.own_message_id", AMAZON, "true"),
    )
    assert not [one for one in told if one.key.endswith("max_recipients")]


def test_a_customers_servers_have_presets_too():
    """The limits of a provider hold for a customer's account there, and numbers are shown plainly."""
    told = settings(server="smtp://smtp.office365.com").provenance()

    found = {one.key: one.shown for one in told if "microsoft-365" in one.origin}
    at = "customers.x.servers[0]"
    assert found == {
        f"{at}.max_connections": "3", f"{at}.max_per_minute": "30", f"{at}.max_recipients_per_day": "10000",
    }  # fmt: skip


def test_the_decision_names_the_preset_behind_a_trait():
    """The decision on routes says which server's traits are a preset's."""
    submission = Mailer(settings()).preview(Message(to="bob@example.org", subject="x", text="x"))

    [facts] = [one["facts"] for one in submission.records() if one["step"] == "routes"]
    assert facts["traits_from"] == {
        "email-smtp.eu-west-1.amazonaws.com:587": {"rewrites": "amazon-ses", "own_message_id": "amazon-ses"}
    }


def test_a_preset_that_is_gone_is_still_named():
    """Rules that an older version made name presets that this one may not know."""
    server = Server(host="x.example", max_per_second=0.5, traits_from=(("max_per_second", "older"),))
    rules: Rules = settings(servers=[CustomerServer(server=server)]).rules

    assert traits_of_presets(rules)[-1] == Provenance(
        "customers.x.servers[0].max_per_second", "preset older", "0.5"
    )
