"""Run in an environment that holds the wheel and one extra: what it brings can be imported."""

import importlib
import sys

from mailsend.errors import MissingExtra

BRINGS = {
    "": ["mailsend", "mailsend.prepare", "mailsend.mailer", "mailsend.settings", "mailsend.transport.smtp"],
    "cli": ["mailsend.cli", "mailsend.cli.app", "mailsend.worker"],
    "demo": ["mailsend.cli.demo", "mailsend.cli.app"],
    "oauth": ["mailsend.transport.tokens.microsoft", "mailsend.transport.tokens.google"],
    "store": ["mailsend.store.database", "mailsend.store.servers", "mailsend.store.upgrading"],
    "postgres": ["mailsend.store.servers", "mailsend.store.upgrading", "psycopg"],
    "celery": ["mailsend.contrib.celery", "celery"],
    "procrastinate": ["mailsend.contrib.procrastinate", "procrastinate", "psycopg"],
    "test": ["mailsend.testing", "mailsend.testing.server", "mailsend.pytest_plugin"],
    "all": [
        "mailsend.cli.app",
        "mailsend.cli.demo",
        "mailsend.store.servers",
        "mailsend.testing",
        "mailsend.pytest_plugin",
        "mailsend.transport.tokens.google",
    ],
}
# What an extra leaves out is asked for by its name, where it is needed.
LACKS = {
    "": ("memory:", "store"),
    "cli": ("memory:", "store"),
    "store": ("postgresql+psycopg://localhost/mailsend", "postgres"),
}
extra = sys.argv[1]

if extra not in BRINGS:
    sys.exit(f"tests/house/extra_alone.py does not know what the extra {extra!r} brings")
for name in BRINGS[extra]:
    importlib.import_module(name)
if extra in LACKS:
    url, missing_extra = LACKS[extra]
    try:
        importlib.import_module("mailsend.store").open_store(url)
    except MissingExtra as missing:
        if missing.extra != missing_extra:
            raise
    else:
        sys.exit(f"a store at {url} was opened without the extra {missing_extra}")
if not extra:
    try:
        importlib.import_module("mailsend.cli").main(["--help"])
    except MissingExtra as missing:
        if missing.extra != "cli":
            raise
    except SystemExit as ended:
        # The command line says the same in words.
        if ended.code in {0, None}:
            sys.exit("the command line ran without its extra")
    else:
        sys.exit("the command line ran without its extra")
