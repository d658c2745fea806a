"""A dialogue step by step: what goes out for each reply, and what becomes of the mails."""

from __future__ import annotations

import pytest
from talking import CONTENT, DATA, A, B, C, D, Talk, errand, group, told

from mailsend.decide.verdict import Reason, conclude
from mailsend.model.address import Address
from mailsend.model.server import Pipelining, Server
from mailsend.model.server_limits import OfferedLimits
from mailsend.transport.smtp.errand import Phase

ACROSS, WITHIN, OFF = Pipelining.ACROSS, Pipelining.WITHIN, Pipelining.OFF
LEVELS = (ACROSS, WITHIN, OFF)
TAKEN = ("250 Ok", "250 Ok", "354 Go")
ACCEPTED = ("accepted", "accepted")
LOST = ("deferred", "connection_lost")
BUSY = ("deferred", "server_busy")


def sent(talk, one):
    """Carry one mail whole, so that the connection has carried mail."""
    talk.take(one)
    while talk.dialogue.at_hand is one:
        due = talk.dialogue.awaits
        talk.says("354 Go" if due.step == "data" else "250 Ok")
    talk.finished.remove(one)
    return talk


# What goes out


def test_off_says_one_command_at_a_time():
    """Without pipelining each command waits for the reply before it."""
    talk, one = Talk(OFF), errand(A, B)
    assert talk.take(one) == b"MAIL FROM:<ann@suite.example>\r\n"
    assert talk.says("250 Ok") == b"RCPT TO:<a@example.org>\r\n"
    assert talk.says("250 Ok") == b"RCPT TO:<b@example.org>\r\n"
    assert talk.says("550 5.1.1 Nobody") == b"DATA\r\n"
    assert talk.says("354 Go") == CONTENT
    assert talk.says("250 2.0.0 Ok: queued as 4F2") == b""
    assert talk.finished == [one]
    assert told(one) == {"a": ACCEPTED, "b": ("rejected", "no_such_user")}
    assert one.queue_id == "4F2"
    assert [(line.who, line.line) for line in one.conversation()] == [
        ("C", "MAIL FROM:<ann@suite.example>"),
        ("S", "250 Ok"),
        ("C", "RCPT TO:<a@example.org>"),
        ("S", "250 Ok"),
        ("C", "RCPT TO:<b@example.org>"),
        ("S", "550 5.1.1 Nobody"),
        ("C", "DATA"),
        ("S", "354 Go"),
        ("C", f"({len(DATA)} octets of content and the final dot)"),
        ("S", "250 2.0.0 Ok: queued as 4F2"),
    ]


def test_within_sends_one_mail_as_a_group():
    """DATA is the last of its group, and the content waits for its 354; no further mail begins meanwhile."""
    talk, one = Talk(WITHIN), errand(A, B)
    assert talk.take(one) == group(A, B)
    assert talk.says("250 Ok", "250 Ok", "250 Ok") == b""
    assert not talk.dialogue.may_take
    assert talk.says("354 Go") == CONTENT
    assert not talk.dialogue.may_take
    talk.says("250 Ok")
    assert told(one) == {"a": ACCEPTED, "b": ACCEPTED}
    assert (talk.dialogue.may_take, talk.dialogue.is_idle) == (True, True)


def test_across_puts_the_next_mail_behind_the_final_dot():
    """The group of the next mail goes out with the content of this one, and no third one does."""
    talk, one, two = Talk(ACROSS), errand(A), errand(B, name="bob")
    assert talk.take(one) == group(A)
    assert not talk.dialogue.may_take
    talk.says(*TAKEN)
    assert talk.dialogue.may_take
    assert talk.take(two) == group(B, name="bob")
    assert (talk.dialogue.at_hand, talk.dialogue.behind, talk.dialogue.may_take) == (one, two, False)
    assert (one.phase, two.phase) == (Phase.DOT, Phase.AHEAD)
    assert talk.says("250 Ok") == b""
    assert (talk.dialogue.at_hand, two.phase) == (two, Phase.ENVELOPE)
    assert talk.says(*TAKEN) == CONTENT
    talk.says("250 Ok")
    assert talk.finished == [one, two]


