"""The tree of errors, as drawn and as it is."""

from __future__ import annotations

import inspect

from mailsend import errors


def _drawn() -> dict[str, list[str]]:
    """Read the drawing: each class with the classes that it says it inherits from."""
    bases: dict[str, list[str]] = {}
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():
        drawing = line.strip("│ ├└─\N{NO-BREAK SPACE}")
        if drawing == "MailsendError":
            depth = 0
            start = line.index("MailsendError")
        elif any(branch in line for branch in ("├── ", "└── ")):
            depth = (line.index("── ") - 1 - start) // 4 + 1
        else:
            continue
        name, _, more = drawing.partition(" ")
        path[depth:] = [name]
        parent = path[depth - 1] if depth else "Exception"
        bases[name] = [parent, *more.strip("()").replace(",", " ").split()]
    return bases


def test_the_drawing_in_the_docstring_is_the_tree() -> None:
    """Each error class stands in the drawing, under the classes that it inherits from."""
    real = {
        name: [base.__name__ for base in one.__bases__]
        for name, one in vars(errors).items()
        if inspect.isclass(one) and issubclass(one, Exception)
    }

    assert _drawn() == real


def test_all_names_every_error() -> None:
    """``errors.__all__`` is sorted and holds every error class."""
    assert errors.__all__ == sorted(_drawn())
