"""A relay on loopback that writes down what each side sent in one piece, and fails when it is told to."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from typing import Self

__all__ = ["RecordingRelay"]

_MOST = 4 * 65_536


class RecordingRelay:
    """Passes octets on to ``upstream``, which may change; a context manager.

    ``pieces`` are what clients sent, in pieces as they came, by connection. ``deaf``: nothing is passed
    on any more and nobody is told. It keeps its port when it is ``down``. A client that has sent more
    than ``most`` octets has to wait from when that is ``reached`` until ``go_on`` is set.
    """

    def __init__(self, upstream: int, *, most: float = math.inf) -> None:
        self.upstream = upstream
        self._most = most
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.pieces: list[list[bytes]] = []
        self.deaf = False
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listen(0)
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self.down()
        for one in self._threads:
            one.join(10)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._begin(self._accept, self._listener)

    def _begin(self, work: object, *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def down(self) -> None:
        """Stop listening, and cut every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def up(self) -> None:
        """Listen again on the same port."""
        self._listen(self.port)

    def cut(self) -> None:
        """Cut every connection that is open now."""
        for one in tuple(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                client.close()  # whoever was behind it is gone
                continue
            self._sockets |= {client, server}
            self.pieces.append([])
            self._begin(self._serve, client, server, self.pieces[-1])

    def _serve(self, client: socket.socket, server: socket.socket, pieces: list[bytes]) -> None:
        back = threading.Thread(target=self._pass, args=(server, client, None), daemon=True)
        back.start()
        self._pass(client, server, pieces)
        back.join(10)
        self._sockets -= {client, server}
        client.close()
        server.close()

    def _pass(self, source: socket.socket, sink: socket.socket, pieces: list[bytes] | None) -> None:
        count = 0
        with contextlib.suppress(OSError):
            while data := source.recv(_MOST):
                if pieces is not None:
                    pieces.append(data)
                    count += len(data)
                if count > self._most:
                    self.reached.set()
                    self.go_on.wait(20)
                if not self.deaf:
                    sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR if pieces is not None else socket.SHUT_RDWR)
