"""Mailer and AsyncMailer: the same names, the same answers."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from enum import StrEnum

import pytest
from mail_strategies import shop

from mailsend.errors import (
    InvalidMessage,
    InvalidSettings,
    MessageRefused,
    StoreError,
    SubmissionDeferred,
    UnknownCustomer,
)
from mailsend.mailer import AsyncMailer, CachedDirectory, Mailer
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.model.rules import Rules
from mailsend.model.submission import Hold, Refusal, Submission
from mailsend.settings import Settings


class Waited:
    """An AsyncMailer asked as if it were a Mailer, so that one suite holds for both."""

    def __init__(self, *arguments, **more):
        self.mailer = AsyncMailer(*arguments, **more)
        self.loop = asyncio.new_event_loop()

    def __getattr__(self, name):
        asked = getattr(self.mailer, name)
        if not callable(asked):
            return asked
        if name == "send_many":

            def many(*arguments, **more):
                async def collect():
                    return [one async for one in asked(*arguments, **more)]

                return self.loop.run_until_complete(collect())

            return many

        def wait(*arguments, **more):
            answer = asked(*arguments, **more)
            return self.loop.run_until_complete(answer) if asyncio.iscoroutine(answer) else answer

        return wait


@pytest.fixture(params=[Mailer, Waited], ids=["Mailer", "AsyncMailer"])
def make(request):
    """Make a mailer of either kind for the shop of the laws."""
    made = []

    def build(*, settings=None, **more):
        mailer = request.param(Settings.model_validate(settings or shop()), **more)
        made.append(mailer)
        return mailer

    yield build
    for one in made:
        one.close()
        if isinstance(one, Waited):
            one.loop.close()


def a_message(**other):
    """Give a message of the ratcatcher's."""
    return Message(
        **{
            "customer": "ratcatcher",
            "from_": "ann@operations-the-rat.example",
            "to": "bob@example.org",
            "subject": "Hello",
            "text": "Hello",
            **other,
        }
    )


def test_what_the_preview_shows_is_what_is_delivered(make):
    """deliver sends exactly preview.data to exactly preview.envelopes."""
    mailer = make()
    preview = mailer.preview(a_message())
    report = mailer.deliver(preview)
    assert mailer.captured == tuple((envelope, preview.data) for envelope in preview.envelopes)
    assert (report.id, report.message_id, report.digest, report.complete) == (
        preview.id,
        preview.message_id,
        preview.digest,
        True,
    )


def test_a_preview_refuses_with_a_value_and_send_with_an_error(make):
    """preview never raises for a message that may not go; send and deliver raise MessageRefused."""
    mailer = make()
    refusal = mailer.preview(a_message(kind="marketing"))
    assert isinstance(refusal, Refusal)
    for attempt in (
        lambda: mailer.send(a_message(kind="marketing")),
        lambda: mailer.deliver(refusal),
    ):
        with pytest.raises(MessageRefused) as caught:
            attempt()
        assert str(caught.value) == "Refused: only transactional mail goes out here, not 'marketing'."
        assert caught.value.refusal.reason is refusal.reason
    assert mailer.captured == ()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"customer": "nobody"}, "unknown_customer"),
        ({"business_unit": "nowhere"}, "unknown_business_unit"),
        ({"customer": None, "business_unit": "zurich"}, "business_unit_alone"),
    ],
)
def test_an_unknown_customer_or_unit_is_a_refusal(fields, reason, make):
    """A customer or unit that the rules do not know fails that message only."""
    refusal = make().preview(a_message(**fields))
    assert (refusal.step, str(refusal.reason)) == ("rules", reason)
    assert refusal.explain().startswith("Refused: ")


