"""`preferences` and `double_opt_in` of settings.yaml: read, with a clear error for each slip."""

from datetime import timedelta

import pytest

from engine.domain.preferences import DoubleOptIn, Preferences
from engine.errors import InvalidRules
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)
WEBHOOK = "webhooks: {mailer: {url: 'https://mail.shop.example/hook'}}\n"
PAGE = "preferences: {url: 'https://events.shop.example/', secret: $LINKS}\n"


def compiled(*lines):
    return compile_ruleset(SHIPPED | {"settings.yaml": SHIPPED["settings.yaml"] + "".join(lines)})


def test_without_a_declaration_there_is_no_page():
    assert compiled().preferences is None
    assert compiled().double_opt_in is None


def test_a_page_is_read_with_its_defaults():
    assert compiled(PAGE).preferences == Preferences("https://events.shop.example", ("LINKS",))


def test_double_opt_in_is_read_with_its_defaults():
    opt_in = compiled(PAGE, WEBHOOK, "double_opt_in: {webhook: mailer}\n").double_opt_in

    assert opt_in == DoubleOptIn("mailer", timedelta(days=7), timedelta(days=2), 1)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("preferences: {secret: $LINKS}\n", "`url` is missing"),
        ("preferences: {url: 'https://x.example', secret: my-own-secret}\n", "name of an environment variable"),
        ("preferences: {url: 'https://x.example', secret: [$A, $B, $C]}\n", "a list of two"),
        ("preferences:\n  url: https://x.example\n  secret: $A\n  colour: #ff0000\n", "in quotes"),
        ("preferences: {url: 'https://x.example', secret: $A, colour: red}\n", "six digits"),
        ("preferences: {url: 'https://x.example', secret: $A, logo: 'http://x.example/l.png'}\n", "begins with https"),
        ("preferences: {url: 'https://x.example', secret: $A, contact: nobody}\n", "an email address, or a page"),
        ("preferences: {url: 'https://x.example', secret: $A, privacy: x}\n", "must begin with https"),
        ("preferences: {url: 'https://x.example', secret: $A, color: red}\n", "did you mean 'colour'"),
        (WEBHOOK + "double_opt_in: {webhook: mailer}\n", "needs `preferences`"),
        (PAGE + WEBHOOK + "double_opt_in: {webhook: mailr}\n", "did you mean 'mailer'"),
        (PAGE + WEBHOOK + "double_opt_in: {webhook: mailer, expires: 1d}\n", "after the request has expired"),
        (PAGE + WEBHOOK + "double_opt_in: {webhook: mailer, reminders: 9}\n", "at most 3"),
        (PAGE + WEBHOOK + "double_opt_in: {webhook: mailer, expires: 90d}\n", "at most 60d"),
    ],
)  # fmt: skip
def test_a_slip_is_reported_with_what_to_write(lines, words):
    with pytest.raises(InvalidRules, match=words):
        compiled(lines)
