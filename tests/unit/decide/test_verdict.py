"""Verdicts: each row is one line of M18, M19 or M20."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.verdict import Reason, Step, Verdict, conclude, is_lasting, judge
from mailsend.decide.verdict.causes import CAUSES
from mailsend.decide.verdict.rules import RULES, Given
from mailsend.model.reply import Reply
from mailsend.model.report import Fault, Outcome

S = Step
SERVER, ACCOUNT, SENDER = Fault.SERVER, Fault.ACCOUNT, Fault.SENDER
MESSAGE, RECIPIENT = Fault.MESSAGE, Fault.RECIPIENT
DEFERRED, REJECTED = Outcome.DEFERRED, Outcome.REJECTED
ACCEPTED_BEFORE, LOGGED_IN, REPEATED = (
    {"accepted_before": True},
    {"logged_in": True},
    {"repeated": True},
)
BY_TOKEN = {"by_token": True}
OUTLOOK = {"host": "contoso-com.mail.protection.outlook.com"}


def row(sentence, step, reply, reason, fault, outcome, *, lasting=False, **facts):
    """One line of the table; the sentence is its name."""
    return pytest.param(step, reply, facts, (reason, fault, outcome, lasting), id=sentence)


# fmt: off
TABLE = [
    # M18: server or account, temporary
    row("421 at the greeting is the server's and passes", S.GREETING, "421 4.3.2 Going down", Reason.SERVER_BUSY, SERVER, DEFERRED),
    row("421 at EHLO is the server's and passes", S.EHLO, "421 Bye", Reason.SERVER_BUSY, SERVER, DEFERRED),
    row("421 at RCPT is the server's and passes", S.RCPT, "421 4.4.2 Timeout", Reason.SERVER_BUSY, SERVER, DEFERRED),
    row("421 after the dot is the server's and passes", S.DOT, "421 4.3.2 Going down", Reason.SERVER_BUSY, SERVER, DEFERRED),
    row("4.3.x is the server's and passes", S.MAIL, "451 4.3.0 Trouble", Reason.SERVER_FAULT, SERVER, DEFERRED),
    row("4.3.1 at RCPT is the server's, not a full mailbox", S.RCPT, "452 4.3.1 No space", Reason.SERVER_FAULT, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("4yz at MAIL without a code is the server's", S.MAIL, "451 Local error", Reason.SERVER_FAULT, SERVER, DEFERRED),
    row("4yz after the dot without a code is the server's", S.DOT, "451 Local error", Reason.SERVER_FAULT, SERVER, DEFERRED),
    row("4yz to DATA is the server's", S.DATA, "451 Local error", Reason.SERVER_FAULT, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("a 4yz to DATA after all were refused is judged as any other", S.DATA, "451 Local error", Reason.SERVER_FAULT, SERVER, DEFERRED),
    row("a 454 to STARTTLS passes", S.STARTTLS, "454 4.7.0 TLS not available", Reason.TLS_REFUSED, SERVER, DEFERRED),
    row("a 454 to AUTH is never the password's fault", S.AUTH, "454 4.7.0 Try later", Reason.AUTH_TEMPORARY, ACCOUNT, DEFERRED),
    row("4.7.1 at MAIL is the server's policy", S.MAIL, "450 4.7.1 Not now", Reason.SERVER_POLICY, SERVER, DEFERRED),
    row("a temporary block list is the server's", S.RCPT, "450 4.7.1 Client blocked using a list", Reason.BLOCK_LISTED, SERVER, DEFERRED),
    # M18: server or account, permanent
    row("554 as a greeting is the server's for good", S.GREETING, "554 No service", Reason.SERVER_FAULT, SERVER, DEFERRED, lasting=True),
    row("554 5.7.1 as a greeting names the server's policy", S.GREETING, "554 5.7.1 Go away", Reason.SERVER_POLICY, SERVER, DEFERRED, lasting=True),
    row("a refused EHLO is the server's for good", S.EHLO, "550 Go away", Reason.SERVER_FAULT, SERVER, DEFERRED, lasting=True),
    row("an unknown EHLO is a matter of the dialogue", S.EHLO, "502 5.5.1 What", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    row("5yz to STARTTLS is the server's for good", S.STARTTLS, "501 No", Reason.TLS_REFUSED, SERVER, DEFERRED, lasting=True),
    row("5yz to DATA is the server's for good", S.DATA, "554 No", Reason.SERVER_FAULT, SERVER, DEFERRED, lasting=True, **ACCEPTED_BEFORE),
    row("530 at MAIL asks for a log-in", S.MAIL, "530 5.7.0 Authentication required", Reason.AUTH_REQUIRED, ACCOUNT, DEFERRED, lasting=True),
    row("530 at RCPT asks for a log-in", S.RCPT, "530 Log in", Reason.AUTH_REQUIRED, ACCOUNT, DEFERRED, lasting=True),
    row("530 that names STARTTLS asks for TLS", S.MAIL, "530 5.7.0 Must issue a STARTTLS command first", Reason.TLS_DEMANDED, SERVER, DEFERRED, lasting=True),
    row("535 is the account's for good", S.AUTH, "535 5.7.8 Bad credentials", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True),
    row("535 counts at any step", S.MAIL, "535 5.7.8 Bad credentials", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True),
    row("another 5yz to AUTH is about the method", S.AUTH, "504 5.5.4 Unrecognized", Reason.AUTH_REFUSED, ACCOUNT, DEFERRED, lasting=True),
    row("5.3.x is the server's for good", S.MAIL, "554 5.3.2 Not accepting", Reason.SERVER_FAULT, SERVER, DEFERRED, lasting=True),
    row("5.7.x at MAIL is the server's", S.MAIL, "550 5.7.1 Rejected", Reason.SERVER_POLICY, SERVER, DEFERRED, lasting=True),
    row("5.7.x at DATA is the server's", S.DATA, "554 5.7.1 Rejected", Reason.SERVER_POLICY, SERVER, DEFERRED, lasting=True, **ACCEPTED_BEFORE),
    row("relaying denied at RCPT is the server's", S.RCPT, "554 5.7.1 <bob@example.org>: Relay access denied", Reason.RELAYING_DENIED, SERVER, DEFERRED, lasting=True),
    row("relaying denied without a code is the server's", S.RCPT, "550 Relaying not permitted", Reason.RELAYING_DENIED, SERVER, DEFERRED, lasting=True),
    row("relaying denied with 5.0.0 is the server's", S.RCPT, "550 5.0.0 Relaying denied", Reason.RELAYING_DENIED, SERVER, DEFERRED, lasting=True),
    row("a temporary relaying denied passes", S.RCPT, "454 4.7.1 Relay access denied", Reason.RELAYING_DENIED, SERVER, DEFERRED),
    row("a refused client at RCPT is the server's", S.RCPT, "554 5.7.1 Client host rejected: Access denied", Reason.CLIENT_REFUSED, SERVER, DEFERRED, lasting=True),
    row("a client without reverse DNS is the server's", S.RCPT, "450 4.7.1 cannot find your reverse hostname", Reason.CLIENT_REFUSED, SERVER, DEFERRED),
    row("a host that is not welcome is the server's", S.RCPT, "554 5.7.1 Your host is not welcome", Reason.CLIENT_REFUSED, SERVER, DEFERRED, lasting=True),
    row("5.7.25 is about our reverse DNS at any step", S.DOT, "550 5.7.25 No PTR record", Reason.CLIENT_REFUSED, SERVER, DEFERRED, lasting=True),
    row("a refused HELO at RCPT is the server's", S.RCPT, "504 5.7.1 Helo command rejected", Reason.HELO_REFUSED, SERVER, DEFERRED, lasting=True),
    row("a refused HELO at EHLO is the server's", S.EHLO, "550 5.7.1 Helo name refused", Reason.HELO_REFUSED, SERVER, DEFERRED, lasting=True),
    row("a block list at RCPT is the server's", S.RCPT, "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", Reason.BLOCK_LISTED, SERVER, DEFERRED, lasting=True),
    row("a block list at the greeting is the server's", S.GREETING, "554 Your host has a poor reputation", Reason.BLOCK_LISTED, SERVER, DEFERRED, lasting=True),
    row("rate at RCPT is the server's", S.RCPT, "450 4.7.1 Error: too much mail from 192.0.2.1", Reason.RATE, SERVER, DEFERRED),
    row("rate without a code is the server's", S.MAIL, "450 Sending rate exceeded", Reason.RATE, SERVER, DEFERRED),
    row("a limit that was exceeded is rate", S.RCPT, "450 4.7.1 Daily limit exceeded", Reason.RATE, SERVER, DEFERRED),
    row("authentication at RCPT is the account's", S.RCPT, "550 5.7.1 Authentication required", Reason.AUTH_REQUIRED, ACCOUNT, DEFERRED, lasting=True),
    row("authentication without a code is the account's", S.RCPT, "550 Please log in first", Reason.AUTH_REQUIRED, ACCOUNT, DEFERRED, lasting=True),
    row("a server that wants AUTH names the account", S.MAIL, "550 5.7.1 AUTH first", Reason.AUTH_REQUIRED, ACCOUNT, DEFERRED, lasting=True),
    row("other X.7.x at RCPT is the recipient's", S.RCPT, "554 5.7.1 Not wanted", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("the same X.7.x for two domains in a row is the server's", S.RCPT, "554 5.7.1 Not wanted", Reason.SERVER_POLICY, SERVER, DEFERRED, lasting=True, **REPEATED),
    row("a closed group is the recipient's, whatever it says of logging in", S.RCPT, "550 5.7.1 RESOLVER.RST.AuthenticationRequired; authentication required", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("greylisting is the recipient's and passes", S.RCPT, "451 4.7.1 Greylisting in action", Reason.GREYLISTED, RECIPIENT, DEFERRED),
    row("greylisting without a code passes", S.RCPT, "450 Graylisted", Reason.GREYLISTED, RECIPIENT, DEFERRED),
    # M18: the sender at this server
    row("5.7.60 is the sender's at this server", S.DOT, "550 5.7.60 SMTP; Client does not have permissions", Reason.SENDER_NOT_ALLOWED, SENDER, DEFERRED, lasting=True),
    row("5.2.252 is the sender's at this server", S.DOT, "554 5.2.252 SendAsDenied", Reason.SENDER_NOT_ALLOWED, SENDER, DEFERRED, lasting=True),
    row("5.1.7 is the sender's", S.MAIL, "553 5.1.7 Bad sender syntax", Reason.SENDER_REFUSED, SENDER, DEFERRED, lasting=True),
    row("5.1.8 is the sender's, though said at RCPT", S.RCPT, "550 5.1.8 Sender domain not found", Reason.SENDER_REFUSED, SENDER, DEFERRED, lasting=True),
    row("4.1.8 is the sender's and passes", S.RCPT, "450 4.1.8 Domain not found", Reason.SENDER_REFUSED, SENDER, DEFERRED),
    row("5.1.0 at MAIL is the sender's", S.MAIL, "550 5.1.0 Address rejected", Reason.SENDER_REFUSED, SENDER, DEFERRED, lasting=True),
    row("not owned is the sender's, though said at RCPT", S.RCPT, "553 5.7.1 <ann@suite.example>: Sender address rejected: not owned by user bob", Reason.SENDER_NOT_ALLOWED, SENDER, DEFERRED, lasting=True),
    row("not allowed to send as is the sender's", S.DOT, "550 5.7.1 Not allowed to send as ann@suite.example", Reason.SENDER_NOT_ALLOWED, SENDER, DEFERRED, lasting=True),
    row("5yz at MAIL without a code is the sender's", S.MAIL, "550 Rejected", Reason.SENDER_REFUSED, SENDER, DEFERRED, lasting=True),
    # M18: the message
    row("5.3.4 after the dot is size", S.DOT, "552 5.3.4 Too big", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True),
    row("5.3.4 at RCPT is size", S.RCPT, "552 5.3.4 Too big", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True, **ACCEPTED_BEFORE),
    row("5.2.3 is size", S.RCPT, "552 5.2.3 Too long for this mailbox", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True),
    row("5.6.x is the message's", S.DOT, "554 5.6.0 Bad MIME", Reason.MESSAGE_FORMAT, MESSAGE, REJECTED, lasting=True),
    row("X.7.x after the dot is content and policy", S.DOT, "554 5.7.1 Spam", Reason.CONTENT_REFUSED, MESSAGE, REJECTED, lasting=True),
    row("4.7.x after the dot is content and passes", S.DOT, "451 4.7.1 Virus scanner is busy", Reason.CONTENT_REFUSED, MESSAGE, DEFERRED),
    row("a block list named after the dot is about the content", S.DOT, "554 5.7.1 A link is blocked by a list", Reason.CONTENT_REFUSED, MESSAGE, REJECTED, lasting=True),
    row("5yz after the dot without a code is the message's", S.DOT, "554 Rejected", Reason.CONTENT_REFUSED, MESSAGE, REJECTED, lasting=True),
    row("Gmail's 552 5.7.0 is content, not size", S.DOT, "552 5.7.0 This message was blocked", Reason.CONTENT_REFUSED, MESSAGE, REJECTED, lasting=True),
    # M18: the recipient
    row("5.1.1 is no such user", S.RCPT, "550 5.1.1 Unknown", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("5.1.1 after the dot is no such user", S.DOT, "550 5.1.1 Unknown", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("5.1.2 is a domain that is none", S.RCPT, "550 5.1.2 Host unknown", Reason.BAD_DOMAIN, RECIPIENT, REJECTED, lasting=True),
    row("4.1.2 passes", S.RCPT, "450 4.1.2 Domain not found", Reason.BAD_DOMAIN, RECIPIENT, DEFERRED),
    row("5.1.3 is a form that is not taken", S.RCPT, "501 5.1.3 Bad address", Reason.BAD_ADDRESS, RECIPIENT, REJECTED, lasting=True),
    row("5.1.6 is moved", S.RCPT, "550 5.1.6 Moved", Reason.MOVED, RECIPIENT, REJECTED, lasting=True),
    row("5.1.10 is no such user at Exchange", S.RCPT, "550 5.1.10 RecipientNotFound", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("5.1.10 with a null MX is the domain's", S.RCPT, "556 5.1.10 Recipient address has null MX", Reason.BAD_DOMAIN, RECIPIENT, REJECTED, lasting=True),
    row("5.2.1 is a disabled mailbox", S.RCPT, "550 5.2.1 Disabled", Reason.MAILBOX_DISABLED, RECIPIENT, REJECTED, lasting=True),
    row("4.2.1 is a mailbox that is busy", S.RCPT, "450 4.2.1 Busy", Reason.RECIPIENT_REFUSED, RECIPIENT, DEFERRED),
    row("5.2.2 at RCPT is the recipient's full mailbox", S.RCPT, "552 5.2.2 Over quota", Reason.MAILBOX_FULL, RECIPIENT, REJECTED, lasting=True, **ACCEPTED_BEFORE),
    row("4.2.2 at RCPT passes", S.RCPT, "452 4.2.2 Over quota", Reason.MAILBOX_FULL, RECIPIENT, DEFERRED, **ACCEPTED_BEFORE),
    row("another 5.1.x is the recipient's", S.RCPT, "550 5.1.4 Ambiguous", Reason.RECIPIENT_REFUSED, RECIPIENT, REJECTED, lasting=True),
    row("550 at RCPT without a code is no such user", S.RCPT, "550 Unknown", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("5.0.0 says as little as no code", S.RCPT, "550 5.0.0 Unknown", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("a mailbox called relay says nothing of relaying", S.RCPT, "550 <relay@client.example> unknown at client.example", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("553 at RCPT without a code is a form not taken", S.RCPT, "553 Mailbox name not allowed", Reason.BAD_ADDRESS, RECIPIENT, REJECTED, lasting=True),
    row("554 at RCPT without a code is the recipient's", S.RCPT, "554 No", Reason.RECIPIENT_REFUSED, RECIPIENT, REJECTED, lasting=True),
    row("450 at RCPT without a code is the recipient's and passes", S.RCPT, "450 Busy", Reason.RECIPIENT_REFUSED, RECIPIENT, DEFERRED),
    row("501 without a code is a matter of the dialogue", S.RCPT, "501 Syntax", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    row("500 without a code is a matter of the dialogue", S.MAIL, "500 What", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    row("502 without a code is a matter of the dialogue", S.RCPT, "502 What", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    row("503 without a code is a matter of the dialogue", S.DOT, "503 Not now", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    row("504 without a code is a matter of the dialogue", S.MAIL, "504 What", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    row("555 without a code is a matter of the dialogue", S.RCPT, "555 Which parameter", Reason.PROTOCOL, SERVER, DEFERRED, lasting=True),
    # M19: too many
    row("552 at RCPT after an accepted recipient is too many", S.RCPT, "552 Too many", Reason.TOO_MANY_RECIPIENTS, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("452 at RCPT after an accepted recipient is too many", S.RCPT, "452 Too many", Reason.TOO_MANY_RECIPIENTS, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("452 4.5.3 after an accepted recipient is too many", S.RCPT, "452 4.5.3 Too many", Reason.TOO_MANY_RECIPIENTS, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("5.5.3 after an accepted recipient is too many", S.RCPT, "550 5.5.3 Too many", Reason.TOO_MANY_RECIPIENTS, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("452 to the first recipient is not too many", S.RCPT, "452 Later", Reason.RECIPIENT_REFUSED, RECIPIENT, DEFERRED),
    row("4.5.3 to the first recipient is not too many", S.RCPT, "452 4.5.3 Later", Reason.PROTOCOL, SERVER, DEFERRED),
    # M19: size
    row("552 at MAIL is size", S.MAIL, "552 Too big", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True),
    row("552 after the dot is size", S.DOT, "552 Too big", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True),
    row("552 5.3.0 after the dot is size", S.DOT, "552 5.3.0 No more", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True),
    row("552 5.3.0 at DATA is the server's", S.DATA, "554 5.3.0 Trouble", Reason.SERVER_FAULT, SERVER, DEFERRED, lasting=True, **ACCEPTED_BEFORE),
    row("5.3.4 at MAIL is size", S.MAIL, "550 5.3.4 Too big", Reason.TOO_BIG, MESSAGE, REJECTED, lasting=True),
    # M19: the sending mailbox
    row("5.2.2 at MAIL is the sending mailbox", S.MAIL, "552 5.2.2 Mailbox full", Reason.SENDING_MAILBOX_FULL, ACCOUNT, DEFERRED, lasting=True),
    row("5.2.2 after the dot on submission is the sending mailbox", S.DOT, "554 5.2.2 Mailbox full", Reason.SENDING_MAILBOX_FULL, ACCOUNT, DEFERRED, lasting=True, **LOGGED_IN),
    row("5.2.2 after the dot elsewhere is the recipient's", S.DOT, "552 5.2.2 Mailbox full", Reason.MAILBOX_FULL, RECIPIENT, REJECTED, lasting=True),
    row("5.2.1 at MAIL is the account's", S.MAIL, "550 5.2.1 Disabled", Reason.ACCOUNT_DISABLED, ACCOUNT, DEFERRED, lasting=True),
    # M19: rate
    row("432 is rate", S.DOT, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", Reason.RATE, SERVER, DEFERRED),
    row("432 4.7.12 to AUTH is a password in transition", S.AUTH, "432 4.7.12 A password transition is needed", Reason.AUTH_TEMPORARY, ACCOUNT, DEFERRED),
    row("4.7.500 is rate", S.MAIL, "451 4.7.500 Server busy", Reason.RATE, SERVER, DEFERRED),
    row("4.7.999 is rate", S.RCPT, "450 4.7.999 Slow", Reason.RATE, SERVER, DEFERRED),
    row("4.7.499 is not rate", S.MAIL, "450 4.7.499 Hm", Reason.SERVER_POLICY, SERVER, DEFERRED),
    row("421 4.7.x is rate", S.GREETING, "421 4.7.0 Slow down", Reason.RATE, SERVER, DEFERRED),
    # M19: who says it
    row("5.4.1 Access denied from Outlook's hosts is no such user", S.RCPT, "550 5.4.1 Recipient address rejected: Access denied", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True, **OUTLOOK),
    row("Outlook's hosts are also known by their own word", S.RCPT, "550 5.4.1 Recipient address rejected: Access denied. [DB5EUR01FT009.eop-EUR01.prod.protection.outlook.com 2026-01-01]", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("5.4.1 elsewhere is network", S.RCPT, "550 5.4.1 Access denied", Reason.NETWORK, SERVER, DEFERRED),
    row("5.4.1 with other words from Outlook is network", S.RCPT, "550 5.4.1 No route", Reason.NETWORK, SERVER, DEFERRED, **OUTLOOK),
    row("a host that only ends alike is not Outlook's", S.RCPT, "550 5.4.1 Access denied", Reason.NETWORK, SERVER, DEFERRED, host="myprotection.outlook.com"),
    row("4.4.x is network", S.RCPT, "450 4.4.1 No answer", Reason.NETWORK, SERVER, DEFERRED),
    row("5.7.30 with basic authentication is switched off", S.AUTH, "550 5.7.30 Basic authentication is not supported for Client Submission", Reason.AUTH_SWITCHED_OFF, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.139 with basic authentication is switched off", S.AUTH, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled", Reason.AUTH_SWITCHED_OFF, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.139 names basic authentication in more than one way", S.AUTH, "535 5.7.139 Basic authentication is locked", Reason.AUTH_SWITCHED_OFF, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.139 with a wrong password is just that", S.AUTH, "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.139 with SMTP switched off for the tenant is switched off, also for tokens", S.AUTH, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", Reason.AUTH_SWITCHED_OFF, ACCOUNT, DEFERRED, lasting=True, **BY_TOKEN),
    row("5.7.139 by security defaults is the organisation's word", S.AUTH, "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.", Reason.AUTH_FORBIDDEN, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.139 by conditional access is the organisation's word", S.AUTH, "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.", Reason.AUTH_FORBIDDEN, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.139 elsewhere than at the log-in is the server's policy", S.MAIL, "550 5.7.139 Against our policy", Reason.SERVER_POLICY, SERVER, DEFERRED, lasting=True),
    row("Exchange's 5.7.3 without more is the account's", S.AUTH, "535 5.7.3 Authentication unsuccessful", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True),
    row("a refused token is no wrong password", S.AUTH, "535 5.7.3 Authentication unsuccessful", Reason.TOKEN_REFUSED, ACCOUNT, DEFERRED, lasting=True, **BY_TOKEN),
    row("Gmail tells a token that it is a bad password, and it is a token", S.AUTH, "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials x - gsmtp", Reason.TOKEN_REFUSED, ACCOUNT, DEFERRED, lasting=True, **BY_TOKEN),
    row("a 454 to a token passes", S.AUTH, "454 4.7.0 Temporary authentication failure", Reason.AUTH_TEMPORARY, ACCOUNT, DEFERRED, **BY_TOKEN),
    row("a 535 at MAIL is no matter of tokens", S.MAIL, "535 5.7.8 Bad credentials", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True, **BY_TOKEN),
    row("another 5yz to a token is about the method", S.AUTH, "504 5.7.4 Unrecognized authentication type", Reason.AUTH_REFUSED, ACCOUNT, DEFERRED, lasting=True, **BY_TOKEN),
    row("Gmail's bad credentials ask for a password for applications", S.AUTH, "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials x - gsmtp", Reason.APPLICATION_PASSWORD_NEEDED, ACCOUNT, DEFERRED, lasting=True),
    row("Gmail's 5.7.9 asks for a password for applications", S.AUTH, "534 5.7.9 Application-specific password required. For more information, go to https://support.google.com/mail/?p=InvalidSecondFactor", Reason.APPLICATION_PASSWORD_NEEDED, ACCOUNT, DEFERRED, lasting=True),
    row("5.7.9 elsewhere is a method that is too weak", S.AUTH, "534 5.7.9 Authentication mechanism is too weak", Reason.AUTH_REFUSED, ACCOUNT, DEFERRED, lasting=True),
    row("Gmail's 5.7.14 asks for the browser", S.AUTH, "534 5.7.14 Please log in via your web browser and then try again.", Reason.AUTH_FORBIDDEN, ACCOUNT, DEFERRED, lasting=True),
    row("words about a browser mean nothing beside another code", S.AUTH, "535 5.7.8 Use a web browser or an application-specific password", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True),
    row("the words of a bad log-in mean nothing at MAIL", S.MAIL, "535 5.7.8 BadCredentials", Reason.AUTH_FAILED, ACCOUNT, DEFERRED, lasting=True),
    row("the words of a bad log-in mean nothing beside another code", S.AUTH, "534 5.7.8 BadCredentials", Reason.AUTH_REFUSED, ACCOUNT, DEFERRED, lasting=True),
    row("534 at MAIL is the server's policy, whatever it says of passwords", S.MAIL, "534 5.7.9 Application-specific password required; see your web browser", Reason.SERVER_POLICY, SERVER, DEFERRED, lasting=True),
    row("5.7.30 otherwise is REQUIRETLS", S.RCPT, "550 5.7.30 REQUIRETLS support required", Reason.REQUIRE_TLS_NOT_OFFERED, SERVER, DEFERRED),
    row("Gmail's 5.7.30 is about our DKIM", S.DOT, "550 5.7.30 DKIM authentication did not pass", Reason.SENDER_AUTHENTICATION, SENDER, DEFERRED, lasting=True),
    row("5.7.515 is our authentication", S.DOT, "550 5.7.515 Access denied, sending domain does not meet the required authentication level", Reason.SENDER_AUTHENTICATION, SENDER, DEFERRED, lasting=True),
    row("5.7.26 is our authentication", S.DOT, "550 5.7.26 Unauthenticated email", Reason.SENDER_AUTHENTICATION, SENDER, DEFERRED, lasting=True),
    row("4.7.26 is our authentication and passes", S.DOT, "451 4.7.26 Unauthenticated email", Reason.SENDER_AUTHENTICATION, SENDER, DEFERRED),
    row("5.7.23 is our SPF", S.MAIL, "550 5.7.23 SPF validation failed", Reason.SENDER_AUTHENTICATION, SENDER, DEFERRED, lasting=True),
    row("551 is no such user", S.RCPT, "551 User not local; try elsewhere", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    # A reply whose two codes disagree: whose fault it is says the enhanced one, how lasting the first digit
    row("a full mailbox is one, whichever class its code has", S.RCPT, "550 4.2.2 Mailbox full", Reason.MAILBOX_FULL, RECIPIENT, REJECTED, lasting=True),
    row("no such user is told for now where the reply is temporary", S.RCPT, "450 5.1.1 Unknown", Reason.NO_SUCH_USER, RECIPIENT, DEFERRED),
    row("a policy is no missing user, whichever class its code has", S.RCPT, "550 4.7.1 Not wanted", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("4.0.0 in a 550 says as little as no code", S.RCPT, "550 4.0.0 Unknown", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("a code of success in a refusal names its subject all the same", S.DOT, "554 2.6.0 Bad MIME", Reason.MESSAGE_FORMAT, MESSAGE, REJECTED, lasting=True),
    # M18: what only looks like a missing user
    row("a full mailbox in words alone is no missing user", S.RCPT, "550 The recipient's mailbox is full", Reason.MAILBOX_FULL, RECIPIENT, REJECTED, lasting=True),
    row("a quota in words alone is no missing user", S.RCPT, "550 User is over quota", Reason.MAILBOX_FULL, RECIPIENT, REJECTED, lasting=True),
    row("a quota that is exceeded is one as well", S.RCPT, "550 Quota exceeded", Reason.MAILBOX_FULL, RECIPIENT, REJECTED, lasting=True),
    row("denied access is no missing user", S.RCPT, "550 Access denied", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("of two enhanced codes the first counts", S.RCPT, "550 5.1.1 4.2.2 Mailbox full", Reason.NO_SUCH_USER, RECIPIENT, REJECTED, lasting=True),
    row("policy in words alone is no missing user", S.RCPT, "550 Administrative prohibition", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("spam in words alone is no missing user", S.RCPT, "550 5.0.0 Looks like spam", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("a sender that could not be verified is no missing user", S.RCPT, "550 Sender verify failed", Reason.SENDER_REFUSED, SENDER, DEFERRED, lasting=True),
    row("a sender that is not wanted is the sender's, though said at RCPT", S.RCPT, "554 5.7.1 <ann@suite.example>: Sender address rejected: Access denied", Reason.SENDER_REFUSED, SENDER, DEFERRED, lasting=True),
    row("a sender that is not logged in is the account's", S.RCPT, "553 5.7.1 <ann@suite.example>: Sender address rejected: not logged in", Reason.AUTH_REQUIRED, ACCOUNT, DEFERRED, lasting=True),
    row("whom the recipient has blocked is the recipient's matter", S.RCPT, "550 5.7.1 You are blocked by the recipient", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("a block list of the recipient's own is the recipient's matter", S.RCPT, "550 5.7.1 The sender is on the recipient's block list", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("a user who is blocked is the recipient's matter", S.RCPT, "550 User <bob@example.org> has been blocked by admin", Reason.RECIPIENT_POLICY, RECIPIENT, REJECTED, lasting=True),
    row("blocked by a list is the server's", S.RCPT, "550 5.7.1 Blocked by zen.spamhaus.org", Reason.BLOCK_LISTED, SERVER, DEFERRED, lasting=True),
    row("a banned address of ours is the server's", S.RCPT, "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", Reason.CLIENT_REFUSED, SERVER, DEFERRED, lasting=True),
    row("Postfix says with 5.5.2 that our HELO is no name", S.RCPT, "504 5.5.2 <here>: Helo command rejected: need fully-qualified hostname", Reason.HELO_REFUSED, SERVER, DEFERRED, lasting=True),
    row("5.7.509 is our authentication", S.DOT, "550 5.7.509 Access denied, sending domain suite.example does not pass DMARC verification", Reason.SENDER_AUTHENTICATION, SENDER, DEFERRED, lasting=True),
    row("Gmail's daily limit passes, and each attempt is counted", S.DOT, "550 5.4.5 Daily user sending limit exceeded", Reason.NETWORK, SERVER, DEFERRED),
    # A route that ends nowhere: RFC 3463, section 3.5
    row("a mail that goes round in circles is not sent again", S.DOT, "554 5.4.6 Too many hops", Reason.RECIPIENT_REFUSED, RECIPIENT, REJECTED, lasting=True),
    row("Exchange's 5.4.14 is such a loop", S.DOT, "554 5.4.14 Hop count exceeded - possible mail loop", Reason.RECIPIENT_REFUSED, RECIPIENT, REJECTED, lasting=True),
    row("a loop that may pass is network", S.DOT, "450 4.4.6 Too many hops", Reason.NETWORK, SERVER, DEFERRED),
    row("a domain without a route for good is the recipient's", S.RCPT, "550 5.4.4 Unable to route", Reason.BAD_DOMAIN, RECIPIENT, REJECTED, lasting=True),
    row("Exchange's 5.4.310 is such a domain", S.RCPT, "550 5.4.310 DNS domain nowhere.example does not exist", Reason.BAD_DOMAIN, RECIPIENT, REJECTED, lasting=True),
    row("no route for now is network", S.RCPT, "450 4.4.4 Unable to route", Reason.NETWORK, SERVER, DEFERRED),
    # M19: replies that make no sense
    row("211 where 250 is due is temporary", S.DOT, "211 Status", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("253 at RCPT is temporary", S.RCPT, "253 Hm", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("354 at MAIL is temporary", S.MAIL, "354 Go on", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("250 to DATA is temporary", S.DATA, "250 OK", Reason.SENSELESS_REPLY, SERVER, DEFERRED, **ACCEPTED_BEFORE),
    row("250 as a greeting is temporary", S.GREETING, "250 OK", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("250 to AUTH is temporary", S.AUTH, "250 OK", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("250 to STARTTLS is temporary", S.STARTTLS, "250 OK", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("220 to EHLO is temporary", S.EHLO, "220 Hello", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("250 in the middle of the content is temporary", S.CONTENT, "250 OK", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
    row("a malformed reply before the dot is temporary", S.MAIL, "0 Hello", Reason.SENSELESS_REPLY, SERVER, DEFERRED),
]
# fmt: on


def reply_of(line):
    code, _, text = line.partition(" ")
    return Reply.of(int(code), text)


def words(reason, *, lasting):
    cause = CAUSES[reason]
    return cause.advice if lasting or not cause.for_now else cause.for_now


@pytest.mark.parametrize(("step", "line", "facts", "told"), TABLE)
def test_the_reply_has_its_verdict(step, line, facts, told):
    """Each reply in the table is judged whole, as its sentence says."""
    reply = reply_of(line)
    reason, fault, outcome, lasting = told
    assert judge(step, reply, **facts) == Verdict(
        outcome=outcome,
        fault=fault,
        reason=reason,
        advice=words(reason, lasting=lasting),
        lasting=lasting,
        next_route=fault in (SERVER, ACCOUNT) and not lasting,
        retry_now=reply.code == 421,
        too_many=reason is Reason.TOO_MANY_RECIPIENTS,
        slow_down=reason is Reason.RATE,
    )


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (S.GREETING, 220), (S.EHLO, 250), (S.STARTTLS, 220), (S.AUTH, 235),
        (S.MAIL, 250), (S.MAIL, 251), (S.MAIL, 252),
        (S.RCPT, 250), (S.RCPT, 251), (S.RCPT, 252),
        (S.DOT, 250), (S.DOT, 251), (S.DOT, 252),
    ],
)  # fmt: skip
def test_what_is_due_is_accepted(step, code):
    """250, 251 and 252 are accepted where 250 is due, and each other step has its one code."""
    assert judge(step, Reply(code, "fine")) == Verdict(
        outcome=Outcome.ACCEPTED, fault=None, reason=Reason.ACCEPTED
    )


def test_354_is_accepted_where_somebody_waits_for_the_content():
    """354 to DATA lets the content go, where a recipient was accepted."""
    assert judge(S.DATA, Reply(354, "go"), accepted_before=True).outcome is Outcome.ACCEPTED


def test_354_after_all_recipients_were_refused_wants_a_lone_dot():
    """354 to DATA after all RCPTs were refused is answered by a lone dot."""
    assert judge(S.DATA, Reply(354, "go")) == Verdict(
        outcome=DEFERRED,
        fault=SERVER,
        reason=Reason.NO_RECIPIENTS,
        advice=CAUSES[Reason.NO_RECIPIENTS].advice,
        next_route=True,
        lone_dot=True,
    )


@pytest.mark.parametrize("step", [one for one in S if one not in (S.DOT, S.CONNECT)])
def test_silence_before_the_dot_is_the_servers_and_may_be_tried_again(step):
    """Silence, a time-out or a cut before the final dot is a connection fault."""
    assert judge(step, None) == Verdict(
        outcome=DEFERRED,
        fault=SERVER,
        reason=Reason.CONNECTION_LOST,
        advice=CAUSES[Reason.CONNECTION_LOST].advice,
        next_route=True,
        retry_now=True,
    )


def test_no_connection_is_the_servers_and_may_be_tried_again():
    """A connection that does not come about is a connection fault of its own name."""
    verdict = judge(S.CONNECT, None)
    assert (verdict.reason, verdict.retry_now, verdict.next_route) == (Reason.NOT_CONNECTED, True, True)


@pytest.mark.parametrize("reply", [None, Reply(0, "Thank you"), Reply(999, "?")])
def test_silence_after_the_dot_is_unknown(reply):
    """After the final dot silence, or a reply that is none, is unknown: not lasting, not failed over."""
    assert judge(S.DOT, reply) == Verdict(
        outcome=Outcome.UNKNOWN,
        fault=SERVER,
        reason=Reason.SILENCE_AFTER_DOT,
        advice="The server got the whole mail and did not answer: it may be on its way. Do not send it again"
        " blindly; ask who runs the server.",
    )


@pytest.mark.parametrize(
    ("reason", "lasting"),
    [
        (Reason.NAME_MISSING, True),
        (Reason.NAME_LOOKUP_FAILED, False),
        (Reason.ADDRESS_FORBIDDEN, True),
        (Reason.PIN_MISMATCH, False),
        (Reason.DEADLINE, False),
        (Reason.CLOSED, False),
        (Reason.SMTPUTF8_NOT_OFFERED, False),
        (Reason.CA_FILE_UNREADABLE, True),
        (Reason.CERTIFICATE_NOT_TRUSTED, False),
        (Reason.TLS_FAILED, False),
        (Reason.TLS_NOT_OFFERED, False),
        (Reason.REQUIRE_TLS_NOT_OFFERED, False),
        (Reason.AUTH_PAUSED, True),
        (Reason.AUTH_NOT_OFFERED, True),
        (Reason.AUTH_METHOD_NOT_OFFERED, True),
        (Reason.AUTH_METHOD_UNFIT, True),
        (Reason.TOKEN_NOT_GIVEN, False),
        (Reason.TOKEN_DENIED, True),
        (Reason.AUTH_IN_CLEAR, True),
    ],
)
def test_findings_of_our_own_last_or_pass(reason, lasting):
    """What we find without a reply is deferred; it leads to the next route where it passes."""
    assert conclude(reason) == Verdict(
        outcome=DEFERRED,
        fault=ACCOUNT if reason.startswith(("auth_", "token_")) else SERVER,
        reason=reason,
        advice=CAUSES[reason].advice,
        lasting=lasting,
        next_route=not lasting,
    )


def test_a_limit_of_our_own_passes_and_leads_to_no_other_route():
    """What was never offered for a limit of ours is nobody's fault: it goes later, by the same server."""
    assert conclude(Reason.OVER_LIMIT) == Verdict(
        outcome=DEFERRED,
        fault=None,
        reason=Reason.OVER_LIMIT,
        advice=CAUSES[Reason.OVER_LIMIT].advice,
        lasting=False,
        next_route=False,
    )


