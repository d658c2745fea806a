"""What rules allow and people may not have meant."""

from __future__ import annotations

from mailsend.model.rules import Rules
from mailsend.model.secret import SHORTEST_KEY
from mailsend.model.server import Server, ServerKind, TlsMode
from mailsend.settings.finding import Finding

__all__ = ["worth_a_look"]

_WEAK = (TlsMode.DANGEROUS_NONE, TlsMode.DANGEROUS_OPPORTUNISTIC)


def worth_a_look(rules: Rules) -> tuple[Finding, ...]:
    """Give a finding for each setting that does less, or lets through more, than it seems to."""
    return (*_of_application(rules), *_of_servers(rules))


def _of_application(rules: Rules) -> list[Finding]:
    application, findings = rules.application, []
    if not application.smarthosts:
        findings.append(
            Finding(
                where="application.smarthosts",
                what="there is no smarthost, so mail that no released server of its customer takes is refused",
                advice="Set application.smarthosts, or SMTP_URL in the environment.",
            )
        )
    findings += [
        Finding(
            where=f"application.secret_keys[{n}]",
            what=f"a key of fewer than {SHORTEST_KEY} characters can be guessed, and is not used",
            advice="Make a longer one, and put it first.",
        )
        for n, one in enumerate(application.secret_keys)
        if len(one.reveal()) < SHORTEST_KEY
    ]
    if application.test_mode.enabled:
        findings.append(
            Finding(
                where="application.test_mode",
                what=f"test mode is on: all mail goes to {application.test_mode.recipient}",
                advice="Set enabled = false to send to the real recipients.",
            )
        )
    return findings


def _of_servers(rules: Rules) -> list[Finding]:
    findings: list[Finding] = []
    named: list[tuple[str, Server]] = [
        (f"application.smarthosts[{n}]", one) for n, one in enumerate(rules.application.smarthosts)
    ]
    for name, customer in rules.customers.items():
        named += [(f"customers.{name}.servers[{n}]", one.server) for n, one in enumerate(customer.servers)]
        # With a store the state stands there, and `mailsend server list` tells it.
        if customer.servers and not customer.server_released and rules.application.store is None:
            findings.append(
                Finding(
                    where=f"customers.{name}.servers",
                    what="the server is not released, so it is not used",
                    advice="Set server_released = true once it has been checked.",
                )
            )
    keyless = rules.application.store is not None and not rules.application.secret_keys
    findings += [
        Finding(
            where=f"customers.{name}.servers",
            what="they have accounts, and without a secret key the store cannot keep how far they have come",
            advice="Set application.secret_keys_file.",
        )
        for name, customer in rules.customers.items()
        if keyless and any(one.server.credentials is not None for one in customer.servers)
    ]
    findings += [
        Finding(
            where=where,
            what=f"tls={one.tls}: others can read the mail on its way to {one.name}",
            advice="Take tls and dangerous out of its URL.",
        )
        for where, one in named
        if one.kind is ServerKind.SMTP and one.tls in _WEAK and not one.is_loopback
    ]
    return findings
