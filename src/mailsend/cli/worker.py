"""``mailsend worker``: the queue and the duties of care, until it is stopped."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailsend.cli import options
from mailsend.cli.asking import mailer_for
from mailsend.cli.exits import Exit
from mailsend.cli.output import Output, counted
from mailsend.mailer.clock import utc_now
from mailsend.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mailsend.mailer import Mailer
    from mailsend.store.workers import WorkerRecord

__all__ = ["worker"]

_SILENT = 60.0  # seconds after which a worker that says nothing is taken for dead
_TOLD_EVERY = 60.0

_Concurrency = Annotated[
    int, typer.Option("--concurrency", metavar="N", min=1, max=10_000, help="Mails at a time in one round.")
]
_Rounds = Annotated[int, typer.Option("--rounds", metavar="N", min=1, max=1000, help="Rounds side by side.")]
_Batch = Annotated[
    int, typer.Option("--batch", metavar="N", min=1, max=10_000, help="Mails that a round takes.")
]
_Poll = Annotated[
    float, typer.Option("--poll", metavar="SECONDS", min=0.01, help="How often it looks for what is due.")
]
_StopWithin = Annotated[
    float,
    typer.Option(
        "--stop-within", metavar="SECONDS", min=0.0, help="How long it waits at its end for what it holds."
    ),
]
_Once = Annotated[bool, typer.Option("--once", help="Work until nothing is due, then end.")]
_NoDuties = Annotated[bool, typer.Option("--no-duties", help="The queue alone.")]
_Health = Annotated[bool, typer.Option("--health", help="Show how the workers are, and end.")]


def worker(
    concurrency: _Concurrency = 16,
    rounds: _Rounds = 4,
    batch: _Batch = 100,
    poll: _Poll = 1.0,
    stop_within: _StopWithin = 30.0,
    once: _Once = False,
    no_duties: _NoDuties = False,
    health: _Health = False,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Bring queued mail on its way. And do the duties of care, until SIGTERM or Ctrl-C.

    Several may run at once, on one machine or on many. With --health the exit code is 75 where no worker
    lives, or where one is in trouble.
    """
    output = Output(as_json=as_json, quiet=quiet)
    with mailer_for(config) as mailer:
        if health:
            return _health(mailer, output)
        with _progress(output) as told:
            made = Worker(
                mailer,
                concurrency=concurrency,
                rounds=rounds,
                batch=batch,
                poll=poll,
                stop_within=stop_within,
                duties=() if no_duties else None,
                told=told,
                tell_every=1.0 if output.on_terminal else _TOLD_EVERY,
            )
            counts = made.drain() if once else made.run()
    output.document(counts)
    output.marked(True, _told(counts))
    return Exit.OK


@contextmanager
def _progress(output: Output) -> Iterator[Any]:
    """Give what is told each time how the worker is: one line that changes on a terminal, else lines."""
    if not output.on_terminal:
        yield lambda health: output.line(f"{health.at:%Y-%m-%d %H:%M:%S} {health.line()}")
        return
    with output.changing_line("Waiting for mail") as change:
        yield lambda health: change(health.line())


def _told(counts: Mapping[str, int]) -> str:
    parts = [f"{number:,} {name}" for name, number in counts.items() if number and name != "claimed"]
    return f"{counted(counts['claimed'], 'mail')}: {', '.join(parts)}." if parts else "Nothing was due."


def _health(mailer: Mailer, output: Output) -> int:
    now = utc_now()
    upkeep = mailer.upkeep
    depth, workers, duties = upkeep.workers.depth(now=now), upkeep.workers.all(), upkeep.duties.all()
    late = 0.0 if depth.due_since is None else (now - depth.due_since).total_seconds()
    living = [one for one in workers if (now - one.seen_at).total_seconds() <= _SILENT]
    output.document(
        {
            "queue": {
                "queued": depth.queued,
                "sending": depth.sending,
                "held": depth.held,
                "late_seconds": round(late, 1),
            },
            "workers": [{**_worker_document(one), "living": one in living} for one in workers],
            "duties": [
                {
                    "name": one.name,
                    "ran_at": one.ran_at and one.ran_at.isoformat(),
                    "due_at": one.due_at and one.due_at.isoformat(),
                    "told": dict(one.told),
                }
                for one in duties
            ],
        }
    )
    output.labelled("Queue", f"{depth.queued:,} wait, {depth.sending:,} on their way, {depth.held:,} held")
    if late >= 1:
        output.labelled("Late", f"the first has been due for {late:,.0f} seconds")
    for one in workers:
        trouble = str(one.told.get("trouble") or "")
        ago = (now - one.seen_at).total_seconds()
        output.marked(
            one in living and not trouble,
            f"{one.host}, process {one.process}: seen {ago:,.0f} seconds ago{f'; {trouble}' if trouble else ''}",
        )
    if not workers:
        output.marked(False, "No worker runs.")
    for duty in duties:
        failed = "error" in duty.told
        output.marked(not failed, f"duty {duty.name}: {_duty_told(duty.told)}")
    well = living and not any(one.told.get("trouble") for one in living)
    return Exit.OK if well else Exit.TEMPORARY


def _duty_told(told: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in told.items()) or "not done yet"


def _worker_document(one: WorkerRecord) -> dict[str, Any]:
    return {
        "id": one.id,
        "host": one.host,
        "process": one.process,
        "began_at": one.began_at.isoformat(),
        "seen_at": one.seen_at.isoformat(),
        "told": dict(one.told),
    }