def test_a_verdict_asks_for_nothing_that_it_does_not_name():
    """What follows from a verdict is said in it: no consequence is there by itself."""
    verdict = Verdict(outcome=DEFERRED, fault=SERVER, reason=Reason.RATE)
    assert {one.name for one in fields(verdict) if getattr(verdict, one.name)} == {
        "outcome",
        "fault",
        "reason",
    }


def test_what_was_accepted_needs_no_advice():
    """There is nothing to be done about it, and nobody's fault."""
    assert conclude(Reason.ACCEPTED) == Verdict(
        outcome=Outcome.ACCEPTED, fault=None, reason=Reason.ACCEPTED, advice=""
    )


def test_an_address_that_no_server_carries_is_rejected():
    """Where no route offers SMTPUTF8 the message is refused for good, and an ASCII address is the advice."""
    verdict = conclude(Reason.NEEDS_SMTPUTF8)
    assert (verdict.outcome, verdict.fault, verdict.lasting) == (REJECTED, MESSAGE, True)
    assert "ASCII address" in verdict.advice


@pytest.mark.parametrize(
    "line", ["450 4.2.1 Busy", "451 Local error", "450 4.1.1 Unverified", "452 4.2.2 Full"]
)
def test_a_temporary_refusal_of_a_recipient_says_try_later(line):
    """Who is refused for now is told so: nobody is sent to correct an address that may be right."""
    advice = judge(S.RCPT, reply_of(line)).advice
    assert "for now" in advice
    assert "try later" in advice
    assert advice != judge(S.RCPT, reply_of(line.replace("4", "5", 1).replace(" 4.", " 5."))).advice


