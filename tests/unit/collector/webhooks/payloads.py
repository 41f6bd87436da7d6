"""For each service, by a name: what it sends, and what follows of it (None: nothing of a contact).

A bounce says how it counts: permanent, temporary or inconclusive.
"""

import json
from zlib import crc32

ANA = "ana@x.example"


def _number(more):
    """An id of its own for each case."""
    return crc32(repr(more).encode())


def _sendgrid(event, **more):
    return [
        {
            "email": ANA, "timestamp": 1767225600, "event": event, "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd>",
            "sg_event_id": f"event-{event}-{_number(more)}", "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001", **more,
        }
    ]  # fmt: skip


SENDGRID = {
    "processed": (_sendgrid("processed"), ("email_sent", ANA)),
    "delivered": (_sendgrid("delivered", response="250 OK"), ("email_delivered", ANA)),
    "bounce": (
        _sendgrid("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 user unknown", bounce_classification="Invalid Address"),
        ("email_bounced", ANA, "permanent"),
    ),
    "block": (_sendgrid("bounce", type="blocked", status="5.7.1", reason="550 blocked"), ("email_bounced", ANA, "inconclusive")),
    "content": (
        _sendgrid("bounce", type="bounce", status="5.0.0", reason="rejected", bounce_classification="Content", x=1),
        ("email_bounced", ANA, "inconclusive"),
    ),
    "full": (_sendgrid("bounce", type="bounce", status="4.2.2", reason="mailbox full"), ("email_bounced", ANA, "temporary")),
    "dropped": (_sendgrid("dropped", reason="Bounced Address", status="5.0.0"), ("email_bounced", ANA, "inconclusive")),
    "deferred": (_sendgrid("deferred", response="400 try again later", attempt="5"), ("email_deferred", ANA)),
    "open": (_sendgrid("open", useragent="Mozilla/5.0", ip="192.0.2.1"), ("email_opened", ANA)),
    "click": (_sendgrid("click", url="https://shop.example/", useragent="Mozilla/5.0"), ("email_clicked", ANA)),
    "spam": (_sendgrid("spamreport"), ("email_complained", ANA)),
    "unsubscribe": (_sendgrid("unsubscribe"), ("newsletter_unsubscribed", ANA)),
    "group": (_sendgrid("group_unsubscribe", asm_group_id=10), ("newsletter_unsubscribed", ANA)),
    "again": (_sendgrid("group_resubscribe", asm_group_id=10), None),
    "new": (_sendgrid("teleported"), "unknown event 'teleported'"),
}  # fmt: skip


def _mailgun(event, **more):
    headers = {"to": ANA, "message-id": "2013.1.9@mg.example", "from": "shop@x.example", "subject": "Sale"}
    data = {"event": event, "id": f"id-{event}-{_number(more)}", "timestamp": 1767225600.5, "recipient": ANA,
            "message": {"headers": headers}, **more}  # fmt: skip
    return {"signature": {"timestamp": "1767225600", "token": "t", "signature": "s"}, "event-data": data}


MAILGUN = {
    "accepted": (_mailgun("accepted"), ("email_sent", ANA)),
    "delivered": (_mailgun("delivered"), ("email_delivered", ANA)),
    "permanent": (
        _mailgun("failed", severity="permanent", reason="bounce", **{"delivery-status": {
            "code": 550, "message": "550 5.1.1 no such user", "enhanced-code": "5.1.1", "bounce-type": "hard"}}),
        ("email_bounced", ANA, "permanent"),
    ),
    "tried long enough": (
        _mailgun("failed", severity="permanent", reason="old", **{"delivery-status": {"code": 452, "message": "mailbox full"}}),
        ("email_bounced", ANA, "temporary"),
    ),
    "suppressed": (
        _mailgun("failed", severity="permanent", reason="suppress-bounce", **{"delivery-status": {"code": 605, "message": ""}}),
        ("email_bounced", ANA, "inconclusive"),
    ),
    "tried again": (
        _mailgun("failed", severity="temporary", reason="generic", **{"delivery-status": {"code": 421, "message": "try again"}}),
        ("email_deferred", ANA),
    ),
    "rejected": (_mailgun("rejected", reject={"reason": "Sandbox"}), ("email_bounced", ANA, "inconclusive")),
    "opened": (_mailgun("opened", **{"client-info": {"user-agent": "Mozilla/5.0"}}), ("email_opened", ANA)),
    "clicked": (_mailgun("clicked", url="https://shop.example/"), ("email_clicked", ANA)),
    "complained": (_mailgun("complained"), ("email_complained", ANA)),
    "unsubscribed": (_mailgun("unsubscribed"), ("newsletter_unsubscribed", ANA)),
    "stored": (_mailgun("stored"), None),
}  # fmt: skip


