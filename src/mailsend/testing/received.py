"""What the scripted server took."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Received"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail that the server took.

    ``data`` is the content as it was before dot-stuffing; ``user`` is who logged in, ``tls`` whether
    the connection was encrypted; ``parameters`` are those of MAIL and RCPT.
    """

    reverse_path: str
    recipients: tuple[str, ...]
    data: bytes = field(repr=False)
    user: str | None
    tls: bool
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()
