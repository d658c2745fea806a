"""A relay on loopback that lets a server do what it is asked for, and cuts the connection before its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

__all__ = ["CuttingRelay"]

_MOST = 65_536


class CuttingRelay:
    """Passes octets on to the server at ``port``; a context manager.

    ``cut(asked)``: the connection on which a client next says ``asked`` ends once the server has answered,
    and the client does not hear the answer; ``so_many`` connections, one after another.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._lock = threading.Lock()
        self._asked = b""
        self._at = self._left = 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._sockets):
            self._end(one)
        for thread in self._threads:
            thread.join(10)

    def cut(self, asked: bytes, *, at: int = 1, so_many: int = 1) -> None:
        """Cut where a client says ``asked`` for the time that ``at`` counts from now on."""
        with self._lock:
            self._asked, self._at, self._left = asked, at, so_many

    @property
    def has_cut(self) -> bool:
        """Whether all was cut that was to be."""
        return not self._left

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the relay ends
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._sockets += [client, server]
                cut = threading.Event()
                self._begin(self._pass, client, server, cut, True)
                self._begin(self._pass, server, client, cut, False)

    def _pass(
        self, source: socket.socket, sink: socket.socket, cut: threading.Event, is_client: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_MOST):
                if is_client and self._is_to_cut(data):
                    cut.set()
                elif not is_client and cut.is_set():
                    break
                sink.sendall(data)
        for one in (source, sink):
            self._end(one)

    def _is_to_cut(self, data: bytes) -> bool:
        with self._lock:
            if not self._left or self._asked not in data:
                return False
            self._at -= 1
            if self._at > 0:
                return False
            self._left -= 1
            return True

    def _end(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