def _postmark(type_, **more):
    return {
        "RecordType": "Bounce", "ID": _number((type_, more)), "Type": type_, "TypeCode": 1, "MessageID": "883953f4",
        "Description": "The server says no", "Details": "smtp;550", "Email": ANA, "From": "shop@x.example",
        "BouncedAt": "2026-01-01T00:00:00.1234567Z", "Subject": "Sale", **more,
    }  # fmt: skip


POSTMARK = {
    "hard": (_postmark("HardBounce"), ("email_bounced", ANA, "permanent")),
    "soft": (_postmark("SoftBounce", Details="mailbox full"), ("email_bounced", ANA, "temporary")),
    "spam filter": (_postmark("SpamNotification"), ("email_bounced", ANA, "inconclusive")),
    "dmarc": (_postmark("DMARCPolicy"), ("email_bounced", ANA, "inconclusive")),
    "delay": (_postmark("Transient"), ("email_deferred", ANA)),
    "out of office": (_postmark("AutoResponder"), ("email_auto_replied", ANA)),
    "challenge": (_postmark("ChallengeVerification"), ("email_auto_replied", ANA)),
    "complaint": (_postmark("SpamComplaint") | {"RecordType": "SpamComplaint"}, ("email_complained", ANA)),
    "delivery": (
        {"RecordType": "Delivery", "Recipient": ANA, "MessageID": "883953f4", "DeliveredAt": "2026-01-01T00:00:00Z"},
        ("email_delivered", ANA),
    ),
    "open": (
        {"RecordType": "Open", "Recipient": ANA, "MessageID": "883953f4", "ReceivedAt": "2026-01-01T00:00:00Z", "UserAgent": "Mozilla"},
        ("email_opened", ANA),
    ),
    "click": (
        {"RecordType": "Click", "Recipient": ANA, "MessageID": "883953f4", "ReceivedAt": "2026-01-01T00:00:00Z", "OriginalLink": "https://x.example"},
        ("email_clicked", ANA),
    ),
    "unsubscribed": (
        {"RecordType": "SubscriptionChange", "Recipient": ANA, "MessageID": "883953f4", "ChangedAt": "2026-01-01T00:00:00Z",
         "Origin": "Recipient", "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
        ("newsletter_unsubscribed", ANA),
    ),
    "reactivated": (
        {"RecordType": "SubscriptionChange", "Recipient": ANA, "MessageID": "883953f4", "ChangedAt": "2026-01-01T00:00:00Z",
         "Origin": "Customer", "SuppressSending": False, "SuppressionReason": None},
        None,
    ),
}  # fmt: skip


def _brevo(event, **more):
    return {"event": event, "email": ANA, "id": 26224, "date": "2026-01-01 01:00:00", "ts": 1767225600, "ts_event": 1767225600,
            "ts_epoch": 1767225600000, "message-id": "<2026.1@smtp-relay.example>", "subject": "Sale", **more}  # fmt: skip


BREVO = {
    "request": (_brevo("request"), ("email_sent", ANA)),
    "delivered": (_brevo("delivered"), ("email_delivered", ANA)),
    "hard": (_brevo("hard_bounce", reason="550 unknown user"), ("email_bounced", ANA, "permanent")),
    "soft": (_brevo("soft_bounce", reason="mailbox full"), ("email_bounced", ANA, "temporary")),
    "soft for spam": (_brevo("soft_bounce", reason="blocked as spam"), ("email_bounced", ANA, "inconclusive")),
    "invalid": (_brevo("invalid_email"), ("email_bounced", ANA, "permanent")),
    "blocked": (_brevo("blocked"), ("email_bounced", ANA, "inconclusive")),
    "deferred": (_brevo("deferred", reason="try later"), ("email_deferred", ANA)),
    "spam": (_brevo("spam"), ("email_complained", ANA)),
    "opened": (_brevo("opened"), ("email_opened", ANA)),
    "proxy": (_brevo("proxy_open"), ("email_opened", ANA)),
    "click": (_brevo("click", link="https://x.example"), ("email_clicked", ANA)),
    "unsubscribed": (_brevo("unsubscribed"), ("newsletter_unsubscribed", ANA)),
    "list": (_brevo("list_addition"), None),
    "batch": ([_brevo("delivered", tag="a"), _brevo("opened", tag="b")], ("email_delivered", ANA), ("email_opened", ANA)),
}  # fmt: skip


def _sparkpost(type_, kind="message_event", **more):
    event = {"type": type_, "rcpt_to": ANA, "timestamp": "1767225600", "event_id": f"9299{type_}{_number(more)}",
             "message_id": "000443ee14578172be22", "subject": "Sale", **more}  # fmt: skip
    return [{"msys": {kind: event}}]


SPARKPOST = {
    "injection": (_sparkpost("injection"), ("email_sent", ANA)),
    "delivery": (_sparkpost("delivery"), ("email_delivered", ANA)),
    "invalid": (_sparkpost("bounce", bounce_class="10", error_code="550", raw_reason="550 5.1.1 unknown"), ("email_bounced", ANA, "permanent")),
    "full": (_sparkpost("bounce", bounce_class="22", error_code="452", raw_reason="full"), ("email_bounced", ANA, "temporary")),
    "spam": (_sparkpost("out_of_band", bounce_class="51", error_code="550", raw_reason="spam"), ("email_bounced", ANA, "inconclusive")),
    "out of office": (_sparkpost("out_of_band", bounce_class="60"), ("email_auto_replied", ANA)),
    "delay": (_sparkpost("delay", bounce_class="21", raw_reason="421"), ("email_deferred", ANA)),
    "complaint": (_sparkpost("spam_complaint"), ("email_complained", ANA)),
    "open": (_sparkpost("open", "track_event", user_agent="Mozilla"), ("email_opened", ANA)),
    "click": (_sparkpost("click", "track_event", target_link_url="https://x.example"), ("email_clicked", ANA)),
    "unsubscribe": (_sparkpost("list_unsubscribe", "unsubscribe_event"), ("newsletter_unsubscribed", ANA)),
    "test": ([{"msys": {}}], None),
}  # fmt: skip


def _mailjet(event, **more):
    return {"event": event, "time": 1767225600, "MessageID": 19421777835146490, "Message_GUID": "1ab23cd4", "email": ANA,
            "mj_campaign_id": 7257, "CustomID": "", "Payload": "", **more}  # fmt: skip


MAILJET = {
    "sent": (_mailjet("sent", smtp_reply="250 OK"), ("email_delivered", ANA)),
    "hard": (_mailjet("bounce", blocked=False, hard_bounce=True, error_related_to="recipient", error="user unknown"), ("email_bounced", ANA, "permanent")),
    "soft": (_mailjet("bounce", blocked=False, hard_bounce=False, error_related_to="recipient", error="quota exceeded"), ("email_bounced", ANA, "temporary")),
    "content": (_mailjet("bounce", blocked=False, hard_bounce=True, error_related_to="content", error="content rejected"), ("email_bounced", ANA, "inconclusive")),
    "blocked": (_mailjet("blocked", error_related_to="recipient", error="preblocked"), ("email_bounced", ANA, "inconclusive")),
    "spam": (_mailjet("spam", source="JMRPP"), ("email_complained", ANA)),
    "unsub": (_mailjet("unsub", mj_list_id=1), ("newsletter_unsubscribed", ANA)),
    "open": (_mailjet("open", agent="Mozilla"), ("email_opened", ANA)),
    "group": ([_mailjet("click", url="https://x.example"), _mailjet("open", ip="192.0.2.1")], ("email_clicked", ANA), ("email_opened", ANA)),
}  # fmt: skip


def _mandrill(event, **more):
    message = {"_id": "exampleaaaa", "email": ANA, "subject": "Sale", "state": "sent", **more}
    return [{"event": event, "ts": 1767225600, "_id": "exampleaaaa", "msg": message}]


MANDRILL = {
    "send": (_mandrill("send"), ("email_sent", ANA)),
    "delivered": (_mandrill("delivered"), ("email_delivered", ANA)),
    "hard": (_mandrill("hard_bounce", bounce_description="bad_mailbox", diag="smtp;550 5.1.1 unknown user"), ("email_bounced", ANA, "permanent")),
    "soft": (_mandrill("soft_bounce", bounce_description="mailbox_full", diag="smtp;552 5.2.2 over quota"), ("email_bounced", ANA, "temporary")),
    "reject": (_mandrill("reject", reject="hard-bounce"), ("email_bounced", ANA, "inconclusive")),
    "deferral": (_mandrill("deferral", smtp_events=[{"diag": "451 4.3.5 try again", "type": "deferred"}]), ("email_deferred", ANA)),
    "spam": (_mandrill("spam"), ("email_complained", ANA)),
    "unsub": (_mandrill("unsub"), ("newsletter_unsubscribed", ANA)),
    "open": (_mandrill("open"), ("email_opened", ANA)),
    "click": (_mandrill("click"), ("email_clicked", ANA)),
    "list": ([{"type": "blacklist", "action": "add", "reject": {"email": ANA}}], None),
    "test": ([], None),
}  # fmt: skip


def _resend(type_, **more):
    data = {"email_id": "56761188-7520", "from": "shop@x.example", "to": [ANA], "subject": "Sale", **more}
    return {"type": type_, "created_at": "2026-01-01T00:00:00.000Z", "data": data}


RESEND = {
    "sent": (_resend("email.sent"), ("email_sent", ANA)),
    "delivered": (_resend("email.delivered"), ("email_delivered", ANA)),
    "two": (_resend("email.delivered", to=[ANA, "bob@x.example"]), ("email_delivered", ANA), ("email_delivered", "bob@x.example")),
    "permanent": (_resend("email.bounced", bounce={"type": "Permanent", "subType": "General", "message": "unknown user"}), ("email_bounced", ANA, "permanent")),
    "transient": (_resend("email.bounced", bounce={"type": "Transient", "subType": "MailboxFull", "message": "full"}), ("email_bounced", ANA, "temporary")),
    "suppressed": (_resend("email.bounced", bounce={"type": "Permanent", "subType": "Suppressed", "message": "x"}), ("email_bounced", ANA, "inconclusive")),
    "failed": (_resend("email.failed", failed={"reason": "reached_daily_quota"}), ("email_bounced", ANA, "inconclusive")),
    "delayed": (_resend("email.delivery_delayed"), ("email_deferred", ANA)),
    "complained": (_resend("email.complained"), ("email_complained", ANA)),
    "opened": (_resend("email.opened"), ("email_opened", ANA)),
    "clicked": (_resend("email.clicked", click={"link": "https://x.example", "timestamp": "2026-01-01T00:00:09Z", "userAgent": "Mozilla"}), ("email_clicked", ANA)),
    "contact": ({"type": "contact.created", "created_at": "2026-01-01T00:00:00Z", "data": {"email": ANA}}, None),
}  # fmt: skip


def _mailersend(type_, **morph):
    email = {"object": "email", "id": "62f114", "subject": "Sale", "recipient": {"object": "recipient", "email": ANA},
             "message": {"object": "message", "id": "62fb66b"}}  # fmt: skip
    data = {"object": "activity", "id": f"id-{type_}", "type": type_, "created_at": "2026-01-01T00:00:00.000000Z",
            "email": email, "morph": morph or None}  # fmt: skip
    return {
        "type": f"activity.{type_}",
        "domain_id": "y",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "data": data,
    }


MAILERSEND = {
    "sent": (_mailersend("sent"), ("email_sent", ANA)),
    "delivered": (_mailersend("delivered"), ("email_delivered", ANA)),
    "hard": (_mailersend("hard_bounced", object="recipient_bounce", reason="550 5.1.1 user unknown"), ("email_bounced", ANA, "permanent")),
    "soft": (_mailersend("soft_bounced", object="recipient_bounce", reason="mailbox full"), ("email_bounced", ANA, "temporary")),
    "deferred": (_mailersend("deferred"), ("email_deferred", ANA)),
    "spam": (_mailersend("spam_complaint"), ("email_complained", ANA)),
    "unsubscribed": (_mailersend("unsubscribed", readable_reason="No longer want"), ("newsletter_unsubscribed", ANA)),
    "opened": (_mailersend("opened"), ("email_opened", ANA)),
    "clicked": (_mailersend("clicked", url="https://x.example"), ("email_clicked", ANA)),
    "survey": (_mailersend("survey_opened"), None),
}  # fmt: skip


def _ses(kind, part, *, key="notificationType", **details):
    mail = {"timestamp": "2026-01-01T00:00:00.000Z", "messageId": "00000137860315fd", "source": "shop@x.example",
            "destination": [ANA], "commonHeaders": {"subject": "Sale"}}  # fmt: skip
    message = {
        key: kind,
        "mail": mail,
        **({part: {"timestamp": "2026-01-01T00:00:01.000Z", **details}} if part else {}),
    }
    return {"Type": "Notification", "MessageId": "22b80b92", "TopicArn": "arn:aws:sns:eu-west-1:1:mail",
            "Message": json.dumps(message), "Timestamp": "2026-01-01T00:00:02.000Z"}  # fmt: skip


def _bounced(type_, sub_type, **recipient):
    return _ses("Bounce", "bounce", bounceType=type_, bounceSubType=sub_type, feedbackId=f"00000138-{type_}-{sub_type}",
                bouncedRecipients=[{"emailAddress": ANA, **recipient}])  # fmt: skip


SES = {
    "send": (_ses("Send", "", key="eventType"), ("email_sent", ANA)),
    "delivery": (_ses("Delivery", "delivery", recipients=[ANA], smtpResponse="250 ok"), ("email_delivered", ANA)),
    "permanent": (_bounced("Permanent", "General", status="5.1.1", diagnosticCode="smtp; 550 5.1.1 user unknown"), ("email_bounced", ANA, "permanent")),
    "full": (_bounced("Transient", "MailboxFull", status="4.2.2"), ("email_bounced", ANA, "temporary")),
    "undetermined": (_bounced("Undetermined", "Undetermined"), ("email_bounced", ANA, "temporary")),
    "suppressed": (_bounced("Permanent", "OnAccountSuppressionList"), ("email_bounced", ANA, "inconclusive")),
    "content": (_bounced("Transient", "ContentRejected"), ("email_bounced", ANA, "inconclusive")),
    "complaint": (
        _ses("Complaint", "complaint", complainedRecipients=[{"emailAddress": ANA}], complaintFeedbackType="abuse", feedbackId="c1"),
        ("email_complained", ANA),
    ),
    "not spam": (
        _ses("Complaint", "complaint", complainedRecipients=[{"emailAddress": ANA}], complaintFeedbackType="not-spam", feedbackId="c2"),
        None,
    ),
    "delay": (_ses("DeliveryDelay", "deliveryDelay", key="eventType", delayedRecipients=[{"emailAddress": ANA, "status": "4.4.1"}]), ("email_deferred", ANA)),
    "reject": (_ses("Reject", "reject", key="eventType", reason="Bad content"), ("email_bounced", ANA, "inconclusive")),
    "open": (_ses("Open", "open", key="eventType", userAgent="Mozilla"), ("email_opened", ANA)),
    "click": (_ses("Click", "click", key="eventType", link="https://x.example", userAgent="Mozilla"), ("email_clicked", ANA)),
    "unsubscribed": (_ses("Subscription", "subscription", key="eventType", newTopicPreferences={"unsubscribeAll": True}), ("newsletter_unsubscribed", ANA)),
    "confirmation": ({"Type": "SubscriptionConfirmation", "MessageId": "1", "Token": "t", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?x"}, None),
}  # fmt: skip


NUMBER = "+34600111222"


def _twilio(status, **more):
    return {
        "MessageSid": f"SM{status}{_number(more)}",
        "MessageStatus": status,
        "To": NUMBER,
        "From": "+34900000000",
        "AccountSid": "AC1",
        **more,
    }


TWILIO = {
    "sent": (_twilio("sent"), ("sms_sent", NUMBER)),
    "queued": (_twilio("queued"), None),
    "delivered": (_twilio("delivered"), ("sms_delivered", NUMBER)),
    "unreachable": (_twilio("undelivered", ErrorCode="30003"), ("sms_bounced", NUMBER, "temporary")),
    "unknown": (_twilio("undelivered", ErrorCode="30005", ErrorMessage="Unknown destination handset"), ("sms_bounced", NUMBER, "permanent")),
    "filtered": (_twilio("undelivered", ErrorCode="30007"), ("sms_bounced", NUMBER, "inconclusive")),
    "stop": ({"MessageSid": "SM1", "SmsStatus": "received", "From": NUMBER, "To": "+34900000000", "Body": " Stop. "}, ("sms_unsubscribed", NUMBER)),
    "start": ({"MessageSid": "SM2", "SmsStatus": "received", "From": NUMBER, "To": "+34900000000", "Body": "START"}, ("sms_subscribed", NUMBER)),
    "question": ({"MessageSid": "SM3", "SmsStatus": "received", "From": NUMBER, "To": "+34900000000", "Body": "Where is my order?"}, None),
}  # fmt: skip

CASES = {
    "brevo": BREVO, "mailersend": MAILERSEND, "mailgun": MAILGUN, "mailjet": MAILJET, "mandrill": MANDRILL,
    "postmark": POSTMARK, "resend": RESEND, "sendgrid": SENDGRID, "ses": SES, "sparkpost": SPARKPOST, "twilio": TWILIO,
}  # fmt: skip
