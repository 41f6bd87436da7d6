"""The words of the page: every language has all of them, with the same values in them."""

import re
from dataclasses import fields

import pytest

from workers.collector.preferences.english import ENGLISH
from workers.collector.preferences.languages import LANGUAGES, texts_for
from workers.collector.preferences.texts import Texts


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize("name", [field.name for field in fields(Texts)])
def test_every_text_is_there_and_has_the_values_of_the_english_one(texts, name):
    own, english = getattr(texts, name), getattr(ENGLISH, name)

    assert own.strip()
    assert sorted(re.findall(r"\{\w+\}", own)) == sorted(re.findall(r"\{\w+\}", english))


@pytest.mark.parametrize(
    ("contact", "accepted", "account", "language"),
    [
        ("es", "en", "en", "es"),
        ("ES-mx", "", "en", "es"),
        ("", "de,es;q=0.5,en;q=0.9", "es", "en"),
        ("", "es;q=0", "en_GB", "en"),
        ("", "*", "es_ES", "es"),
        ("", "es;q=x, en", "de", "en"),
        ("klingon", "fr", "de_AT", "en"),
    ],
)
def test_the_language_is_the_contacts_else_the_browsers_else_the_accounts(
    contact, accepted, account, language
):
    assert texts_for(contact, accepted, account).language == language
