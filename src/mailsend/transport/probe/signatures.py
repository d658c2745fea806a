"""What became of DKIM signatures on the way, judged by dkimpy (RFC 6376); nothing is asked of the DNS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mailsend.transport.probe.finding import Finding, Level, ProbeCode, ProbeStep

__all__ = ["SIGNATURE_FIELD", "look_at_signatures"]

SIGNATURE_FIELD: Final = "dkim-signature"
_TAG: Final = re.compile(r"(?:\A|;)\s*([ds])\s*=\s*([^;]*)")
_MOST: Final = 20  # signatures that are looked at


def look_at_signatures(
    came: bytes, fields: list[tuple[str, str]], records: Mapping[str, str]
) -> Iterator[Finding]:
    """Give a finding for each of our signatures, and for each that somebody added.

    ``records`` maps ``selector._domainkey.domain`` to the TXT record that publishes our key.
    """
    if not records:
        yield Finding(step=ProbeStep.ROUND_TRIP, level=Level.WARNING, code=ProbeCode.UNSIGNED)
    there = [_name(value) for name, value in fields if name.lower() == SIGNATURE_FIELD][:_MOST]
    for name in records:
        verifies = any(one == name and _verifies(came, at, records) for at, one in enumerate(there))
        yield Finding(
            step=ProbeStep.ROUND_TRIP,
            level=Level.OK if verifies else Level.FAILED,
            code=ProbeCode.SIGNATURE_VERIFIES if verifies else ProbeCode.SIGNATURE_BROKEN,
            facts={"signature": name},
        )
    for name in dict.fromkeys(one for one in there if one not in records):
        yield Finding(
            step=ProbeStep.ROUND_TRIP,
            level=Level.OK,
            code=ProbeCode.SIGNED_BY_SERVER,
            facts={"signature": name},
        )


def _name(value: str) -> str:
    """Give where the key of a signature is published."""
    tags = {name: "".join(text.split()) for name, text in _TAG.findall(value)}
    return f"{tags.get('s', '?')}._domainkey.{tags.get('d', '?')}".lower()


def _verifies(came: bytes, index: int, records: Mapping[str, str]) -> bool:
    import dkim

    def published(name: bytes, timeout: int = 0) -> bytes | None:
        record = records.get(name.decode("ascii", "replace").rstrip(".").lower())
        return None if record is None else record.encode()

    try:
        return bool(dkim.DKIM(came).verify(idx=index, dnsfunc=published))
    except Exception:  # noqa: BLE001  what others wrote may be anything, and is then no signature
        return False