@pytest.mark.parametrize("level", LEVELS)
def test_where_pipelining_is_not_offered_nothing_goes_ahead(level):
    """Whatever the trait says, the offer of this connection counts (RFC 2920, section 3)."""
    assert Talk(level, extensions=()).take(errand()) == group(data=False).splitlines(keepends=True)[0]


def test_a_server_that_was_lowered_meanwhile_gets_no_mail_ahead():
    """What another connection learnt while content was being written counts at once."""
    talk, one = Talk(ACROSS), errand(A)
    talk.take(one)
    talk.says(*TAKEN)
    talk.level = OFF
    assert not talk.dialogue.may_take
    # Lowered by another thread since it was looked at: what goes ahead goes as a group, or would be lost.
    assert talk.take(errand(B)) == group(B)


def test_the_rest_of_a_mail_waits_where_the_server_was_lowered_meanwhile():
    """A next transaction is not put behind the content of the last one, and is not forgotten either."""
    talk, one = Talk(ACROSS, limits=OfferedLimits(rcptmax=1)), errand(A, B)
    assert talk.take(one) == group(A)
    talk.level = OFF
    assert talk.says(*TAKEN) == CONTENT
    assert talk.says("250 Ok") == b"MAIL FROM:<ann@suite.example>\r\n"


def test_a_recipient_that_is_named_twice_is_asked_for_once():
    """The envelope may name somebody twice; the server hears of him once."""
    assert Talk().take(errand(A, A)) == group(A)


# Recipients