def test_many_are_sent_and_each_report_says_which_it_is_of(make):
    """send_many raises nothing for a message: refusals and errors are reports with their index."""

    def messages():
        for number in range(20):
            yield a_message(kind="marketing" if number == 3 else "transactional")

    reports = {one.index: one for one in make().send_many(messages(), concurrency=4)}
    assert sorted(reports) == list(range(20))
    assert reports[3].refusal is not None
    assert all(one.complete for index, one in reports.items() if index != 3)


def test_finished_mails_may_be_among_many(make):
    """send_many takes Submissions as well as Messages."""
    mailer = make()
    (report,) = mailer.send_many([mailer.preview(a_message())])
    assert report.complete


def test_a_failing_interceptor_is_that_messages_error(make):
    """What an interceptor raises in send_many stands in report.error, and the others go on."""

    def before(message, rules):
        if message.subject == "bad":
            raise RuntimeError("no")
        return message

    mailer = make(before=[before])
    reports = list(mailer.send_many([a_message(subject="bad"), a_message()]))
    assert sorted((one.index, repr(one.error)) for one in reports) == [
        (0, "RuntimeError('no')"),
        (1, "None"),
    ]


def test_at_least_one_at_a_time(make):
    """A concurrency below one is an error, at once."""
    mailer = make()
    mailer = mailer.mailer if isinstance(mailer, Waited) else mailer
    with pytest.raises(ValueError, match="concurrency: at least 1 is needed"):
        mailer.send_many([a_message()], concurrency=0)


def test_an_error_of_the_callers_iterable_waits_for_the_reports(make):
    """What was handed over before the iterable raised is reported first."""

    def messages():
        yield a_message()
        yield a_message()
        raise LookupError("the database went away")

    reports = []
    mailer = make()
    with pytest.raises(LookupError, match="the database went away"):
        _collect(mailer, messages(), reports)
    assert sorted(one.index for one in reports) == [0, 1]
    assert all(one.complete for one in reports)


def _collect(mailer, messages, into):
    """Put each report into a list as it comes, so that what came before an error is there."""
    if not isinstance(mailer, Waited):
        into.extend(mailer.send_many(messages))
        return

    async def collect():
        async for one in mailer.mailer.send_many(messages):
            into.append(one)

    mailer.loop.run_until_complete(collect())


def test_an_async_iterable_gets_each_report_as_soon_as_it_is_there():
    """AsyncMailer.send_many reports a mail while the caller's iterable is still waiting for its next."""

    async def main():
        reported = asyncio.Event()

        async def messages():
            yield a_message()
            await asyncio.wait_for(reported.wait(), 5)
            yield a_message()

        async with AsyncMailer(Settings.model_validate(shop())) as mailer:
            async for _ in mailer.send_many(messages(), concurrency=8):
                reported.set()
            return len(mailer.captured)

    assert asyncio.run(main()) == 4


def test_wrong_things_are_told_by_name(make):
    """A Mailer says what it expects, and what to use instead."""
    mailer = make()
    preview = mailer.preview(a_message())
    for ask, says in (
        (lambda: mailer.preview("x"), "message: a Message is expected, not str"),
        (lambda: mailer.send(preview), "message: a Message is expected, not Submission"),
        (lambda: mailer.deliver(a_message()), "submission: a Submission is expected, not Message"),
    ):
        with pytest.raises(InvalidMessage) as caught:
            ask()
        assert str(caught.value) == says
        assert caught.value.advice
    (report,) = mailer.send_many(["x"])
    assert isinstance(report.error, InvalidMessage)
    with pytest.raises(InvalidSettings, match="Settings are expected, not str"):
        Mailer("mailsend.toml")


def test_the_templates_of_the_application_can_be_looked_at(make):
    """templates lists what can be sent, with samples."""
    names = [one.name for one in make().templates.names()]
    assert "order-confirmation" in names


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("check", False), ("check", "hold"), ("before", None), ("before", "x")],
)
def test_an_interceptor_that_gives_no_answer_stops_the_mail(kind, answer, make):
    """A misunderstanding never lets a mail out: the interceptor is named."""

    def misunderstood(*_):
        return answer

    with pytest.raises(TypeError, match=r"misunderstood gave .*; expected is "):
        make(**{kind: [misunderstood]}).send(a_message())


