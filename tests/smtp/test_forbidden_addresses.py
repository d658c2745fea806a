"""What a customer entered never leads inside, at any connection (M10)."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mailsend.model.envelope import Envelope
from mailsend.model.internal_network import InternalNetwork
from mailsend.model.report import Fault, Outcome
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, TlsMode
from mailsend.model.server_form import read_server_form
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport

DATA = b"Subject: x\r\n\r\nbody\r\n"
ENVELOPE = Envelope(reverse_path="ann@rat.example", recipients=("bob@example.org",))


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def names(*answers, port):
    """Give a resolver that answers with each of ``answers`` in turn, the last one for good."""
    asked = []

    async def resolve(host, _port):
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(family(one), (one, port, 0, 0) if ":" in one else (one, port)) for one in found]

    return resolve, asked


def submit(server, resolve, times=1):
    async def go():
        transport = SmtpTransport(server, resolve=resolve)
        attempts = [await transport.submit(ENVELOPE, DATA) for _ in range(times)]
        await transport.aclose()
        return attempts

    return asyncio.run(go())


@pytest.fixture(scope="module")
def tls_server():
    with ScriptedServer(tls="starttls") as server:
        yield server


def customers(server, *networks, **more):
    made = read_server_form(
        {"host": "mail.rat.example", "ca": Path(server.ca_file).read_text(), "tls_name": "localhost"},
        internal_networks=networks,
    )
    return replace(made, port=server.port, timeout=5.0, **more)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["100.64.0.1"],
        ["0.0.0.0"],
        ["::"],
        ["224.0.0.1"],
        ["fe80::1%lo"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["2a00::1", "8.8.8.8", "192.168.0.1"],
        ["localhost"],
        ["0x7f.1"],
    ],
)
def test_one_address_inside_refuses_the_name(tls_server, addresses):
    """Nothing is connected where any address of the name lies inside, whichever stands first."""
    before = tls_server.connections
    resolve, _ = names(addresses, port=tls_server.port)
    [attempt] = submit(customers(tls_server), resolve)

    assert (attempt.outcome, attempt.fault, attempt.reason) == (
        Outcome.DEFERRED, Fault.SERVER, "address_forbidden",
    )  # fmt: skip
    assert "internal_servers" in attempt.advice
    assert not [one for one in attempt.conversation if "connecting" in one.line]
    assert tls_server.connections == before


def test_a_name_that_moves_inside_is_caught_at_its_next_connection(tls_server):
    """The look-up that was checked is the one that is used, and each connection has its own."""
    port = tls_server.port
    network = InternalNetwork("127.0.0.1/32", (port,))
    resolve, asked = names(["127.0.0.1"], ["127.0.0.2"], port=port)
    first, second = submit(customers(tls_server, network, max_messages=1), resolve, times=2)

    assert (first.reason, second.reason) == ("accepted", "address_forbidden")
    assert asked == ["mail.rat.example"] * 2


def test_a_network_that_was_opened_is_reached(tls_server):
    """An internal server of the customer gets its mail, verified by the authority that was entered."""
    network = InternalNetwork("127.0.0.0/8", (tls_server.port,))
    resolve, _ = names(["127.0.0.1"], port=tls_server.port)
    before = len(tls_server.messages)
    [attempt] = submit(customers(tls_server, network), resolve)

    assert attempt.outcome is Outcome.ACCEPTED
    assert [one.tls for one in tls_server.messages[before:]] == [True]


def test_a_network_that_was_opened_is_closed_at_other_ports(tls_server):
    """The same address at a port that the application did not name is refused."""
    network = InternalNetwork("127.0.0.0/8", (25, 587))
    resolve, _ = names(["127.0.0.1"], port=tls_server.port)
    [attempt] = submit(customers(tls_server, network), resolve)

    assert attempt.reason == "address_forbidden"


def test_the_system_resolver_is_looked_after_too(tls_server):
    """A name of this machine, and an address in its name's place, are refused without a resolver of ours."""
    for host in ("localhost", "127.0.0.1", "::1", "127.1", "2130706433", "0x7f000001"):
        [attempt] = submit(replace(customers(tls_server), host=host), None)
        assert attempt.reason in ("address_forbidden", "name_missing"), host
    [attempt] = submit(replace(customers(tls_server), host="localhost"), None)
    assert attempt.reason == "address_forbidden"


def test_the_applications_own_servers_may_stand_inside(tls_server):
    """What the application's settings name is its own affair."""
    resolve, _ = names(["127.0.0.1"], port=tls_server.port)
    [attempt] = submit(replace(tls_server.server, host="relay.suite.example", tls_name="localhost"), resolve)

    assert attempt.outcome is Outcome.ACCEPTED


def test_a_password_goes_in_clear_to_this_machine_alone():
    """What is called localhost and stands elsewhere gets no password in clear."""
    login = Credentials(user="ann", password=Secret("pw"))
    with ScriptedServer(accounts={"ann": "pw"}) as server:
        named = replace(server.server, host="localhost", tls=TlsMode.DANGEROUS_NONE, credentials=login)
        resolve, _ = names(["127.0.0.1"], port=server.port)
        assert submit(named, resolve)[0].outcome is Outcome.ACCEPTED
    elsewhere = own_address()
    if elsewhere is None:
        pytest.skip("this machine has no address but its loopback")
    with Listener(elsewhere) as listener:
        resolve, _ = names([elsewhere], port=listener.port)
        [attempt] = submit(named, resolve)
    assert (attempt.outcome, attempt.fault, attempt.reason) == (
        Outcome.DEFERRED, Fault.ACCOUNT, "auth_in_clear",
    )  # fmt: skip
    assert listener.heard[0].startswith(b"EHLO")
    assert not [one for one in listener.heard if one.startswith(b"AUTH")]


def own_address():
    """Give an address of this machine that is not its loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            return None
        found = sock.getsockname()[0]
    return None if found.startswith(("127.", "0.")) else found


class Listener:
    """Offers AUTH in clear and writes down what it hears."""

    def __init__(self, host):
        self._socket = socket.create_server((host, 0))
        self.port = self._socket.getsockname()[1]
        self.heard = []
        self._thread = threading.Thread(target=self._talk)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._socket.close()

    def _talk(self):
        self._socket.settimeout(10)
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rb") as lines:
            connection.settimeout(10)
            connection.sendall(b"220 ready\r\n")
            for line in lines:
                self.heard.append(line)
                connection.sendall(
                    b"250-here\r\n250 AUTH PLAIN\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n"
                )