@pytest.mark.parametrize("level", LEVELS)
def test_refusals_are_kept_when_the_final_dot_fails(level):
    """Who was refused by name stays refused, and only who was taken is told of the dot."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    for line in ("250 Ok", "550 5.1.1 Nobody", "250 Ok", "354 Go", "451 4.3.0 Disk"):
        talk.says(line)
    assert told(one) == {"a": ("rejected", "no_such_user"), "b": ("deferred", "server_fault")}


@pytest.mark.parametrize(
    "reply", ["452 Too many", "552 Too many", "452 4.5.3 Too many", "550 5.5.3 Too many"]
)
@pytest.mark.parametrize("level", LEVELS)
def test_who_is_too_many_goes_into_the_next_transaction(level, reply):
    """After an accepted one these codes are about their number, and they are asked for again."""
    talk, one = Talk(level), errand(A, B, C)
    said = talk.take(one)
    for line in ["250 Ok", "250 Ok", reply, *([reply] if level is not OFF else []), "354 Go"]:
        said += talk.says(line)
    for line in ["250 Ok"] * 4:
        said += talk.says(line)
    said += talk.says("354 Go")
    assert said.count(CONTENT) == 2
    # Where the commands are not out yet nobody else is asked for in vain.
    assert [said.count(b"RCPT TO:<" + one) for one in (b"a@", b"b@", b"c@")] == [
        1,
        2,
        1 if level is OFF else 2,
    ]
    talk.says("250 Ok")
    assert told(one) == {"a": ACCEPTED, "b": ACCEPTED, "c": ACCEPTED}
    assert talk.finished == [one]


def test_a_server_takes_so_many_recipients_in_a_transaction():
    """The rest of a mail with more recipients stands behind its own content."""
    talk, one = Talk(server=Server(host="a.example", port=25, max_recipients=2)), errand(A, B, C, D)
    assert talk.take(one) == group(A, B)
    assert talk.says("250 Ok", "250 Ok", "250 Ok", "354 Go") == CONTENT + group(C, D)
    assert not talk.dialogue.may_take  # the rest of this one is behind it
    assert talk.says("250 Ok", "250 Ok", "250 Ok", "250 Ok", "354 Go") == CONTENT
    talk.says("550 5.7.1 Spam")
    assert told(one) == {
        "a": ACCEPTED,
        "b": ACCEPTED,
        "c": ("rejected", "content_refused"),
        "d": ("rejected", "content_refused"),
    }


def test_a_session_takes_so_many_domains():
    """Domains count over a session; whoever is of one more waits for another, settled recipients do not."""
    x, y = (Address.parse(f"x@{name}.example") for name in ("one", "two"))
    talk, one = Talk(limits=OfferedLimits(rcptdomainmax=2)), errand(A, x, B, y)
    assert talk.take(one) == group(A, x, B)
    assert talk.says("250 Ok", "250 Ok", "250 Ok", "250 Ok", "354 Go") == CONTENT
    assert not talk.dialogue.may_take
    talk.says("250 Ok")
    assert (talk.untried, talk.finished, one.waiting, one.phase) == ([one], [], [y], Phase.WAITING)
    assert told(one) == {"a": ACCEPTED, "x": ACCEPTED, "b": ACCEPTED}
    assert talk.take(two := errand(C)) == group(C)
    talk.says(*TAKEN, "250 Ok")
    assert talk.finished == [two]


def test_a_mail_that_does_not_fit_into_a_session_is_as_if_never_begun():
    """Where its first recipient is of a domain too many nothing of it goes out."""
    talk = sent(Talk(limits=OfferedLimits(rcptdomainmax=1)), errand(A))
    one = errand(Address.parse("x@one.example"))
    assert talk.take(one) == b""
    assert (talk.untried, one.waiting, one.lines) == ([one], list(one.envelope.recipients), [])
    assert talk.dialogue.is_idle


# Nobody was taken


@pytest.mark.parametrize("level", [ACROSS, WITHIN])
def test_content_that_nobody_gets_is_a_lone_dot(level):
    """A server that says 354 though it refused everybody gets an empty end, and its reply is ignored."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    assert talk.says("250 Ok", "550 5.1.1 Nobody", "550 5.1.1 Nobody", "354 Go") == b".\r\n"
    assert told(one) == dict.fromkeys("ab", ("rejected", "no_such_user"))
    two = errand(C)
    assert talk.take(two) == group(C)
    assert talk.says("554 5.5.1 No valid recipients", *TAKEN) == CONTENT
    talk.says("250 Ok")
    assert told(two) == {"c": ACCEPTED}


@pytest.mark.parametrize("level", [ACROSS, WITHIN])
def test_a_refused_mail_and_a_recipient_that_was_taken_all_the_same_get_no_lone_dot(level):
    """The lone dot would be an empty mail to it: the connection is thrown away."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    assert talk.says("550 5.7.1 No", "250 Ok", "503 5.5.1 No", "354 Go") == b""
    assert talk.dialogue.ended
    assert told(one) == dict.fromkeys("ab", ("deferred", "server_policy"))


def test_a_refused_mail_whose_content_is_waited_for_gets_a_lone_dot():
    """Where MAIL and every recipient were refused an empty end reaches nobody."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    assert talk.says("550 5.7.1 No", "503 5.5.1 No", "354 Go") == b".\r\n"
    assert not talk.dialogue.ended


@pytest.mark.parametrize("level", LEVELS)
def test_a_mail_whose_recipients_are_all_refused_is_taken_back(level):
    """The transaction ends with RSET and the connection carries the next mail."""
    talk, one = Talk(level), errand(A)
    talk.take(one)
    end = [] if level is OFF else ["554 5.5.1 No valid recipients"]
    assert [talk.says(line) for line in ("250 Ok", "550 5.1.1 Nobody", *end)][-1] == b"RSET\r\n"
    assert told(one) == {"a": ("rejected", "no_such_user")}
    assert (talk.finished, talk.lowered, talk.dialogue.is_idle) == ([one], [], True)
    talk.says("250 Ok")
    assert not talk.dialogue.ended


