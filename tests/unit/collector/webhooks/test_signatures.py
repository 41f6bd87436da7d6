"""Only what a service itself has sent, and lately, is taken."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from engine.rules.files.settings_file import SERVICES
from workers.collector.webhooks import ses
from workers.collector.webhooks.notices import Forged, Payload
from workers.collector.webhooks.registry import PROVIDERS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
URL = "https://collector.example/webhooks/x"
BODY = b'{"event": "delivered"}'
EC = ec.generate_private_key(ec.SECP256R1())


def mac(key, signed, hash_=hashlib.sha256):
    return hmac.new(key.encode(), signed, hash_)


def basic(password):
    return {"authorization": "Basic " + base64.b64encode(f"hook:{password}".encode()).decode()}


def form(**fields):
    return urlencode(fields).encode()


def b64(data):
    return base64.b64encode(data).decode()


def sendgrid(secret_is="", stamp=STAMP):
    public = EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = EC.sign(stamp.encode() + BODY, ec.ECDSA(SHA256()))
    headers = {
        "x-twilio-email-event-webhook-timestamp": stamp,
        "x-twilio-email-event-webhook-signature": b64(signed),
    }
    return Payload(BODY, headers, URL), secret_is or b64(public)


def mailgun(stamp=STAMP):
    signature = {"timestamp": stamp, "token": "t", "signature": mac("key", f"{stamp}t".encode()).hexdigest()}
    return Payload(json.dumps({"signature": signature, "event-data": {}}).encode()), "key"


def resend(stamp=STAMP):
    signature = b64(hmac.new(b"0123", f"msg_1.{stamp}.".encode() + BODY, hashlib.sha256).digest())
    headers = {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,old v1,{signature}"}
    return Payload(BODY, headers), "whsec_" + b64(b"0123")


def mandrill():
    body = form(mandrill_events="[]")
    signed = mac("key", f"{URL}mandrill_events[]".encode(), hashlib.sha1)
    return Payload(body, {"x-mandrill-signature": b64(signed.digest())}, URL), "key"


def twilio():
    body = form(To="+34600111222", Body="Stop")
    signed = mac("token", f"{URL}BodyStopTo+34600111222".encode(), hashlib.sha1)
    return Payload(body, {"x-twilio-signature": b64(signed.digest())}, URL), "token"


def mailersend():
    return Payload(BODY, {"signature": mac("key", BODY).hexdigest()}), "key"


def with_password():
    return Payload(BODY, basic("a long password")), "a long password"


SIGNED = {
    "sendgrid": sendgrid, "mailgun": mailgun, "resend": resend, "mandrill": mandrill, "twilio": twilio,
    "mailersend": mailersend, "brevo": with_password, "mailjet": with_password, "postmark": with_password,
    "sparkpost": with_password,
}  # fmt: skip


def verify(provider, payload, secret, now=NOW):
    PROVIDERS[provider].verify(payload, secret, now)


def test_every_service_is_tried_and_can_be_declared():
    assert SIGNED.keys() | {"ses"} == PROVIDERS.keys() == set(SERVICES)


@pytest.mark.parametrize("provider", SIGNED)
def test_what_the_service_signed_is_taken_and_nothing_else(provider):
    payload, secret = SIGNED[provider]()
    verify(provider, payload, secret)

    for headers in ({}, dict.fromkeys(payload.headers, ""), dict.fromkeys(payload.headers, "AAAA")):
        if payload.headers:
            with pytest.raises(Forged):
                verify(provider, Payload(payload.body, headers, payload.url), secret)
    other_secret = b64(b"another secret") if provider == "resend" else "another secret"
    with pytest.raises(Forged):
        verify(provider, payload, other_secret)


@pytest.mark.parametrize("provider", ["sendgrid", "resend", "mandrill", "twilio", "mailersend"])
def test_a_body_that_was_changed_is_refused(provider):
    payload, secret = SIGNED[provider]()
    changed = (
        form(mandrill_events="[1]", To="x") if provider in ("mandrill", "twilio") else payload.body + b" "
    )

    with pytest.raises(Forged):
        verify(provider, Payload(changed, payload.headers, payload.url), secret)


@pytest.mark.parametrize("provider", ["sendgrid", "mailgun", "resend"])
def test_what_was_signed_long_ago_is_refused(provider):
    payload, secret = SIGNED[provider]()

    verify(provider, payload, secret, NOW + timedelta(minutes=10))
    with pytest.raises(Forged):
        verify(provider, payload, secret, NOW + timedelta(minutes=16))


def test_a_bearer_token_is_as_good_as_a_password():
    verify("brevo", Payload(BODY, {"authorization": "Bearer a token"}), "a token")


# Amazon


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOPIC = "arn:aws:sns:eu-west-1:1:mail"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"


def certificate(url):
    assert url == CERTIFICATE
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(KEY, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def sns(version="1", **changes):
    message = {
        "Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Message": "{}",
        "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": version, "SigningCertURL": CERTIFICATE,
    }  # fmt: skip
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
    message["Signature"] = b64(KEY.sign(signed, padding.PKCS1v15(), SHA1() if version == "1" else SHA256()))
    return Payload(json.dumps({**message, **changes}).encode())


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazons_signature_is_checked_with_its_certificate(version):
    ses.verify(sns(version), TOPIC, NOW, certificate=certificate)


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": '{"forged": true}'},
        {"TopicArn": "arn:aws:sns:eu-west-1:2:theirs"},
        {"SignatureVersion": "3"},
        {"Type": "Other"},
        {"Signature": ""},
        {"Timestamp": "2025-12-31T00:00:00.000Z"},
        {"SigningCertURL": "https://evil.example/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:444/x.pem"},
        {"SigningCertURL": "https://me@sns.eu-west-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://s3.amazonaws.com/bucket/x.pem"},
    ],
)
def test_what_amazon_did_not_sign_is_refused_and_no_other_address_is_asked(changes):
    with pytest.raises(Forged):
        ses.verify(sns(**changes), TOPIC, NOW, certificate=certificate)


def test_a_message_of_yesterday_is_refused_though_its_signature_is_right():
    with pytest.raises(Forged):
        ses.verify(sns(), TOPIC, NOW + timedelta(days=1), certificate=certificate)


def test_only_amazons_own_address_confirms_a_subscription():
    def asked(url, type_="SubscriptionConfirmation"):
        return ses.confirmation(Payload(json.dumps({"Type": type_, "SubscribeURL": url}).encode()))

    real = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    assert asked(real) == real
    assert asked(real, type_="Notification") is None
    assert asked("https://evil.example/?Action=ConfirmSubscription") is None
    with pytest.raises(Forged):
        ses.fetch("https://evil.example/")
