"""Messages in the form of real servers, each with what it means: the one table of the reader's tests.

A case has a name, the kind of the message, its recipients as (address, kind, status, reply code, reason) and the
message.  All were written for this table.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from textwrap import dedent

ORIGINAL = """\
Received: from mail.shop.example (mail.shop.example [192.0.2.10]) by mx.example; Mon, 2 Mar 2026 09:00:00 +0000
From: The Shop <news@shop.example>
To: {to}
Subject: Delivery failed? Our new user unknown mailbox full sale
Message-ID: <20260302.4711@shop.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Spring is here. 550 5.1.1 reasons to visit other@people.example!
"""


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    recipients: tuple[tuple[str, str, str, str, str], ...]
    raw: bytes


def status(*blocks: str, mta: str = "mx.example") -> str:
    return f"Reporting-MTA: dns; {mta}\n\n" + "\n\n".join(dedent(block).strip() for block in blocks) + "\n"


def report(
    fields: str,
    *,
    text: str = "Your message could not be delivered.",
    sender: str = "Mail Delivery System <MAILER-DAEMON@mx.example>",
    subject: str = "Undelivered Mail Returned to Sender",
    original: str | None = ORIGINAL.format(to="ann@example.com"),
    kind: str = "delivery-status",
    part: str = "message/delivery-status",
    headers: str = "",
) -> bytes:
    """A multipart/report of three parts."""
    back = f"--b1\nContent-Type: message/rfc822\n\n{original}\n" if original else ""
    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: bounces@shop.example\nSubject: {subject}\n{headers}"
        f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind};\n boundary="b1"\n\n'
        f"--b1\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--b1\nContent-Type: {part}\n\n{fields}\n"
        f"{back}--b1--\n"
    ).encode()


def plain(
    text: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example",
    subject: str = "failure notice",
    path: str = "Return-Path: <>\n",
    headers: str = "",
    content: str = "text/plain; charset=utf-8",
) -> bytes:
    """A message of one text."""
    return (
        f"{path}From: {sender}\nTo: bounces@shop.example\nSubject: {subject}\n{headers}"
        f"MIME-Version: 1.0\nContent-Type: {content}\n\n{dedent(text).lstrip()}\n"
    ).encode()


def failed(address: str, code: str, diagnostic: str, action: str = "failed") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {code}\nDiagnostic-Code: smtp; {diagnostic}"


def one(name, code, diagnostic, kind, reply, reason, **more) -> Case:
    """A delivery status of one failed recipient."""
    raw = report(status(failed("ann@example.com", code, diagnostic)), **more)
    return Case(name, kind, (("ann@example.com", kind, code, reply, reason),), raw)


def bounce(name, kind, found, text, **more) -> Case:
    return Case(name, kind, tuple(found), plain(text, **more))


def nothing(name, raw, kind="none") -> Case:
    return Case(name, kind, (), raw)


ANN = "ann@example.com"
GONE = (ANN, "permanent", "", "", "no_such_address")
FULL = (ANN, "temporary", "", "", "mailbox_full")

STATUSES = (
    one("postfix: unknown user", "5.1.1", "550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown in virtual mailbox table", "permanent", "550", "no_such_address"),
    one("gmail: no such user", "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. Please try\n 550-5.1.1 double-checking the recipient's email address for typos or\n 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser a1si12 - gsmtp", "permanent", "550", "no_such_address"),
    one("gmail: over quota", "4.2.2", "452 4.2.2 The email account that you tried to reach is over quota.", "temporary", "452", "mailbox_full"),
    one("a full mailbox can be emptied", "5.2.2", "552 5.2.2 <ann@example.com>: user is over quota", "temporary", "552", "mailbox_full"),
    one("disabled mailbox", "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", "permanent", "550", "mailbox_disabled"),
    one("exchange online: no such recipient", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@example.com not found by SMTP address lookup", "permanent", "550", "no_such_address"),
    one("exchange online: directory edge block", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM5EUR.prod.protection.outlook.com]", "permanent", "550", "no_such_address"),
    one("exchange online: restricted recipient", "5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", "temporary", "550", "policy"),
    one("outlook.com: sender blocked", "5.7.1", "550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent. Please contact your ISP since part of their network is on our block list (S3140).", "temporary", "550", "spam"),
    one("spamhaus", "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org", "temporary", "554", "spam"),
    one("gmail: dmarc", "5.7.26", "550-5.7.26 Unauthenticated email from shop.example is not accepted due to domain's DMARC policy.", "temporary", "550", "policy"),
    one("content rejected", "5.6.0", "554 5.6.0 Message content rejected", "temporary", "554", "content"),
    one("virus found", "5.7.0", "552 5.7.0 This message was blocked because its content presents a potential security issue: virus", "temporary", "552", "content"),
    one("too large", "5.3.4", "552 5.3.4 Message size exceeds fixed limit", "temporary", "552", "size"),
    one("no such domain", "5.4.4", "Host or domain name not found. Name service error for name=exmaple.com type=AAAA: Host not found", "permanent", "", "domain_not_found"),
    one("null mx", "5.1.10", "556 5.1.10 Domain does not accept mail (nullMX)", "permanent", "556", "domain_not_found"),
    one("expired after days of timeouts", "4.4.1", "connect to mx.example.com[192.0.2.25]:25: Connection timed out", "temporary", "", "connection"),
    one("sender address refused", "5.1.8", "553 5.1.8 <bounces@shop.example>... Domain of sender address does not exist", "temporary", "553", "policy"),
    one("the protocol", "5.5.2", "500 5.5.2 Error: bad syntax", "temporary", "500", "protocol"),
    one("relay denied", "5.7.1", "550 5.7.1 <ann@example.com>: Relay access denied", "temporary", "550", "policy"),
    one("hotmail of old: mailbox unavailable", "5.5.0", "550 Requested action not taken: mailbox unavailable", "permanent", "550", "no_such_address"),
    one("a vague 554", "5.0.0", "554 Transaction failed", "temporary", "554", "other"),
    one("a status without details, a precise reply", "5.1.1", "550 sorry, no mailbox here by that name", "permanent", "550", "no_such_address"),
    one("a german reply", "5.1.1", "550 Empfänger unbekannt", "permanent", "550", "no_such_address"),
    one("a host whose name has spam in it", "5.1.1", "host mx1.spamfilter.example said: 550 5.1.1 User unknown", "permanent", "550", "no_such_address"),
    one("a policy named after a precise code", "5.1.1", "550 5.1.1 no such user; our policy: https://policy.example/spam", "permanent", "550", "no_such_address"),
    Case("two of three fail, each its way", "permanent", ((ANN, "permanent", "5.1.1", "550", "no_such_address"), ("bob@example.com", "temporary", "4.2.2", "452", "mailbox_full"), ("cid@example.com", "none", "2.0.0", "", "delivered")), report(status(failed(ANN, "5.1.1", "550 5.1.1 User unknown"), failed("bob@example.com", "4.2.2", "452 4.2.2 Mailbox full"), failed("cid@example.com", "2.0.0", "250 2.0.0 Ok", "delivered")))),
    Case("delivered and relayed", "none", ((ANN, "none", "2.1.5", "", "delivered"), ("bob@example.com", "none", "2.0.0", "", "delivered")), report(status(failed(ANN, "2.1.5", "250 2.1.5 Ok", "delivered"), "Final-Recipient: rfc822; bob@example.com\nAction: relayed (to non-DSN-aware mailer)\nStatus: 2.0.0"), subject="Successful Mail Delivery Report")),
    Case("expanded", "none", ((ANN, "none", "2.0.0", "", "delivered"),), report(status("Original-Recipient: rfc822;ann@example.com\nFinal-Recipient: rfc822;list@example.com\nAction: expanded\nStatus: 2.0.0"))),
    Case("delayed", "delay", ((ANN, "delay", "4.4.1", "", "connection"),), report(status(failed(ANN, "4.4.1", "connect to mx.example.com[192.0.2.25]:25: Connection refused", "delayed")), subject="Delayed Mail (still being retried)")),
    Case("delayed with a permanent code", "delay", ((ANN, "delay", "5.0.0", "450", "connection"),), report(status(failed(ANN, "5.0.0", "450 try again", "delayed")))),
    Case("forwarded: the address that was written to", "permanent", ((ANN, "permanent", "5.1.1", "550", "no_such_address"),), report(status("Original-Recipient: rfc822;ann@example.com\nFinal-Recipient: rfc822; ann.private@other.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown user"))),
    Case("angle brackets and upper case", "permanent", ((ANN, "permanent", "5.1.1", "", "no_such_address"),), report(status("FINAL-RECIPIENT: RFC822;<ann@example.com>\nACTION: Failed\nSTATUS: 5.1.1 (bad destination mailbox address)"))),
    Case("utf-8 recipient", "permanent", (("jürgen@example.com", "permanent", "5.1.1", "550", "no_such_address"),), report(status("Original-Recipient: utf-8; j\\x{FC}rgen@example.com\nFinal-Recipient: rfc822; j?rgen@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user"), part="message/global-delivery-status")),
    Case("xtext in the original recipient", "permanent", (("ann+tag@example.com", "permanent", "5.1.1", "", "no_such_address"),), report(status("Original-Recipient: rfc822; ann+2Btag+40example.com\nFinal-Recipient: LOCAL; ann\nAction: failed\nStatus: 5.1.1"))),
    Case("x-address of an old gateway, the address in the copy", "permanent", ((ANN, "permanent", "5.1.1", "", "no_such_address"),), report(status("Final-Recipient: X400; /G=Ann/S=Lee/O=EX/C=US/\nAction: failed\nStatus: 5.1.1"))),
    Case("continuation lines that are not indented", "permanent", ((ANN, "permanent", "5.1.1", "550", "no_such_address"),), report(status("Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 The account you tried\nto reach does not exist"))),
    Case("no blank line between two recipients", "permanent", ((ANN, "permanent", "5.1.1", "", "no_such_address"), ("bob@example.com", "permanent", "5.1.1", "", "no_such_address")), report(status("Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1"))),
    Case("no end of the last part, no original", "permanent", ((ANN, "permanent", "5.1.1", "550", "no_such_address"),), report(status(failed(ANN, "5.1.1", "550 5.1.1 user unknown")), original=None).replace(b"--b1--\n", b"")),
    Case("a boundary that no header declares", "permanent", ((ANN, "permanent", "5.1.1", "550", "no_such_address"),), report(status(failed(ANN, "5.1.1", "550 5.1.1 user unknown"))).replace(b'boundary="b1"', b'boundary="other"')),
    Case("lotus domino, only Status", "permanent", ((ANN, "permanent", "5.0.0", "", "no_such_address"),), report("Reporting-MTA: dns;domino.example\n\nFinal-Recipient: rfc822;ann@example.com\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: X-Notes; User ann (ann@example.com) not listed in Domino Directory\n", subject="DELIVERY FAILURE: User ann (ann@example.com) not listed in Domino Directory")),
)  # fmt: skip

COPY = "\n--- Below this line is a copy of the message.\n\n" + ORIGINAL.format(to=ANN)

TEXTS = (
    bounce("qmail", "permanent", [(ANN, "permanent", "5.1.1", "550", "no_such_address")], "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@example.com>:\n192.0.2.25 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\nGiving up on 192.0.2.25.\n" + COPY),
    bounce("qmail: timeout", "temporary", [(ANN, "temporary", "4.4.1", "", "connection")], "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@example.com>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.\n" + COPY),
    bounce("exim", "permanent", [(ANN, "permanent", "", "550", "no_such_address")], "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@example.com\n    SMTP error from remote mail server after RCPT TO:<ann@example.com>:\n    host mx.example.com [192.0.2.25]: 550 No such user here\n\n------ This is a copy of the message, including all the headers. ------\n\n" + ORIGINAL.format(to=ANN), sender="Mail Delivery System <Mailer-Daemon@mx.example>", subject="Mail delivery failed: returning message to sender", headers="X-Failed-Recipients: ann@example.com\nAuto-Submitted: auto-replied\n"),
    bounce("exim: unrouteable", "permanent", [(ANN, "permanent", "", "", "no_such_address")], "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@example.com\n    Unrouteable address\n", sender="Mail Delivery System <Mailer-Daemon@mx.example>", subject="Mail delivery failed: returning message to sender"),
    bounce("exim: still trying", "delay", [(ANN, "delay", "", "", "connection")], "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\nThe address to which the message has not yet been delivered is:\n\n  ann@example.com\n    host mx.example.com: Connection timed out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time, and this warning may be repeated.\n", sender="Mail Delivery System <Mailer-Daemon@mx.example>", subject="Warning: message 1abcDE-0001 delayed 24 hours"),
    bounce("sendmail", "permanent", [(ANN, "permanent", "5.1.1", "550", "no_such_address")], "The original message was received at Mon, 2 Mar 2026 09:00:00 GMT\nfrom mail.shop.example [192.0.2.10]\n\n   ----- The following addresses had permanent fatal errors -----\n<ann@example.com>\n    (reason: 550 5.1.1 <ann@example.com>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> RCPT To:<ann@example.com>\n<<< 550 5.1.1 <ann@example.com>... User unknown\n550 5.1.1 <ann@example.com>... User unknown\n\n   ----- Original message follows -----\n\n" + ORIGINAL.format(to=ANN), sender="Mail Delivery Subsystem <MAILER-DAEMON@mx.example>", subject="Returned mail: User unknown"),
    bounce("sendmail: warning", "delay", [(ANN, "delay", "", "451", "connection")], "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- The following addresses had transient non-fatal errors -----\n<ann@example.com>\n\n   ----- Transcript of session follows -----\n451 <ann@example.com>... mx.example.com: Name server timeout\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n", sender="Mail Delivery Subsystem <MAILER-DAEMON@mx.example>", subject="Warning: could not send message for past 4 hours"),
    bounce("postfix as text", "permanent", [(ANN, "permanent", "5.1.1", "550", "no_such_address")], "This is the Postfix program at host mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\nFor further assistance, please send mail to <postmaster@mx.example>\n\n<ann@example.com>: host mx.example.com[192.0.2.25] said: 550 5.1.1\n    <ann@example.com>: Recipient address rejected: User unknown\n", subject="Undelivered Mail Returned to Sender", sender="MAILER-DAEMON@mx.example (Mail Delivery System)"),
    bounce("postfix as text: no such domain", "permanent", [(ANN, "permanent", "", "", "domain_not_found")], "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<ann@example.com>: Host or domain name not found. Name service error for\n    name=example.com type=A: Host not found\n", subject="Undelivered Mail Returned to Sender"),
    bounce("exchange 5.5", "permanent", [GONE], "Your message\n\n  To:      Ann Lee\n  Subject: Spring\n  Sent:    Mon, 2 Mar 2026 09:00:00 -0000\n\ndid not reach the following recipient(s):\n\nann@example.com on Mon, 2 Mar 2026 09:00:05 -0000\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=example;l=MX0103020900ABC\n    MSEXCH:IMS:Example:MX:MX01 0 (000C05A6) Unknown Recipient\n", sender="System Administrator <postmaster@example.com>", subject="Undeliverable: Spring"),
    bounce("exchange 2003", "permanent", [GONE], "Your message did not reach some or all of the intended recipients.\n\n      Subject:  Spring\n      Sent:     3/2/2026 9:00 AM\n\nThe following recipient(s) could not be reached:\n\n      ann@example.com on 3/2/2026 9:00 AM\n            The e-mail account does not exist at the organization this message was sent to.\n", sender="System Administrator <postmaster@example.com>", subject="Undeliverable: Spring"),
    bounce("lotus notes", "permanent", [GONE], "Your message\n\n  Subject: Spring\n\nwas not delivered to:\n\n  ann@example.com\n\nbecause:\n\n  User ann (ann@example.com) not listed in public Name & Address Book\n", sender="Postmaster@example.com", subject="DELIVERY FAILURE: User ann not listed in public Name & Address Book"),
    bounce("groupwise", "permanent", [GONE], "The message that you sent was undeliverable to the following:\n\tann@example.com (user not found)\n", sender="Mailer-Daemon@example.com", subject="Message status - undeliverable"),
    bounce("groupwise: full", "temporary", [FULL], "The message that you sent was undeliverable to the following:\n\tann@example.com (mailbox is full)\n", sender="Mailer-Daemon@example.com", subject="Message status - undeliverable"),
    bounce("yahoo", "permanent", [(ANN, "permanent", "", "554", "no_such_address")], "Sorry, we were unable to deliver your message to the following address.\n\n<ann@example.com>:\nRemote host said: 554 delivery error: dd This user doesn't have an example.com account (ann@example.com) [0] - mta1.example.com [BODY]\n\n--- Below this line is a copy of the message.\n\n" + ORIGINAL.format(to=ANN), sender="MAILER-DAEMON@yahoo.example", subject="Failure Notice"),
    bounce("yahoo: disabled", "permanent", [(ANN, "permanent", "", "", "mailbox_disabled")], "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n<ann@example.com>:\nSorry your message to ann@example.com cannot be delivered. This account has been disabled or discontinued.\n", sender="MAILER-DAEMON@yahoo.example", subject="Delivery failure"),
    bounce("mail.ru", "permanent", [(ANN, "permanent", "", "550", "no_such_address")], "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to the following recipients:\n\nann@example.com: host mxs.mail.example [192.0.2.25]: 550 Message was not accepted -- invalid mailbox. Local mailbox ann@example.com is unavailable: user not found\n", sender="mailer-daemon@corp.mail.example", subject="Mail failure."),
    bounce("russian words", "permanent", [GONE], "Ваше сообщение не может быть доставлено следующим получателям:\n\n<ann@example.com>: пользователь не найден\n", subject="Недоставленное сообщение"),
    bounce("german words", "permanent", [GONE], "Ihre Nachricht konnte nicht zugestellt werden an:\n\nann@example.com: Empfänger unbekannt\n", subject="Mail nicht zugestellt", sender="Postmaster <postmaster@example.com>"),
    bounce("french words", "permanent", [GONE], "Votre message n'a pas pu être remis au destinataire suivant :\n\n<ann@example.com>: utilisateur inconnu\n", subject="Message non remis", sender="Postmaster <postmaster@example.com>"),
    bounce("spanish words, full", "temporary", [FULL], "No se ha podido entregar su mensaje a:\n\n<ann@example.com>: buzón lleno\n", subject="Mensaje no entregado"),
    bounce("mdaemon", "permanent", [(ANN, "permanent", "", "550", "no_such_address")], "The attached message had PERMANENT fatal delivery errors!\n\nYOUR MESSAGE WAS NOT DELIVERED!\n\nFailed address: ann@example.com\n\n--- Session Transcript ---\n --> RCPT To:<ann@example.com>\n <-- 550 <ann@example.com>, Recipient unknown\n--- End Transcript ---\n", sender="MDaemon@mx.example", subject="Permanent Delivery Failure"),
    bounce("mailenable", "permanent", [(ANN, "permanent", "", "550", "no_such_address")], "Message could not be delivered to some recipients.\nThe following recipient(s) could not be reached:\n\n\tRecipient: [SMTP:ann@example.com]\n\tReason: Remote SMTP Server Returned: 550 no such mailbox\n\nMessage headers follow:\n\n" + ORIGINAL.format(to=ANN), sender="Postmaster <postmaster@mx.example>", subject="Message Delivery Failure"),
    bounce("imail", "permanent", [GONE], "Unknown user: ann@example.com\n\nRCPT TO generated following response:\nAddressee unknown\n", sender="Postmaster <postmaster@mx.example>", subject="Undeliverable Mail"),
    bounce("gmail as text", "permanent", [(ANN, "permanent", "5.1.1", "550", "no_such_address")], "Delivery to the following recipient failed permanently:\n\n     ann@example.com\n\nTechnical details of permanent failure:\nThe error that the other server returned was:\n550 5.1.1 No such user\n\n----- Original message -----\n\n" + ORIGINAL.format(to=ANN), sender="Mail Delivery Subsystem <mailer-daemon@googlemail.example>", subject="Delivery Status Notification (Failure)", headers="X-Failed-Recipients: ann@example.com\n"),
    bounce("html alone", "permanent", [(ANN, "permanent", "", "550", "no_such_address")], "<html><head><style>p{color:red}</style></head><body><p><b>Delivery has failed to these recipients:</b></p><p>&lt;ann@example.com&gt;<br>550 mailbox not found</p></body></html>", sender="Postmaster <postmaster@example.com>", subject="Undeliverable: Spring", content="text/html; charset=utf-8"),
    bounce("spam refused as text", "temporary", [(ANN, "temporary", "", "554", "spam")], "I'm sorry to have to inform you that your message could not be delivered.\n\n<ann@example.com>: host mx.example.com said: 554 Message rejected as spam\n", subject="Undelivered Mail Returned to Sender"),
    bounce("greylisted for days", "temporary", [(ANN, "temporary", "4.7.1", "450", "policy")], "I wasn't able to deliver your message to the following addresses.\n\n<ann@example.com>:\n450 4.7.1 Greylisted, please come back\n", subject="failure notice"),
    bounce("too large as text", "temporary", [(ANN, "temporary", "", "552", "size")], "Your message was not delivered:\n\n<ann@example.com>: 552 Message too large\n", subject="Undelivered mail"),
    bounce("two people, two reasons", "permanent", [GONE, ("bob@example.com", "temporary", "", "", "mailbox_full")], "I wasn't able to deliver your message to the following addresses.\n\n<ann@example.com>:\nSorry, no mailbox here by that name.\n\n<bob@example.com>:\nUser's mailbox is full.\n\n--- Below this line is a copy of the message.\n\n" + ORIGINAL.format(to=ANN)),
    bounce("no reason at all is temporary", "temporary", [(ANN, "temporary", "", "", "other")], "Delivery to the following recipients failed.\n\n       ann@example.com\n", sender="postmaster@example.com", subject="Delivery Status Notification (Failure)"),
)  # fmt: skip

MORE = (
    bounce("gmail: still trying", "delay", [(ANN, "delay", "", "", "connection")], "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to ann@example.com. Gmail will retry for 47 more hours. You'll be notified if the delivery fails permanently.\n\nThe recipient server did not accept our requests to connect.\n", sender="Mail Delivery Subsystem <mailer-daemon@googlemail.example>", subject="Delivery Status Notification (Delay)", headers="X-Failed-Recipients: ann@example.com\n"),
    bounce("exchange online as text", "permanent", [GONE], "mx.example.com rejected your message to the following email addresses:\n\nann@example.com (ann@example.com)\nThe email address you entered couldn't be found. Please check the recipient's email address.\n", sender="Microsoft Outlook <MicrosoftExchange329e71ec@shop.example>", subject="Undeliverable: Spring"),
    nothing("a ticket system answers without a sender", plain("We received your request. User unknown at bob@example.com?", sender="Support <support@x.example>", subject="[Ticket 123] delivery failed", headers="Auto-Submitted: auto-replied\n"), "auto_reply"),
    nothing("a daily report of a quarantine", plain("3 messages for bob@example.com were blocked. Rejected: 550 user unknown", sender="postmaster@x.example", subject="Daily quarantine report", path="")),
    Case("a status in base64", "permanent", ((ANN, "permanent", "5.1.1", "550", "no_such_address"),), report(base64.encodebytes(status(failed(ANN, "5.1.1", "550 5.1.1 user unknown")).encode()).decode()).replace(b"Content-Type: message/delivery-status\n", b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n")),
)  # fmt: skip

ABUSE = "Feedback-Type: abuse\nUser-Agent: FBL/1\nVersion: 1\n"

COMPLAINTS = (
    Case("feedback report with its recipient", "complaint", ((ANN, "complaint", "", "", "complaint"),), report(ABUSE + "Original-Rcpt-To: <ann@example.com>\nSource-IP: 192.0.2.10\n", kind="feedback-report", part="message/feedback-report", sender="fbl@isp.example", subject="FW: Spring")),
    Case("feedback report, the recipient in the copy", "complaint", ((ANN, "complaint", "", "", "complaint"),), report(ABUSE, kind="feedback-report", part="message/feedback-report", sender="complaints@isp.example", subject="Abuse report")),
    Case("feedback report with a removed recipient", "complaint", (), report(ABUSE, kind="feedback-report", part="message/feedback-report", original=ORIGINAL.format(to="undisclosed-recipients:;"))),
    Case("microsoft jmrp", "complaint", ((ANN, "complaint", "", "", "complaint"),), b'From: <staff@hotmail.com>\nTo: fbl@shop.example\nSubject: complaint about message from 192.0.2.10\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: message/rfc822\nContent-Disposition: inline\n\nX-HmXmrOriginalRecipient: ann@example.com\n' + ORIGINAL.format(to=ANN).encode() + b"\n--b--\n"),
    Case("not spam after all", "none", (), report("Feedback-Type: not-spam\n", kind="feedback-report", part="message/feedback-report")),
    Case("a report on dmarc is no complaint", "none", (), report("Feedback-Type: auth-failure\nAuth-Failure: dmarc\n", kind="feedback-report", part="message/feedback-report")),
)  # fmt: skip

PERSON = {"sender": "Ann Lee <ann@example.com>", "path": "Return-Path: <ann@example.com>\n"}

AUTOMATIC = tuple(
    nothing(f"auto-reply: {name}", raw, "auto_reply")
    for name, raw in (
        ("auto-submitted", plain("I am away until Monday.", subject="Re: Spring", headers="Auto-Submitted: auto-replied\n", **PERSON)),
        ("x-autoreply", plain("Thank you for your message.", subject="Thank you", headers="X-Autoreply: yes\n", **PERSON)),
        ("precedence", plain("I am away.", subject="Spring", headers="Precedence: auto_reply\n", **PERSON)),
        ("outlook", plain("I am out of the office.", subject="Automatic reply: Spring", **PERSON)),
        ("null sender", plain("I am out of the office.", subject="Out of Office: Spring", sender="Ann <ann@example.com>")),
        ("german", plain("Ich bin im Urlaub.", subject="Abwesenheitsnotiz: Frühling", **PERSON)),
        ("french", plain("Je suis absente.", subject="Réponse automatique : Printemps", **PERSON)),
        ("spanish", plain("Estoy fuera.", subject="Respuesta automática: Primavera", **PERSON)),
        ("italian", plain("Sono fuori.", subject="Risposta automatica: Primavera", **PERSON)),
        ("dutch", plain("Ik ben afwezig.", subject="Automatisch antwoord: Lente", **PERSON)),
        ("left the company", plain("Ann no longer works here; this mailbox is no longer active. User unknown.", subject="Automatic reply: Spring", headers="Auto-Submitted: auto-replied\n", **PERSON)),
        ("challenge", plain("Your mail is being held. Please confirm your message by replying.", subject="Please confirm your message", **PERSON)),
        ("spam filter asks", plain("To prove that your message was sent by a human, verify yourself.", subject="Re: Spring (verification required)", headers="X-Challenge: 1\nIn-Reply-To: <1@shop.example>\n", **PERSON)),
    )
)  # fmt: skip

QUOTED = """\
Hello, this came back to me, what is wrong?

