"""The switch for test mode, read at every last look (P2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from mailsend.errors import InvalidSettings
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.named import named
from mailsend.model.address import Address
from mailsend.model.rules import Application, Scope, TestMode

if TYPE_CHECKING:
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.store.test_mode import TestModeBook

__all__ = ["TestModeSwitch"]

_FRESH: Final = 1.0  # seconds until another process's switch counts for mail that is sent at once
_APPLICATION: Final = ""
_BY: Final = "application"
_WHY: Final = "by the application"
_SWITCHING: Final = "switching test mode"


class TestModeSwitch:
    """Test mode as one Mailer sees it: the settings' word, or what was switched on since.

    With a store the switch stands in it, for all processes; mail from the queue looks there in the very
    moment in which its content would go out. Switching waits for the store.
    """

    __test__ = False  # pytest: this is no test class

    def __init__(self, application: Application, door: StoreDoor) -> None:
        self._application = application
        self._door = door
        self._switched_on: dict[str, Address] = {}
        self._read_at: float | None = None

    def status(self, scope: Scope | None = None) -> TestMode:
        """Give the test mode in force for a scope (the application, where none is given).

        Rules of a directory can switch it on for themselves, and never off for the application.
        """
        switched = self._now_on()
        customer = scope.customer.name if scope is not None and scope.customer is not None else _APPLICATION
        if switched:
            found = switched.get(_APPLICATION) or switched.get(customer)
            if found is not None:
                return TestMode(enabled=True, recipient=found)
        mode = (scope or Scope(application=self._application)).test_mode
        return mode if mode.enabled else self._application.test_mode

    def look_anew(self) -> None:
        """Learn what any process has switched until now; raises StoreError."""
        self._now_on(anew=True)

    def on(
        self,
        recipient: str | Address | None = None,
        *,
        customer: str | None = None,
        by: str = _BY,
        reason: str = _WHY,
    ) -> TestMode:
        """Send everything, or all of one customer, to ``recipient`` from now on.

        Without one it is the settings' test address. Raises InvalidSettings where neither names an
        address, InvalidAddress for one that is none, StoreError, also where ``by`` is blank.
        """
        named(by, _SWITCHING)
        address = Address.parse(recipient, field="recipient") if isinstance(recipient, str) else recipient
        address = address or self._application.test_mode.recipient
        if address is None:
            raise InvalidSettings(
                "application.test_mode.recipient",
                "no test address is known",
                advice="Name one here or in the settings.",
            )
        whose = customer or _APPLICATION
        if self._door.is_there:
            self._book.switch(
                whose, enabled=True, recipient=str(address), by=by, reason=reason, now=utc_now()
            )
        self._switched_on = {**self._switched_on, whose: address}
        return TestMode(enabled=True, recipient=address)

    def off(self, *, customer: str | None = None, by: str = _BY, reason: str = _WHY) -> TestMode:
        """Take back what ``on`` switched, whichever process it was.

        Raises InvalidSettings where the settings themselves say that test mode is on: that is
        changed there; StoreError where ``by`` is blank.
        """
        named(by, _SWITCHING)
        whose = customer or _APPLICATION
        switched = self._now_on(anew=True)
        if whose not in switched and self._application.test_mode.enabled:
            raise InvalidSettings(
                "application.test_mode.enabled",
                "the settings switch test mode on",
                advice="Set it to false there.",
            )
        if self._door.is_there:
            self._book.switch(whose, enabled=False, recipient="", by=by, reason=reason, now=utc_now())
        self._switched_on = {name: one for name, one in switched.items() if name != whose}
        return self.status()

    def customers(self) -> Mapping[str, Address]:
        """Give the test address of each customer that is switched on by itself."""
        return {name: one for name, one in self._now_on(anew=True).items() if name != _APPLICATION}

    @property
    def _book(self) -> TestModeBook:
        return self._door.open("test mode").test_mode

    def _now_on(self, *, anew: bool = False) -> Mapping[str, Address]:
        """Give the test address of each scope that is switched on."""
        if not self._door.is_there:
            return self._switched_on
        now = monotonic()
        if anew or self._read_at is None or now - self._read_at > _FRESH:
            found = self._book.switched_on()
            self._switched_on = {scope: Address.parse(address) for scope, address in found.items()}
            self._read_at = now
        return self._switched_on