@pytest.mark.parametrize("level", LEVELS)
def test_a_refused_mail_needs_no_taking_back(level):
    """There is no transaction to be taken back: the next mail begins at once."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    group_goes_on = [] if level is OFF else ["503 5.5.1 Need MAIL"] * 3
    assert talk.says("550 5.1.8 Not you", *group_goes_on) == b""
    assert told(one) == dict.fromkeys("ab", ("deferred", "sender_refused"))
    assert (talk.lowered, talk.dialogue.is_idle) == ([], True)


@pytest.mark.parametrize("level", LEVELS)
def test_a_refused_data_is_the_word_for_whom_was_taken(level):
    """Who was accepted is told what DATA was answered, and the transaction is taken back."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    said = b"".join(talk.says(line) for line in ("250 Ok", "250 Ok", "550 5.1.1 Nobody", "451 4.3.0 Disk"))
    assert said.endswith(b"RSET\r\n")
    assert told(one) == {"a": ("deferred", "server_fault"), "b": ("rejected", "no_such_user")}


@pytest.mark.parametrize("line", ["502 5.5.1 What?", "421 4.3.2 Bye", "354 Go", "nonsense"])
def test_a_connection_that_does_not_take_rset_is_thrown_away(line):
    """The mail that has begun behind RSET waits for another one."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    assert talk.says("250 Ok", "550 5.1.1 Nobody", "554 No valid recipients") == b"RSET\r\n"
    assert talk.take(two) == group(B)
    talk.says(line)
    assert (talk.dialogue.ended, talk.untried, two.results) == (True, [two], {})


# 421, silence and cuts

STEPS = [(), ("250 Ok",), ("250 Ok", "250 Ok")]


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("level", LEVELS)
def test_421_on_a_new_connection_is_the_servers_word(level, before):
    """A server that closes at once with 421 is busy: the mail is deferred."""
    talk, one = Talk(level), errand(A)
    talk.take(one)
    for line in (*before, "421 4.3.2 Bye"):
        talk.says(line)
    assert (told(one), talk.finished, talk.lowered) == ({"a": BUSY}, [one], [])
    assert talk.dialogue.ended


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("level", LEVELS)
def test_421_on_a_connection_that_carried_mail_is_no_attempt(level, before):
    """A server that has had enough of a connection is asked on another one."""
    talk, one = sent(Talk(level), errand(C)), errand(A)
    talk.take(one)
    for line in (*before, "421 4.3.2 Bye"):
        talk.says(line)
    assert (one.results, talk.untried, talk.finished, talk.lowered) == ({}, [one], [], [])
    assert (one.waiting, one.phase, talk.dialogue.ended) == ([A], Phase.WAITING, True)


def test_421_to_a_mail_that_stands_behind_another_is_no_attempt():
    """Its connection has carried mail by then, though it had not when the group was written."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.says("250 Ok", "421 4.3.2 One mail for each connection")
    assert (talk.finished, talk.untried, two.results, talk.lowered) == ([one], [two], {}, [])


@pytest.mark.parametrize("level", LEVELS)
def test_421_to_the_final_dot_is_an_answer(level):
    """Whoever was taken is told so, on whichever connection; the mail behind waits for another one."""
    talk, one, two = sent(Talk(level), errand(C)), errand(A), errand(B)
    talk.take(one)
    for line in TAKEN:
        talk.says(line)
    if level is ACROSS:
        talk.take(two)
    talk.says("421 4.3.2 Bye")
    assert (told(one), talk.finished) == ({"a": BUSY}, [one])
    assert talk.untried == ([two] if level is ACROSS else [])
    assert talk.dialogue.ended


@pytest.mark.parametrize(("level", "below"), [(ACROSS, WITHIN), (WITHIN, WITHIN)])
def test_a_cut_right_after_a_group_lowers_the_server(level, below):
    """What was heard of the group is taken back, and the mail is as if never tried."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    talk.says("250 Ok", "550 5.1.1 Nobody")
    talk.lost()
    assert (talk.lowered, talk.untried, one.results, one.waiting) == ([below], [one], {}, [A, B])


def test_a_cut_right_after_a_refused_mail_lowers_nothing():
    """A server that closes after it refused MAIL has said why: the refusal holds."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    talk.says("550 5.1.8 Not you")
    talk.lost()
    assert (talk.lowered, talk.finished, told(one)) == ([], [one], {"a": ("deferred", "sender_refused")})