def test_an_async_interceptor_is_told_to_be_plain(make, caplog):
    """check stops the mail; after is logged; nothing is left unawaited."""

    async def check(*_):
        """Be async by mistake."""

    with pytest.raises(TypeError, match="check is async; interceptors are plain functions"):
        make(check=[check]).send(a_message())
    make(after=[check]).send(a_message())
    assert "is async; interceptors are plain functions" in caplog.text


def test_interceptors_change_check_and_observe(make):
    """before changes the message, check sees the finished mail, after is told of the report."""
    seen = []

    def before(message, rules):
        assert isinstance(rules, Rules)
        return replace(message, subject="Changed")

    def check(submission):
        seen.append(submission.subject)

    def after(report):
        seen.append(report.complete)
        raise RuntimeError("an observer's fault changes nothing")

    make(before=[before], check=[check], after=[after]).send(a_message())
    assert seen == ["Changed", True]


class Why(StrEnum):
    """A reason of the application's own."""

    BUDGET = "budget"


@pytest.mark.parametrize(
    "raised", [ValueError, SystemExit, GeneratorExit, asyncio.CancelledError, BaseException]
)
def test_whatever_an_observer_raises_changes_nothing(make, caplog, raised):
    """An 'after' that raises, even what would end a program, is logged, and the report comes as it would."""

    def after(report):
        raise raised("odd")

    report = make(after=[after]).send(a_message())
    assert (report.complete, report.error) == (True, None)
    assert [one.getMessage() for one in caplog.records] == ["an 'after' interceptor failed"]


def test_an_interceptor_may_refuse_before_and_after(make):
    """A Refusal from before or check refuses the message, in preview as in sending."""
    refusal = Refusal(step="interceptor", reason=Why.BUDGET, advice="Ask for more.")
    assert make(before=[lambda message, rules: refusal]).preview(a_message()) == refusal
    checked = make(check=[lambda submission: refusal]).preview(a_message())
    assert (checked.reason, len(checked.decisions)) == (Why.BUDGET, 7)


def test_an_interceptor_may_hold(make):
    """A Hold from check stands in submission.hold, and the mail is held when delivered."""
    mailer = make(check=[lambda submission: Hold(reason="budget", why="over budget")])
    preview = mailer.preview(a_message())
    assert preview.hold == Hold(reason="budget", why="over budget")
    last = [preview.explain(locale).splitlines()[-1] for locale in ("en", "de")]
    assert last == [
        "An interceptor of the application keeps it back: over budget",
        "Ein Interceptor der Anwendung hält sie zurück: over budget",
    ]
    unsaid = replace(preview, hold=Hold(reason="budget"))
    assert unsaid.explain().endswith("\nAn interceptor of the application keeps it back: budget")
    report = mailer.deliver(preview)
    assert [str(who) for who in report.held] == ["bob@example.org"]
    assert mailer.captured == ()
    with pytest.raises(SubmissionDeferred):
        mailer.deliver(preview, strict=True)
    with pytest.raises(SubmissionDeferred) as caught:
        mailer.send(a_message())
    assert list(caught.value.report.held) == list(report.held)


def test_an_interceptor_that_moves_a_message_to_another_customer_gets_its_rules(make):
    """Where before changes the customer, that customer's rules decide."""
    mailer = make(before=[lambda message, rules: replace(message, customer="owl")])
    preview = mailer.preview(a_message(from_="a@mail.owl.example"))
    assert preview.sender.customer == "owl"
    lost = make(before=[lambda message, rules: replace(message, customer="nobody")])
    assert str(lost.preview(a_message()).reason) == "unknown_customer"


