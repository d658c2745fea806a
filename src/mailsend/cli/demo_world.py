"""Whom the demo is about: an application, two customers, and a mail of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mailsend.cli.demo_pictures import ball, paper, wedge
from mailsend.mailer.looks import templates_for
from mailsend.model.attachment import Attachment
from mailsend.model.message import Message
from mailsend.model.rules import Rules
from mailsend.settings import Settings

__all__ = ["SELECTOR", "Scene", "scenes", "settings_with"]

SELECTOR: Final = "demo"
_RAT: Final = "operations-the-rat.example"
_BAKERY: Final = "morning-bakery.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One mail of the demo: what is asked, said in a line, and the name of its files."""

    name: str
    title: str
    message: Message


def settings_with(smarthost: str, key: str) -> Settings:
    """Give the settings: one smarthost, one DKIM key (PEM) for every domain, two customers."""
    return Settings.model_validate(
        {
            "application": {
                "name": "Acme Suite",
                "fallback_sender": "Acme Suite <no-reply@suite.example>",
                "allowed_domains": ["suite.example"],
                "admin_address": "postmaster@suite.example",
                "smarthosts": [smarthost],
                "dkim_keys": [{"domains": ["*"], "selector": SELECTOR, "key": key}],
                "branding": {"legal_notice": "Sent by Acme Suite."},
            },
            "customers": {
                "ratcatcher": _customer(
                    "Operations the Rat", _RAT, "#7a3b12", wedge((122, 59, 18)), "+41 44 000 00 01"
                ),
                "bakery": _customer(
                    "Morning Bakery", _BAKERY, "#0b6e4f", ball((11, 110, 79)), "+41 44 000 00 02"
                ),
            },
        }
    )


def scenes(rules: Rules) -> tuple[Scene, Scene]:
    """Give the two mails: a sender that is allowed, and one that must be rewritten."""
    return (
        Scene(
            name="allowed",
            title="Operations the Rat sends an order confirmation from its own domain",
            message=_message(
                rules,
                customer="ratcatcher",
                template="order-confirmation",
                from_=f"Operations the Rat <office@{_RAT}>",
                paper_name="order.pdf",
            ),
        ),
        Scene(
            name="rewritten",
            title="Morning Bakery sends an invoice; somebody typed ann.meier@gmail.com",
            message=_message(
                rules,
                customer="bakery",
                template="invoice",
                from_="Ann Meier <ann.meier@gmail.com>",
                actor="ann",
                paper_name="invoice.pdf",
            ),
        ),
    )


def _customer(name: str, domain: str, colour: str, logo: bytes, phone: str) -> dict[str, Any]:
    return {
        "allowed_domains": [domain],
        "fallback_sender": f"{name} <post@{domain}>",
        "admin_address": f"admin@{domain}",
        "proved_for_smarthost": [domain],
        "branding": {
            "partner_name": name,
            "contact": f"Your team at {name}",
            "support_phone": phone,
            "support_email": f"help@{domain}",
            "logo": {"data": logo, "filename": "logo.png"},
            "colors": {"primary": colour},
        },
    }


def _message(
    rules: Rules,
    *,
    customer: str,
    template: str,
    from_: str,
    actor: str | None = None,
    paper_name: str,
) -> Message:
    values = templates_for(rules.scope(customer)).sample(template)
    ((kind, paid),) = values.items()
    lines = (f"{kind.title()} {paid['number']}", f"Total: {paid['currency']} {paid['total']:,.2f}")
    return Message(
        from_=from_,
        to="Bob Miller <bob@example.org>",
        customer=customer,
        actor=actor,
        template=template,
        values=values,
        attachments=(Attachment.from_bytes(paper(lines), filename=paper_name),),
    )
