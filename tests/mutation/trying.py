"""Run the tests on one change at a time, each in a forked process that inherits what is common to all.

The process that forks has pytest ready, and everything imported that stands below `decide` or is made by
others; of `decide` and what stands above it, nothing. So a child loads the changed module in the place of
the real one, and everything that hangs on it anew: tables and default values too.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from changes import Change

UNNOTICED, NOTICED, BROKEN = 0, 1, 70
BELOW = ("mailsend.errors", "mailsend.model")
# A change may make a test endless, or hungry. Seconds of the processor do not depend on what else runs;
# those of the clock end a test that waits in vain.
LEAST_SECONDS, TIMES_THE_USUAL, MOST_WAITING = 5, 5, 240
MOST_MEMORY = 2**30
SHOWS = bool(os.environ.get("MUTATION_SHOWS"))  # what the children print
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one child does: run the tests of these files, on a change or on none.

    The first look leaves out the laws: they take long, and make up other cases where other modules are
    loaded. The last look is always the same, so that the verdict is.
    """

    files: tuple[str, ...]
    change: Change | None = None
    last: bool = False
    collects_only: bool = False


class Planter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Load a changed module in the place of the real one."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.code = compile(change.tree(), str(change.path), "exec")

    def find_spec(self, name: str, path: object, target: object = None) -> object:
        if name != self.change.module:
            return None
        package = [str(self.change.path.parent)] if self.change.path.name == "__init__.py" else None
        spec = importlib.util.spec_from_loader(
            name, self, origin=str(self.change.path), is_package=package is not None
        )
        if spec and package:
            spec.submodule_search_locations = package
        return spec

    def exec_module(self, module: object) -> None:
        exec(self.code, module.__dict__)


