"""A real SMTP server on loopback that behaves, or misbehaves by a name that a test can say."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import quote

from mailsend.errors import MissingExtra
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server, TlsMode
from mailsend.testing.certificates import Certificate, TlsFiles, make_tls
from mailsend.testing.faults import Act, Place, ScriptedFault, fault_named
from mailsend.testing.received import Received
from mailsend.transport.smtp.memory import forget_log_ins

if TYPE_CHECKING:
    from mailsend.testing.server_session import ScriptedSession

__all__ = ["Certificate", "Received", "ScriptedServer"]

T = TypeVar("T")

_PATIENCE: Final = 10.0  # seconds that starting and stopping may take
_TURNS: Final = 5


class ScriptedServer:
    """A server on 127.0.0.1, on a free port, in a thread of its own; a context manager.

    ``tls`` is ``None``, ``"starttls"`` or ``"implicit"``, ``certificate`` what is wrong with its
    certificate. ``accounts`` maps users to passwords and makes a log-in necessary. ``extensions`` are
    offered besides the usual ones (``"DSN"``, ``"REQUIRETLS"``); ``max_size`` is in octets. ``replies``
    maps recipients to what RCPT answers them; ``faults`` are names from ``mailsend.testing.faults``.

    ``.messages`` holds what was taken, ``.commands`` every command without secrets, over all
    connections. Raises MissingExtra where the extra ``test`` is not installed.
    """

    def __init__(
        self,
        *,
        tls: str | None = None,
        certificate: Certificate | str = Certificate.GOOD,
        accounts: Mapping[str, str] | None = None,
        auth_methods: Iterable[str] = ("PLAIN", "LOGIN"),
        extensions: Iterable[str] = (),
        smtputf8: bool = True,
        max_size: int = 33_554_432,
        replies: Mapping[str, str] | None = None,
        faults: Iterable[str] = (),
    ) -> None:
        self.accounts = dict(accounts or {})
        self.auth_methods = tuple(auth_methods)
        self.extensions = tuple(one.upper() for one in extensions)
        self.smtputf8 = smtputf8
        self.max_size = max_size
        self.replies = dict(replies or {})
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.host = "127.0.0.1"
        self.port = 0
        self.tls: TlsMode | None = None
        self.tls_files: TlsFiles | None = None
        self._strikes: dict[ScriptedFault, int] = {}
        self._open: set[ScriptedSession] = set()
        self._running: _Running | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.misbehave(*faults)
        self._prepare_tls(tls, certificate)

    # What a test says

    def misbehave(self, *names: str) -> None:
        """Add faults, from the next command on; ``"greet-421:1"`` strikes once."""
        for name in names:
            self._strikes[fault_named(name)] = 0

    def behave(self) -> None:
        """Forget all faults."""
        self._strikes = {}

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
        """How to reach it, with the first account."""
        user = next(iter(self.accounts), None)
        return Server(
            host=self.host,
            port=self.port,
            tls=self.tls or TlsMode.DANGEROUS_NONE,
            credentials=None
            if user is None
            else Credentials(user=user, password=Secret(self.accounts[user])),
            ca_file=self.ca_file,
        )

    @property
    def url(self) -> str:
        """The same as a server URL, for settings."""
        scheme = "smtps" if self.tls is TlsMode.IMPLICIT else "smtp"
        user = next(iter(self.accounts), None)
        login = "" if user is None else f"{quote(user, safe='')}:{quote(self.accounts[user], safe='')}@"
        query = "tls=none" if self.ca_file is None else f"ca_file={quote(self.ca_file)}"
        return f"{scheme}://{login}{self.host}:{self.port}?{query}"

    def start(self) -> None:
        """Listen on a free port. Raises MissingExtra."""
        try:
            from mailsend.testing.server_session import ScriptedSession
        except ImportError as missing:
            raise MissingExtra("test", needed_for="the scripted SMTP server") from missing
        forget_log_ins()  # the port may be one that an earlier server refused log-ins on
        implicit = self.tls_files.context if self.tls_files and self.tls is TlsMode.IMPLICIT else None
        self._running = _Running(lambda loop: ScriptedSession(self, loop), self.host, implicit)
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

    def opened(self, session: ScriptedSession) -> None:
        """Count a connection."""
        if session not in self._open:  # STARTTLS makes one twice
            self.connections += 1
        self._open.add(session)

    def closed(self, session: ScriptedSession) -> None:
        """Forget a connection."""
        self._open.discard(session)

    def strike(self, place: Place, *, asked: int = 0) -> ScriptedFault | None:
        """Give the fault that strikes here and now, and count it."""
        for fault, struck in self._strikes.items():
            if (
                fault.at is place
                and fault.does is not Act.STRIP
                and (fault.times is None or struck < fault.times)
                and (place is not Place.RCPT or (asked > fault.after and asked % fault.every == 0))
            ):
                self._strikes[fault] = struck + 1
                return fault
        return None

    def stripped(self) -> set[str]:
        """Give the extensions that EHLO leaves out this time."""
        gone = set()
        for fault, struck in self._strikes.items():
            if fault.does is Act.STRIP and (fault.times is None or struck < fault.times):
                self._strikes[fault] = struck + 1
                gone.add(fault.reply)
        return gone

    def received(self, mail: Received) -> int:
        """Keep a mail and give its number."""
        self.messages.append(mail)
        return len(self.messages)

    def _prepare_tls(self, mode: str | None, certificate: Certificate | str) -> None:
        if self._folder is not None:
            self._folder.cleanup()
        self.tls = None if mode is None else TlsMode(mode)
        self.tls_files = None if mode is None else make_tls(Certificate(certificate))
        self._folder = None
        if self.tls_files is not None:
            self._folder = tempfile.TemporaryDirectory(prefix="mailsend-")
            Path(self._folder.name, "authority.pem").write_text(self.tls_files.authority, encoding="ascii")


class _Running:
    """An event loop in a thread, with one listening socket."""

    def __init__(
        self,
        make: Callable[[asyncio.AbstractEventLoop], ScriptedSession],
        host: str,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailsend-scripted", daemon=True)
        self._thread.start()
        self._server = self._run(self._loop.create_server(lambda: make(self._loop), host, 0, ssl=tls))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def stop(self, sessions: Iterable[ScriptedSession]) -> None:
        self._run(self._close(list(sessions)))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    async def _close(self, sessions: list[ScriptedSession]) -> None:
        self._server.close()
        for one in sessions:
            one.end()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(_TURNS):  # aborted transports say so in the turns that follow
            await asyncio.sleep(0)
