"""``mailsend server list`` says of which accounts no log-in is tried, and until when (M12)."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta

import pytest

from mailsend import AsyncMailer, Settings
from mailsend.cli import main
from mailsend.mailer import shared_log_ins
from mailsend.mailer.clock import utc_now
from mailsend.store import open_store, upgrade
from mailsend.testing import ScriptedServer

KEY = "the-first-of-the-secret-keys"


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Let a store on a slow disk be one that answers."""
    monkeypatch.setattr(shared_log_ins, "PATIENCE", 60.0)


@pytest.fixture
def shop(tmp_path):
    """Give a server, the settings file that has a wrong password for it, and what refuses log-ins in its store."""
    url = f"sqlite:///{tmp_path / 'mailsend.db'}"
    upgrade(url)
    with ScriptedServer(tls="starttls", accounts={"ann": "right"}) as server:
        config = tmp_path / "mailsend.toml"
        config.write_text(
            f"""\
[application]
fallback_sender = "no-reply@suite.example"
allowed_domains = ["suite.example"]
smarthosts = ["{server.url.replace(":right@", ":wrong@")}", "memory:"]
store = "{url}"
secret_keys = ["{KEY}"]
"""
        )
        (smarthost, _) = Settings.load(config).rules.application.smarthosts

        def refuse(*ago):
            with open_store(url, secret_keys=Settings.load(config).rules.application.secret_keys) as store:
                for seconds in ago:
                    store.log_ins.refused(smarthost, "", now=utc_now() - timedelta(seconds=seconds))

        yield server, config, refuse


@pytest.fixture
def mailsend(capsys):
    """Give the command line, run in this process: what it says to people on standard output and error."""

    def run(*arguments):
        with pytest.raises(SystemExit):
            main([str(one) for one in arguments])
        return capsys.readouterr()

    return run


def test_the_pause_is_told_to_people_and_programs(mailsend, shop):
    """With when the next log-in is tried; of servers that are well nothing is said."""
    server, config, refuse = shop
    refuse(10)
    said = mailsend("server", "list", "--config", config)
    assert re.search(
        rf"warning: 127.0.0.1:{server.port}: the log-in was refused; the next one is tried at 20..-..-.. ..:.. \(UTC\)",
        said.err,
    )
    paused, well = json.loads(mailsend("server", "list", "--config", config, "--json").out)
    assert (paused["log_in_pause"]["refused"], "log_in_pause" in well) == (1, False)
    assert paused["log_in_pause"]["since"] < paused["log_in_pause"]["until"]


def test_a_pause_that_is_over_is_not_told(mailsend, shop):
    """The next mail tries."""
    _, config, refuse = shop
    refuse(301)
    assert mailsend("server", "list", "--config", config).err == ""


def test_the_lock_is_told_and_a_probe_ends_it(mailsend, shop):
    """Half an hour after the last refusal a person may show that it is mended."""
    server, config, refuse = shop
    refuse(9000, 8000, 1900)
    said = mailsend("server", "list", "--config", config)
    assert "three log-ins were refused; correct the password, or mend the account and run" in said.err
    (locked, _) = json.loads(mailsend("server", "list", "--config", config, "--json").out)
    assert (locked["log_in_pause"]["refused"], locked["log_in_pause"]["until"]) == (3, None)
    server.accounts["ann"] = "wrong"
    assert "Log-in" in mailsend("server", "probe", "--config", config).out
    assert mailsend("server", "list", "--config", config).err == ""


def test_programs_that_await_are_told_as_well(shop):
    """Of a server without an account there is nothing to tell."""
    _, config, refuse = shop
    refuse(10)

    async def ask():
        async with AsyncMailer(Settings.load(config)) as mailer:
            return [await mailer.servers.log_in_pause(one) for one in mailer.rules.application.smarthosts]

    paused, well = asyncio.run(ask())
    assert (paused.refused, paused.until - paused.since, well) == (1, timedelta(seconds=300), None)


def test_without_a_store_nothing_is_told(mailsend, shop):
    """Each process counts for itself."""
    _, config, refuse = shop
    refuse(10)
    config.write_text(re.sub("store = .*\n", "", config.read_text()))
    assert mailsend("server", "list", "--config", config).err == ""