def test_a_cut_behind_a_group_that_stood_ahead_lowers_to_within():
    """The mail before it keeps what it was told."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.says("250 Ok")
    talk.lost()
    assert (talk.lowered, talk.finished, talk.untried) == ([ACROSS], [one], [two])


def test_a_cut_before_the_answer_to_a_dot_with_a_group_behind_it_is_unknown():
    """Nobody knows of the first, the second is as if never tried, and nothing goes ahead next time."""
    talk, one, two = Talk(), errand(A, B), errand(C)
    talk.take(one)
    talk.says("250 Ok", "250 Ok", "550 5.1.1 Nobody", "354 Go")
    talk.take(two)
    talk.lost()
    assert told(one) == {"a": ("unknown", "silence_after_dot"), "b": ("rejected", "no_such_user")}
    assert (talk.lowered, talk.untried, two.results) == ([ACROSS], [two], {})


@pytest.mark.parametrize("level", LEVELS)
def test_a_cut_on_a_connection_that_carried_mail_is_no_attempt(level):
    """Servers close connections that were idle: the mail begins anew, and the server is not lowered."""
    talk, one = sent(Talk(level), errand(C)), errand(A)
    talk.take(one)
    talk.lost()
    assert (talk.untried, talk.finished, talk.lowered) == ([one], [], [])


def test_a_cut_at_the_first_command_is_told_where_nothing_went_ahead():
    """Without a group there is nothing that a server could be confused by."""
    talk, one = Talk(OFF), errand(A)
    talk.take(one)
    talk.lost()
    assert (told(one), talk.lowered) == ({"a": LOST}, [])


@pytest.mark.parametrize("level", LEVELS)
def test_silence_before_the_content_is_told(level):
    """A limit that passes is an attempt, on a connection that carried mail too."""
    talk, one = sent(Talk(level), errand(C)), errand(A)
    talk.take(one)
    talk.lost(cut=False)
    assert (told(one), talk.lowered, talk.untried) == ({"a": LOST}, [], [])


@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize(
    "before", [("250 Ok",), ("250 Ok", "550 5.1.1 Nobody"), ("250 Ok", "250 Ok", "250 Ok")]
)
def test_silence_in_the_middle_of_a_group_lowers_the_server(before, carried):
    """A server that forgets what it was sent ahead answers less than it was asked: nobody knows to what."""
    talk, one = Talk(WITHIN), errand(A, B)
    if carried:
        sent(talk, errand(C))
    talk.take(one)
    talk.says(*before)
    talk.lost(cut=False)
    assert (talk.lowered, told(one), talk.untried) == ([WITHIN], {"a": LOST, "b": LOST}, [])


def test_silence_behind_a_dot_that_was_answered_lowers_to_within():
    """The mail that stood ahead is as if never tried, and the one before it keeps what it was told."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.says("250 Ok")
    talk.lost(cut=False)
    assert (talk.lowered, talk.untried, two.results) == ([ACROSS], [two], {})
    assert (talk.finished, told(one)) == ([one], {"a": ACCEPTED})


def test_silence_after_one_command_lowers_nothing():
    """Where each command waits for the reply before it, a server has nothing to forget."""
    talk, one = Talk(OFF), errand(A, B)
    talk.take(one)
    talk.says("250 Ok")
    talk.says("550 5.1.1 Nobody")
    talk.lost(cut=False)
    assert (talk.lowered, told(one)) == ([], {"a": ("rejected", "no_such_user"), "b": LOST})


