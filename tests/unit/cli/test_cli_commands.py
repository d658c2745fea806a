"""What each command does when all is well."""

from __future__ import annotations

import email
import json
import stat
import sys
from email import policy
from pathlib import Path

import pytest

from mailsend.cli import main
from mailsend.compose.sign import Signer
from mailsend.doctor.dkim_record import public_record

TO = ("--to", "bob@example.org", "--subject", "Hello", "--text", "Hello Bob")


def test_explain_needs_neither_recipients_nor_content(mailsend, settings) -> None:
    """The sender that would be used is told with its reason, and who was passed over with his."""
    said = mailsend("explain", "--from", "x@gmail.com", "--customer", "ratcatcher")

    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == (
        "Sender      From is Operations the Rat <office@operations-the-rat.example>: the fallback sender of"
        " the customer ratcatcher. x@gmail.com was passed over: gmail.com is not an allowed domain"
        " (allowed: operations-the-rat.example)."
    )
    assert [line.split()[0] for line in said.out.splitlines()] == [
        "Sender",
        "Reply-To",
        "Route",
        "Bounces",
        "Signature",
    ]


def test_explain_speaks_german(mailsend, settings) -> None:
    """With --locale de the words are German, down to the names of the steps."""
    said = mailsend("explain", "--from", "x@gmail.com", "--customer", "ratcatcher", "--locale", "de-CH")

    assert said.code == 0
    assert said.out.startswith("Absender    Absender ist Operations the Rat <office@")
    assert "wurde übergangen" in said.out


def test_explain_tells_of_recipients_where_there_are_any(mailsend, settings) -> None:
    """With --to the recipients are decided as well, each with what becomes of it."""
    said = mailsend("explain", "--to", "bob@example.org", "--cc", "bob@example.org", "--json")

    recipients = said.document[2]
    assert [one["step"] for one in said.document] == [
        "sender",
        "reply_to",
        "recipients",
        "routes",
        "return_path",
        "signatures",
    ]
    assert recipients == {
        "v": 1,
        "step": "recipients",
        "reason": "as_requested",
        "value": ["bob@example.org"],
        "passed_over": [{"candidate": "bob@example.org", "source": "cc", "reason": "duplicate", "facts": {}}],
        "facts": {
            "requested": [
                {
                    "address": "bob@example.org",
                    "field": "to",
                    "reason": "as_requested",
                    "envelope_address": "bob@example.org",
                }
            ],
            "archive": None,
        },
    }


def test_explain_stops_where_the_line_stops(mailsend, settings) -> None:
    """A refusal ends the decisions: told in words with what was passed over, in JSON as the last record."""
    settings.write_text(
        settings.read_text()
        .replace('smarthosts = ["memory:"]', "")
        .replace("[customers.ratcatcher]", '[customers.ratcatcher]\nserver = "smtp://mail.example"')
    )

    words = mailsend("explain", "--customer", "ratcatcher")
    document = mailsend("explain", "--customer", "ratcatcher", "--json")

    assert (words.code, words.err) == (
        78,
        (
            "mailsend: Refused: no server may carry this mail."
            " mail.example:587 was passed over: it is locked, not released.\n"
            "  Each server was passed over for its own reason; release one, or add one that fits.\n"
        ),
    )
    assert [line.split()[0] for line in words.out.splitlines()] == ["Sender", "Reply-To"]
    assert (document.code, document.err) == (78, "")
    assert [one["step"] for one in document.document] == ["sender", "reply_to", "routes"]
    assert document.document[-1]["value"] is None


def test_what_explain_says_is_what_preview_decides(mailsend, settings) -> None:
    """Asked about the same mail, explain gives the very records of the preview, content apart."""
    asked = ("--from", "ann@rat.example", "--to", "bob@example.org", "--customer", "ratcatcher", "--json")

    explained = mailsend("explain", *asked).document
    previewed = mailsend("preview", *asked, "--text", "Hello").document["decisions"]

    assert explained == [one for one in previewed if one["step"] != "content"]