@pytest.mark.parametrize(
    ("reason", "reply", "lasting"),
    [
        ("server_fault", Reply(554), True),
        ("server_fault", Reply(451), False),
        ("server_fault", None, False),
        ("auth_failed", Reply(454), True),
        ("network", Reply(550), False),
        ("a code of somebody else", Reply(550), True),
        ("a code of somebody else", Reply(450), False),
        ("accepted", Reply(250), False),
    ],
)
def test_the_reason_or_else_the_reply_says_what_lasts(reason, reply, lasting):
    """A reason that says so itself decides; else the first digit of the reply."""
    assert is_lasting(reason, reply) is lasting


# People write rules and alerts on these words: a change here breaks them.
CODES = """
accepted name_missing name_lookup_failed address_forbidden not_connected connection_lost deadline closed taken_over
ca_file_unreadable certificate_not_trusted pin_mismatch tls_failed tls_refused tls_not_offered tls_demanded require_tls_not_offered
server_busy server_fault server_policy rate over_limit relaying_denied client_refused helo_refused block_listed network
smtputf8_not_offered protocol senseless_reply too_many_recipients no_recipients auth_required auth_failed
auth_refused auth_temporary auth_paused auth_not_offered auth_method_not_offered auth_method_unfit
auth_in_clear auth_switched_off auth_forbidden application_password_needed token_not_given token_denied
token_refused sending_mailbox_full account_disabled sender_not_allowed sender_refused
sender_authentication too_big content_refused message_format needs_smtputf8 no_such_user bad_domain
bad_address moved mailbox_disabled mailbox_full greylisted recipient_policy recipient_refused
silence_after_dot
"""


