"""What people do to customers' servers, as both mailers do it: look, change, step (S1, Q6, M9, M10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailsend.decide.server_state import Refused, ServerAct, next_state
from mailsend.errors import InvalidAddress, InvalidSettings, StoreError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.server_records import find_record, records_of, sender_for
from mailsend.model.address import Address
from mailsend.model.reading import Place
from mailsend.model.server import Server, ServerState
from mailsend.model.server_options import sender
from mailsend.model.server_record import ServerRecord
from mailsend.transport.probe import ProbeReport, probe

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.round_trip import MarkedMail
    from mailsend.model.circumstances import OfferedServer
    from mailsend.model.log_in_pause import LogInPause
    from mailsend.model.rules import Rules, Scope

__all__ = ["Desk", "Verification", "read_address", "read_senders", "read_server"]

Own = Sequence["OfferedServer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found about a server, and its record afterwards."""

    report: ProbeReport
    record: ServerRecord

    @property
    def ok(self) -> bool:
        """Whether the server showed all that it needs to be verified."""
        return self.report.suffices


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A customer, its servers, and one of them that something is to be done to."""

    rules: Rules
    scope: Scope
    records: tuple[ServerRecord, ...]

    @property
    def customer(self) -> str:
        """The customer's name."""
        return self.scope.customer.name if self.scope.customer is not None else ""

    def find(self, name: str | None) -> ServerRecord:
        """Give one of the servers; raises InvalidSettings."""
        return find_record(self.customer, self.records, name)


