"""What a bounce says about the address, by what senders and receiving servers write."""

import pytest

from engine.domain.bounces import attempt_of, kind_of


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        ({"bounce": "permanent"}, "permanent"),
        ({"bounce": "Hard"}, "permanent"),
        ({"bounce": "HardBounce"}, "permanent"),
        ({"bounce": "Transient"}, "temporary"),
        ({"bounce": "soft"}, "temporary"),
        ({"bounce": "Undetermined"}, "temporary"),
        ({}, "temporary"),
        ({"reason": "no idea"}, "temporary"),
        ({"bounce": "permanent", "code": "4.2.2"}, "permanent"),
    ],
)
def test_the_senders_word_decides_and_without_one_a_bounce_is_temporary(properties, kind):
    assert kind_of(properties) == kind


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        ({"code": "5.1.1"}, "permanent"),
        ({"code": "4.2.2"}, "temporary"),
        ({"code": 550}, "permanent"),
        ({"code": "550 5.1.1"}, "permanent"),
        ({"code": "452"}, "temporary"),
        ({"diagnostic": "smtp; 550 5.1.1 <a@x.com>: Recipient address rejected: User unknown"}, "permanent"),
        ({"reason": "452-4.2.2 The email account that you tried to reach is over quota"}, "temporary"),
        ({"diagnostic": "550-5.1.1 The email account that you tried to reach does not exist"}, "permanent"),
        ({"diagnostic": "550 5.5.0 Requested action not taken: mailbox unavailable"}, "permanent"),
        ({"diagnostic": "550 5.1.1 no such user, see our policy at https://x.example"}, "permanent"),
        ({"code": "5.4.4", "reason": "Host not found"}, "permanent"),
        ({"reason": "delivered by 10.5.1.1 after 450 tries"}, "temporary"),
        ({"code": "30003", "reason": "unreachable handset"}, "temporary"),
    ],
)
def test_without_a_word_the_class_of_the_code_decides_wherever_it_stands(properties, kind):
    assert kind_of(properties) == kind


@pytest.mark.parametrize(
    "properties",
    [
        {"bounce": "policy"},
        {"bounce": "content rejected"},
        {"bounce": "Spam"},
        {"bounce": "permanent", "code": "550 5.7.1"},
        {"code": "550 5.7.1"},
        {"code": "550", "diagnostic": "smtp; 550 5.7.1 Message rejected"},
        {"bounce": "permanent", "reason": "spam content detected"},
        {"code": "5.1.1", "reason": "spam content detected"},
        {"code": "554", "diagnostic": "554 Service unavailable; Client host [192.0.2.1] blocked using zen"},
        {"diagnostic": "421 4.7.0 temporarily deferred due to user complaints"},
        {"bounce": "temporary", "reason": "Greylisted, please try again later"},
        {"diagnostic": "550 Sender rejected: SPF check failed"},
        {"code": "552", "diagnostic": "552 5.3.4 Message size exceeds fixed limit"},
        {"code": "535", "reason": "login failed"},
        {"reason": "Carrier filtered"},
    ],
)
def test_policy_content_and_spam_say_nothing_about_the_address(properties):
    assert kind_of(properties) == "inconclusive"


def test_notices_of_one_mail_are_one_attempt_by_either_name():
    assert attempt_of({"message_id": "m", "email_id": "e"}, "a") == "m"
    assert attempt_of({"email_id": "e"}, "a") == "e"
    assert attempt_of({"message_id": ""}, "a") == "a"
