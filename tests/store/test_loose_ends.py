"""What belongs to no mail goes as well, by whose it is; what may still be asked for stays (Q4, P3, M38, M43)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from kept_mails import keep, rows, run
from sqlalchemy import insert
from store_samples import NOW
from stored_mails import a_mail

from mailsend.care.retention import forget_what_is_old
from mailsend.decide.query import parse
from mailsend.errors import NotInStore
from mailsend.mailer import Mailer
from mailsend.model.mail_state import MailState
from mailsend.settings import Settings
from mailsend.store.known_provider import KnownProvider
from mailsend.store.schema import mails, upkeep
from mailsend.store.times import moment

DAY = timedelta(days=1)
WHO = {"by": "ann", "reason": "the case 4711"}


@pytest.fixture
def ends(store):
    """Give what takes out loose ends, of an empty store."""
    return store.upkeep.loose_ends


def act(at=NOW, *, message="", customer="", name="limit_reset"):
    given = {"at": moment(at), "by": "ann", "act": name, "message": message, "customer": customer}
    return insert(mails.event), {**given, "reason": "", "facts": "{}"}


def acts(store):
    return sorted(one.act for one in rows(store, mails.event))


def test_acts_go_by_the_days_of_whose_they_are(store, ends):
    """What one keeps for a year goes after a week for another; asked as often as there are customers."""
    for name in ("", "rat", "owl"):
        run(store, *[act(customer=name, name=f"{name}{number}") for number in range(2)])
    run(store, act(NOW + DAY, name="later"))
    days = {"": 28, "rat": 365, "owl": 7}.__getitem__
    assert ends.acts(days, now=NOW + 8 * DAY) == 2
    assert acts(store) == ["0", "1", "later", "rat0", "rat1"]
    assert ends.acts(days, now=NOW + 28 * DAY + timedelta(seconds=1)) == 2
    assert acts(store) == ["later", "rat0", "rat1"]


def test_acts_on_mails_go_with_their_mails_alone(store, ends):
    """Their days count from the mail's end."""
    run(store, act(message="01mail", name="hold"))
    assert ends.acts(lambda _: 0, now=NOW + 400 * DAY) == 0
    assert acts(store) == ["hold"]


def test_many_acts_go_in_several_steps(store, ends):
    """Behind others that stay; whoever has no time left stops between two."""
    run(store, *[act(customer="rat") for _ in range(700)], *[act() for _ in range(1200)])
    turns = iter([True, True, False])
    days = {"": 28, "rat": 365}.__getitem__
    assert ends.acts(days, now=NOW + 30 * DAY, alive=lambda: next(turns)) == 300
    assert ends.acts(days, now=NOW + 30 * DAY) == 900
    assert {one.customer for one in rows(store, mails.event)} == {"rat"}


def question(digest, *ids, until=NOW + timedelta(minutes=15), used=False):
    row = {"digest": digest * 64, "messages": json.dumps(ids), "made_at": moment(NOW), "until": moment(until)}
    answered = {"used_at": moment(NOW), "by": "ann", "answer": "confirmed"}
    return insert(upkeep.confirmation), {
        **row,
        **(answered if used else {"used_at": None, "by": "", "answer": ""}),
    }


def questions(store):
    return sorted(one.digest[0] for one in rows(store, upkeep.confirmation))


@pytest.mark.parametrize("used", [False, True])
def test_a_question_stays_while_it_can_be_answered_or_its_mails_are_kept(store, ends, used):
    """Whether it was answered or not: then a second answer is still told who gave the first."""
    keep(store, a_mail(id="01kept"), state=MailState.CANCELLED, done_at=NOW)
    later = NOW + 2 * DAY
    run(
        store,
        question("a", "01gone", used=used),
        question("b", "01gone", until=later, used=used),
        question("c", *[f"{number:026}" for number in range(1200)], "01kept", used=used),
    )
    assert ends.questions(now=NOW) == 0
    assert (ends.questions(now=NOW + DAY), questions(store)) == (1, ["b", "c"])
    assert store.upkeep.retention.mails("ratcatcher", days=1, now=later) == 1
    assert (ends.questions(now=later + DAY), questions(store)) == (2, [])


