"""The contributor's menu: `nox -l` shows it, `nox` runs the fast ring, `nox -s rings` the slow one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nox
from nox.project import dependency_groups, load_toml

ROOT = Path(__file__).parent
WORK = ROOT / ".nox"
PYPROJECT = load_toml(ROOT / "pyproject.toml")
COVERAGE = WORK / "coverage"
THOUGHT = ("model", "decide", "compose", "prepare")

nox.needs_version = ">=2025.2.9"
nox.options.stop_on_first_error = False
nox.options.error_on_missing_interpreters = True
# Sessions make no environments of their own: all of them share one.
nox.options.default_venv_backend = "none"
nox.options.sessions = [
    "lint",
    "types",
    "floors",
    "tests",
    "properties",
    "coverage",
    "acceptance",
    "docs",
]


def make_environment(session: nox.Session, folder: Path, *requirements: str) -> Path:
    """Make a fresh environment in ``folder`` with ``requirements``; give its folder of programs."""
    session.run(sys.executable, "-m", "virtualenv", "--quiet", "--clear", str(folder), external=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    session.run(python, "-m", "pip", "install", "--quiet", *requirements, external=True)
    return programs


def shared(session: nox.Session) -> Path:
    """Give the programs of the one shared environment, made anew when pyproject.toml changes."""
    folder = WORK / "env"
    mark = folder / "made-from"
    wanted = hashlib.sha256(
        "\n".join(
            (
                sys.version,
                str(ROOT),
                str(sorted(PYPROJECT["project"].items(), key=str)),
                str(sorted(PYPROJECT["dependency-groups"].items())),
            )
        ).encode()
    ).hexdigest()
    if not mark.is_file() or mark.read_text() != wanted:
        make_environment(session, folder, "-e", f"{ROOT}[all]", *dependency_groups(PYPROJECT, "dev"))
        mark.write_text(wanted)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def run(session: nox.Session, program: str, *arguments: str, **env: str) -> str:
    """Run a program of the shared environment and give what it printed."""
    printed = session.run(str(shared(session) / program), *arguments, env=env, external=True, silent=True)
    text = str(printed)
    session.log(f"{program}:\n{text.rstrip()}")
    return text


def count(session: nox.Session, what: str, pattern: str, text: str) -> None:
    """Print how many things were looked at, and fail where it was none."""
    found = re.search(pattern, text)
    number = int(found[1]) if found else 0
    session.log(f"{session.name}: {number} {what}")
    if not number:
        session.error(f"{session.name} looked at nothing")


def pytest(session: nox.Session, *arguments: str, programs: Path | None = None, **env: str) -> None:
    """Run pytest; tests/conftest.py prints how many tests passed and makes zero red."""
    python = str((programs or shared(session)) / "python")
    name = env.pop("name", session.name)
    session.run(
        python, "-m", "pytest", "-q", f"--ring={name}", *arguments, *session.posargs, env=env, external=True
    )


def measured(session: nox.Session) -> list[str]:
    """Give pytest's options for measuring the branches of thought, kept apart by session."""
    COVERAGE.mkdir(parents=True, exist_ok=True)
    (COVERAGE / session.name).unlink(missing_ok=True)
    # The session `coverage` judges both parts together.
    return ["--cov", "--cov-report=", "--cov-fail-under=0", f"--cov-config={ROOT / 'pyproject.toml'}"]


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff's opinion and its formatting."""
    run(session, "ruff", "check", ".")
    count(session, "files passed", r"(\d+) files? already", run(session, "ruff", "format", "--check", "."))


@nox.session
def types(session: nox.Session) -> None:
    """The package and the caller's view of it, by mypy --strict."""
    count(session, "files passed", r"in (\d+) source files?", run(session, "mypy"))


