"""``mailer.servers``: customers' servers listed, changed, looked at, verified and released (S1, Q6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mailsend.decide.server_state import ServerAct
from mailsend.errors import InvalidSettings, StoreError, UnknownCustomer
from mailsend.mailer.loop_thread import loop_thread
from mailsend.mailer.server_desk import Desk, Verification, read_address, read_server
from mailsend.model.submission import Refusal
from mailsend.transport.probe import ProbeReport

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.server_desk import Case
    from mailsend.mailer.thinking import Asked
    from mailsend.model.address import Address
    from mailsend.model.log_in_pause import LogInPause
    from mailsend.model.rules import Rules, Scope
    from mailsend.model.server import Server
    from mailsend.model.server_record import ServerRecord

__all__ = ["Servers", "Verification", "scoped", "some_customer"]


class Servers:
    """The servers of a Mailer's customers.

    A server is named by its host and port (``mail.rat.example:587``); the name may be left out where a
    customer has one alone. ``by`` says who does it, and is written down. What changes a server or its
    state raises StoreError without a store, and where it cannot be done; InvalidSettings for a server
    that is not there; UnknownCustomer.
    """

    def __init__(self, core: Core, rules: Callable[[Asked], Rules | Refusal]) -> None:
        self._core = core
        self._rules = rules
        self._desk = Desk(core)

    def customers(self) -> tuple[str, ...]:
        """Give the customers of whom servers are known: by the settings and by the store, sorted."""
        return self._desk.customers()

    def needs_store(self) -> None:
        """Raise StoreError where no store is set."""
        self._core.states.book()

    def list(self, customer: str) -> tuple[ServerRecord, ...]:
        """Give a customer's servers in the order in which they are tried; needs no store."""
        return self._case(customer).records

    def find(self, customer: str, name: str | None = None) -> ServerRecord:
        """Give one of a customer's servers."""
        return self._case(customer).find(name)

    def log_in_pause(self, server: Server) -> LogInPause | None:
        """Give the pause that lasts for a server's account after refused log-ins, a smarthost's as well.

        None where a log-in may be tried, and without a store, where each process counts for itself (M12).
        """
        return self._desk.log_in_pause(server)

    def add(
        self,
        customer: str,
        server: Server | str,
        *,
        senders: Sequence[str] = (),
        position: int | None = None,
        by: str,
    ) -> ServerRecord:
        """Enter a server, or its URL; ``senders`` (``ann@…``, ``@domain``) are those that it is for."""
        return self._desk.add(self._case(customer), read_server(server), senders, position, by)

    def set(
        self,
        customer: str,
        name: str | None = None,
        server: Server | str | None = None,
        *,
        senders: Sequence[str] | None = None,
        by: str,
    ) -> ServerRecord:
        """Change a server; with another host, port, TLS, user or password it is entered anew."""
        case = self._case(customer)
        return self._desk.set(case, name, None if server is None else read_server(server), senders, by)

    def remove(self, customer: str, name: str | None = None, *, by: str) -> ServerRecord:
        """Take a server away and give what it was; the last route of a customer's mail remains.

        One that the store cannot read any more goes by its whole name.
        """
        try:
            case = self._case(customer)
        except StoreError:
            if name is None:
                raise
            return self._desk.discard(customer, name, by)
        return self._desk.remove(case, name, by)

    def order(self, customer: str, names: Sequence[str], *, by: str) -> tuple[ServerRecord, ...]:
        """Put a customer's servers in the order in which they are to be tried; each is named once."""
        self._desk.order(self._case(customer), names, by)
        return self.list(customer)

    def probe(
        self,
        customer: str | None = None,
        name: str | None = None,
        *,
        server: Server | str | None = None,
        mail_from: Address | str | None = None,
        relay_to: Address | str | None = None,
    ) -> ProbeReport:
        """Look a server up, connect, agree on TLS, log in once, offer a sender; send no mail, change nothing.

        It is one of ``customer``'s, or ``server``, which may be any. ``relay_to`` is a foreign address
        that one RCPT asks for, last and without a log-in (M12). What the server does is never raised.
        """
        sender, stranger = read_address(mail_from, "mail_from"), read_address(relay_to, "relay_to")
        if server is not None:
            return loop_thread().run(self._desk.ask(read_server(server), sender, stranger))
        case = self._case(some_customer(customer))
        looking = self._desk.look(case, case.find(name), mail_from=sender, relay_to=stranger)
        return loop_thread().run(looking)

    def verify(
        self,
        customer: str,
        name: str | None = None,
        *,
        round_trip: bool = False,
        mail_from: Address | str | None = None,
        relay_to: Address | str | None = None,
        wait: float | None = None,
        by: str,
    ) -> Verification:
        """Probe a server and, where all is well, note that it is verified.

        ``round_trip`` sends a marked mail through it to the bounce mailbox as well, and compares what
        arrives within ``wait`` seconds (M9). A released server stays released.
        """
        case = self._case(customer)
        record = self._desk.before(case, name, ServerAct.VERIFY, by)
        looking = self._desk.look(
            case,
            record,
            mail_from=read_address(mail_from, "mail_from"),
            relay_to=read_address(relay_to, "relay_to"),
            marked=self._desk.mark(case, record) if round_trip else None,
            wait=wait,
        )
        return self._desk.after(case, record, loop_thread().run(looking), by)

    def release(self, customer: str, name: str | None = None, *, by: str, note: str = "") -> ServerRecord:
        """Let a verified server carry the customer's mail; a person answers for it."""
        return self._desk.step(self._case(customer), name, ServerAct.RELEASE, by, note)

    def lock(self, customer: str, name: str | None = None, *, by: str, note: str = "") -> ServerRecord:
        """Keep all mail from a server, at once."""
        return self._desk.step(self._case(customer), name, ServerAct.LOCK, by, note)

    def unlock(self, customer: str, name: str | None = None, *, by: str, note: str = "") -> ServerRecord:
        """Take a lock away: the server is entered, and has to be verified."""
        return self._desk.step(self._case(customer), name, ServerAct.UNLOCK, by, note)

    def _case(self, customer: str) -> Case:
        rules, scope = scoped(self._rules((customer, None)), customer)
        self._core.states.forget(customer)
        return self._desk.case(rules, scope, self._core.states.own(scope))


def scoped(rules: Rules | Refusal, customer: str) -> tuple[Rules, Scope]:
    """Give the customer's scope; raises what a refusal of its rules stands for."""
    if not isinstance(rules, Refusal):
        return rules, rules.scope(customer)
    if rules.reason == "unknown_customer":
        raise UnknownCustomer(customer, advice=rules.advice)
    raise InvalidSettings(f"customers.{customer}", str(rules.facts.get("why", "")), advice=rules.advice)


def some_customer(customer: str | None) -> str:
    """Give the customer; raises InvalidSettings where none is named."""
    if customer is None:
        raise InvalidSettings(
            "server", "neither a customer nor a server is named", advice="Name a customer, or server=."
        )
    return customer
