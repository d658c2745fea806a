"""Bad input: what is wrong, where, and what to do about it; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

TEMPLATES = {
    "welcome": "Dear {{ name }}",
    "loop": "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
    "reach": "{{ name.__class__.__mro__ }}",
}
HELLO = ("--to", "bob@example.org", "--subject", "Hello", "--text", "Hello")


@pytest.fixture
def templates(settings: Path) -> None:
    for name, body in TEMPLATES.items():
        folder = settings.parent / "templates" / name
        folder.mkdir(parents=True)
        (folder / "subject.txt.j2").write_text("Hello")
        (folder / "body.txt.j2").write_text(body)
    settings.write_text(
        settings.read_text().replace("[application]", '[application]\ntemplate_dirs = ["templates"]')
    )


def test_an_unknown_setting(mailsend, settings) -> None:
    """A key that nobody knows is named with its scope, and the known ones are listed."""
    settings.write_text(settings.read_text().replace("[application]", '[application]\ncolour = "red"'))

    said = mailsend("check")

    assert (said.code, said.out) == (78, "")
    assert said.err.splitlines()[0] == "mailsend: application.colour: unknown key"
    assert said.err.splitlines()[1].startswith("  Known here: admin_address, allowed_domains,")


def test_a_misspelt_key(mailsend, settings) -> None:
    """A key that is nearly right is told with the one that was meant."""
    settings.write_text(settings.read_text().replace("smarthosts", "smarthots"))

    said = mailsend("check")

    assert (said.code, said.out, said.err) == (
        78,
        "",
        "mailsend: application.smarthots: unknown key; did you mean smarthosts?\n  Write smarthosts.\n",
    )


def test_a_missing_template_variable(mailsend, templates) -> None:
    """The variable is named, and the file and the line that ask for it; the data lack it."""
    said = mailsend("send", "--to", "bob@example.org", "--template", "welcome")

    assert (said.code, said.out, said.err) == (
        65,
        "",
        (
            "mailsend: Refused: the template 'welcome' gave no content: the variable 'name' is missing"
            " (body.txt.j2, line 1).\n"
            "  Give it in values, and add a sample.toml that says which values the template needs.\n"
        ),
    )


def test_a_template_that_loops(mailsend, templates) -> None:
    """A template is stopped after a bounded number of turns, and told so."""
    said = mailsend("send", "--to", "bob@example.org", "--template", "loop")

    assert (said.code, said.out) == (78, "")
    assert said.err.startswith("mailsend: Refused: the template 'loop' gave no content: it takes more than")
    assert said.err.endswith("(body.txt.j2, line 1).\n  Loop over less, or pass a shorter list.\n")


def test_a_template_that_reaches_into_python(mailsend, templates) -> None:
    """Attributes that lead out of the values are closed, and the attribute is named."""
    said = mailsend("send", "--to", "bob@example.org", "--template", "reach", "--set", "name=Ann")

    assert (said.code, said.out) == (78, "")
    assert "'__class__'" in said.err
    assert said.err.endswith(
        "(body.txt.j2, line 1).\n  Templates read values; what lies behind them is closed.\n"
    )


def test_a_key_that_cannot_be_read(mailsend, settings) -> None:
    """A key file that cannot be read is named with its setting and the reason."""
    key = settings.parent / "key.pem"
    key.mkdir()
    _name_key(settings)

    said = mailsend("check")

    assert (said.code, said.out, said.err) == (
        78,
        "",
        (
            f"mailsend: application.dkim_keys[0].key_file: {key} cannot be read: Is a directory\n"
            "  Look at the path and at who may read it.\n"
        ),
    )


def test_a_key_that_is_not_there(mailsend, settings) -> None:
    """A key file that does not exist is named with its setting."""
    _name_key(settings)

    said = mailsend("check")

    assert (said.code, said.out, said.err) == (
        78,
        "",
        (
            f"mailsend: application.dkim_keys[0].key_file: {settings.parent / 'key.pem'} cannot be read:"
            " No such file or directory\n  Look at the path and at who may read it.\n"
        ),
    )


def test_a_key_that_is_no_key(mailsend, settings) -> None:
    """A file that holds no key is told apart from one that cannot be read, without its content."""
    (settings.parent / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nplanted-text\n")
    _name_key(settings)

    said = mailsend("check")

    assert (said.code, said.out) == (78, "")
    assert said.err.startswith("mailsend: application.dkim_keys[0].key: ")
    assert said.err.splitlines()[0].endswith(f" (in {settings.parent / 'key.pem'})")
    assert "planted" not in said.err


def test_an_attachment_that_is_a_directory(mailsend, settings) -> None:
    """A folder cannot be attached."""
    said = mailsend("send", *HELLO, "--attach", settings.parent)

    assert (said.code, said.out, said.err) == (
        66,
        "",
        (
            f"mailsend: attachment '{settings.parent}': this is a directory, not a file\n"
            "  Give the path of an ordinary file that this process may read.\n"
        ),
    )


def test_an_attachment_of_30_megabytes(mailsend, settings) -> None:
    """What is over max_message_size as encoded is refused with both numbers, and sent where that is 0."""
    big = settings.parent / "big.bin"
    with big.open("wb") as file:
        file.truncate(30_000_000)

    refused = mailsend("send", *HELLO, "--attach", big)
    settings.write_text(settings.read_text().replace("[application]", "[application]\nmax_message_size = 0"))
    taken = mailsend("send", *HELLO, "--attach", big)

    assert (refused.code, refused.out, refused.err) == (
        77,
        "",
        (
            "mailsend: Refused: the mail has 41052632 bytes as encoded, 25000000 are allowed.\n"
            "  Send a link instead of the file, or raise max_message_size (0 for no limit).\n"
        ),
    )
    assert taken.code == 0
    assert taken.out.startswith("✓ bob@example.org accepted by memory:")


def test_ten_thousand_recipients(mailsend, settings) -> None:
    """So many would see each other: refused in To, carried in Bcc."""
    everybody = [f"r{number}@example.org" for number in range(10_000)]

    refused = mailsend("send", *(part for one in everybody for part in ("--to", one)), "--text", "Hello")
    taken = mailsend(
        "send", *(part for one in everybody for part in ("--bcc", one)), "--text", "Hello", "--json"
    )

    assert (refused.code, refused.out, refused.err) == (
        77,
        "",
        (
            "mailsend: Refused: 10000 recipients would see each other's addresses, 50 are allowed.\n"
            "  Send each a mail of its own with send_many, or name them in bcc.\n"
        ),
    )
    assert taken.code == 0
    assert [one["address"] for one in taken.document["recipients"]] == everybody


def test_an_address_with_control_characters(mailsend, settings) -> None:
    """The character is shown harmless, with its field and its place."""
    said = mailsend("send", "--to", "bob\r\n@example.org", "--text", "Hello")

    assert (said.code, said.out, said.err) == (
        65,
        "",
        (
            "mailsend: to[0]: 'bob\\r\\n@example.org' is not a valid address (at character 3):"
            " a control character cannot stand in an address\n"
            "  Write one address, as in 'ann@example.com' or 'Ann Meier <ann@example.com>'.\n"
        ),
    )


def test_a_subject_with_a_line_break(mailsend, settings) -> None:
    """A line break in the subject is refused, so that no header field can be smuggled in."""
    said = mailsend(
        "send", "--to", "bob@example.org", "--subject", "Hi\nBcc: eve@example.org", "--text", "Hi"
    )

    assert (said.code, said.out, said.err) == (
        65,
        "",
        (
            "mailsend: Refused: the subject holds a line break or a control character.\n"
            "  Take line breaks and control characters out of the subject.\n"
        ),
    )


def test_no_settings_at_all(mailsend, tmp_path, monkeypatch) -> None:
    """Where nothing is configured, it says which file to write, and where."""
    monkeypatch.chdir(tmp_path)

    said = mailsend("send", *HELLO)

    assert (said.code, said.out, said.err) == (
        78,
        "",
        f"mailsend: there are no settings\n  Write mailsend.toml in {tmp_path}, or name a file in MAILSEND_CONFIG.\n",
    )


def test_settings_that_are_not_there(mailsend, settings) -> None:
    """A file named by --config that does not exist is an error of configuration."""
    said = mailsend("send", *HELLO, "--config", "nosuch.toml")

    assert (said.code, said.out, said.err) == (
        78,
        "",
        (
            "mailsend: nosuch.toml: there is no such file\n"
            "  Look at --config, MAILSEND_CONFIG and the current folder.\n"
        ),
    )


@pytest.mark.parametrize(
    ("arguments", "code", "err"),
    [
        (["nosuch"], 64, "mailsend: No such command 'nosuch'.\n  Try 'mailsend --help'.\n"),
        (
            ["explain", "--config"],
            64,
            "mailsend: Option '--config' requires an argument.\n  Try 'mailsend --help'.\n",
        ),
        (
            ["send", *HELLO, "--header", "nope"],
            64,
            "mailsend: --header nope: it is written 'NAME: TEXT'\n  As in --header 'X-Order: 4711'.\n",
        ),
        (
            ["send", *HELLO, "--header", "X-A: 1", "--header", "X-A: 2"],
            64,
            "mailsend: --header X-A is given twice\n  Write each name once.\n",
        ),
        (
            ["send", *HELLO, "--set", "name"],
            64,
            "mailsend: --set name: it is written KEY=TEXT\n  As in --set name=Ann.\n",
        ),
        (
            ["send", *HELLO, "--set", "a=1", "--set", "a.b=2"],
            64,
            (
                "mailsend: --set a.b=2: a is a value and holds no others\n"
                "  Set either the value or what is in it.\n"
            ),
        ),
        (
            ["send", *HELLO, "--values", "nosuch.toml"],
            66,
            "mailsend: nosuch.toml cannot be read: No such file or directory\n  Name a file that you may read.\n",
        ),
        (
            ["send", *HELLO, "--values", "list.json"],
            65,
            (
                "mailsend: list.json: an object is expected, not list\n"
                '  Write names with their values, as in {"name": "Ann"}.\n'
            ),
        ),
        (
            ["send", *HELLO, "--attach", "nosuch.pdf"],
            66,
            (
                "mailsend: attachment 'nosuch.pdf': there is no such file\n"
                "  Give the path of an ordinary file that this process may read.\n"
            ),
        ),
        (
            ["send", *HELLO, "--html-file", "nosuch.html"],
            66,
            "mailsend: nosuch.html cannot be read: No such file or directory\n  Name a file that you may read.\n",
        ),
        (
            ["send", *HELLO, "--locale", "../x"],
            65,
            'mailsend: locale: \'../x\' is no language tag\n  Write it as "de", "de-CH" or "zh-Hant-TW".\n',
        ),
        (
            ["template", "preview", "invoice", "--locale", "../x"],
            65,
            (
                "mailsend: --locale '../x': this is no language tag\n"
                '  Write it as "de", "de-CH" or "zh-Hant-TW".\n'
            ),
        ),
        (
            ["dkim", "new", "--domain", "b@d", "--selector", "s1", "--out", "k.pem"],
            64,
            (
                "mailsend: --domain: 'b@d' is not a domain: '@' cannot stand in a domain (RFC 1123, section 2.1)\n"
                "  Write a domain, as in suite.example.\n"
            ),
        ),
        (
            ["dkim", "new", "--domain", "suite.example", "--selector", "s 1", "--out", "k.pem"],
            64,
            "mailsend: --selector: expected a selector\n  Write labels, as in s2026.\n",
        ),
        (
            ["send", *HELLO, "--html", "latin.txt"],
            65,
            "mailsend: latin.txt is not UTF-8 (byte 1)\n  Save the text as UTF-8.\n",
        ),
        (
            ["preview", *HELLO, "--html", "out.html"],
            65,
            "mailsend: this mail has no HTML\n  Leave --html out, or use a template.\n",
        ),
        (
            ["preview", *HELLO, "--eml", "nosuch/out.eml"],
            73,
            (
                "mailsend: nosuch/out.eml cannot be written: No such file or directory\n"
                "  Name a file in a folder that exists and that you may write to.\n"
            ),
        ),
        (
            ["explain", "--customer", "nobody"],
            78,
            "mailsend: Refused: there is no customer 'nobody'.\n  Known are: ratcatcher.\n",
        ),
        (
            ["explain", "--business-unit", "zurich"],
            64,
            (
                "mailsend: Refused: the business unit 'zurich' is named without a customer.\n"
                "  Name the customer that the business unit belongs to.\n"
            ),
        ),
        (
            ["template", "list", "--business-unit", "zurich"],
            64,
            "mailsend: --business-unit is given without --customer\n  Name the customer that it belongs to.\n",
        ),
        (
            ["dkim", "record"],
            78,
            (
                "mailsend: the settings name no such DKIM key\n"
                "  Make one with 'mailsend dkim new', and name it under [[application.dkim_keys]].\n"
            ),
        ),
    ],
    ids=lambda one: " ".join(one)[:40] if isinstance(one, list) else None,
)
def test_other_mistakes(mailsend, settings, arguments, code, err) -> None:
    """Each mistake ends with its own code, says what and what to do, and prints nothing else."""
    (settings.parent / "list.json").write_text("[1]")
    (settings.parent / "latin.txt").write_bytes(b"z\xfcrich")

    said = mailsend(*arguments)

    assert (said.code, said.out, said.err) == (code, "", err)


def test_an_error_in_json(mailsend, settings) -> None:
    """With --json an error is one document on standard output, and standard error stays empty."""
    said = mailsend("send", "--to", "bob", "--text", "Hello", "--json")

    assert (said.code, said.err) == (65, "")
    assert said.document == {
        "error": {
            "code": 65,
            "name": "data",
            "kind": "InvalidAddress",
            "message": "to[0]: 'bob' is not a valid address (at character 3): there is no @",
            "advice": "Write one address, as in 'ann@example.com' or 'Ann Meier <ann@example.com>'.",
            "field": "to[0]",
            "text": "bob",
            "position": 3,
            "why": "there is no @",
        }
    }


def test_a_usage_error_in_json(mailsend) -> None:
    """A command that was not understood is told in JSON too."""
    said = mailsend("explain", "--json", "--config")

    assert (said.code, said.err) == (64, "")
    assert said.document == {
        "error": {
            "code": 64,
            "name": "usage",
            "kind": "UsageError",
            "message": "Option '--config' requires an argument.",
            "advice": "Try 'mailsend --help'.",
        }
    }


def test_a_refusal_in_json(mailsend, settings) -> None:
    """A refusal carries its step, its reason, its facts, and the decisions made before it."""
    said = mailsend("send", "--to", "bob@example.org", "--json", "--header", "Bcc: eve@example.org")

    error = said.document["error"]
    assert (said.code, said.err) == (77, "")
    assert [one["step"] for one in error.pop("decisions")] == ["sender", "reply_to"]
    assert error == {
        "code": 77,
        "name": "not_permitted",
        "kind": "MessageRefused",
        "message": "Refused: the header field Bcc is not set by hand; use instead: bcc.",
        "advice": "Use instead: bcc.",
        "step": "content",
        "reason": "header_reserved",
        "facts": {"name": "Bcc", "instead": "bcc"},
    }


def _name_key(settings: Path) -> None:
    with settings.open("a") as file:
        file.write(
            '[[application.dkim_keys]]\ndomain = "suite.example"\nselector = "s1"\nkey_file = "key.pem"\n'
        )