def test_a_preview_is_the_mail(mailsend, settings) -> None:
    """The document tells what the bytes say, and --eml writes them byte for byte."""
    said = mailsend("preview", *TO, "--customer", "ratcatcher", "--eml", "mail.eml", "--json")

    shown = said.document
    data = (settings.parent / "mail.eml").read_bytes()
    mail = email.message_from_bytes(data, policy=policy.default)
    assert (said.code, said.err) == (0, "")
    assert shown["size"] == len(data)
    assert dict(shown["headers"])["Message-ID"] == f"<{shown['message_id']}>" == mail["Message-ID"]
    assert mail.get_content().strip() == shown["text"] == "Hello Bob"
    assert {
        key: shown[key] for key in ("from", "to", "cc", "subject", "envelopes", "attachments", "hold")
    } == {
        "from": "Operations the Rat <office@operations-the-rat.example>",
        "to": ["bob@example.org"],
        "cc": [],
        "subject": "Hello",
        "envelopes": [{"reverse_path": shown["decisions"][4]["value"], "recipients": ["bob@example.org"]}],
        "attachments": [],
        "hold": None,
    }


def test_a_preview_reads_well(mailsend, settings, tmp_path) -> None:
    """People see the head, the envelope, the reasons and the text, and where files were written."""
    paper = tmp_path / "paper.txt"
    paper.write_text("paper")

    said = mailsend("preview", *TO, "--bcc", "eve@example.org", "--attach", paper, "--eml", "mail.eml")

    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert lines[:4] == [
        "From        Acme Suite <no-reply@suite.example>",
        "To          bob@example.org",
        "Reply-To    Acme Suite <no-reply@suite.example>",
        "Subject     Hello",
    ]
    assert "Attached    paper.txt (text/plain, 5 bytes)" in lines
    assert any(line.endswith("RCPT TO:<bob@example.org> RCPT TO:<eve@example.org>") for line in lines)
    assert lines[-3:] == ["Text", "Hello Bob", "✓ written: mail.eml"]


def test_the_html_of_a_preview_opens_in_a_browser(mailsend, settings) -> None:
    """--html writes the HTML with its pictures inside."""
    said = mailsend(
        "preview", "--to", "bob@example.org", "--template", "order-confirmation", "--html", "mail.html",
        "--values", _sample(settings, mailsend),
    )  # fmt: skip

    assert (said.code, said.err) == (0, "")
    page = (settings.parent / "mail.html").read_text()
    assert "<html" in page
    assert "cid:" not in page


def test_send_says_what_became_of_each_recipient(mailsend, settings) -> None:
    """Each recipient is named with its outcome, the server and the reply."""
    said = mailsend("send", *TO, "--cc", "ann@example.org")

    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert lines[:2] == [
        "✓ bob@example.org accepted by memory: (250 2.0.0 kept in memory)",
        "✓ ann@example.org accepted by memory: (250 2.0.0 kept in memory)",
    ]
    assert lines[2].startswith("Message-ID  <")


def test_send_takes_its_text_from_standard_input(mailsend, settings, tmp_path) -> None:
    """``--text -`` reads the text, and a file: smarthost writes the mail with all that was asked for."""
    settings.write_text(settings.read_text().replace("memory:", f"file://{tmp_path}/out"))
    (tmp_path / "page.html").write_text("<p>Grüezi</p>")

    said = mailsend(
        "send", "--to", "Bob <bob@example.org>", "--subject", "Grüezi", "--text", "-",
        "--html", "page.html", "--header", "X-Order: 4711", "--reply-to", "ann@example.org",
        stdin="Grüezi Bob\n".encode(),
    )  # fmt: skip

    (written,) = (tmp_path / "out").glob("*.eml")
    mail = email.message_from_bytes(written.read_bytes(), policy=policy.default)
    assert (said.code, said.err) == (0, "")
    assert {name: mail[name] for name in ("To", "Subject", "X-Order", "Reply-To")} == {
        "To": "Bob <bob@example.org>",
        "Subject": "Grüezi",
        "X-Order": "4711",
        "Reply-To": "ann@example.org",
    }
    assert mail.get_body(("plain",)).get_content().strip() == "Grüezi Bob"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Grüezi</p>"


