"""What a server answers without sense to a whole mail: temporary, and not given to another server as well."""

from __future__ import annotations

import pytest

from mailsend.mailer import Mailer
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer


@pytest.mark.parametrize("fault", ["dot-211", "dot-intermediate"])
def test_it_goes_to_no_second_route_in_the_same_call(fault: str) -> None:
    """The server has the mail and may keep it: the recipient is deferred, the second route sees nothing."""
    with ScriptedServer(faults=[fault]) as first, ScriptedServer() as second:
        application = {
            "fallback_sender": "no-reply@suite.example",
            "allowed_domains": ["suite.example"],
            "smarthosts": [first.url, second.url],
        }
        with Mailer(Settings.model_validate({"application": application})) as mailer:
            (report,) = mailer.send_many([Message(to="bob@example.org", subject="Hello", text="Hello\n")])
        (told,) = report.recipients.values()
        assert (told.outcome, told.reason) == (Outcome.DEFERRED, "senseless_reply")
        assert (len(report.attempts), second.commands) == (1, [])
