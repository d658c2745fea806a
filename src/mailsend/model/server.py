"""A server that may carry mail: where it is, how it is secured, and its habits (M8, M10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mailsend.model.address import DomainPattern
from mailsend.model.secret import Secret
from mailsend.model.tokens import TokenProvider, TokenSource, identity_of

if TYPE_CHECKING:
    from mailsend.model.internal_network import InternalNetwork

__all__ = [
    "AuthMethod",
    "Credentials",
    "Pipelining",
    "Server",
    "ServerKind",
    "ServerState",
    "TlsMode",
]


class ServerKind(StrEnum):
    """What stands behind a server URL."""

    SMTP = "smtp"
    MEMORY = "memory"
    FILE = "file"
    CONSOLE = "console"


class TlsMode(StrEnum):
    """How the connection is secured; the last two say themselves that they are dangerous."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    DANGEROUS_OPPORTUNISTIC = "opportunistic"
    DANGEROUS_NONE = "none"


class AuthMethod(StrEnum):
    """How we log in (RFC 4954, 4616, 2195, 7628)."""

    PLAIN = "plain"
    LOGIN = "login"
    CRAM_MD5 = "cram-md5"
    XOAUTH2 = "xoauth2"
    OAUTHBEARER = "oauthbearer"


class Pipelining(StrEnum):
    """How far commands are sent ahead of their replies (RFC 2920, M22)."""

    ACROSS = "across"
    WITHIN = "within"
    OFF = "off"


class ServerState(StrEnum):
    """How far a customer's server has come (S1); only a released one carries mail."""

    LOCKED = "locked"
    ENTERED = "entered"
    VERIFIED = "verified"
    RELEASED = "released"


_NO_PASSWORD: Final = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The account that we log in with: by ``password``, or by access tokens of ``token_provider``.

    With ``auth`` XOAUTH2 or OAUTHBEARER a password is an access token itself. Raises ValueError where
    both are given, and TypeError for a provider that cannot be called or hashed.
    """

    user: str = field(repr=False)  # some providers take a token as user and as password
    password: Secret = _NO_PASSWORD
    token_provider: TokenProvider | TokenSource | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token_provider is None:
            return
        if self.password:
            raise ValueError("an account has a password or a token provider, not both")
        if not (isinstance(self.token_provider, TokenSource) or callable(self.token_provider)):
            raise TypeError("a token provider is a function that gives an AccessToken")
        hash(self.token_provider)  # servers are compared, and their tokens kept, by value


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server. Times are in seconds; ``None`` and 0 in the limits mean no limit of ours.

    ``timeout`` shortens every step but the final dot, ``dot_timeout`` that (RFC 5321, 4.5.3.2).
    ``ca`` is PEM text, ``pin`` the SHA-256 of the public key in hexadecimal digits; ``tls_name`` is the
    name that the certificate is for. ``guarded``: a customer entered it, so each address is looked at,
    and only ``internal_networks`` may lie inside (M10). ``traits_from`` names the preset behind a trait.
    """

    kind: ServerKind = ServerKind.SMTP
    host: str = ""
    port: int = 0
    tls: TlsMode = TlsMode.STARTTLS
    credentials: Credentials | None = None
    auth: AuthMethod | None = None
    folder: str = ""
    timeout: float | None = None
    dot_timeout: float = 600.0
    local_hostname: str | None = None
    source_address: str | None = None
    ca_file: str | None = None
    ca: str | None = field(default=None, repr=False)
    pin: str | None = None
    tls_name: str | None = None
    guarded: bool = False
    internal_networks: tuple[InternalNetwork, ...] = ()
    signs: bool = False
    rewrites: tuple[str, ...] = ()
    own_message_id: bool = False
    mail_from: str = ""
    senders: tuple[str, ...] = ()
    pipelining: Pipelining | None = None
    max_connections: int = 4
    max_messages: int = 100
    max_recipients: int = 100
    max_per_second: float | None = None
    max_per_minute: float | None = None
    max_per_day: float | None = None
    max_recipients_per_day: float | None = None
    internal_domains: tuple[DomainPattern, ...] = ()
    label: str = field(default="", compare=False)
    traits_from: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def __hash__(self) -> int:
        # Of where it is alone: a hash of all fields would cost each mail more than finding its pool.
        return hash((self.host, self.port, self.folder))

    @classmethod
    def from_url(cls, url: str) -> Server:
        """Read a server URL (``smtp://user:password@host:587?timeout=30``).

        Raises InvalidSettings that shows neither user nor password.
        """
        from mailsend.model.server_url import read_server_url

        return read_server_url(url)

    @property
    def name(self) -> str:
        """What people and logs call it: host and port, or the kind; never user or password."""
        if self.label:
            return self.label
        if self.kind is ServerKind.SMTP:
            host = f"[{self.host}]" if ":" in self.host else self.host
            return f"{host}:{self.port}"
        return f"{self.kind}:{self.folder}"

    @property
    def insists_on(self) -> str | None:
        """The account that it takes as reverse-path and no other, where it is such a server (M8)."""
        if self.mail_from != "login" or self.credentials is None:
            return None
        return self.credentials.user

    @property
    def is_loopback(self) -> bool:
        """Whether it stands on this machine's loopback interface by its very name."""
        from mailsend.model.internal_network import is_loopback_address

        return self.host.lower() == "localhost" or is_loopback_address(self.host)

    @property
    def carries_special_use(self) -> bool:
        """Whether it carries every domain, ``.test`` and ``.local`` too (M6)."""
        return self.kind is not ServerKind.SMTP or (self.is_loopback and not self.guarded)

    @property
    def fingerprint(self) -> str:
        """A digest of what makes this server this server; another password is another one."""
        import hashlib
        import hmac

        user = self.credentials.user if self.credentials else ""
        secret = self.credentials.password.reveal() if self.credentials else ""
        proof = hashlib.sha256(self.ca.encode()).hexdigest() if self.ca else ""
        trusted = (proof, self.pin or "", self.tls_name or "")
        provider = ""
        if self.credentials is not None and self.credentials.token_provider is not None:
            provider, secret = identity_of(self.credentials.token_provider)
        where = "\n".join(
            (self.kind, self.host, str(self.port), self.tls, user, self.folder, *trusted, provider)
        )
        return hmac.new(
            secret.encode("utf-8", "surrogatepass"), where.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()[:32]