def test_values_come_from_files_and_from_the_command_line(mailsend, settings) -> None:
    """TOML and JSON are read alike, and --set goes over them, inwards by dots."""
    folder = settings.parent / "templates" / "note"
    folder.mkdir(parents=True)
    (folder / "subject.txt.j2").write_text("{{ who.name }}")
    (folder / "body.txt.j2").write_text("{{ who.name }} {{ who.age }} {{ word }}")
    settings.write_text(
        settings.read_text().replace("[application]", '[application]\ntemplate_dirs = ["templates"]')
    )
    (settings.parent / "v.toml").write_text('word = "hi"\n[who]\nname = "Ann"\nage = 7\n')
    (settings.parent / "v.json").write_text('{"word": "hi", "who": {"name": "Ann", "age": 7}}')
    asked = ("preview", "--to", "bob@example.org", "--template", "note", "--json")

    texts = [
        mailsend(*asked, "--values", file, "--set", "who.name=Bob").document["text"].strip()
        for file in ("v.toml", "v.json")
    ]

    assert texts == ["Bob 7 hi", "Bob 7 hi"]


def test_check_says_where_each_setting_comes_from(mailsend, settings, monkeypatch) -> None:
    """Every value is told with its source; secrets as ***, and what is worth a look with advice."""
    monkeypatch.setenv("MAILSEND_APPLICATION__NAME", "Other Suite")
    settings.write_text(settings.read_text().replace("memory:", "smtp://ann:planted@relay.example"))

    words = mailsend("check")
    document = mailsend("check", "--json")

    values = {one["key"]: (one["value"], one["origin"]) for one in document.document["settings"]}
    assert (words.code, words.err, document.code, document.err) == (0, "", 0, "")
    assert values["application.name"] == ("Other Suite", "environment: MAILSEND_APPLICATION__NAME")
    assert values["application.smarthosts"] == ("smtp://relay.example", str(settings))
    assert "planted" not in words.out + document.out
    assert "  application.name = Other Suite" in words.out.splitlines()
    assert "From environment: MAILSEND_APPLICATION__NAME:" in words.out.splitlines()
    assert words.out.splitlines()[-1] == (
        "✓ The settings are valid: 1 smarthost, 1 customer, 1 business unit."
    )


def test_check_tells_what_is_worth_a_look(mailsend, settings) -> None:
    """What is allowed and yet perhaps not meant is told with advice, and is no error."""
    settings.write_text(settings.read_text().replace('smarthosts = ["memory:"]', ""))

    words = mailsend("check")
    document = mailsend("check", "--json").document

    assert words.code == 0
    assert [one["where"] for one in document["findings"]] == ["application.smarthosts"]
    assert "! application.smarthosts: there is no smarthost" in words.out


def test_an_unknown_variable_is_a_warning(mailsend, settings, monkeypatch) -> None:
    """A MAILSEND_ variable that means nothing is told on standard error, unless JSON or quiet is asked for."""
    monkeypatch.setenv("MAILSEND_APPLICATION__NAMES", "Other Suite")

    told = mailsend("explain")
    quiet = mailsend("explain", "--quiet")
    document = mailsend("explain", "--json")

    assert (told.code, quiet.code, document.code) == (0, 0, 0)
    assert told.err == "warning: MAILSEND_APPLICATION__NAMES: this variable means nothing here\n"
    assert (quiet.out, quiet.err, document.err) == ("", "", "")


