"""What keeps the store itself going: duties, workers, notices, retention, providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from mailsend.store.duties import DutyBook
from mailsend.store.loose_ends import LooseEnds
from mailsend.store.notices import NoticeBook
from mailsend.store.providers import ProviderBook
from mailsend.store.retention import Retention
from mailsend.store.workers import WorkerBook

if TYPE_CHECKING:
    from mailsend.store.database import Database
    from mailsend.store.writer import Writer

__all__ = ["UpkeepBooks"]


@final
class UpkeepBooks:
    """The books of upkeep."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self.duties = DutyBook(database, writer)
        self.workers = WorkerBook(database, writer)
        self.notices = NoticeBook(database, writer)
        self.retention = Retention(database, writer)
        self.loose_ends = LooseEnds(database, writer)
        self.providers = ProviderBook(database, writer)