@nox.session
def floors(session: nox.Session) -> None:
    """The contracts between floors, and the one door of each dependency."""
    count(
        session,
        "contracts passed",
        r"Contracts: (\d+) kept, 0 broken",
        run(session, "lint-imports", "--no-logo"),
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Unit tests (measured), contracts, real SMTP on loopback, the store, and the house's own rules."""
    env = {"COVERAGE_FILE": str(COVERAGE / "tests")}
    pytest(session, "tests/unit", *measured(session), name="tests (unit)", **env)
    pytest(
        session,
        "tests/contracts",
        "tests/smtp",
        "tests/store",
        "tests/house",
        name="tests (contracts, smtp, store, house)",
    )
    pytest(session, "tests/scenarios", name="tests (scenarios, a selection)")


@nox.session
def properties(session: nox.Session) -> None:
    """The laws, 50 cases each (measured)."""
    pytest(session, "tests/properties", *measured(session), COVERAGE_FILE=str(COVERAGE / "properties"))


@nox.session
def coverage(session: nox.Session) -> None:
    """Every branch of thought was taken by `tests` or `properties`."""
    parts = [COVERAGE / name for name in ("tests", "properties")]
    if not all(part.is_file() for part in parts):
        session.error("run `nox -s tests properties coverage` together")
    run(session, "coverage", "combine", "--keep", *map(str, parts))
    text = run(session, "coverage", "report", "--skip-covered")
    count(session, "statements and branches taken", r"TOTAL\s+(\d+)\s+0\s+\d+\s+0\s+100", text)


def build_wheel(session: nox.Session, folder: Path) -> Path:
    """Build the sdist and, from it, the wheel; give the wheel."""
    python = str(shared(session) / "python")
    session.run(
        python,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(ROOT),
        external=True,
        silent=True,
    )
    return next(folder.glob("*.whl"))


@nox.session
def acceptance(session: nox.Session) -> None:
    """The wheel, built once and installed in a fresh environment away from the tree."""
    with tempfile.TemporaryDirectory(prefix="mailsend-acceptance-") as name:
        away = Path(name)
        wheel = build_wheel(session, away / "dist")
        programs = make_environment(session, away / "env", f"{wheel}[all]")
        for folder in ("tests/acceptance", "examples"):
            shutil.copytree(ROOT / folder, away / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "tests/conftest.py"):
            shutil.copy(ROOT / file, away / file)
        with session.chdir(away):
            pytest(
                session,
                "tests/acceptance",
                "-p",
                "no:cacheprovider",
                programs=programs,
                ACCEPTANCE_TREE=str(ROOT),
                ACCEPTANCE_WHEEL=str(wheel),
                PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
            )


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation with warnings as errors, and run every block in it."""
    run(session, "sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "docs", str(WORK / "docs"))
    pytest(session, "tests/docs")


@nox.session
def rings(session: nox.Session) -> None:
    """The slow rings: laws, fault scenarios, slow tests, PostgreSQL, engines, torture, extras, oldest versions, mutants."""
    # The mutants come last: which of them survived is what no summary repeats.
    names = ("laws", "scenarios", "slow", "postgres", "engines", "torture", "extras", "minimums", "mutants")
    for name in names:
        session.notify(name)
    session.log(f"rings: {len(names)} rings follow")


@nox.session
def laws(session: nox.Session) -> None:
    """Ring: every property test, 500 cases each, with a new seed each time."""
    pytest(session, "tests", "-m", "hypothesis", "-n", "auto", HYPOTHESIS_PROFILE="rings")


@nox.session
def mutants(session: nox.Session) -> None:
    """Ring: change `decide` in every small way; at least 90 % of the changes make a test fail."""
    session.run(str(shared(session) / "python"), "tests/mutation/run.py", *session.posargs, external=True)


@nox.session
def scenarios(session: nox.Session) -> None:
    """Ring: every fault scenario, alone and with a healthy second route."""
    pytest(session, "tests/scenarios", "-m", "rings or not rings", "-n", "auto")


@nox.session
def slow(session: nox.Session) -> None:
    """Ring: the tests marked `rings`."""
    pytest(session, "tests", "-m", "rings", "--ignore=tests/acceptance", "--ignore=tests/scenarios")


@nox.session
def postgres(session: nox.Session) -> None:
    """Ring: the store on a real PostgreSQL server, which pip brings and the tests start in a folder."""
    pytest(session, "tests/store", "-m", "postgres")


@nox.session
def engines(session: nox.Session) -> None:
    """Ring: Celery and Procrastinate run the workers, on PostgreSQL from pip and Redis from Debian."""
    if not shutil.which("redis-server") and hasattr(os, "geteuid") and os.geteuid() == 0:
        session.run("apt-get", "update", external=True, silent=True)
        install = ("apt-get", "install", "-y", "--no-install-recommends", "redis-server")
        session.run(*install, env={"DEBIAN_FRONTEND": "noninteractive"}, external=True, silent=True)
    pytest(session, "tests/engines", "-m", "engines")


@nox.session
def torture(session: nox.Session) -> None:
    """Ring: `kill -9` at random moments and faults on the wire; nothing is lost, nothing certain sent twice."""
    pytest(session, "tests/torture", "-m", "torture")


@nox.session
def extras(session: nox.Session) -> None:
    """Ring: each extra, installed alone, imports what it brings."""
    with tempfile.TemporaryDirectory(prefix="mailsend-extras-") as name:
        wheel = build_wheel(session, Path(name))
        names = ["", *PYPROJECT["project"]["optional-dependencies"]]
        for extra in names:
            programs = make_environment(
                session, Path(name) / "env", f"{wheel}[{extra}]" if extra else str(wheel)
            )
            session.run(
                str(programs / "python"), str(ROOT / "tests/house/extra_alone.py"), extra, external=True
            )
        session.log(f"extras: {len(names)} passed")


@nox.session
def minimums(session: nox.Session) -> None:
    """Ring: the unit, SMTP and store tests on the oldest versions that pyproject.toml allows."""
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["cli"], *extras["store"]]
    oldest = [re.sub(r">=(.*)", r"==\1.*", one) for one in wanted]
    with tempfile.TemporaryDirectory(prefix="mailsend-minimums-") as name:
        programs = make_environment(
            session, Path(name), *oldest, "-e", f"{ROOT}[all]", *dependency_groups(PYPROJECT, "tests")
        )
        pytest(
            session,
            "tests/unit",
            "tests/contracts",
            "tests/smtp",
            "tests/store",
            "-W",
            "default::DeprecationWarning",
            programs=programs,
        )


@nox.session
def bench(session: nox.Session) -> None:
    """Measure mailsend beside its peers in one run and print ratios; `-- --quick`, `-- --only NAME`, `-- search`."""
    folder = WORK / "bench" / "env"
    mark = folder / "made-from"
    # The peers live in an environment of their own, so that no other session waits for them.
    wanted = f"{sys.version} {ROOT} {PYPROJECT['project']} {PYPROJECT['dependency-groups']['bench']}"
    if not mark.is_file() or mark.read_text() != wanted:
        make_environment(session, folder, "-e", f"{ROOT}[postgres]", *dependency_groups(PYPROJECT, "bench"))
        mark.write_text(wanted)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    program, arguments = "benchmarks/run.py", session.posargs
    if arguments[:1] == ["search"]:  # a million mails take longer to write than a round may last
        program, arguments = "benchmarks/search.py", arguments[1:]
    session.run(str(programs / "python"), program, *arguments, external=True)


@nox.session
def tidy(session: nox.Session) -> None:
    """Let ruff mend and format what it can."""
    run(session, "ruff", "check", "--fix", ".")
    run(session, "ruff", "format", ".")


@nox.session
def changelog(session: nox.Session) -> None:
    """Show what the fragments in changelog.d will make of CHANGELOG.md."""
    run(session, "towncrier", "build", "--draft", "--version", PYPROJECT["project"]["version"])