def test_silence_after_a_refused_mail_lowers_nothing():
    """What follows a refused MAIL in its group tells nobody anything more, answered or not."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    talk.says("550 5.1.8 Not you")
    talk.lost(cut=False)
    assert (talk.lowered, told(one)) == ([], {"a": ("deferred", "sender_refused")})


def test_what_is_written_when_a_connection_is_cut_decides():
    """Before the final dot is out the server cannot have the mail; behind it nobody knows."""
    for dot_is_out, outcome in ((False, LOST), (True, ("unknown", "silence_after_dot"))):
        talk, one = Talk(WITHIN), errand(A)
        talk.take(one)
        for heard in talk._reader.feed(b"250 Ok\r\n250 Ok\r\n354 Go\r\n"):
            talk.dialogue.hear(heard, 0.0)
        if dot_is_out:
            talk.out()
        talk.lost()
        assert told(one) == {"a": outcome}


def test_a_mail_goes_back_three_times():
    """A server that cuts each connection does not keep a mail for ever."""
    one = errand(A)
    for _ in range(3):
        talk = sent(Talk(), errand(C))
        talk.take(one)
        talk.lost()
        assert (talk.untried, talk.finished) == ([one], [])
    talk = sent(Talk(), errand(C))
    talk.take(one)
    talk.lost()
    assert (talk.untried, talk.finished, told(one)) == ([], [one], {"a": LOST})


# Losing step


@pytest.mark.parametrize("line", ["503 5.5.1 Bad sequence", "503 What?", "554 5.5.1 Synchronisation error"])
@pytest.mark.parametrize("before", STEPS)
def test_a_reply_that_is_out_of_step_lowers_the_server(before, line):
    """The mail is as if never tried, and its group is not sent in one next time."""
    talk, one = Talk(WITHIN), errand(A)
    talk.take(one)
    talk.says(*before, line)
    assert (talk.lowered, talk.untried, one.results) == ([WITHIN], [one], {})
    assert talk.dialogue.ended


def test_a_reply_that_is_out_of_step_behind_another_mail_lowers_to_within():
    """It is the mail that stood ahead that confused the server."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.says("250 Ok", "503 5.5.1 Bad sequence")
    assert (talk.lowered, talk.finished, talk.untried) == ([ACROSS], [one], [two])


@pytest.mark.parametrize("before", STEPS)
def test_without_a_group_503_is_an_answer(before):
    """Where nothing went ahead the server has no step to lose."""
    talk, one = Talk(OFF), errand(A)
    talk.take(one)
    for line in (*before, "503 5.5.1 Bad sequence"):
        talk.says(line)
    assert (talk.lowered, told(one)) == ([], {"a": ("deferred", "protocol")})


# Replies that nobody asked for


@pytest.mark.parametrize("line", ["250 Ok", "421 4.4.2 Idle", "nonsense"])
def test_an_idle_connection_that_speaks_is_thrown_away(line):
    """The next answer would be taken for that to another command."""
    talk = sent(Talk(), errand())
    talk.says(line)
    assert talk.dialogue.ended
    assert not talk.dialogue.may_take


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("550 5.7.1 Spam", ("rejected", "content_refused")),
        ("452 4.3.1 Full", ("deferred", "server_fault")),
        ("421 4.3.2 Bye", BUSY),
        ("250 Ok", ("deferred", "senseless_reply")),
        ("354 Go", ("deferred", "senseless_reply")),
        ("nonsense", ("deferred", "senseless_reply")),
    ],
)
def test_a_reply_while_content_is_written_ends_the_mail(line, outcome):
    """A refusal counts, an acceptance does not: the server has not got the mail."""
    talk, one = Talk(), errand(A)
    talk.take(one)
    assert talk.says(*TAKEN, line) == b""
    assert (talk.finished, told(one), talk.dialogue.ended) == ([one], {"a": outcome}, True)


