"""The switch for test mode, read at every last look (P2)."""

from __future__ import annotations

from mailsend.errors import InvalidSettings
from mailsend.model.address import Address
from mailsend.model.rules import Application, Scope, TestMode

__all__ = ["TestModeSwitch"]


class TestModeSwitch:
    """Test mode as one Mailer sees it: the settings' word, or what was switched on since."""

    __test__ = False  # pytest: this is no test class

    def __init__(self, application: Application) -> None:
        self._application = application
        self._switched_on: Address | None = None

    def status(self, scope: Scope | None = None) -> TestMode:
        """Give the test mode in force for a scope (the application, where none is given).

        Rules of a directory can switch it on for themselves, and never off for the application.
        """
        if self._switched_on is not None:
            return TestMode(enabled=True, recipient=self._switched_on)
        mode = (scope or Scope(application=self._application)).test_mode
        return mode if mode.enabled else self._application.test_mode

    def on(self, recipient: str | Address | None = None) -> TestMode:
        """Send everything to ``recipient`` from now on, or to the settings' test address.

        Raises InvalidSettings where neither names an address, InvalidAddress for one that is none.
        """
        address = Address.parse(recipient, field="recipient") if isinstance(recipient, str) else recipient
        address = address or self._application.test_mode.recipient
        if address is None:
            raise InvalidSettings(
                "application.test_mode.recipient",
                "no test address is known",
                advice="Name one here or in the settings.",
            )
        self._switched_on = address
        return self.status()

    def off(self) -> TestMode:
        """Take back what ``on`` switched.

        Raises InvalidSettings where the settings themselves say that test mode is on: that is
        changed there.
        """
        if self._switched_on is None and self._application.test_mode.enabled:
            raise InvalidSettings(
                "application.test_mode.enabled",
                "the settings switch test mode on",
                advice="Set it to false there.",
            )
        self._switched_on = None
        return self.status()
