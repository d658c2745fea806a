"""What a probe finds: one value for each step, with a stable code and words (S1, M9, M12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mailsend.model.decision import Facts
from mailsend.model.frozen import FrozenDict
from mailsend.model.words import advice_in, catalogue, phrase

__all__ = ["Finding", "Level", "ProbeCode", "ProbeStep"]


class ProbeStep(StrEnum):
    """What a probe looks at, in this order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RELAY = "relay"
    ROUND_TRIP = "round_trip"


class Level(StrEnum):
    """How good a finding is: a warning lets a server be verified, a failure does not."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class ProbeCode(StrEnum):
    """What was found; a step that a server fails has the verdict's reason as its code instead."""

    NO_NETWORK = "no_network"
    RESOLVED = "resolved"
    CONNECTED = "connected"
    TLS_VERIFIED = "tls_verified"
    CERTIFICATE_ENDS_SOON = "certificate_ends_soon"
    TLS_NOT_VERIFIED = "tls_not_verified"
    TLS_LOOPBACK = "tls_loopback"
    TLS_MISSING = "tls_missing"
    EXTENSIONS = "extensions"
    LOGGED_IN = "logged_in"
    NO_LOG_IN = "no_log_in"
    SENDER_ACCEPTED = "sender_accepted"
    NO_SENDER = "no_sender"
    RELAY_REFUSED = "relay_refused"
    RELAY_PUT_OFF = "relay_put_off"
    RELAY_ACCEPTED = "relay_accepted"
    RELAY_UNTRIED = "relay_untried"
    TEST_MODE = "test_mode"
    NOT_SENT = "not_sent"
    NOT_ARRIVED = "not_arrived"
    ARRIVED = "arrived"
    REVERSE_PATH_KEPT = "reverse_path_kept"
    REVERSE_PATH_REPLACED = "reverse_path_replaced"
    REVERSE_PATH_UNTOLD = "reverse_path_untold"
    FIELD_KEPT = "field_kept"
    FIELD_REPLACED = "field_replaced"
    FROM_REPLACED = "from_replaced"
    FIELDS_CHANGED = "fields_changed"
    FIELDS_REMOVED = "fields_removed"
    FIELDS_ADDED = "fields_added"
    BODY_KEPT = "body_kept"
    BODY_CHANGED = "body_changed"
    SIGNATURE_VERIFIES = "signature_verifies"
    SIGNATURE_BROKEN = "signature_broken"
    UNSIGNED = "unsigned"
    SIGNED_BY_SERVER = "signed_by_server"
    AUTHENTICATION_RESULTS = "authentication_results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step showed.

    ``code`` is a ProbeCode, or the reason of the verdict where the server failed the step. ``facts``
    are JSON values; ``advice`` says in English what to do, and is empty where nothing is.
    """

    step: ProbeStep
    level: Level
    code: StrEnum
    facts: Facts = field(default_factory=FrozenDict)
    advice: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", FrozenDict(self.facts))
        if not self.advice and isinstance(self.code, ProbeCode):
            object.__setattr__(self, "advice", phrase(f"probe.advice.{self.code}", self.facts, "en"))

    def explain(self, locale: str = "en") -> str:
        """Say in words what was found, in English or German."""
        known = isinstance(self.code, ProbeCode)
        told = phrase(f"probe.{self.code}" if known else f"probe.failed.{self.step}", self.facts, locale)
        reply = "" if known or not self.facts.get("reply") else phrase("probe.said", self.facts, locale)
        return f"{told} {reply}".rstrip()

    def advise(self, locale: str = "en") -> str:
        """Say in words what to do, in English or German; empty where nothing is."""
        if isinstance(self.code, ProbeCode):
            return phrase(f"probe.advice.{self.code}", self.facts, locale)
        return advice_in(str(self.code), locale) or self.advice

    def title(self, locale: str = "en") -> str:
        """Give the name of the step for people."""
        return catalogue(locale)[f"probe.step.{self.step}"]

    def as_dict(self, locale: str = "en") -> dict[str, Any]:
        """Give this as JSON values, with its words."""
        return {
            "step": str(self.step),
            "level": str(self.level),
            "code": str(self.code),
            "facts": dict(self.facts),
            "words": self.explain(locale),
            "advice": self.advise(locale),
        }