def test_a_reply_twice_is_not_taken_for_a_recipients():
    """Whoever was told what was said to another command is not told so when that comes to light."""
    for level in LEVELS:
        talk, one = Talk(level), errand(A, B)
        talk.take(one)
        for line in ("250 Ok", "250 Ok", "550 5.1.1 A is nobody", "250 B is taken"):
            talk.says(line)
        assert told(one) == dict.fromkeys("ab", ("deferred", "senseless_reply"))


@pytest.mark.parametrize(
    ("line", "outcome", "again"), [("250 Ok", LOST, False), ("421 4.3.2 Bye", BUSY, True)]
)
def test_a_reply_before_its_question_ends_the_mail(line, outcome, again):
    """Where a server speaks out of turn nothing is asked any more; 421 is no attempt where it carried mail."""
    talk, one = Talk(OFF), errand(A, B)
    talk.take(one)
    talk.says("250 Ok")
    talk.says("550 5.1.1 Nobody", line)
    rest = outcome if again else LOST
    assert told(one) == {"a": ("rejected", "no_such_user") if again else LOST, "b": rest}
    assert talk.dialogue.ended
    talk, one = sent(Talk(OFF), errand(C)), errand(A)
    talk.take(one)
    talk.says("250 Ok", line)
    assert (talk.untried, told(one)) == (([one], {}) if again else ([], {"a": LOST}))


