"""What a probe of a server found, in English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SERVER_WORDS"]

SERVER_WORDS: Mapping[str, str] = {
    "probe.step.resolve": "Name",
    "probe.step.connect": "Connection",
    "probe.step.tls": "TLS",
    "probe.step.ehlo": "Extensions",
    "probe.step.auth": "Log-in",
    "probe.step.mail": "Sender",
    "probe.step.relay": "Relaying",
    "probe.step.round_trip": "Round trip",
    # where a step failed; the verdict's advice follows
    "probe.failed.resolve": "The name {host} led to no address that may be used.",
    "probe.failed.connect": "No conversation came about with {host} on port {port}.",
    "probe.failed.tls": "No connection that can be trusted came about{certificate}.",
    "probe.failed.ehlo": "The server did not answer EHLO as it should.",
    "probe.failed.auth": "The log-in did not succeed (offered: {offered}).",
    "probe.failed.mail": "The sender {sender} was not accepted.",
    "probe.failed.relay": "The recipient {recipient} was not asked about.",
    "probe.failed.round_trip": "The marked mail was not accepted.",
    "probe.proposals": "What this speaks for",
    # what is wrong with a certificate that was not trusted
    "probe.certificate.ended": "It ended on {ends}.",
    "probe.certificate.not_begun": "It holds from {starts} only.",
    "probe.certificate.other_name": "It is for {names}, not for {host}.",
    "probe.certificate.self_signed": "It vouches for itself.",
    "probe.certificate.unknown_authority": "No authority that is trusted here vouches for it.",
    "probe.said": "The server said: {reply}",
    # what was found
    "probe.no_network": "{kind}: reaches no server, so there is nothing to probe.",
    "probe.advice.no_network": "Probe a server that is reached by smtp:// or smtps://.",
    "probe.resolved": "{host} is at {addresses}.",
    "probe.advice.resolved": "",
    "probe.connected": "{address} answered on port {port}: {greeting}",
    "probe.advice.connected": "",
    "probe.tls_verified": (
        "{version} with {cipher}; the certificate of {subject} is for {name} and good for {days} more days."
    ),
    "probe.advice.tls_verified": "",
    "probe.certificate_ends_soon": (
        "{version} with {cipher}; the certificate of {subject} is for {name} and ends in {days} days."
    ),
    "probe.advice.certificate_ends_soon": "Have whoever runs the server renew its certificate.",
    "probe.tls_not_verified": "{version} with {cipher}, but nobody checked whose certificate it is.",
    "probe.advice.tls_not_verified": "Take tls=opportunistic out of the server's URL.",
    "probe.tls_loopback": "No TLS: the server stands on this machine.",
    "probe.advice.tls_loopback": "",
    "probe.tls_missing": "No TLS: others can read the mail on its way.",
    "probe.advice.tls_missing": "Take tls and dangerous out of the server's URL.",
    "probe.extensions": "It offers {extensions}.",
    "probe.advice.extensions": "",
    "probe.logged_in": "The account was let in (offered: {offered}).",
    "probe.advice.logged_in": "",
    "probe.no_log_in": "No account is set, so there was no log-in (offered: {offered}).",
    "probe.advice.no_log_in": "",
    "probe.sender_accepted": "The sender {sender} was accepted.",
    "probe.advice.sender_accepted": "",
    "probe.no_sender": "No sender of the customer is known, so none was tried.",
    "probe.advice.no_sender": (
        "Name one (--from, mail_from), or set the customer's fallback_sender in one of its domains."
    ),
    "probe.relay_refused": (
        "Without a log-in it refuses {recipient}: no open relay, as far as one recipient can show."
    ),
    "probe.advice.relay_refused": "",
    "probe.relay_put_off": "Without a log-in it put {recipient} off, which shows nothing.",
    "probe.advice.relay_put_off": "Ask again later.",
    "probe.relay_accepted": (
        "Without a log-in it accepted {recipient}. It may relay for anybody, or for this machine's address"
        " alone, or refuse the mail after its content, which was not sent."
    ),
    "probe.advice.relay_accepted": "Ask who runs it for whom it relays, or ask again from another network.",
    "probe.relay_untried": "Whether it relays could not be asked: a connection without a log-in was cut short.",
    "probe.advice.relay_untried": "Ask again later.",
    "probe.test_mode": "Test mode is on, so the marked mail would have gone to the test address.",
    "probe.advice.test_mode": "Switch test mode off for the customer, or verify without the round trip.",
    "probe.not_sent": "The marked mail was not sent: {why}",
    "probe.advice.not_sent": "Look at the reason; nothing went out.",
    "probe.not_arrived": "The marked mail was accepted ({queue}) and did not arrive within {seconds} seconds.",
    "probe.advice.not_arrived": (
        "Look into the server's log, and whether the bounce address leads to the bounce mailbox."
    ),
    "probe.arrived": "The marked mail arrived after {seconds} seconds.",
    "probe.advice.arrived": "",
    "probe.reverse_path_kept": "The reverse-path {value} arrived unchanged.",
    "probe.advice.reverse_path_kept": "",
    "probe.reverse_path_replaced": "The reverse-path {sent} became {came}.",
    "probe.advice.reverse_path_replaced": (
        "Where it is the account's address, set mail_from=login; else bounces go astray."
    ),
    "probe.reverse_path_untold": "The mailbox keeps no Return-Path, so the reverse-path is not known.",
    "probe.advice.reverse_path_untold": "Have the mailbox's server write Return-Path (RFC 5321, 4.4).",
    "probe.field_kept": "{field} arrived unchanged.",
    "probe.advice.field_kept": "",
    "probe.field_replaced": "{field} was {sent} and became {came}.",
    "probe.advice.field_replaced": "Set the trait that is proposed, so that the field is not signed.",
    "probe.from_replaced": "From was {sent} and became {came}.",
    "probe.advice.from_replaced": "Have the account allowed to send as this address, or use another server.",
    "probe.fields_changed": "Changed on the way: {fields}.",
    "probe.advice.fields_changed": "Set rewrites to these names, so that they are not signed.",
    "probe.fields_removed": "Removed on the way: {fields}.",
    "probe.advice.fields_removed": "Set rewrites to these names, so that they are not signed.",
    "probe.fields_added": "Added on the way: {fields}.",
    "probe.advice.fields_added": "",
    "probe.body_kept": "The body arrived unchanged.",
    "probe.advice.body_kept": "",
    "probe.body_changed": "The body was changed on the way.",
    "probe.advice.body_changed": "Have footers and content filters switched off for this account.",
    "probe.signature_verifies": "The signature of {signature} verifies.",
    "probe.advice.signature_verifies": "",
    "probe.signature_broken": "The signature of {signature} does not verify any more.",
    "probe.advice.signature_broken": "Set the traits that are proposed, then verify again.",
    "probe.unsigned": "The marked mail bore no signature of ours.",
    "probe.advice.unsigned": "Give the customer a DKIM key, so that the signature can be looked at.",
    "probe.signed_by_server": "The server signs as well: {signature}.",
    "probe.advice.signed_by_server": "",
    "probe.authentication_results": "The receiving side says: {results}",
    "probe.advice.authentication_results": "",
}