def test_a_new_key_is_for_its_owner_alone(mailsend, tmp_path) -> None:
    """The key file and its folder are closed to others, and the record fits the key."""
    file = tmp_path / "secrets" / "default.pem"

    said = mailsend(
        "dkim", "new", "--domain", "Suite.Example", "--selector", "default", "--out", file, "--json"
    )

    signer = Signer(domain="suite.example", selector="default", key=file.read_bytes())
    record = public_record(signer)
    assert (said.code, said.err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert said.document == {
        "file": str(file),
        "domain": "suite.example",
        "selector": "default",
        "algorithm": "rsa-sha256",
        "bits": 2048,
        "record": {
            "name": "default._domainkey.suite.example",
            "type": "TXT",
            "value": record.value,
            "strings": list(record.strings),
            "zone": record.zone(),
        },
        "settings": "[[application.dkim_keys]]\n"
        f'domain = "suite.example"\nselector = "default"\nkey_file = "{file}"',
    }


def test_a_key_is_never_written_over_anything(mailsend, tmp_path) -> None:
    """A file that exists stays as it is."""
    file = tmp_path / "default.pem"
    file.write_text("mine")

    said = mailsend("dkim", "new", "--domain", "suite.example", "--selector", "s1", "--out", file)

    assert (said.code, said.out, said.err, file.read_text()) == (
        73,
        "",
        (
            f"mailsend: {file} exists, and a private key is never written over anything\n"
            "  Name another file, or move that one away.\n"
        ),
        "mine",
    )


def test_a_link_is_not_followed_to_write_a_key(mailsend, tmp_path) -> None:
    """A link that leads nowhere yet counts as something that exists."""
    (tmp_path / "default.pem").symlink_to(tmp_path / "elsewhere.pem")

    said = mailsend(
        "dkim", "new", "--domain", "suite.example", "--selector", "s1", "--out", tmp_path / "default.pem"
    )

    assert said.code == 73
    assert not (tmp_path / "elsewhere.pem").exists()


@pytest.fixture
def signed(mailsend, settings) -> Path:
    mailsend("dkim", "new", "--domain", "suite.example", "--selector", "default", "--out", "default.pem")
    with settings.open("a") as file:
        file.write(
            '[[application.dkim_keys]]\ndomains = ["*"]\nselector = "default"\nkey_file = "default.pem"\n'
        )
    return settings.parent / "default.pem"


def test_the_record_of_each_domain(mailsend, signed) -> None:
    """One key for all domains: a TXT record for each, and for a customer's a CNAME to ours."""
    said = mailsend("dkim", "record", "--json")

    expected = public_record(Signer(domain="suite.example", selector="default", key=signed.read_bytes()))
    assert said.code == 0
    assert [(one["domain"], one["record"]["value"], one["alias"]) for one in said.document] == [
        ("suite.example", expected.value, None),
        (
            "operations-the-rat.example",
            expected.value,
            {
                "name": "default._domainkey.operations-the-rat.example",
                "type": "CNAME",
                "value": "default._domainkey.suite.example",
                "strings": ["default._domainkey.suite.example"],
                "zone": "default._domainkey.operations-the-rat.example. 3600 IN CNAME"
                " default._domainkey.suite.example.",
            },
        ),
    ]


def test_a_customers_own_key_goes_before_ours(mailsend, signed, settings) -> None:
    """Where a customer has a key, the domain is published with that one, and no alias leads to ours."""
    mailsend("dkim", "new", "--domain", "operations-the-rat.example", "--selector", "rat", "--out", "rat.pem")
    with settings.open("a") as file:
        file.write(
            '[[customers.ratcatcher.dkim_keys]]\ndomain = "operations-the-rat.example"\n'
            'selector = "rat"\nkey_file = "rat.pem"\npublished = false\n'
        )

    said = mailsend("dkim", "record", "--json")
    words = mailsend("dkim", "record", "--selector", "rat")

    assert [(one["where"], one["domain"], one["selector"], one["alias"]) for one in said.document] == [
        ("application", "suite.example", "default", None),
        ("customers.ratcatcher", "operations-the-rat.example", "rat", None),
    ]
    assert words.out.splitlines()[0] == (
        "rat._domainkey.operations-the-rat.example (rsa-sha256, 2048 bits, active, not yet published)"
    )
    assert len(words.out.splitlines()) == 2


def test_the_letter_to_a_customer(mailsend, signed) -> None:
    """With --letter the text for whoever keeps the DNS is printed, in the language asked for."""
    asked = ("dkim", "record", "--domain", "operations-the-rat.example", "--letter")

    english, german = mailsend(*asked), mailsend(*asked, "--locale", "de")

    for said in (english, german):
        assert said.code == 0
        assert "default._domainkey.operations-the-rat.example" in said.out
        assert "default._domainkey.suite.example" in said.out
    assert english.out.startswith("Mail that we send in the name of operations-the-rat.example")
    assert german.out.startswith("Mails, die wir im Namen von operations-the-rat.example")


def test_templates_are_listed(mailsend, settings) -> None:
    """Those that are shipped are there, each with where it comes from."""
    words, document = mailsend("template", "list"), mailsend("template", "list", "--json").document

    names = [one["name"] for one in document]
    assert {"order-confirmation", "invoice", "password-reset"} <= set(names)
    assert [line.split()[0] for line in words.out.splitlines()] == ["Template", *names]


def test_a_template_is_shown(mailsend, settings) -> None:
    """Its files, with where each lies, and its sample values; with --source one file itself."""
    words = mailsend("template", "show", "invoice", "--customer", "ratcatcher")
    document = mailsend("template", "show", "invoice", "--json").document
    source = mailsend("template", "show", "invoice", "--source", "subject.txt.j2")

    assert words.code == 0
    assert words.out.startswith("Template    invoice\n")
    assert "invoice/body.html.j2" in words.out
    assert document["essential"] is True
    assert isinstance(document["sample"]["invoice"]["date"], str)
    assert "{{" in source.out


def test_a_template_is_rendered_with_its_sample(mailsend, settings) -> None:
    """A preview of a template needs no values; --html writes a page for a browser."""
    words = mailsend("template", "preview", "invoice", "--html", "invoice.html", "--locale", "de")
    document = mailsend("template", "preview", "invoice", "--json").document

    assert (words.code, words.err) == (0, "")
    assert words.out.startswith("Subject     Rechnung ")
    assert words.out.endswith("✓ written: invoice.html\n")
    assert "cid:" not in (settings.parent / "invoice.html").read_text()
    assert (document["template"], document["locale"], document["essential"]) == ("invoice", "en", True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "--from", "ann@suite.example"],
        ["preview", *TO],
        ["send", *TO],
        ["check"],
        ["template", "list"],
        ["template", "show", "invoice"],
        ["template", "preview", "invoice"],
        ["dkim", "new", "--domain", "suite.example", "--selector", "s1", "--out", "k.pem"],
    ],
    ids=" ".join,
)
def test_every_command_takes_the_common_options(mailsend, settings, arguments, tmp_path) -> None:
    """--config names the settings, --json gives one document, --quiet says nothing when all is well."""
    elsewhere = tmp_path / "elsewhere.toml"
    settings.rename(elsewhere)

    document = mailsend(*arguments, "--config", elsewhere, "--json")
    (tmp_path / "k.pem").unlink(missing_ok=True)
    quiet = mailsend(*arguments, "--config", elsewhere, "--quiet")

    assert (document.code, document.err, quiet.code) == (0, "", 0)
    assert json.loads(document.out) is not None
    assert (quiet.out, quiet.err) == ("", "")