def test_many_questions_go_in_several_steps(store, ends):
    """None is passed over, and whoever has no time left stops."""
    letters = [f"{number:x}" for number in range(16)]
    run(
        store,
        *[
            (insert(upkeep.confirmation), {**question("0")[1], "digest": f"{a}{b}"})
            for a in letters
            for b in letters
        ],
    )
    assert ends.questions(now=NOW + DAY, alive=lambda: False) == 0
    assert ends.questions(now=NOW + DAY) == 256


def stand(store, name, **more):
    return store.standing.add(
        parse(f"template:{name}"), now=NOW, **{"customer": None, "until": None, **WHO, **more}
    ).id


def holds(store):
    return sorted(one.id for one in rows(store, upkeep.standing_hold))


def test_a_standing_hold_goes_some_days_after_its_end(store, ends):
    """By its customer's days; one that stands never, however old."""
    lifted, over, stands, kept = (
        stand(store, "a"),
        stand(store, "b", until=NOW + DAY),
        stand(store, "c"),
        stand(store, "d", customer="rat"),
    )
    newest = stand(store, "e", until=NOW + DAY)
    for one in (lifted, kept):
        store.standing.lift(one, now=NOW, **WHO)
    days = {"": 28, "rat": 365}.__getitem__
    assert ends.holds(days, now=NOW + 28 * DAY) == 0
    assert ends.holds(days, now=NOW + 28 * DAY + timedelta(seconds=1)) == 1
    assert holds(store) == [over, stands, kept, newest]
    assert ends.holds(days, now=NOW + 400 * DAY) == 2
    assert holds(store) == [stands, newest]


def test_the_number_of_a_standing_hold_is_no_other_ones_later(store, ends):
    """Whoever lifts by an old number lifts nothing that was made since."""
    old = stand(store, "a", until=NOW + DAY)
    ends.holds(lambda _: 1, now=NOW + 9 * DAY)
    new = store.standing.add(parse("template:b"), customer=None, until=None, now=NOW + 9 * DAY, **WHO).id
    assert new != old
    with pytest.raises(NotInStore):
        store.standing.lift(10_000, now=NOW, **WHO)
    assert ends.holds(lambda _: 1, now=NOW + 9 * DAY) == 1
    assert holds(store) == [new]


def test_a_domain_goes_when_no_mail_went_to_it(store, ends):
    """And not before what is known of it has ended, nor while a mail to it is kept."""
    keep(store, a_mail(id="01kept", to="bob@example.org"), state=MailState.DONE, done_at=NOW)
    store.upkeep.providers.keep(
        [
            KnownProvider(domain=name, provider="", source="none", until=NOW + days * DAY)
            for name, days in (("example.org", 1), ("over.example", 1), ("fresh.example", 7))
        ],
        now=NOW,
    )
    assert (ends.domains(now=NOW + 2 * DAY, alive=lambda: False), ends.domains(now=NOW)) == (0, 0)
    assert ends.domains(now=NOW + 2 * DAY) == 1
    assert sorted(one.domain for one in rows(store, upkeep.provider)) == ["example.org", "fresh.example"]


def test_the_duty_takes_them_out(any_url):
    """The application's acts after 28 days, and each customer's after its own; of one nobody knows, after 28."""
    given = {
        "application": {
            "fallback_sender": "no-reply@suite.example",
            "allowed_domains": ["suite.example"],
            "smarthosts": ["memory:"],
            "store": any_url,
        },
        "customers": {"rat": {"allowed_domains": ["rat.example"], "log_days": 365}},
    }
    with Mailer(Settings.model_validate(given)) as mailer:
        store = mailer._core.store_door.open("a test")
        run(store, act(name="own"), act(customer="rat", name="kept"), act(customer="gone", name="unknown"))
        run(store, question("a", "01gone"))
        told = forget_what_is_old(mailer, NOW + 29 * DAY)
        assert (told["acts"], told["questions"], told["holds"], told["domains"]) == (2, 1, 0, 0)
        assert acts(store) == ["kept"]
