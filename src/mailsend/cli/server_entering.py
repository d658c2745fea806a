"""``mailsend server add`` and ``set``: where a customer's server is, and with which account."""

from __future__ import annotations

from typing import Annotated

import typer

from mailsend.cli import options
from mailsend.cli import server_asking as asking
from mailsend.cli.asking import mailer_for
from mailsend.cli.blank import not_blank
from mailsend.cli.output import Output
from mailsend.cli.server_steps import store_refuses, with_store
from mailsend.cli.server_words import tell_record
from mailsend.model.server import ServerState

__all__ = ["add", "set_"]

_Position = Annotated[
    int | None,
    typer.Option(
        "--position", metavar="NUMBER", min=1, help="Its place in the order, 1 the first; else the last."
    ),
]
_Url = Annotated[
    str | None,
    typer.Argument(
        metavar="URL", callback=not_blank, help="Where it is, as smtp://host; or --host.", show_default=False
    ),
]


def add(
    who: asking.Who = None,
    url: _Url = None,
    customer: options.Customer = None,
    host: asking.Host = None,
    port: asking.Port = None,
    tls: asking.Tls = None,
    user: asking.User = None,
    password_file: asking.PasswordFile = None,
    password_env: asking.PasswordEnv = None,
    sender: asking.Senders = None,
    trait: asking.Traits = None,
    position: _Position = None,
    by: asking.By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Enter a server of a customer. It carries no mail before it is verified and released."""
    output = Output(as_json=as_json, quiet=quiet)
    name, rest = asking.named((who, url), customer)
    entered = asking.Entered(
        url=rest[0] if rest else None,
        host=host,
        port=port,
        tls=tls,
        user=user,
        password_file=password_file,
        password_env=password_env,
        traits=trait,
    )
    with mailer_for(config) as mailer:
        with_store(mailer, name)
        server = asking.entered_server(entered, output)
        with store_refuses():
            added = mailer.servers.add(
                name,
                server,
                senders=sender or (),
                position=None if position is None else position - 1,
                by=asking.person(by),
            )
    return tell_record(output, added, f"Next: mailsend server verify {name} {added.name}")


def set_(
    who: asking.Who = None,
    which: asking.Which = None,
    url: _Url = None,
    customer: options.Customer = None,
    host: asking.Host = None,
    port: asking.Port = None,
    tls: asking.Tls = None,
    user: asking.User = None,
    password_file: asking.PasswordFile = None,
    password_env: asking.PasswordEnv = None,
    sender: asking.Senders = None,
    trait: asking.Traits = None,
    by: asking.By = None,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Change a server. With another host, port, TLS, user or password it is entered anew."""
    output = Output(as_json=as_json, quiet=quiet)
    name, rest = asking.named((who, which, url), customer, most=3)
    urls = [one for one in rest if asking.is_url(one)]
    old_name = next((one for one in rest if not asking.is_url(one)), None)
    entered = asking.Entered(
        url=urls[0] if urls else None,
        host=host,
        port=port,
        tls=tls,
        user=user,
        password_file=password_file,
        password_env=password_env,
        traits=trait,
    )
    with mailer_for(config) as mailer:
        mailer.servers.needs_store()
        old = mailer.servers.find(name, old_name)
        assert old.server is not None  # whatever find gives has its server
        server = asking.changed_server(old.server, entered, output)
        with store_refuses():
            changed = mailer.servers.set(name, old.name, server, senders=sender, by=asking.person(by))
    again = changed.state is not old.state or changed.state is ServerState.ENTERED
    return tell_record(
        output, changed, f"Next: mailsend server verify {name} {changed.name}" if again else ""
    )