def test_a_command_behind_dashes_is_no_option(mailsend, settings) -> None:
    """What stands behind ``--`` does not ask for JSON."""
    said = mailsend("template", "show", "--", "--json")

    assert said.code == 78
    assert said.err.startswith("mailsend: template '--json': ")


@pytest.mark.parametrize("group", [(), ("dkim",), ("template",)], ids=str)
def test_a_group_alone_shows_its_help(mailsend, group) -> None:
    """Without a command the help is shown, and the code says that the command was not complete."""
    alone, asked = mailsend(*group), mailsend(*group, "--help")

    assert (alone.code, alone.err, asked.code, asked.err) == (64, "", 0, "")
    assert alone.out == asked.out
    assert "Commands:" in asked.out


def test_the_version(mailsend) -> None:
    """--version says name and version."""
    said = mailsend("--version")

    assert said.code == 0
    assert said.out.startswith("mailsend 0.")


def test_an_internal_error_is_told_in_one_line(mailsend, settings, monkeypatch) -> None:
    """What should not happen ends with 70 and asks for a report; --debug shows the traceback."""

    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("mailsend.cli.check.settings_from", fail)

    said = mailsend("check")

    assert (said.code, said.out) == (70, "")
    assert said.err.startswith("mailsend: this should not have happened (RuntimeError)\n")
    assert "planted" not in said.err
    with pytest.raises(RuntimeError, match="planted"):
        main(["check", "--debug"])