def test_interceptors_may_be_named_in_the_settings(make):
    """Dotted paths are imported; one that cannot be is an error that names the setting."""
    settings = shop(interceptors={"after": ["operator.truth"]})
    with pytest.raises(InvalidSettings, match=r"application\.interceptors\.check: 'nowhere\.check'"):
        make(settings=shop(interceptors={"check": ["nowhere.check"]}))
    colon = make(settings=shop(interceptors={"before": ["operator:is_not"]}))
    with pytest.raises(TypeError, match="is_not gave True; expected is a Message or a Refusal"):
        colon.preview(a_message())
    with pytest.raises(InvalidSettings, match=r"'math\.pi' is not callable"):
        make(settings=shop(interceptors={"after": ["math.pi"]}))
    assert isinstance(make(settings=settings).preview(a_message()), Submission)


def test_test_mode_can_be_switched_on_and_off(make):
    """on sends everything to the test address from then on, and holds what was prepared before."""
    mailer = make()
    before = mailer.preview(a_message())
    assert mailer.test_mode.status().enabled is False
    mailer.test_mode.on("test@suite.example")
    assert len(mailer.deliver(before).held) == 1
    mailer.send(a_message())
    assert [str(one.envelope.recipients[0]) for one in mailer.captured] == ["test@suite.example"]
    mailer.test_mode.off()
    assert mailer.deliver(before).complete


def test_test_mode_of_the_settings_is_switched_off_there(make):
    """off takes back what on did, not what the settings say; on needs an address."""
    with pytest.raises(InvalidSettings, match="no test address is known"):
        make().test_mode.on()
    mailer = make(settings=shop(test_mode={"enabled": True, "recipient": "t@suite.example"}))
    with pytest.raises(InvalidSettings, match="the settings switch test mode on"):
        mailer.test_mode.off()
    assert str(mailer.test_mode.on().recipient) == "t@suite.example"


class People:
    """A directory over a dictionary, synchronous or not."""

    def __init__(self, known, *, is_async=False):
        self.known, self.is_async, self.asked = known, is_async, []

    def rules_for(self, customer, business_unit):
        self.asked.append((customer, business_unit, threading.get_ident()))
        if self.is_async:
            return self._later(customer)
        return self._now(customer)

    async def _later(self, customer):
        return self._now(customer)

    def _now(self, customer):
        if customer not in self.known:
            raise UnknownCustomer(customer)
        return Rules.from_dict(self.known[customer])


def _application():
    return {key: value for key, value in shop().items() if key == "application"}


def _of(customer):
    return {**_application(), "customers": {customer: shop()["customers"][customer]}}


def test_a_directory_gives_the_rules_once_per_message_on_the_callers_thread(make):
    """rules_for is asked for each message, here, and its customer's sender is used."""
    people = People({"ratcatcher": _of("ratcatcher")})
    mailer = make(settings=_application(), directory=people)
    preview = mailer.preview(a_message(business_unit="zurich", from_="x@gmail.com"))
    assert preview.sender.mailbox.name == "Zürich"
    assert people.asked == [("ratcatcher", "zurich", threading.get_ident())]
    mailer.send(a_message(customer="ratcatcher"))
    list(mailer.send_many([a_message(customer="ratcatcher")]))
    assert len(people.asked) == 3
    assert str(mailer.preview(a_message(customer="nobody")).reason) == "unknown_customer"
    assert isinstance(mailer.preview(a_message(customer=None, from_=None)), Submission)
    assert mailer.deliver(preview).complete


def test_wrong_rules_of_a_directory_fail_that_message_only(make):
    """Rules that are not valid, or whose key is none, are a refusal that says why."""
    wrong = _of("ratcatcher")
    wrong["customers"]["ratcatcher"]["fallback_sender"] = "x@gmail.com"
    no_key = _of("owl")
    no_key["customers"]["owl"]["dkim_keys"] = [{"domain": "owl.example", "selector": "s", "key": "x"}]
    mailer = make(settings=_application(), directory=People({"ratcatcher": wrong, "owl": no_key}))
    for customer, says in (("ratcatcher", "fallback_sender"), ("owl", "dkim_keys")):
        refusal = mailer.preview(a_message(customer=customer))
        assert str(refusal.reason) == "invalid"
        assert says in refusal.explain()


