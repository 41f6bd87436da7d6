"""`bounce_mailboxes` of settings.yaml: where mail that comes back is read."""

import pytest

from engine.domain.rulebook import BounceMailbox
from tests.builders import rules
from tests.unit.rules.test_checks import problems


def told(entry):
    return problems(settings=f"bounce_mailboxes: [{{{entry}}}]\n")


def test_a_path_and_an_account_are_watched_with_their_defaults():
    settings = """
bounce_mailboxes:
  - {id: here, path: /var/mail/bounces}
  - {id: there, host: imap.example.com, user: b@example.com, password: $IMAP_PASSWORD, security: starttls, move_to: Done}
"""

    assert rules(settings=settings).present.mailboxes == (
        BounceMailbox("here", path="/var/mail/bounces", port=993),
        BounceMailbox(
            "there", host="imap.example.com", port=143, security="starttls", user="b@example.com",
            password="IMAP_PASSWORD", move_to="Done",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("id: a", "write either `path`"),
        ("id: a, path: /x, host: y", "write either `path`"),
        ("id: a, path: /x, user: me", "`user` belongs to an IMAP server"),
        ("id: a, path: /x, move_to: ../y", "without `/`"),
        ("id: a, host: x, user: me", "needs `user`, and `password`"),
        ("id: a, host: x, user: me, password: secret", "must be $ and the name of an environment variable"),
        ("id: a, host: x, user: me, password: $P, port: 0", "must be a number from 1 to 65535"),
        ("id: a, host: x, user: me, password: $P, folder: Größe", "in plain ASCII"),
        ("id: a, host: x, user: me, password: $P, security: maybe", "security"),
        ("id: a, path: /x}, {id: a, path: /y", "another mailbox has the id 'a'"),
    ],
)
def test_a_mailbox_that_is_incomplete_is_refused_with_what_to_write(entry, words):
    assert any(words in message for message in told(entry)), told(entry)


def test_the_door_for_mail_is_declared_like_a_service():
    assert "bounce" in rules(settings="sending_services: {bounce: {secret: $B}}\n").present.services
