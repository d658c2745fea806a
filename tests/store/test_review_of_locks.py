"""What one transaction holds does not stop all that a process writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from queue_shop import a_mail, settings
from sqlalchemy import NullPool, create_engine

from mailsend import Mailer, Settings
from mailsend.errors import StoreError
from mailsend.store import upgrade

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