def test_customers_come_from_one_place(make):
    """Customers in the settings beside a directory are an error."""
    with pytest.raises(InvalidSettings, match="customers come from the directory"):
        make(directory=People({}))


def test_an_async_directory_goes_with_the_async_mailer():
    """AsyncMailer awaits rules_for; Mailer says that it cannot."""
    people = People({"ratcatcher": _of("ratcatcher")}, is_async=True)
    settings = Settings.model_validate(_application())

    async def ask():
        async with AsyncMailer(settings, directory=CachedDirectory(people)) as mailer:
            await mailer.send(a_message())
            return await mailer.preview(a_message())

    assert isinstance(asyncio.run(ask()), Submission)
    assert len(people.asked) == 1
    with pytest.raises(TypeError, match="an async directory goes with AsyncMailer"):
        Mailer(settings, directory=People({}, is_async=True)).preview(a_message())


def test_what_needs_a_store_says_so(make):
    """Without a store the queue, the log and the lists raise StoreError with advice."""
    mailer = make()
    for ask in (
        lambda: mailer.enqueue(a_message()),
        lambda: mailer.keep(None),
        mailer.deliver_due,
        lambda: mailer.outbox,
        lambda: mailer.journal,
        lambda: mailer.lists,
    ):
        with pytest.raises(StoreError, match="needs a store") as caught:
            ask()
        assert caught.value.advice


def test_closing_twice_is_closing_once(make):
    """close may be called again, also where nothing was ever sent."""
    mailer = make()
    mailer.close()
    mailer.send(a_message())
    mailer.close()
    mailer.close()


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_closed_mailer_opens_its_store_anew(make, kind, tmp_path):
    """As it opens connections anew; a store in memory begins empty, one in a file has what was put into it."""
    rules = shop()
    rules["application"]["store"] = "memory:" if kind == "memory" else f"sqlite:///{tmp_path}/kept.db"
    mailer = make(settings=rules)
    first = mailer.enqueue(a_message())
    mailer.close()
    second = mailer.enqueue(a_message())
    page = mailer.outbox.search()
    page = mailer.loop.run_until_complete(page) if asyncio.iscoroutine(page) else page
    found = [one.id for one in page.mails]
    assert found == ([second] if kind == "memory" else [second, first])


def test_a_mail_for_later_is_held_by_a_mailer_without_a_store(make):
    """send_at in the future is not sent early: the report says held, and until when."""
    from datetime import UTC, datetime, timedelta

    later = datetime.now(UTC) + timedelta(hours=1)
    mailer = make()
    (result,) = mailer.deliver(mailer.preview(a_message(send_at=later))).recipients.values()
    assert (result.outcome, result.reason, result.advice) == (
        Outcome.HELD,
        "not_yet",
        f"Not before {later.isoformat()}: deliver the mail again then.",
    )


def test_a_preview_that_waited_over_an_hour_gets_a_new_date_and_signature_alone(
    make, rsa_key_text, monkeypatch
):
    """After an hour Date and the signatures are made anew, every other byte stays, and the report tells."""
    import re
    from datetime import timedelta

    from mailsend.mailer import acting

    keys = [{"domains": ["*"], "selector": "s", "key": rsa_key_text}]
    mailer = make(settings=shop(dkim_keys=keys))
    preview = mailer.preview(a_message())
    clock = [preview.prepared + timedelta(hours=1)]
    monkeypatch.setattr(acting, "utc_now", lambda: clock[0])
    assert mailer.deliver(preview).digest == preview.digest
    clock[0] += timedelta(seconds=1)
    report = mailer.deliver(preview)
    assert report.digest != preview.digest
    old, new = preview.data, mailer.captured[-1].data

    def without(data):
        data = re.sub(rb"\ADKIM-Signature:.*?\r\n(?![ \t])", b"", data, flags=re.DOTALL)
        return re.sub(rb"\r\nDate: [^\r]*", b"", data)

    assert without(old) == without(new)
    assert f"Date: {clock[0]:%a, %d %b %Y %H:%M:%S} +0000".encode() in new
    assert new.count(b"DKIM-Signature:") == 1
    assert f"t={int(clock[0].timestamp())};".encode() in new


