"""A DNS server of our own on loopback: it answers what a test says, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from textwrap import dedent

from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSLogger, DNSServer

__all__ = ["SILENT", "NameServer"]

SILENT = "silent"


class NameServer(BaseResolver):
    """Answers from ``zone``, a mapping of names to lines of a zone file.

    Instead of lines a name may have the name of an error (``"SERVFAIL"``), or ``SILENT``. What is not
    there does not exist. ``asked`` are the questions in their order: ``"MX suite.example"``.
    """

    def __init__(self, zone: Mapping[str, str]) -> None:
        self.zone = dict(zone)
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def resolve(self, request, handler):
        name = str(request.q.qname).rstrip(".").lower()
        kind = QTYPE[request.q.qtype]
        with self._lock:
            self.asked.append(f"{kind} {name}")
        reply = request.reply()
        reply.header.ad = 0  # it repeats what was asked
        lines = self.zone.get(name)
        if lines == SILENT:
            raise ConnectionAbortedError
        if lines is None or lines in RCODE.reverse:
            reply.header.rcode = RCODE.reverse[lines or "NXDOMAIN"]
            reply.add_auth(*RR.fromZone(". 600 IN SOA ns.example. admin.example. 1 2 3 4 300"))
            return reply
        records = RR.fromZone(dedent(lines))
        wanted = [one for one in records if QTYPE[one.rtype] in (kind, "CNAME")]
        for one in wanted:
            reply.add_answer(one)
        if not wanted:
            reply.add_auth(*RR.fromZone(". 600 IN SOA ns.example. admin.example. 1 2 3 4 300"))
        return reply

    @contextmanager
    def running(self) -> Iterator[tuple[str, int]]:
        """Give its address and port, the same for UDP and TCP."""
        both = self._both()
        for one in both:
            one.server.handle_error = lambda *_: None
            one.start_thread()
        try:
            yield both[0].server.server_address
        finally:
            for one in both:
                one.stop()
                one.thread.join()
                one.server.server_close()

    def _both(self) -> tuple[DNSServer, DNSServer]:
        """Listen by TCP and by UDP, on a port that nobody has for either."""
        quiet = DNSLogger(log="", logf=lambda _: None)
        for _ in range(100):
            tcp = DNSServer(self, address="127.0.0.1", port=0, tcp=True, logger=quiet)
            port = tcp.server.server_address[1]
            try:
                return tcp, DNSServer(self, address="127.0.0.1", port=port, logger=quiet)
            except OSError:
                tcp.server.server_close()
        raise OSError("no port is free for both TCP and UDP")