@pytest.mark.parametrize("line", ["220 What?", "354 Go", "211 Status"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_recipient_that_is_answered_without_sense_ends_the_mail(level, line):
    """Neither taken nor refused: nobody of this mail was told anything."""
    talk, one = Talk(level), errand(A, B)
    talk.take(one)
    for said in ("250 Ok", "550 5.1.1 Nobody", line):
        talk.says(said)
    assert told(one) == dict.fromkeys("ab", ("deferred", "senseless_reply"))
    assert talk.dialogue.ended


def test_the_same_policy_for_two_domains_is_the_servers():
    """Whoever was told the same before, in this mail, is not to blame either (M18)."""
    talk, one = Talk(), errand(A, "x@one.example", "y@two.example")
    talk.take(one)
    talk.says("250 Ok", "550 5.1.1 Nobody", "550 5.7.1 No", "550 5.7.1 No", "554 5.5.1 No")
    assert told(one) == {
        "a": ("rejected", "no_such_user"),
        "x": ("deferred", "server_policy"),
        "y": ("deferred", "server_policy"),
    }


def test_an_answer_twice_is_not_taken_for_the_next_mails():
    """A final dot that is refused twice refuses one mail."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.says("550 5.7.1 Spam", "550 5.7.1 Spam", "250 Ok", "250 Ok")
    assert told(one) == {"a": ("rejected", "content_refused")}
    assert told(two) == {"b": ("deferred", "senseless_reply")}
    assert talk.dialogue.ended


def test_a_dot_that_is_answered_without_sense_ends_the_connection():
    """What follows could be the answer to that dot: nobody else is told it."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.says("354 Go")
    assert told(one) == {"a": ("deferred", "senseless_reply")}
    assert (talk.dialogue.ended, talk.untried) == (True, [two])


def test_noise_after_the_dot_is_no_answer():
    """What cannot be read behind the final dot leaves the mail unknown."""
    talk, one = Talk(), errand(A)
    talk.take(one)
    talk.says(*TAKEN)
    talk.says("nonsense")
    assert (told(one), talk.dialogue.ended) == ({"a": ("unknown", "silence_after_dot")}, True)


# Is anybody there?


@pytest.mark.parametrize("level", LEVELS)
def test_a_connection_is_asked_whether_anybody_is_there(level):
    """NOOP is the last of its group (RFC 2920, section 3.1): the mail waits for its answer, ten seconds."""
    talk, one = sent(Talk(level), errand()), errand(B)
    assert talk.take(one, check=True) == b"NOOP\r\n"
    assert talk.dialogue.awaits.seconds == 10.0
    assert talk.says("250 Ok") == (b"MAIL FROM:<ann@suite.example>\r\n" if level is OFF else group(B))
    for line in (*TAKEN, "250 Ok"):
        talk.says(line)
    assert told(one) == {"b": ACCEPTED}


@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("carried", [True, False])
def test_where_nobody_is_there_the_mail_begins_anew(cut, carried):
    """A dead connection is no attempt, and says nothing of the server's habits."""
    talk, one = Talk(), errand(B)
    if carried:
        sent(talk, errand())
    talk.take(one, check=True)
    talk.lost(cut=cut)
    assert (talk.untried, talk.finished, talk.lowered) == ([one], [], [])


# Giving up


def test_a_mail_that_is_given_up_in_its_envelope_takes_the_connection_with_it():
    """Nobody is told anything once it is over."""
    talk, one = Talk(), errand(A)
    talk.take(one)
    one.phase = Phase.OVER
    talk.dialogue.give_up(conclude(Reason.CLOSED))
    assert (one.results, talk.finished, talk.untried, talk.dialogue.ended) == ({}, [], [], True)


def test_a_mail_that_was_given_up_ahead_never_becomes_an_empty_one():
    """Its commands are out: the connection ends when the mail before it is settled."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    two.phase = Phase.OVER
    assert talk.says("250 Ok", *TAKEN) == b""
    assert (talk.dialogue.ended, told(one), two.results, talk.finished) == (True, {"a": ACCEPTED}, {}, [one])


@pytest.mark.parametrize("answer", ["250 Ok", "550 5.7.1 Spam", None])
def test_what_is_learnt_late_is_told(answer):
    """Behind its final dot a mail that nobody waits for is still heard of, and then the next one goes on."""
    talk, one, two = Talk(), errand(A, B), errand(C)
    talk.take(one)
    talk.says("250 Ok", "250 Ok", "550 5.1.1 Nobody", "354 Go")
    talk.take(two)
    one.phase, one.late = Phase.OVER, True
    if answer is None:
        talk.lost(cut=False)
    else:
        talk.says(answer)
    ((late, whom, reply),) = talk.dialogue.news.late
    assert (late, whom, str(reply) if reply else None) == (one, (A,), answer)
    assert one not in talk.finished
    assert (talk.dialogue.at_hand, talk.untried) == ((None, [two]) if answer is None else (two, []))


def test_closing_at_last_tells_that_nothing_was_learnt():
    """Where a connection is given up whose mail nobody waits for, its late news is that there is none."""
    talk, one = Talk(), errand(A)
    talk.take(one)
    talk.says(*TAKEN)
    one.phase, one.late = Phase.OVER, True
    talk.dialogue.give_up(conclude(Reason.CLOSED))
    assert talk.dialogue.news.late == [(one, (A,), None)]


def test_giving_up_behind_the_final_dot_is_unknown():
    """The server has the mail: nobody else is told that it was not handed over."""
    talk, one, two = Talk(), errand(A), errand(B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.take(two)
    talk.dialogue.give_up(conclude(Reason.CLOSED))
    assert (told(one), talk.finished, talk.untried) == ({"a": ("unknown", "silence_after_dot")}, [one], [two])


def test_closing_lets_the_transaction_at_hand_be_the_last():
    """Who did not fit into it is told so, and what stood behind it does not begin."""
    talk, one = Talk(limits=OfferedLimits(rcptmax=1)), errand(A, B)
    talk.take(one)
    talk.says(*TAKEN)
    talk.dialogue.closing = True
    assert talk.says("250 Ok", *TAKEN) == b""
    assert (told(one), talk.finished) == ({"a": ACCEPTED, "b": ("deferred", "closed")}, [one])
    assert talk.dialogue.ended


def test_what_a_connection_cannot_carry_never_begins():
    """A mail that is refused beforehand is over at once, and nothing goes out."""
    talk = Talk(extensions=("PIPELINING",))
    one = errand(Address.parse("jörg@example.org"))
    assert talk.take(one) == b""
    assert (talk.finished, [reason for _, reason in told(one).values()]) == ([one], ["smtputf8_not_offered"])
    assert talk.dialogue.is_idle