def test_the_date_of_a_finished_mail_stays_however_long_it_waited(make, monkeypatch):
    """What from_mime carried keeps its own Date; a mail of a customer that is gone stays as it is."""
    from datetime import timedelta

    from mailsend.mailer import acting

    mailer = make()
    taken = Message.from_mime(
        b"From: ann@operations-the-rat.example\r\nTo: bob@example.org\r\nSubject: x\r\n"
        b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n",
        customer="ratcatcher",
    )
    preview = mailer.preview(taken)
    monkeypatch.setattr(acting, "utc_now", lambda: preview.prepared + timedelta(hours=2))
    mailer.deliver(preview)
    assert mailer.captured[-1].data == preview.data
    lost = replace(preview, message=replace(taken, customer="nobody"))
    assert [one.reason for one in mailer.deliver(lost).held.values()] == ["unknown_customer"]


def test_the_applications_test_mode_covers_the_customers_of_a_directory(make):
    """Rules from elsewhere that say nothing of test mode do not switch the application's off."""
    in_test = _application()
    in_test["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    people = People({"ratcatcher": _of("ratcatcher")})
    before = make(settings=_application(), directory=people).preview(a_message())
    mailer = make(settings=in_test, directory=people)
    mailer.send(a_message())
    assert [str(one.envelope.recipients[0]) for one in mailer.captured] == ["test@suite.example"]
    assert len(mailer.deliver(before).held) == 1


def _keyed(*keys, **customer):
    settings = shop(dkim_keys=[{"domains": ["*"], **one} for one in keys])
    settings["customers"]["ratcatcher"].update(customer)
    return settings


def test_a_selector_that_was_retired_is_replaced_at_once(make, rsa_key_text):
    """A preview signed by a key that is no longer active is signed anew when it is delivered."""
    old = {"selector": "old", "key": rsa_key_text}
    new = {"selector": "new", "key": rsa_key_text}
    preview = make(settings=_keyed(old)).preview(a_message())
    mailer = make(settings=_keyed({**old, "state": "retired"}, new))
    report = mailer.deliver(preview)
    assert report.digest != preview.digest
    assert b"s=new;" in mailer.captured[0].data
    assert b"s=old;" not in mailer.captured[0].data
    same = make(settings=_keyed(old, log_days=7))
    assert same.deliver(preview).digest == preview.digest


def test_a_renewed_mail_is_signed_for_the_sender_that_it_has(make, rsa_key_text, monkeypatch):
    """Where the fallback has moved since, the frozen From keeps the signature of its own domain."""
    from datetime import timedelta

    from mailsend.mailer import acting

    key = {"selector": "s", "key": rsa_key_text}
    before = _keyed(key, allowed_domains=["old.example", "new.example"], alias_domains={}, business_units={})
    before["customers"]["ratcatcher"].update(fallback_sender="o@old.example", archive_bcc="a@old.example")
    preview = make(settings=before).preview(a_message(from_="x@gmail.com"))
    before["customers"]["ratcatcher"]["fallback_sender"] = "o@new.example"
    mailer = make(settings=before)
    monkeypatch.setattr(acting, "utc_now", lambda: preview.prepared + timedelta(hours=3))
    mailer.deliver(preview)
    assert b"d=old.example;" in mailer.captured[0].data
