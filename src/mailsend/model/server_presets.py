"""What large providers demand of those who send through them, as data with source and date (M8).

A preset's traits hold where the settings of a server say nothing; what the settings say wins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

__all__ = ["PRESETS", "Preset", "preset_for", "preset_for_greeting", "preset_named", "traits_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The traits of one provider's servers.

    ``hosts`` are their names, in which a star stands for one or more labels. ``sources`` are where
    the facts were read, and ``date`` when. ``note`` says what no trait can.
    """

    name: str
    hosts: tuple[str, ...]
    sources: tuple[str, ...]
    date: date
    traits: Mapping[str, Any]
    note: str = ""

    def covers(self, host: str) -> bool:
        """Whether ``host`` (lower case, without a dot at its end) is one of its servers."""
        return any(_fits(pattern, host) for pattern in self.hosts)


_READ: Final = date(2026, 11, 22)

PRESETS: Final[tuple[Preset, ...]] = (
    Preset(
        name="microsoft-365",
        hosts=("smtp.office365.com",),
        sources=(
            "https://learn.microsoft.com/en-us/exchange/troubleshoot/send-emails/smtp-submission-improvements",
            "https://learn.microsoft.com/en-us/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits#sending-limits-1",
        ),
        date=_READ,
        traits=MappingProxyType(
            {"max_connections": 3, "max_per_minute": 30.0, "max_recipients_per_day": 10_000.0}
        ),
        note="The limits are those of one mailbox that logs in. A connector on *.mail.protection.outlook.com"
        " has none in figures.",
    ),
    Preset(
        name="google-workspace",
        hosts=("smtp.gmail.com",),
        sources=("https://support.google.com/a/answer/166852",),
        date=_READ,
        traits=MappingProxyType(
            {"max_recipients": 100, "max_per_day": 2000.0, "max_recipients_per_day": 10_000.0}
        ),
        note="The limits are those of one Workspace account; a trial or a private account has 500 mails a day.",
    ),
    Preset(
        name="google-relay",
        hosts=("smtp-relay.gmail.com",),
        sources=("https://support.google.com/a/answer/2956491",),
        date=_READ,
        traits=MappingProxyType({"max_recipients_per_day": 4_600_000.0}),
        note="The limit is that of the organisation, for the largest; Google may set it lower. A user of"
        " Workspace whose address is the reverse-path has 10,000 mails a day.",
    ),
    Preset(
        name="amazon-ses",
        hosts=("email-smtp.*.amazonaws.com",),
        sources=(
            "https://docs.aws.amazon.com/ses/latest/dg/header-fields.html",
            "https://docs.aws.amazon.com/ses/latest/dg/quotas.html",
        ),
        date=_READ,
        traits=MappingProxyType(
            {"rewrites": ("Message-ID", "Date"), "own_message_id": True, "max_recipients": 50}
        ),
        note="How many mails a second and a day are agreed with Amazon for each account: set max_per_second"
        " and max_recipients_per_day to them.",
    ),
    Preset(
        name="postfix",
        hosts=(),
        sources=("https://www.postfix.org/postconf.5.html",),
        date=_READ,
        # smtpd_client_connection_count_limit and smtpd_recipient_limit as Postfix comes.
        traits=MappingProxyType({"max_connections": 50, "max_recipients": 1000}),
        note="These are the most that Postfix takes as it comes; whoever runs it may have set others.",
    ),
)

_POSTFIX: Final = re.compile(r"\bPostfix\b")
_STAR: Final = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*"


def preset_for(host: str) -> Preset | None:
    """Give the preset for a server by its name, in any case, or ``None`` where there is none."""
    name = host.lower().removesuffix(".")
    return next((one for one in PRESETS if one.covers(name)), None)


def preset_for_greeting(text: str) -> Preset | None:
    """Give the preset that a server's greeting names, for people to look at; it is never applied."""
    return preset_named("postfix") if _POSTFIX.search(text[:512]) else None


def preset_named(name: str) -> Preset | None:
    """Give the preset with this name."""
    return next((one for one in PRESETS if one.name == name), None)


def traits_for(host: str, said: Collection[str]) -> dict[str, Any]:
    """Give what fills in the options of a server at ``host`` whose settings say ``said``.

    ``traits_from`` in it holds, for each trait that was filled in, the preset's name.
    """
    preset = preset_for(host)
    filled = {} if preset is None else {k: v for k, v in preset.traits.items() if k not in said}
    if preset is None or not filled:
        return {}
    return {**filled, "traits_from": tuple((trait, preset.name) for trait in filled)}


def _fits(pattern: str, host: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", _STAR), host) is not None
