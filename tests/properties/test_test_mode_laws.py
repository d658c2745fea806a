"""The law of test mode: nobody but the test address is reached, unless a person named that very message (P2, P3)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, rule
from queue_shop import TEST, a_mail, age, change, rows, settings
from sqlalchemy import update

from mailsend import Mailer, Settings
from mailsend.errors import InvalidSettings, StoreError, SubmissionError
from mailsend.model.address import Address, ByAddress
from mailsend.model.reply import Reply
from mailsend.store import upgrade
from mailsend.store.schema import mails

BOB, EVE, ARCHIVE = "bob@example.org", "eve@example.net", "archive@suite.example"
WHOSE = st.sampled_from([None, "rats"])
BUSY = Reply.of(450, "4.2.1 Busy")
_template = []


def _upgraded():
    """Give the file of an upgraded store, made once."""
    if not _template:
        folder = tempfile.TemporaryDirectory(prefix="mailsend-laws-")
        file = Path(folder.name) / "mailsend.db"
        upgrade(f"sqlite:///{file}")
        _template.append((folder, file))
    return _template[0][1]


class ModeWalk(RuleBasedStateMachine):
    """An application and a worker beside it, a person who switches and answers, and the servers' record."""

    previews = Bundle("previews")
    questions = Bundle("questions")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="mailsend-walk-")
        self.url = f"sqlite:///{Path(self.folder.name) / 'mailsend.db'}"
        shutil.copy(_upgraded(), Path(self.folder.name) / "mailsend.db")
        self.number = 0
        self.switched = set()
        self.by_settings = False
        self.busy = False
        self.confirmed = set()
        self.asked = {}
        self.application = self.worker = None

    @initialize(enabled=st.booleans())
    def begin(self, enabled):
        """Application and worker start."""
        self._start(enabled)

    def _start(self, enabled):
        mode = {"enabled": enabled, "recipient": TEST}
        shop = settings(store=self.url, test_mode=mode, archive_bcc=ARCHIVE)
        shop["customers"] = {"rats": {"allowed_domains": ["rats.example"]}}
        self.by_settings = enabled
        self.application, self.worker = (Mailer(Settings.model_validate(shop)) for _ in range(2))
        self.taken = {self.application: 0, self.worker: 0}
        self._let_servers_be(self.busy)

    def teardown(self):
        """What waits goes out as far as it may; then the processes end."""
        try:
            if self.application is not None:
                self._let_servers_be(busy=False)
                for _ in range(3):
                    age(self.application, 3 * 3600)
                    self._sent_by(self.worker, self.worker.deliver_due)
        finally:
            for one in (self.application, self.worker):
                if one is not None:
                    one.close()
            self.folder.cleanup()

    def _let_servers_be(self, busy):
        self.busy = busy
        replies = ByAddress(
            dict.fromkeys(map(Address.parse, (BOB, EVE, ARCHIVE, TEST)), BUSY) if busy else {}
        )
        for one in (self.application, self.worker):
            transport = one._core.transports.for_server(one.rules.application.smarthosts[0])
            transport._replies = replies

    def _is_on(self, customer):
        return self.by_settings or "" in self.switched or customer in self.switched

    def _sent_by(self, mailer, work):
        """Do ``work``, and look at all that the servers took meanwhile: this is the law."""
        try:
            return work()
        except (StoreError, SubmissionError):
            return None
        finally:
            new = mailer.captured[self.taken[mailer] :]
            self.taken[mailer] += len(new)
            for one in new:
                head = one.data.decode().replace("\r\n ", " ")
                number = int(head.split("Mail ")[1].split()[0])
                customer = "rats" if number % 2 else None
                if any(str(who) != TEST for who in one.envelope.recipients):
                    assert number in self.confirmed or not self._is_on(customer), head

    def _message(self, customer):
        """Give a message of its own; odd numbers are the customer's."""
        self.number += 2 if (self.number % 2) == bool(customer) else 1
        return a_mail(self.number, to=BOB, cc=EVE, customer=customer)

    # The person

    @rule(customer=WHOSE)
    def switch_on(self, customer):
        """Test mode, for all or for one customer, by whichever process."""
        self.application.test_mode.on(TEST, customer=customer, by="ann", reason="a law")
        self.switched.add(customer or "")

    @rule(customer=WHOSE)
    def switch_off(self, customer):
        """What the settings say stays."""
        try:
            self.application.test_mode.off(customer=customer, by="ann", reason="a law")
        except InvalidSettings:
            assert self.by_settings
            return
        self.switched.discard(customer or "")

    @rule(target=questions, customers=st.lists(WHOSE, min_size=1, max_size=2), held=st.booleans())
    def ask(self, customers, held):
        """About new messages, or about all mails that are held."""
        if held:
            found = [one for one in rows(self.application, mails.message) if one.state == "held"]
            asked, numbers = [one.id for one in found], [_number(one.subject) for one in found]
        else:
            asked = [self._message(one) for one in customers]
            numbers = [_number(one.subject) for one in asked]
        try:
            token = self.application.test_mode.question(asked).token
        except StoreError:  # test mode is off
            return multiple()
        self.asked[token] = numbers
        return token

    @rule(token=questions, twice=st.booleans())
    def confirm(self, token, twice):
        """For real: exactly those messages, however often it is clicked."""
        for _ in range(1 + twice):
            try:
                self.application.test_mode.confirm(token, by="ann")
            except StoreError:
                continue
            self.confirmed.update(self.asked[token])

    @rule(token=questions)
    def keep_testing(self, token):
        """They go to the test address, though test mode should be off by now."""
        before = {one.id for one in rows(self.application, mails.message)}
        try:
            answer = self.application.test_mode.keep_testing(token, by="ann")
        except StoreError:
            return
        released = set(answer.sent.values())
        assert not answer.refused.keys() & answer.sent.keys()
        for one in rows(self.application, mails.message):
            if one.id in released:
                assert one.in_test_mode, (one.id in before, one.how)

    @rule(act=st.sampled_from(["release", "force", "retry", "hold", "freeze", "thaw"]))
    def act(self, act):
        """Somebody lets everything go, or holds it: neither of them is a confirmation."""
        ids = [one.id for one in rows(self.application, mails.message)]
        getattr(self.application.outbox, act)(ids, by="ann", reason="a law")

    @rule(known=st.booleans(), customer=WHOSE, seconds=st.sampled_from([0, 61]))
    def somebody_writes_the_database(self, known, customer, seconds):
        """All that waits says that it was confirmed, with a seal of such a one where there is any: that confirms none."""
        self.enqueue(customer)
        self.switch_on(customer)
        found = rows(self.application, mails.message)
        seals = [one.seal for one in found if one.seal] if known else []
        forged = [one.id for one in found if not one.seal]
        said = {"how": "confirmed", "seal": seals[0] if seals else "0" * 64}
        change(self.application, update(mails.message).where(mails.message.c.id.in_(forged)).values(said))
        self.work(seconds)

    # The application and its workers

    @rule(customer=WHOSE)
    def send(self, customer):
        """At once; what is deferred goes on by the queue."""
        message = self._message(customer)
        self._sent_by(self.application, lambda: self.application.send(message))

    @rule(customer=WHOSE)
    def enqueue(self, customer):
        """For later."""
        self.application.enqueue(self._message(customer))

    @rule(target=previews, customer=WHOSE)
    def preview(self, customer):
        """Finished now, whatever is switched until it goes out."""
        return self.application.preview(self._message(customer))

    @rule(preview=consumes(previews), door=st.sampled_from(["deliver", "keep", "enqueue"]))
    def bring(self, preview, door):
        """A mail that was prepared before goes by any door."""
        self._sent_by(self.application, lambda: getattr(self.application, door)(preview))

    @rule(seconds=st.sampled_from([0, 61, 1000, 4000]))
    def work(self, seconds):
        """The worker, which nobody told of any switch, does its rounds."""
        age(self.application, seconds)
        self._sent_by(self.worker, self.worker.deliver_due)

    @rule(busy=st.booleans())
    def servers(self, busy):
        """The servers take mail, or ask to come back."""
        self._let_servers_be(busy)

    @rule(enabled=st.booleans())
    def restart(self, enabled):
        """All processes end, and come back with these settings."""
        self.application.close()
        self.worker.close()
        self._start(enabled)


def _number(subject):
    return int(subject.split("Mail ")[1].split()[0])


TestModeWalk = ModeWalk.TestCase
