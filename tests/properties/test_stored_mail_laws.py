"""Laws of stored mail: what was asked for and the finished bytes come back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from mail_strategies import TEST_ADDRESS, cases, shop

from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content
from mailsend.model.message import Message
from mailsend.model.rules import TestMode
from mailsend.model.secret import Secret
from mailsend.model.submission import Submission
from mailsend.prepare import prepare
from mailsend.settings import Settings
from mailsend.store.mails import content_row, cut, data_in, joined, message_in, read_asked, write_asked
from mailsend.store.mails.written import as_octets
from mailsend.store.vault import Vault

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RULES = Settings.model_validate(shop()).rules
IN_TEST = TestMode(enabled=True, recipient=Address.parse(TEST_ADDRESS))
VAULT = Vault((Secret("the-first-of-the-secret-keys"),), purpose="content")
SMALL = st.integers(0, 3 * 57)
TEXT = st.text(st.characters())  # halves of pairs among them
PLAIN = TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()


class Renderer:
    """Give one content for every template."""

    def __init__(self, content):
        self.content = content

    def render(self, name, values, *, locale, sender, now):
        return self.content


def _prepared(message, *, test_mode=None, content=None):
    scope = RULES.scope(message.customer, message.business_unit)
    found = gather(message, scope, RULES, now=NOW, id="01test", test_mode=test_mode or scope.test_mode)
    if content is not None:
        found = replace(found, renderer=Renderer(content))
    prepared = prepare(message, found)
    assert isinstance(prepared, Submission), prepared.explain()
    return prepared


def _kept(submission):
    """Give a row of content as the database gives it, and its blobs."""
    contents = content_row(submission, now=NOW, vault=VAULT)
    return _Row(**contents.row), contents.blobs.__getitem__


class _Row:
    def __init__(self, **columns):
        self.__dict__.update(columns)


@given(cases(), st.booleans())
def test_the_stored_message_prepares_to_the_same_bytes(case, in_test):
    """Whether test mode was on or not, the message that comes back gives the mail that was asked for."""
    before = _prepared(case.message)
    stored = _prepared(case.message, test_mode=IN_TEST if in_test else None)
    row, blob = _kept(stored)
    assert row.sealed == bool(case.message.sensitive)
    assert data_in(row, blob, vault=VAULT) == stored.data
    after = _prepared(message_in(row, blob, vault=VAULT))
    assert after.data == before.data
    assert after.envelopes == before.envelopes
    assert after.content == replace(before.content, attachments=after.content.attachments)


@given(cases(), st.booleans(), st.booleans(), st.sampled_from([None, "de-CH"]))
def test_what_a_template_became_needs_neither_template_nor_values(case, sensitive, essential, locale):
    """The content stands in the place of template and values; what the template said of it is kept."""
    asked = case.message
    fields = {name: getattr(asked, name) for name in ("to", "cc", "bcc", "from_", "customer", "headers")}
    message = Message(template="order", values={"order": object()}, locale=locale, **fields)
    logo = Attachment.from_bytes(b"logo", filename="logo.png", inline=True)
    content = Content(
        subject="An order",
        text=asked.text,
        html=f'{asked.html or ""}<img src="cid:{logo.cid}">',
        related=(logo,),
        sensitive=sensitive,
        essential=essential,
    )
    before = _prepared(message, content=content)
    row, blob = _kept(before)
    stored = message_in(row, blob, vault=VAULT)
    after = _prepared(stored)
    assert (stored.template, stored.values) == (None, {})
    assert after.data == before.data
    assert (after.content.sensitive, after.content.essential) == (sensitive, essential)


@given(cases())
def test_a_finished_mail_comes_back_with_all_that_was_found_in_it(case):
    """What Message.from_mime read is read from the store just so."""
    message = Message.from_mime(_prepared(case.message).data.replace(b"X-Mailsend-Id", b"X-Was"))
    before = _prepared(message)
    back = read_asked(write_asked(message, before.rendered), {}.__getitem__)
    assert back == replace_decided(message)
    assert _prepared(back).data == before.data


def replace_decided(message):
    """Give the message with what is kept explicitly."""
    fields = {name: getattr(message, name) for name in Message.__dataclass_fields__}
    return Message(**{**fields, "sensitive": bool(message.sensitive), "essential": bool(message.essential)})


@st.composite
def large_files(draw):
    """Draw files that are cut out, some of which begin as others do."""
    seed = draw(st.sampled_from([b"\0", b"a", bytes(range(256))]))
    size = (1 << 16) + draw(st.sampled_from([0, 1, 2, 57, 114, 4096]))
    data = (seed * (size // len(seed) + 1))[:size]
    return Attachment.from_bytes(data + draw(st.binary(max_size=3)), filename="large.bin")


@given(st.lists(large_files(), max_size=3), st.lists(large_files(), max_size=1))
def test_large_files_are_cut_out_and_come_back(files, others):
    """Every byte comes back, each file stood once among the blobs, and none in what is left."""
    before = _prepared(Message(to="bob@example.org", subject="x", text="x", attachments=files))
    whole = cut(before.data, [*files, *others])
    assert joined(whole.data, whole.cuts, whole.blobs.__getitem__) == before.data
    assert set(whole.blobs) == {one.digest for one in files}
    assert len(whole.data) == len(before.data) - sum(one.encoded_size for one in files)


@given(st.lists(st.tuples(large_files(), SMALL), max_size=3), SMALL)
def test_any_bytes_at_all_come_back(pieces, end):
    """Whatever stands between, before and behind files, cutting and joining changes nothing."""
    data = b"".join(b"A" * size + b"\r\n\r\n" + one.encoded for one, size in pieces) + b"\r\n" * end
    whole = cut(data, [one for one, _ in pieces])
    assert joined(whole.data, whole.cuts, whole.blobs.__getitem__) == data


@given(st.recursive(PLAIN, lambda inside: st.lists(inside) | st.dictionaries(TEXT, inside), max_leaves=20))
def test_whatever_is_written_as_json_is_read_as_it_was(value):
    """Halves of pairs too, which no UTF-8 has: a person may have typed them."""
    assert json.loads(as_octets(value).decode("utf-8", "surrogatepass")) == value