> This is a permanent error; I've given up.
> <ann@example.com>:
> 550 5.1.1 user unknown
"""

FORWARDED = (
    b"From: Ann <ann@example.com>\nTo: support@shop.example\nSubject: Fwd: Undelivered Mail Returned to Sender\n"
    b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="f"\n\n--f\nContent-Type: text/plain\n\nSee below.\n--f\nContent-Type: message/rfc822\n\n'
    + report(status(failed("bob@example.com", "5.1.1", "550 5.1.1 user unknown")))
    + b"\n--f--\n"
)  # fmt: skip

NONE = (
    nothing("a person's answer that quotes a bounce", plain(QUOTED, subject="Re: Undelivered Mail Returned to Sender", headers="In-Reply-To: <1@shop.example>\n", **PERSON)),
    nothing("a person forwards a bounce as an attachment", FORWARDED),
    nothing("a person forwards a bounce inline", plain("---------- Forwarded message ----------\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nSubject: failure notice\n\n<bob@example.com>: 550 5.1.1 user unknown\n", subject="Fwd: failure notice", **PERSON)),
    nothing("a newsletter on deliverability", plain("Why delivery failed: 550 5.1.1 user unknown at bob@example.com, and mailbox full.", sender="News <news@blog.example>", path="Return-Path: <b-1@blog.example>\n", subject="Undeliverable mail: how to fix delivery failure", headers="List-Unsubscribe: <https://blog.example/u>\nList-Id: <news.blog.example>\nPrecedence: bulk\n")),
    nothing("a newsletter without its headers", plain("Was your delivery failed? Mailbox full at bob@example.com?", sender="News <news@blog.example>", path="Return-Path: <b-1@blog.example>\n", subject="Delivery failed? Not with us")),
    nothing("a magazine on mail delivery", plain("Read on: <ann@example.com>: 550 5.1.1 user unknown", sender="Mail Delivery Weekly <news@blog.example>", path="Return-Path: <b-1@blog.example>\n", subject="Undeliverable mail")),
    nothing("a parcel that was not delivered", plain("Your parcel could not be delivered. Contact help@parcel.example. The recipient was not found at the address.", sender="Parcel <info@parcel.example>", path="Return-Path: <info@parcel.example>\n", subject="Delivery failed: parcel 123")),
    nothing("a read receipt", report("Reporting-UA: mail.example\nFinal-Recipient: rfc822;ann@example.com\nDisposition: manual-action/MDN-sent-manually; displayed\n", kind="disposition-notification", part="message/disposition-notification", sender=ANN, subject="Read: Spring", text="Your message was read.")),
    nothing("deleted without being read", report("Final-Recipient: rfc822;ann@example.com\nDisposition: manual-action/MDN-sent-manually; deleted\n", kind="disposition-notification", part="message/disposition-notification", sender=ANN, subject="Not read: Undeliverable Spring", text="Your message was deleted without being read.")),
    nothing("a person writes", plain("Do you deliver to Spain?", subject="A question", **PERSON)),
    nothing("a person on a mailbox that is full", plain("My mailbox is full, please send it to bob@example.com", subject="mailbox full", **PERSON)),
    nothing("a person asks to be unsubscribed", plain("Please unsubscribe ann@example.com", subject="unsubscribe", **PERSON)),
    nothing("a report of a virus scanner", plain("All fine. 550 mails scanned for bob@example.com.", sender="Scanner <scan@host.example>", path="Return-Path: <scan@host.example>\n", subject="Daily report")),
    nothing("cron", plain("run-parts: exited with return code 1 for bob@example.com", sender="Cron Daemon <root@host.example>", path="Return-Path: <root@host.example>\n", subject="Cron <root@host> backup failed")),
    nothing("empty", b""),
    nothing("headers alone", b"Subject: failure notice\nFrom: MAILER-DAEMON@mx.example\n\n"),
    nothing("noise", bytes(range(256)) * 8),
)  # fmt: skip

CASES = (*STATUSES, *TEXTS, *MORE, *COMPLAINTS, *AUTOMATIC, *NONE)