class Trying:
    """A plugin of pytest that forks a child for each task where pytest would collect."""

    def __init__(
        self,
        changes: list[Change],
        own: Callable[[str], tuple[str, ...]],
        files: tuple[str, ...],
        folder: Path,
    ) -> None:
        self.changes, self.own, self.files, self.folder = changes, own, files, folder
        self.task: Task | None = None  # a child has one
        self.said: dict[str, object] = {}
        self.wrong: list[str] = []
        self.survived: list[Change] = []
        self.tried = 0
        self.begun = time.perf_counter()
        self.modules: list[str] = []
        self.seconds: dict[str, float] = {}
        self.noticed_by: dict[str, Counter[str]] = defaultdict(Counter)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        """Do everything here in the parent; let a child go on with its own files."""
        self.task = self._look_around() or self._without_change() or self._with_changes()
        if self.task is None:
            reporter = session.config.pluginmanager.get_plugin("terminalreporter")
            session.config.pluginmanager.unregister(reporter)  # it would say that no tests ran
            return True
        session.config.args = list(self.task.files)
        return None

    def _look_around(self) -> Task | None:
        """Learn from a child what the tests import, and import of it what `decide` cannot change."""

        def ended(task: Task, code: int, said: dict) -> None:
            self.modules = said.get("modules", [])
            if not self.modules:
                self.wrong.append(f"the tests cannot be collected: {said.get('by', code)}")

        child = self._children([Task(files=self.files, collects_only=True)], ended)
        if child is None:
            for name in self.modules:
                try:
                    importlib.import_module(name)
                except ImportError:  # a test's own module, or one made by hand
                    continue
            if any(one.startswith("mailsend.decide") for one in sys.modules):
                self.wrong.append("what stands below decide imports it")
            gc.freeze()
        return child

    def _without_change(self) -> Task | None:
        """Run what every change will run: all of it has to pass."""

        def ended(task: Task, code: int, said: dict) -> None:
            self.seconds |= said.get("seconds", {})
            if code != UNNOTICED:
                which = "the tests of decide" if task.last else " ".join(task.files)
                self.wrong.append(f"{which} fail without any change: {said.get('by', code)}")

        own = {self.own(one.module) for one in self.changes} - {()}
        looks = [Task(files=self.files, last=True), *(Task(files=one) for one in sorted(own))]
        return None if self.wrong else self._children(looks, ended)

    def _with_changes(self) -> Task | None:
        """Try every change: on the tests of its module, and on all of them where these notice nothing."""

        def ended(task: Task, code: int, said: dict) -> None:
            change = task.change
            assert change
            if code == UNNOTICED and not task.last:
                waiting.append(replace(task, files=self.files, last=True))
                return
            if code == UNNOTICED:
                self.survived.append(change)
            elif code in {BROKEN, -signal.SIGKILL}:
                self.wrong.append(f"{change.module}:{change.line}: {change.told}: {said.get('broken', code)}")
            elif "by" in said:
                self.noticed_by[change.module][said["by"]] += 1
            self.tried += 1
            if self.tried % 100 == 0:
                took = time.perf_counter() - self.begun
                print(
                    f"{self.tried} of {len(self.changes)}, {took:.0f} s, {len(self.survived)} survived",
                    flush=True,
                )

        waiting: deque[Task] = deque()
        for change in self.changes:
            own = self.own(change.module)
            waiting.append(Task(files=own or self.files, change=change, last=not own))
        return None if self.wrong else self._children(waiting, ended)

    def _children(
        self, tasks: list[Task] | deque[Task], ended: Callable[[Task, int, dict], None]
    ) -> Task | None:
        """Fork a child for each task, as many at a time as there are cores; in a child, give its task."""
        waiting = tasks if isinstance(tasks, deque) else deque(tasks)
        running: dict[int, Task] = {}
        while waiting or running:
            while waiting and len(running) < CORES:
                task = waiting.popleft()
                child = os.fork()
                if not child:
                    self._become(task)
                    return task
                running[child] = task
            child, status = os.wait()
            told = self.folder / str(child)
            said = json.loads(told.read_text()) if told.is_file() else {}
            told.unlink(missing_ok=True)
            ended(running.pop(child), os.waitstatus_to_exitcode(status), said)
        return None

    # What a child does.

    def _become(self, task: Task) -> None:
        try:
            if not SHOWS:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
            self._bound(sum(self.seconds.values()))
            if task.change:
                sys.meta_path.insert(0, Planter(task.change))
        except BaseException:  # noqa: BLE001 - our own mistake is not to be taken for a change that was noticed
            self.said["broken"] = traceback.format_exc()
            self.leave(BROKEN)

    def _bound(self, usual: float) -> None:
        signal.setitimer(signal.ITIMER_PROF, LEAST_SECONDS + TIMES_THE_USUAL * (usual or MOST_WAITING))
        signal.alarm(MOST_WAITING)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))

    def leave(self, code: int) -> None:
        """End a child; what it found out stays in a file."""
        (self.folder / str(os.getpid())).write_text(json.dumps(self.said))
        sys.stdout.flush()
        os._exit(code)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Ask first who noticed other changes of this module, then who is quick; the laws last."""
        task = self.task
        assert task
        if task.collects_only:
            root = str(Path(__file__).parents[2])
            self.said["modules"] = [
                name
                for name, one in sys.modules.items()
                if name.startswith(BELOW) or not str(getattr(one, "__file__", "")).startswith(root)
            ]
            self.leave(UNNOTICED)
        known = self.noticed_by[task.change.module] if task.change else Counter()
        laws = [one for one in items if one.get_closest_marker("hypothesis")]
        others = [one for one in items if not one.get_closest_marker("hypothesis")]
        others.sort(key=lambda one: (-known[one.nodeid], self.seconds.get(one.nodeid, 0.0)))
        items[:] = [*others, *laws] if task.last else others
        if not items:
            self.leave(UNNOTICED)
        if task.change:
            self._bound(sum(self.seconds.get(one.nodeid, 0.0) for one in items))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        begun = time.process_time()
        result = yield
        if self.task and not self.task.change:
            self.said.setdefault("seconds", {})[item.nodeid] = time.process_time() - begun
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.said.setdefault("by", report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.said.setdefault("by", report.nodeid)
