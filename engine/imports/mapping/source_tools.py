"""Corrections for files of tools whose columns mislead: recognised by the file's name and headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from engine.imports.mapping.columns import LEFT_OUT, Column, plain
from engine.imports.reading.problems import Problem

_NOT_SUBSCRIBED = re.compile(r"(nonsubscribed|cleaned)(_email)?_(members|audience)_export")
"""The names of Mailchimp's files of contacts who are not subscribed, or whose address is dead."""

_CLEANED = "clean time"
"""A column that only Mailchimp's file of dead addresses has."""

_CONSENTS = frozenset({"newsletter_at", "newsletter"})


def without_consents(name: str, columns: Sequence[Column]) -> tuple[list[Column], list[Problem]]:
    """Return guessed columns without consents where a tool's file has none, and a notice that says so.

    Mailchimp writes dates of confirmation also for contacts who are not subscribed or whose address is
    dead: in these files they are no consents, whatever the mapping of earlier files.
    """
    headings = {plain(column.heading) for column in columns}
    consents = [column for column in columns if column.target in _CONSENTS]
    if not consents or not (_NOT_SUBSCRIBED.match(name.lower()) or _CLEANED in headings):
        return list(columns), []
    headings_left_out = " and ".join(repr(column.heading) for column in consents)
    notice = (
        "this is Mailchimp's export of contacts who are not subscribed or cannot be reached: "
        f"{headings_left_out} is left out, so that nobody is subscribed"
    )
    left = [replace(one, target=LEFT_OUT, because="") if one in consents else one for one in columns]
    return left, [Problem(1, "heading", notice, consents[0].heading, refuses=False)]