def test_a_command_line_without_its_extra(mailsend, monkeypatch, settings) -> None:
    """Without typer and rich one line says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "typer", None)

    said = mailsend("check")

    assert (said.code, said.out, said.err) == (
        69,
        "",
        (
            "mailsend: the command line needs the extra 'cli'\n"
            "  In a checkout of mailsend: python3 -m pip install '.[cli]'\n"
        ),
    )


def _sample(settings: Path, mailsend) -> Path:
    """Write the sample values of a shipped template into a file."""
    values = settings.parent / "values.toml"
    values.write_text(mailsend("template", "show", "order-confirmation", "--source", "sample.toml").out)
    return values


def test_one_value_of_a_table_leaves_the_others_of_the_sample(mailsend, settings) -> None:
    """--set reaches into the sample's tables and replaces the one value alone."""
    number = mailsend("template", "show", "invoice", "--json").document["sample"]["invoice"]["number"]
    other = "X" * len(number)
    sample = mailsend("template", "preview", "invoice", "--json").document
    said = mailsend("template", "preview", "invoice", "--set", f"invoice.number={other}", "--json")

    assert (said.code, said.err) == (0, "")
    assert said.document["subject"] == sample["subject"].replace(number, other) != sample["subject"]
    assert len(said.document["text"]) == len(sample["text"])


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("hooks.loud", None),
        ("hooks:loud", None),
        ("hooks.nosuch", "'hooks.nosuch' cannot be imported (AttributeError)"),
        ("nosuch.loud", "'nosuch.loud' cannot be imported (ModuleNotFoundError)"),
        ("hooks.NUMBER", "'hooks.NUMBER' is not callable"),
        ("broken.loud", "'broken.loud' cannot be imported (RuntimeError)"),
    ],
)
def test_check_imports_the_interceptors(mailsend, settings, monkeypatch, path, why) -> None:
    """An interceptor in the current folder is found; one that cannot be used makes the settings invalid."""
    monkeypatch.setattr("sys.path", [*sys.path])
    (settings.parent / "hooks.py").write_text("NUMBER = 1\n\ndef loud(report):\n    pass\n")
    (settings.parent / "broken.py").write_text("raise RuntimeError('planted')\n")
    settings.write_text(f'{settings.read_text()}\n[application.interceptors]\nafter = ["{path}"]\n')

    said = mailsend("check")
    for name in ("hooks", "broken"):
        sys.modules.pop(name, None)

    if why is None:
        assert (said.code, said.err) == (0, "")
    else:
        assert (said.code, said.out) == (78, "")
        assert said.err.splitlines()[0] == f"mailsend: application.interceptors.after: {why}"
        assert len(said.err.splitlines()) == 2
