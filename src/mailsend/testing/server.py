"""A real SMTP server on loopback that behaves, or misbehaves by a name that a test can say."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from mailsend.errors import InvalidAddress, InvalidSettings, MissingExtra
from mailsend.model.address import Address
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Credentials, Server, TlsMode
from mailsend.testing.certificates import Certificate, TlsFiles, make_tls
from mailsend.testing.received import Heard, Received
from mailsend.testing.server_thread import ServerThread
from mailsend.testing.strikes import Strikes
from mailsend.transport.smtp.habits import forget_habits
from mailsend.transport.smtp.memory import forget_log_ins

if TYPE_CHECKING:
    from mailsend.testing.server_session import ScriptedSession

__all__ = ["Certificate", "Received", "ScriptedServer"]

_NO_LIMIT: Final = 1_000_000_000
_WAYS_OF_TLS: Final = (None, TlsMode.STARTTLS, TlsMode.IMPLICIT)


class ScriptedServer:
    """A server on 127.0.0.1, on a free port, in a thread of its own; a context manager.

    ``tls`` is ``None``, ``"starttls"`` or ``"implicit"``, ``certificate`` what is wrong with its
    certificate. ``accounts`` maps users to passwords, ``tokens`` users to access tokens (XOAUTH2,
    OAUTHBEARER); either makes a log-in necessary, by ``auth_methods``. ``extensions`` are offered besides
    the usual ones, with their parameters (``"PIPELINING"``, ``"DSN"``, ``"LIMITS MAILMAX=2 RCPTMAX=3"``);
    the limits are kept as well. ``max_size`` is in octets. ``replies`` maps recipients, compared without
    case, to what RCPT answers them; ``faults`` are names from ``mailsend.testing.faults``.

    Over all connections ``.messages`` holds what was taken, ``.commands`` every command without secrets,
    ``.heard`` all octets that came and ``.heard_in_clear`` those that were not encrypted;
    ``.connections`` is how many there were. Raises MissingExtra where the extra ``test`` is missing, and
    InvalidSettings for another way of TLS, certificate or fault than there is.
    """

    def __init__(
        self,
        *,
        tls: str | None = None,
        certificate: Certificate | str = Certificate.GOOD,
        accounts: Mapping[str, str] | None = None,
        tokens: Mapping[str, str] | None = None,
        auth_methods: Iterable[str] | None = None,
        extensions: Iterable[str] = (),
        smtputf8: bool = True,
        max_size: int = 33_554_432,
        replies: Mapping[str, str] | None = None,
        faults: Iterable[str] = (),
    ) -> None:
        self.accounts = dict(accounts or {})
        self.tokens = dict(tokens or {})
        self._auth_methods = None if auth_methods is None else tuple(auth_methods)
        self.extensions = tuple(one.upper() for one in extensions)
        self.smtputf8 = smtputf8
        self.max_size = max_size
        self.replies = dict(replies or {})
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.heard = Heard()
        self.heard_in_clear = Heard()
        self.connections = 0
        self.host = "127.0.0.1"
        self.port = 0
        self.tls: TlsMode | None = None
        self.tls_files: TlsFiles | None = None
        self.strikes = Strikes()
        self._open: set[ScriptedSession] = set()
        self._running: ServerThread | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.misbehave(*faults)
        self._prepare_tls(tls, certificate)

    # What a test says

    def misbehave(self, *names: str) -> None:
        """Add faults, from the next command on; ``"greet-421:1"`` strikes once."""
        self.strikes.add(*names)

    def behave(self) -> None:
        """Forget all faults."""
        self.strikes.clear()

    def use_tls(self, mode: str | None, certificate: Certificate | str = Certificate.GOOD) -> None:
        """Offer TLS in another way from now on; a running server gets another port."""
        self._prepare_tls(mode, certificate)
        if self._running is not None:
            self.stop()
            self.start()

    def require_login(self, user: str, password: str) -> None:
        """Take mail only after this log-in."""
        self.accounts[user] = password

    # What a test uses

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    @property
    def ca_file(self) -> str | None:
        """The PEM file of the authority behind the certificate; ``None`` without TLS."""
        return None if self._folder is None else str(Path(self._folder.name) / "authority.pem")

    @property
    def server(self) -> Server:
        """How to reach it, with the first account, or the first token where there is none."""
        user = next(iter(self.accounts or self.tokens), None)
        return Server(
            host=self.host,
            port=self.port,
            tls=self.tls or TlsMode.DANGEROUS_NONE,
            credentials=None
            if user is None
            else Credentials(user=user, password=Secret((self.accounts or self.tokens)[user])),
            auth=AuthMethod.XOAUTH2 if self.tokens and not self.accounts else None,
            ca_file=self.ca_file,
        )

    @property
    def url(self) -> str:
        """The same as a server URL, for settings."""
        known = self.server
        scheme = "smtps" if self.tls is TlsMode.IMPLICIT else "smtp"
        login = ""
        if known.credentials is not None:
            password = known.credentials.password.reveal()
            login = f"{quote(known.credentials.user, safe='')}:{quote(password, safe='')}@"
        query = "tls=none" if self.ca_file is None else f"ca_file={quote(self.ca_file)}"
        if known.auth is not None:
            query += f"&auth={known.auth}"
        return f"{scheme}://{login}{self.host}:{self.port}?{query}"

    def start(self) -> None:
        """Listen on a free port. Raises MissingExtra."""
        try:
            from mailsend.testing.server_session import ScriptedSession
        except ImportError as missing:
            raise MissingExtra("test", needed_for="the scripted SMTP server") from missing
        forget_log_ins()  # the port may be one that an earlier server had
        forget_habits()
        implicit = self.tls_files.context if self.tls_files and self.tls is TlsMode.IMPLICIT else None
        self._running = ServerThread(lambda loop: ScriptedSession(self, loop), self.host, implicit)
        self.port = self._running.port

    def stop(self) -> None:
        """Close every connection and stop listening; calling it again does nothing."""
        if self._running is not None:
            self._running.stop(self._open)
            self._running = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()

    # What its connections tell and ask

    @property
    def wants_login(self) -> bool:
        """Whether mail is taken only after a log-in."""
        return bool(self.accounts or self.tokens)

    @property
    def auth_methods(self) -> tuple[str, ...]:
        """The ways to log in that are offered."""
        if self._auth_methods is not None:
            return self._auth_methods
        return (("PLAIN", "LOGIN") if self.accounts else ()) + (
            ("XOAUTH2", "OAUTHBEARER") if self.tokens else ()
        )

    def reply_to(self, recipient: str) -> str | None:
        """Give what ``replies`` says to ``recipient``, however it is written there."""
        asked = _key(recipient) if self.replies else ""
        return next((reply for who, reply in self.replies.items() if _key(who) == asked), None)

    def limit(self, name: str) -> int:
        """Give what LIMITS says of ``name`` (RFC 9422)."""
        limits = (one.split()[1:] for one in self.extensions if one.startswith("LIMITS "))
        found = dict(pair.partition("=")[::2] for one in limits for pair in one)
        return int(found.get(name, _NO_LIMIT))

    def opened(self, session: ScriptedSession) -> int:
        """Count a connection and give its number."""
        self._open.add(session)
        self.connections += 1
        return self.connections

    def closed(self, session: ScriptedSession) -> None:
        """Forget a connection."""
        self._open.discard(session)

    def hear(self, octets: bytes, *, encrypted: bool) -> None:
        """Keep what came."""
        self.heard.add(octets)
        if not encrypted:
            self.heard_in_clear.add(octets)

    def received(self, mail: Received) -> int:
        """Keep a mail and give its number."""
        self.messages.append(mail)
        return len(self.messages)

    def _prepare_tls(self, mode: str | None, certificate: Certificate | str) -> None:
        if mode not in _WAYS_OF_TLS:
            raise InvalidSettings(
                "tls",
                f"there is no TLS called {mode!r}",
                advice='Write "starttls" or "implicit"; None is none.',
            )
        if certificate not in tuple(Certificate):
            raise InvalidSettings(
                "certificate",
                f"there is no certificate called {str(certificate)!r}",
                advice=f"Known are: {', '.join(Certificate)}.",
            )
        if self._folder is not None:
            self._folder.cleanup()
        self.tls = None if mode is None else TlsMode(mode)
        self.tls_files = None if mode is None else make_tls(Certificate(certificate))
        self._folder = None
        if self.tls_files is not None:
            self._folder = tempfile.TemporaryDirectory(prefix="mailsend-")
            Path(self._folder.name, "authority.pem").write_text(self.tls_files.authority, encoding="ascii")


def _key(recipient: str) -> str:
    """Give what two writings of one address have in common; what is no address stands for itself."""
    try:
        return Address.parse(recipient).key
    except InvalidAddress:
        return recipient
