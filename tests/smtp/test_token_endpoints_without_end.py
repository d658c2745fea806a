"""Identity providers that never come to an end: no log-in waits for them for ever, and memory stays bounded."""

from __future__ import annotations

import socket
import ssl
import threading
import tracemalloc

import pytest
import trustme

from mailsend.model.tokens import TokenNotGiven
from mailsend.transport.tokens import microsoft365, provider_of
from mailsend.transport.tokens import web as web_module

HEADER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MEGABYTE = b" " * 1_000_000


@pytest.fixture
def endpoint(monkeypatch, tmp_path):
    """Give a function that starts a provider which answers with ``header`` and then ``pieces``."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))
    enough, threads = threading.Event(), []

    def answer(pieces):
        try:
            with context.wrap_socket(listening.accept()[0], server_side=True) as client:
                client.recv(65536)
                client.sendall(HEADER + b"\r\n")
                for piece, pause in pieces:
                    if enough.wait(pause):
                        break
                    client.sendall(piece)
        except OSError:
            pass  # the client has had enough

    def start(pieces):
        threads.append(threading.Thread(target=answer, args=(pieces,)))
        threads[-1].start()
        return microsoft365(
            tenant="common",
            client_id="app",
            client_secret="secret",
            authority=f"https://localhost:{listening.getsockname()[1]}",
        )

    yield start
    enough.set()
    listening.close()
    for one in threads:
        one.join()


def test_a_body_without_end_is_not_read(endpoint):
    """A thousand megabytes are offered; a few are held when the token is given up."""
    source = endpoint((MEGABYTE, 0) for _ in range(1000))
    tracemalloc.start()
    try:
        with pytest.raises(TokenNotGiven, match="no answer from Microsoft"):
            provider_of(source)()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


def test_a_body_that_drips_is_given_up(endpoint, monkeypatch):
    """Each octet is in time and the whole is not."""
    monkeypatch.setattr(web_module, "_SECONDS", 0.5)
    source = endpoint((b" ", 0.01) for _ in range(100_000))
    with pytest.raises(TokenNotGiven, match=r"no answer from Microsoft \(Timeout\)"):
        provider_of(source)()
