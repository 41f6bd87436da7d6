"""Signed links: only ours are read, each for its own purpose, and old secrets are accepted while rotated."""

from datetime import timedelta

import pytest

from engine.domain.preference_links import confirmation_link, preference_link
from engine.domain.preferences import Preferences, text_colour
from engine.domain.signed_links import (
    ExpiredLink,
    InvalidLink,
    Purpose,
    Token,
    read,
    secrets_of,
    sign,
)
from engine.domain.webhook_secrets import UnusableSecret
from tests.builders import NOON

NEW, OLD = "a new secret, long enough", "an old secret, long enough"
TOKEN = Token(Purpose.PREFERENCES, "5f" * 12, int(NOON.timestamp()), subscription="newsletter")
SIGNED = sign(TOKEN, [NEW])
EXPIRING = Token(Purpose.CONFIRM, "5f" * 12, 1, int((NOON + timedelta(days=7)).timestamp()))


def test_a_token_is_read_back_as_it_was_signed():
    assert read(sign(TOKEN, [NEW]), [NEW], Purpose.PREFERENCES, now=NOON) == TOKEN


def test_an_old_secret_is_accepted_beside_the_new_one_and_no_longer_without():
    old = sign(TOKEN, [OLD])

    assert read(old, [NEW, OLD], Purpose.PREFERENCES, now=NOON) == TOKEN
    with pytest.raises(InvalidLink):
        read(old, [NEW], Purpose.PREFERENCES, now=NOON)


def test_the_first_secret_signs():
    assert read(sign(TOKEN, [NEW, OLD]), [NEW], Purpose.PREFERENCES, now=NOON) == TOKEN


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        ".",
        SIGNED[:-3],
        SIGNED[3:],
        SIGNED.replace(".", ""),
        "A" + SIGNED[1:],
        SIGNED.partition(".")[0] + ".",
        sign(TOKEN, ["a guess, just as long"]),
        SIGNED + "é",
        "A" * 3_000,
    ],
)
def test_a_cut_changed_or_forged_token_is_invalid(spoilt):
    with pytest.raises(InvalidLink):
        read(spoilt, [NEW], Purpose.PREFERENCES, now=NOON)


def test_a_token_of_another_purpose_is_invalid():
    with pytest.raises(InvalidLink):
        read(sign(TOKEN, [NEW]), [NEW], Purpose.CONFIRM, now=NOON)


def test_a_token_is_valid_until_it_expires_and_names_itself_then():
    text = sign(EXPIRING, [NEW])

    assert read(text, [NEW], Purpose.CONFIRM, now=NOON + timedelta(days=7)) == EXPIRING
    with pytest.raises(ExpiredLink) as expired:
        read(text, [NEW], Purpose.CONFIRM, now=NOON + timedelta(days=7, seconds=1))
    assert expired.value.token == EXPIRING


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, r"\$NEW .* not set"),
        ({"NEW": " ", "OLD": OLD}, r"\$NEW .* not set"),
        ({"NEW": "short"}, "too short"),
        ({"NEW": NEW, "OLD": "short"}, r"\$OLD .* too short"),
    ],
)
def test_without_a_usable_secret_nothing_is_signed(environment, words):
    with pytest.raises(UnusableSecret, match=words):
        secrets_of(("NEW", "OLD"), environment)


def test_an_old_secret_may_be_gone():
    assert secrets_of(("NEW", "OLD"), {"NEW": NEW}) == [NEW]


def test_the_link_of_a_contact_is_the_same_all_day():
    preferences = Preferences("https://events.shop.example", ("NEW",))
    links = {
        preference_link("5f" * 12, preferences, {"NEW": NEW}, now=NOON + timedelta(hours=hours))
        for hours in (0, 5, 11)
    }

    [link] = links
    base, _, text = link.rpartition("/")
    assert base == "https://events.shop.example/preferences"
    token = read(text, [NEW], Purpose.PREFERENCES, now=NOON + timedelta(days=4_000))
    assert (token.contact, token.subscription) == ("5f" * 12, "newsletter")


def test_a_confirmation_tells_neither_the_address_nor_lasts():
    link = confirmation_link(
        "5f" * 12, Preferences("https://x.example", ("NEW",)), {"NEW": NEW},
        subscription="newsletter", request="r1", address="ana@x.example",
        asked_at=NOON, expires_at=NOON + timedelta(days=7),
    )  # fmt: skip

    with pytest.raises(ExpiredLink) as expired:
        read(link.rpartition("/")[2], [NEW], Purpose.CONFIRM, now=NOON + timedelta(days=8))
    assert "ana" not in str(expired.value.token)


@pytest.mark.parametrize(
    ("background", "text"),
    [("#000000", "#ffffff"), ("#ffffff", "#000000"), ("#2f5d50", "#ffffff"), ("#ffd500", "#000000")],
)
def test_text_is_readable_on_the_shops_colour(background, text):
    assert text_colour(background) == text
