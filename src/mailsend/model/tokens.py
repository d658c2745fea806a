"""Access tokens in place of a password: what each is, and where they come from (RFC 6749, 6750)."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeAlias

from mailsend.model.secret import Secret

__all__ = [
    "GOOGLE_SCOPE",
    "MICROSOFT_AUTHORITY",
    "MICROSOFT_SCOPE",
    "AccessToken",
    "GoogleServiceAccount",
    "Microsoft365",
    "NamedProvider",
    "TokenNotGiven",
    "TokenProvider",
    "TokenSource",
    "identity_of",
]

MICROSOFT_AUTHORITY: Final = "https://login.microsoftonline.com"
MICROSOFT_SCOPE: Final = "https://outlook.office365.com/.default"
GOOGLE_SCOPE: Final = "https://mail.google.com/"

_TOKEN: Final = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What logs in until ``expires_at``, a time with its zone.

    ``None`` says that nobody knows how long; then another is asked for at each log-in. Raises
    ValueError, which never shows the token.
    """

    value: Secret
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.value, Secret):
            object.__setattr__(self, "value", Secret(self.value))
        if not _TOKEN.match(self.value.reveal()):
            raise ValueError("an access token is printable ASCII without spaces (RFC 6750, section 2.1)")
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise ValueError("expires_at needs its time zone, as in datetime.now(UTC)")


class TokenProvider(Protocol):
    """A function that gives an access token, plain or ``async``; a plain one is called in a thread.

    It is hashable, as functions are, and asked again before its token expires. It raises
    TokenNotGiven, or anything else, where it has none.
    """

    def __call__(self) -> AccessToken | Awaitable[AccessToken]:
        """Give a token that has not been given before, where the last one was refused or expires."""
        ...


class TokenNotGiven(Exception):
    """There is no token: raised by providers, and told in the attempt's reason and advice.

    ``why`` is shown, so it holds no secret; ``lasting`` says that it will not mend by itself.
    """

    def __init__(self, why: str, *, lasting: bool = False, advice: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.lasting = lasting
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Microsoft365:
    """An application of Microsoft Entra ID that sends in its own name (client credentials).

    ``client_secret``, or ``certificate``: PEM with the private key and its certificate. Another cloud
    has another ``authority`` and ``scope``.
    """

    tenant: str
    client_id: str
    client_secret: Secret | None = None
    certificate: Secret | None = None
    authority: str = MICROSOFT_AUTHORITY
    scope: str = MICROSOFT_SCOPE

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it this one, and its secret."""
        secret = self.client_secret or self.certificate or Secret("")
        return f"{self.authority} {self.tenant} {self.client_id} {self.scope}", secret.reveal()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleServiceAccount:
    """A service account of Google with domain-wide delegation, acting for ``subject``.

    ``key`` is the JSON of its key file.
    """

    key: Secret
    subject: str = field(default="", repr=False)
    scope: str = GOOGLE_SCOPE

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it this one, and its secret."""
        return f"google {self.subject} {self.scope}", self.key.reveal()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProvider:
    """A token provider by its dotted path, as settings name it: ``package.module:function``."""

    call: str

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it this one; it has no secret that we know of."""
        return self.call, ""


TokenSource: TypeAlias = Microsoft365 | GoogleServiceAccount | NamedProvider


def identity_of(provider: TokenProvider | TokenSource) -> tuple[str, str]:
    """Give what makes a provider this one, and its secret, for a server's fingerprint."""
    if isinstance(provider, TokenSource):
        return provider.identity
    named = provider if hasattr(provider, "__qualname__") else type(provider)
    return f"{named.__module__}:{getattr(named, '__qualname__', '')}", ""