class Desk:
    """Does to one Mailer's servers what is asked; every method raises StoreError where a store is needed."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def case(self, rules: Rules, scope: Scope, own: Own) -> Case:
        """Give a customer's servers as they are now."""
        assert scope.customer is not None  # asked for customers alone
        records = records_of(scope.customer.name, own, self._core.states)
        return Case(rules=rules, scope=scope, records=records)

    def customers(self) -> tuple[str, ...]:
        """Give the customers of whom servers are known here, sorted."""
        known = {name for name, one in self._core.rules.customers.items() if one.servers}
        if self._core.states.has_book:
            known |= set(self._core.states.book().customers())
        return tuple(sorted(known))

    def add(
        self, case: Case, server: Server, senders: Sequence[str], position: int | None, by: str
    ) -> ServerRecord:
        """Enter a server; one that stood in the rules with the same account is entered anew."""
        book = self._core.states.book()
        added = book.add(
            case.customer,
            server,
            senders=read_senders(senders),
            position=position,
            in_place_of=self._gone(case),
            by=_named(by),
            now=utc_now(),
        )
        self._core.states.forget(case.customer)
        return added

    def set(
        self, case: Case, name: str | None, server: Server | None, senders: Sequence[str] | None, by: str
    ) -> ServerRecord:
        """Change a server, or whom it is for; limits that the settings have as well stay."""
        book, old = self._core.states.book(), case.find(name)
        changed = server or old.server
        assert changed is not None  # a record of records_of has its server
        from mailsend.mailer.queueing.own_rates import (
            limits_in,
        )  # behind the store's door, as all of SQLAlchemy

        done = book.set(
            case.customer,
            old.name,
            changed,
            senders=None if senders is None else read_senders(senders),
            by=_named(by),
            now=utc_now(),
            in_rules={**limits_in(case.rules), **limits_in(self._core.rules)},
        )
        self._core.states.forget(case.customer)
        return done

    def remove(self, case: Case, name: str | None, by: str) -> ServerRecord:
        """Take a server away; the last one only where the smarthosts carry the customer's mail (Q6)."""
        book, old = self._core.states.book(), case.find(name)
        if old.from_rules:
            raise StoreError(
                f"the server {old.name} of {case.customer!r} stands in the settings, or comes from the Directory",
                advice="Take it out there; to keep mail from it at once: mailsend server lock",
            )
        others = bool(case.scope.application.smarthosts) or any(one.from_rules for one in case.records)
        book.remove(case.customer, old.name, by=_named(by), now=utc_now(), may_be_last=others)
        self._core.states.forget(case.customer)
        return old

    def discard(self, customer: str, name: str, by: str) -> ServerRecord:
        """Take away a server that the store has and cannot read any more; give what is left to tell of it."""
        self._core.states.book().discard(customer, name, by=_named(by), now=utc_now())
        self._core.states.forget(customer)
        return ServerRecord(
            customer=customer,
            name=name,
            position=0,
            server=None,
            senders=(),
            state=ServerState.LOCKED,
            steps=(),
            from_rules=False,
        )

    def order(self, case: Case, names: Sequence[str], by: str) -> None:
        """Put the servers in order; each is named once."""
        book = self._core.states.book()
        for one in case.records:
            if one.from_rules and one.server is not None:  # the store orders what it knows
                book.keep_rules_server(
                    case.customer, one.server, senders=one.senders, by=_named(by), now=utc_now()
                )
        wanted = [*(case.find(one).name for one in names), *self._gone(case)]
        book.order(case.customer, wanted, by=_named(by), now=utc_now())
        self._core.states.forget(case.customer)

    def _gone(self, case: Case) -> tuple[str, ...]:
        """Give the names of servers of which the store keeps a state, though the rules have them no more."""
        here = {one.name for one in case.records}
        kept = self._core.states.book().of(case.customer)
        return tuple(one.name for one in kept if one.server is None and one.name not in here)

    def step(self, case: Case, name: str | None, act: ServerAct, by: str, note: str) -> ServerRecord:
        """Let a server take a step; raises StoreError where it cannot be taken from where it is."""
        return self._take(case, self.before(case, name, act, by), act, by, note=note)

    def before(self, case: Case, name: str | None, act: ServerAct, by: str) -> ServerRecord:
        """Give the record of a server that may take this step, begun where the store had none yet.

        Raises StoreError where the step cannot be taken.
        """
        book, record = self._core.states.book(), case.find(name)
        assert record.server is not None  # a record of records_of has its server
        if record.from_rules:
            kept = book.keep_rules_server(
                case.customer, record.server, senders=record.senders, by=_named(by), now=utc_now()
            )
            record = replace(kept, server=record.server, senders=record.senders)
        after = next_state(record.state, act)
        if isinstance(after, Refused):
            raise StoreError(f"{case.customer!r}: {record.name}: {after.explain()}", advice=after.advice)
        return record

    def after(self, case: Case, record: ServerRecord, report: ProbeReport, by: str) -> Verification:
        """Note that a server is verified, where the report shows it."""
        if report.suffices:
            record = self._take(case, record, ServerAct.VERIFY, by, report=report)
        return Verification(report=report, record=record)

    def _take(
        self,
        case: Case,
        record: ServerRecord,
        act: ServerAct,
        by: str,
        *,
        note: str = "",
        report: ProbeReport | None = None,
    ) -> ServerRecord:
        server = record.server
        assert server is not None  # a record of records_of has its server
        done = self._core.states.book().step(
            case.customer,
            record.name,
            act,
            server=server,
            by=_named(by),
            now=utc_now(),
            note=note,
            findings=None if report is None else report.as_dict(),
        )
        self._core.states.forget(case.customer)
        if act is not ServerAct.LOCK and self._core.log_ins is not None:
            self._core.log_ins.begin_anew(server)
        return done if done.server is not None else replace(done, server=server, senders=record.senders)

    def log_in_pause(self, server: Server) -> LogInPause | None:
        """Give the pause after refused log-ins that the store knows of."""
        return None if self._core.log_ins is None else self._core.log_ins.pause(server)

    async def ask(self, server: Server, mail_from: Address | None, relay_to: Address | None) -> ProbeReport:
        """Probe a server, whoever's it is."""
        return await probe(server, mail_from=mail_from, relay_to=relay_to, log_ins=self._core.log_ins)

    async def look(
        self,
        case: Case,
        record: ServerRecord,
        *,
        mail_from: Address | None = None,
        relay_to: Address | None = None,
        marked: MarkedMail | None = None,
        wait: float | None = None,
    ) -> ProbeReport:
        """Probe a server, and send the marked mail through it where there is one and nothing failed."""
        server = record.server
        assert server is not None  # a record of records_of has its server
        sender = mail_from or sender_for(case.scope, server, record.senders)
        report = await self.ask(server, sender, relay_to)
        if marked is None or not report.ok:
            return report
        from mailsend.mailer.round_trip import WAIT, send_round

        findings, proposals = await send_round(self._core, marked, wait=WAIT if wait is None else wait)
        return report.with_more(findings, proposals, utc_now())

    def mark(self, case: Case, record: ServerRecord) -> MarkedMail:
        """Prepare the marked mail; raises InvalidSettings where no bounce mailbox can be read."""
        from mailsend.mailer.round_trip import marked_mail

        assert record.server is not None  # a record of records_of has its server
        return marked_mail(self._core, case.rules, case.scope, record.server, record.senders)


def read_server(server: Server | str) -> Server:
    """Give the server that a URL names; raises InvalidSettings that shows neither user nor password."""
    if isinstance(server, str):
        return Server.from_url(server)
    if server.insists_on is not None:
        try:
            Address.parse(server.insists_on)
        except InvalidAddress:
            pass  # the error shows it, and some users are tokens
        else:
            return server
        raise InvalidSettings(
            "mail_from",
            "mail_from=login needs a user that is an address",
            advice="Leave mail_from out, or give the account's address as user.",
        )
    return server


def read_senders(senders: Sequence[str]) -> tuple[str, ...]:
    """Give senders in their one spelling, in which routes compare them; raises InvalidSettings."""
    place = Place("senders")
    read = tuple(sender(one, place.item(at)) for at, one in enumerate(senders))
    return place.fail() if place.problems else tuple(one for one in read if one is not None)


def read_address(address: Address | str | None, field: str) -> Address | None:
    """Give the address; raises InvalidAddress."""
    return Address.parse(address, field=field) if isinstance(address, str) else address


def _named(by: str) -> str:
    if not by.strip():
        raise InvalidSettings("by", "nobody is named", advice="Say who does it: a name, or a log-in name.")
    return by.strip()
