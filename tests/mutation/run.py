"""Change `decide` in every small way, one at a time; each change should make a test fail.

    python tests/mutation/run.py [MODULE…]      # sender, verdict.rules … ; all of decide without

A change that no test notices is a survivor. The run fails where fewer than 90 % are noticed, and
where a survivor is not listed, with its reason, in survivors.toml beside this file. What made it fail
stands in its last lines. MUTATION_SHOWS=1 shows what the tests print.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECIDE = ROOT / "src" / "mailsend" / "decide"
SURVIVORS = Path(__file__).with_name("survivors.toml")
WANTED = 0.90
OPTIONS = ("-x", "-q", "-s", "-p", "no:cacheprovider", "--no-header", "--tb=no")


def tests_of_decide() -> tuple[str, ...]:
    """Give the test files that may notice a change."""
    files = [*(ROOT / "tests/unit").rglob("test_*.py"), *(ROOT / "tests/properties").rglob("test_*.py")]
    files += (ROOT / "tests/house").glob("test_*words*.py")  # reasons are codes, and codes have words
    return tuple(
        str(one.relative_to(ROOT))
        for one in sorted(files)
        if one.parent.name == "decide" or re.search(r"mailsend\.(decide|prepare)", one.read_text())
    )


def modules_of_decide() -> list[str]:
    paths = [one for one in DECIDE.rglob("*.py") if one.read_text().count("\n") > 5]
    names = [str(one.relative_to(DECIDE).with_suffix("")).replace("/", ".") for one in paths]
    return sorted(one.removesuffix(".__init__") for one in names if one != "__init__")


def path_of(name: str) -> Path:
    path = DECIDE / f"{name.replace('.', '/')}.py"
    return path if path.is_file() else path.with_suffix("") / "__init__.py"


def judge(total: int, survived: list[tuple[str, int, str]], modules: list[str]) -> int:
    """Print the survivors with their reasons, and last what is wrong; say whether it is good enough."""
    reasons = tomllib.loads(SURVIVORS.read_text()) if SURVIVORS.is_file() else {}
    unexplained = []
    for name, line, told in survived:
        reason = reasons.get(name, {}).get(told)
        if reason:
            print(f"survived: {name}:{line}: {told}\n    {reason}")
        else:
            unexplained.append(f"survived: {name}:{line}: {told}\n    NO REASON GIVEN")
    there = {(name, told) for name, _, told in survived}
    for name in modules:
        for told in reasons.get(name, {}):
            if (name, told) not in there:
                print(f"survivors.toml explains what is noticed by now, or gone: {name}: {told}")
    share = 1 - len(survived) / total if total else 0.0
    print(f"mutants: {total - len(survived)} of {total} noticed ({share:.1%}), {len(survived)} survived")
    if share < WANTED:
        print(f"mutants: fewer than {WANTED:.0%} were noticed")
    if unexplained:
        print(f"mutants: {len(unexplained)} survived that no reason in {SURVIVORS.name} explains:")
        print("\n".join(unexplained))
    return 1 if share < WANTED or unexplained else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*")
    modules = parser.parse_args().modules or modules_of_decide()
    sys.path.insert(0, str(ROOT / "src"))
    os.chdir(ROOT)
    import hypothesis
    import pytest
    from changes import changes
    from trying import NOTICED, UNNOTICED, Trying

    # The same cases each time, and none made smaller: that a law fails is all that is asked.
    hypothesis.settings.register_profile(
        "mutants",
        max_examples=50,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    found = [one for name in modules for one in changes(f"mailsend.decide.{name}", path_of(name))]
    files = tests_of_decide()

    def own(module: str) -> tuple[str, ...]:
        name = module.split(".")[2]
        return tuple(one for one in files if one.startswith(f"tests/unit/decide/test_{name}"))

    with tempfile.TemporaryDirectory(prefix="mailsend-mutants-") as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        trying = Trying(found, own, files, Path(folder))
        # pytest would rewrite, and so load, the modules of a package that brings a plugin.
        code: int = NOTICED
        try:
            code = pytest.main([*OPTIONS, "--assert=plain", "tests"], plugins=[trying])
        finally:
            if trying.task:
                trying.leave(NOTICED if code else UNNOTICED)
    if trying.wrong or trying.tried != len(found):
        print("\n".join(("mutants: the run could not be made", *trying.wrong)))
        return 1
    prefix = "mailsend.decide."
    survived = sorted((one.module.removeprefix(prefix), one.line, one.told) for one in trying.survived)
    return judge(len(found), survived, modules)


if __name__ == "__main__":
    sys.exit(main())
