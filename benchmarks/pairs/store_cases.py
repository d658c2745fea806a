"""What is measured of the store: putting in, delivering, what it costs on the wire, a worker's memory."""

from __future__ import annotations

from pairs.cases import Case, Goal

_ENQUEUE = "stored: 10 KB, unsigned, on the disk before the call returns"

STORE_CASES = (
    Case(
        name="store",
        title=f"{_ENQUEUE}, one caller",
        ours=("enqueue", "async-enqueue"),
        peers=("post-office-enqueue",),
        goals=(Goal(peer="post-office-enqueue", ratio=2, ours=("enqueue",)),),
        wire=False,
    ),
    Case(
        name="store-32",
        title=f"{_ENQUEUE}, 32 callers",
        ours=("enqueue", "async-enqueue"),
        peers=("post-office-enqueue", "post-office-alone"),
        goals=(
            Goal(peer="post-office-enqueue", ratio=4, ours=("enqueue",)),
            Goal(peer="post-office-alone", ratio=4, ours=("enqueue",)),
        ),
        task={"callers": 32},
        wire=False,
    ),
    Case(
        name="store-100",
        title=f"{_ENQUEUE}, a hundred at once",
        ours=("enqueue",),
        peers=("post-office-alone", "post-office-enqueue"),
        goals=(Goal(peer="post-office-alone", ratio=6),),
        task={"batch": 100},
        wire=False,
    ),
    Case(
        name="drain",
        title="10 KB, unsigned, from the queue to accepted and noted",
        ours=("worker", "drain"),
        peers=("post-office-drain", "post-office-tuned", "django-mailer-drain"),
        goals=(Goal(peer="post-office-drain", ratio=4), Goal(peer="django-mailer-drain", ratio=8)),
    ),
    Case(
        name="store-postgres",
        title=f"{_ENQUEUE}, PostgreSQL, one caller",
        ours=("async-enqueue", "enqueue"),
        peers=("procrastinate-enqueue",),
        goals=(Goal(peer="procrastinate-enqueue", ratio=3, ours=("async-enqueue",)),),
        wire=False,
        postgres=True,
    ),
    Case(
        name="store-postgres-32",
        title=f"{_ENQUEUE}, PostgreSQL, 32 callers",
        ours=("async-enqueue", "enqueue"),
        peers=("procrastinate-enqueue",),
        goals=(Goal(peer="procrastinate-enqueue", ratio=3, ours=("async-enqueue",)),),
        task={"callers": 32},
        wire=False,
        postgres=True,
    ),
    Case(
        name="drain-postgres",
        title="10 KB, unsigned, from PostgreSQL's queue to accepted and noted",
        ours=("worker", "drain"),
        peers=("procrastinate-drain",),
        goals=(Goal(peer="procrastinate-drain", ratio=4),),
        postgres=True,
    ),
    *(
        Case(
            name=f"wire-{'signed' if signed else 'unsigned'}-stored",
            title=f"10 KB, {'signed' if signed else 'unsigned'}, with a store and without",
            ours=("mailer-stored", "async-mailer-stored"),
            peers=("mailer", "async-mailer"),
            goals=(
                Goal(peer="mailer", ratio=0.8, ours=("mailer-stored",)),
                Goal(peer="async-mailer", ratio=0.8, ours=("async-mailer-stored",)),
            ),
            task={"signed": signed},
        )
        for signed in (True, False)
    ),
    Case(
        name="worker-memory",
        title="a worker's memory after its last mail, beside that after a tenth of them",
        ours=("drain-all",),
        peers=("drain-tenth",),
        goals=(Goal(peer="drain-tenth", ratio=1.1, measure="rss"),),
        task={"seconds": 900.0, "warm": 0.0},
        rounds=1,
    ),
)