def test_codes_are_stable():
    """Reasons and steps keep their words, and each reason's word is its name."""
    assert [str(one) for one in Reason] == CODES.split()
    assert [one.name.lower() for one in Reason] == CODES.split()
    assert [str(one) for one in S] == [
        "connect", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "content", "dot",
    ]  # fmt: skip


LASTING = """
name_missing address_forbidden ca_file_unreadable tls_demanded auth_failed auth_paused auth_not_offered
auth_method_not_offered auth_method_unfit auth_in_clear auth_switched_off auth_forbidden
application_password_needed token_denied token_refused needs_smtputf8
"""
PASSING = """
name_lookup_failed not_connected connection_lost deadline closed taken_over certificate_not_trusted
pin_mismatch tls_failed tls_not_offered require_tls_not_offered rate over_limit network senseless_reply
too_many_recipients no_recipients auth_temporary token_not_given smtputf8_not_offered greylisted
"""


@pytest.mark.parametrize(
    ("lasting", "reasons"), [(True, LASTING), (False, PASSING)], ids=("lasting", "passing")
)
def test_these_reasons_say_themselves_whether_they_last(lasting, reasons):
    """What lasts and what passes, whatever the reply was; the rest goes by the reply's first digit."""
    assert {str(one) for one, cause in CAUSES.items() if cause.lasting is lasting} == set(reasons.split())


