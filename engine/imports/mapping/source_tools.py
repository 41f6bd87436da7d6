"""What a file's name and headings tell of where it comes from, where its columns alone mislead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from engine.imports.mapping.columns import LEFT_OUT, Column, plain
from engine.imports.reading.problems import Problem

_NO_SUBSCRIBERS = re.compile(r"(nonsubscribed|cleaned)(_email)?_(members|audience)_export")
"""What Mailchimp calls its files of people who never subscribed, or whose address is dead."""

_CLEANED = "clean time"
"""A column that Mailchimp's file of dead addresses has alone."""

_DATES = frozenset({"newsletter_at", "newsletter"})


def without_consents(name: str, columns: Sequence[Column]) -> tuple[list[Column], list[Problem]]:
    """Columns as they are guessed, and what is to be known of that.

    Mailchimp writes the same dates of confirming for those who never subscribed and those whose
    address is dead: in these files they are no consent, whatever was settled for others.
    """
    headings = {plain(column.heading) for column in columns}
    found = [column for column in columns if column.target in _DATES]
    if not found or not (_NO_SUBSCRIBERS.match(name.lower()) or _CLEANED in headings):
        return list(columns), []
    told = (
        "this is Mailchimp's file of people who are not subscribed, or whose address is dead: "
        f"{' and '.join(repr(column.heading) for column in found)} is left out, so that it subscribes nobody"
    )
    left = [replace(one, target=LEFT_OUT, because="") if one in found else one for one in columns]
    return left, [Problem(1, "heading", told, found[0].heading, refuses=False)]
