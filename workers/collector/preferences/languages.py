"""In which language the page is: the contact's, else the browser's, else the account's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from workers.collector.preferences.english import ENGLISH
from workers.collector.preferences.spanish import SPANISH
from workers.collector.preferences.texts import Texts

LANGUAGES: Mapping[str, Texts] = {texts.language: texts for texts in (ENGLISH, SPANISH)}

MAX_HEADER = 500


def texts_for(contact: str, accept_language: str, account: str) -> Texts:
    """Return the words in the first of the given languages that there are words in."""
    wanted = [contact, *_accepted(accept_language), account]
    codes = (language.strip().lower().replace("_", "-").partition("-")[0] for language in wanted)
    return next((LANGUAGES[code] for code in codes if code in LANGUAGES), ENGLISH)


def _accepted(header: str) -> Iterable[str]:
    """The languages of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    ranked = sorted(_ranges(header[:MAX_HEADER]), key=lambda ranked: -ranked[0])
    return [language for weight, language in ranked if weight > 0]


def _ranges(header: str) -> Iterator[tuple[float, str]]:
    for part in header.split(","):
        language, _, weight = part.partition(";")
        try:
            yield float(weight.strip().removeprefix("q=") or 1), language
        except ValueError:
            continue