def test_every_reason_has_a_cause_and_advice():
    """No reason stands without fault and advice, save the two that need none."""
    assert set(CAUSES) == set(Reason) - {Reason.ACCEPTED, Reason.SILENCE_AFTER_DOT}
    told = [one for cause in CAUSES.values() for one in (cause.advice, cause.for_now) if one]
    assert [one for one in told if not re.fullmatch(r"[A-Z].+[.?]", one)] == []


def test_what_recipients_and_messages_are_told_for_now_speaks_of_later():
    """Each refusal of a recipient or a message that may be temporary has words for that case."""
    passing = [
        cause for cause in CAUSES.values() if cause.fault in (MESSAGE, RECIPIENT) and cause.lasting is None
    ]
    assert [one.advice for one in passing if "try later" not in one.for_now] == []
    assert len(passing) == 11


def test_a_long_reply_is_judged_by_what_stands_in_front():
    """A reply made to be slow to read is judged by its first thousand characters."""
    assert judge(S.RCPT, Reply(550, "-" * 994 + " relay")).reason is Reason.RELAYING_DENIED
    assert judge(S.RCPT, Reply(550, "-" * 995 + " relay")).reason is Reason.NO_SUCH_USER


def test_every_rule_is_reached_by_the_table():
    """Each rule is the first that fits for some row; none stands there unused."""
    reached = set()
    for parameters in TABLE:
        step, line, facts = parameters.values[:3]
        reply = reply_of(line)
        given_facts = frozenset(
            fact
            for fact, so in (
                (Given.ACCEPTED_BEFORE, facts.get("accepted_before")),
                (Given.LOGGED_IN, facts.get("logged_in")),
                (Given.REPEATED, facts.get("repeated")),
                (Given.BY_TOKEN, facts.get("by_token")),
                (Given.OUTLOOK, "host" in facts or "outlook" in line),
            )
            if so
        )
        if 400 <= reply.code < 600:
            words = re.sub(r"\S+@\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+", "", reply.text)
            reached.add(next(n for n, one in enumerate(RULES) if one.fits(step, reply, words, given_facts)))
    assert [RULES[n] for n in range(len(RULES)) if n not in reached] == []


replies = st.builds(
    Reply.of,
    st.integers(0, 999),
    st.one_of(st.text(max_size=40), st.from_regex(r"[245]\.\d{1,3}\.\d{1,3} [a-z ]{0,30}", fullmatch=True)),
)


@given(
    step=st.sampled_from(S), reply=st.none() | replies, accepted_before=st.booleans(), logged_in=st.booleans()
)
def test_every_reply_has_a_verdict_that_agrees_with_itself(step, reply, accepted_before, logged_in):
    """Whatever is said, nobody is rejected but for the message or the recipient, and unknown is final."""
    verdict = judge(step, reply, accepted_before=accepted_before, logged_in=logged_in)
    assert (verdict.outcome is REJECTED) == (verdict.lasting and verdict.fault in (MESSAGE, RECIPIENT))
    assert not verdict.next_route or not verdict.lasting
    if verdict.outcome in (Outcome.UNKNOWN, Outcome.ACCEPTED):
        assert (verdict.next_route, verdict.retry_now, verdict.lasting) == (False, False, False)
    if verdict.outcome is Outcome.UNKNOWN:
        assert step is S.DOT
