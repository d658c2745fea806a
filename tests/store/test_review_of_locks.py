"""What one transaction holds does not stop all that a process writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from queue_shop import a_mail, settings
from sqlalchemy import NullPool, create_engine, select
from store_samples import KEYS, NOW

from mailsend import Mailer, Settings
from mailsend.errors import StoreError
from mailsend.store import open_store, upgrade
from mailsend.store.events import note
from mailsend.store.schema import mails

LONG = 60.0  # seconds that nothing here should need


@pytest.mark.postgres
def test_a_key_in_an_open_transaction_holds_nobody_else_up(postgres):
    """Who asks for that key is told; whoever waits beside it is served, long before that transaction ends."""
    url = postgres.new_database()
    upgrade(url)
    with Mailer(Settings.model_validate(settings(store=url))) as mailer, ThreadPoolExecutor(2) as threads:
        with create_engine(url, poolclass=NullPool).connect() as open_transaction:
            mailer.enqueue(a_mail(1, idempotency_key="k"), connection=open_transaction)
            same = threads.submit(mailer.enqueue, a_mail(2, idempotency_key="k"))
            other = threads.submit(mailer.enqueue, a_mail(3))
            try:
                assert mailer.outbox.get(other.result(LONG)).subject == "Mail 3"
                with pytest.raises(StoreError) as told:
                    same.result(LONG)
            finally:
                open_transaction.rollback()
        assert told.value.advice == "Another transaction has held it for too long: look which one it is."
        assert mailer.enqueue(a_mail(4, idempotency_key="k"))


FAULTS = {
    "54000": ["first", "last"],  # one row is too large: it alone is lost
    "40P01": ["first", "last"],  # one was in another's way
    "53100": [],  # the disk is full: trying each by itself would change nothing
}


@pytest.mark.postgres
@pytest.mark.parametrize("state", FAULTS)
def test_one_record_that_the_server_refuses_takes_no_other_with_it(postgres, state, caplog):
    """Nor is a server that can do nothing at all asked once more for each."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store:

        def together(transaction, items):
            for one in items:
                if one == "refused":
                    raised = f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{state}'; END $$"
                    transaction.connection.exec_driver_sql(raised)
                note(transaction, one, now=NOW, by="ann")

        with store._writer._changed:
            for one in ("first", "refused", "last"):
                store._writer.submit_lazily(lambda one=one: one, together)
    with open_store(url, secret_keys=KEYS) as store:
        asked = select(mails.event.c.act).order_by(mails.event.c.id)
        found = store._database.looking(lambda one: one.connection.execute(asked).scalars().all())
    assert found == FAULTS[state]
    assert caplog.text.count("could not be written down") == 1
