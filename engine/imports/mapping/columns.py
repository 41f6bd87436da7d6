"""Which column of a file fills what of a contact: guessed by its heading, settled by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engine.domain.fields import CUSTOM, EDITABLE_FIELDS, FIELDS, IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import ContactSheetsError
from engine.imports.mapping.headings import NAMES

Channel = Literal["newsletter", "sms"]

CHANNELS: tuple[Channel, ...] = ("newsletter", "sms")

SEGMENTS = "segments"

LEFT_OUT = ""
"""The target of a column that is not imported."""

ALIKE = 0.5
"""The share of headings that two files have in common which are of the same kind."""


@dataclass(frozen=True)
class Target:
    """Something of a contact that a column can fill."""

    id: str
    label: str


_OTHERS = (
    Target("name", "Whole name"),
    Target("newsletter", "Newsletter: subscribed or not"),
    Target("newsletter_at", "Newsletter: date of subscribing"),
    Target("newsletter_ended_at", "Newsletter: date of unsubscribing"),
    Target("newsletter_out", "Newsletter: opted out or not"),
    Target("sms", "SMS: subscribed or not"),
    Target("sms_at", "SMS: date of subscribing"),
    Target("sms_ended_at", "SMS: date of unsubscribing"),
    Target("sms_out", "SMS: opted out or not"),
    Target(SEGMENTS, "Static segments, by id or name"),
)


@dataclass(frozen=True)
class Column:
    """A column, and what it fills: `LEFT_OUT` for nothing.  `because` says how that is known."""

    heading: str
    target: str
    because: Literal["remembered", "name", "values", ""] = ""


class InvalidMapping(ContactSheetsError):
    """Columns that cannot fill what they are to fill; all that is wrong, one a line."""


def targets(ruleset: Ruleset) -> list[Target]:
    """All that a column can fill, as a person chooses it."""
    own = [Target(CUSTOM + field.id, field.label) for field in ruleset.fields.values()]
    return [*(Target(name, FIELDS[name].label) for name in EDITABLE_FIELDS), *own, *_OTHERS]


Fits = Callable[[str, Sequence[str | None]], bool]
"""Whether most of a column's values can fill a target."""


def guess(
    headings: Sequence[str],
    ruleset: Ruleset,
    *,
    sample: Sequence[Sequence[str | None]] = (),
    remembered: Sequence[Mapping[str, str]] = (),
    fits: Fits = lambda _target, _cells: True,
) -> list[Column]:
    """Say of each column what it fills; one that nothing is known of is left out.

    `remembered` is how the columns of earlier files were settled, the newest first.  A target is
    given to one column, the surest of those whose values fit.  Without any heading that says so, a column
    of addresses is the email.
    """
    known = names_of(ruleset)
    allowed = {target.id for target in targets(ruleset)}
    before = _of_the_like(headings, remembered)
    found = [
        Column(heading, before[plain(heading)], "remembered")
        if before.get(plain(heading)) in {*allowed, LEFT_OUT}
        else Column(heading, LEFT_OUT)
        for heading in headings
    ]
    settled = {column.target for column in found if column.target}

    def could_be(target: str, index: int) -> bool:
        return fits(target, [row[index] for row in sample if index < len(row)])

    for target, names in known.items():
        column = None if target in settled else _surest(target, found, names, could_be)
        if column is not None:
            found[column] = Column(headings[column], target, "name")
            settled.add(target)
    if not settled & set(IDENTITY_FIELDS):
        _by_values(found, sample)
    return [_first_name(column) if "last_name" in settled else column for column in found]


def plain(heading: str) -> str:
    """A heading as it is compared: letters and digits alone, without accents or case."""
    letters = unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare.lower()).split())


def type_of(target: str, ruleset: Ruleset) -> str:
    """The type of what a column fills: `text`, `number`, `date`, `boolean` or `list`."""
    if target == "birth_date" or target.endswith("_at"):
        return "date"
    if target.endswith("_out"):
        return "boolean"
    declared = ruleset.fields.get(target.removeprefix(CUSTOM)) if target.startswith(CUSTOM) else None
    return "text" if declared is None else declared.type


def checked(headings: Sequence[str], mapping: Mapping[str, str], ruleset: Ruleset) -> dict[str, str]:
    """The columns that are imported, each with what it fills; raise InvalidMapping."""
    labels = {target.id: target.label for target in targets(ruleset)}
    problems = [
        f"there is no column {heading!r}{_meant(heading, headings)}"
        for heading in mapping
        if heading not in headings
    ]
    chosen = {heading: target for heading, target in mapping.items() if target != LEFT_OUT}
    problems += [
        f"column {heading!r}: a contact has no field {target!r}{_meant(target, labels)}"
        for heading, target in chosen.items()
        if target not in labels
    ]
    for target in dict.fromkeys(chosen.values()):
        twice = [heading for heading, other in chosen.items() if other == target]
        if len(twice) > 1:
            problems.append(f"{labels.get(target, target)} can be filled by one column, not by {_and(twice)}")
    if not set(chosen.values()) & set(IDENTITY_FIELDS):
        problems.append("no column names the contacts: choose one for the email, mobile phone or external id")
    if problems:
        raise InvalidMapping("\n".join(problems))
    return {heading: chosen[heading] for heading in headings if heading in chosen}


def names_of(ruleset: Ruleset) -> dict[str, tuple[str, ...]]:
    """What headings fill each target: a field of the shop's own by its id and label, too."""
    own = {
        CUSTOM + field.id: (plain(field.label), plain(field.id), *NAMES.get(CUSTOM + field.id, ()))
        for field in ruleset.fields.values()
    }
    theirs = {name for names in own.values() for name in names[:2]}
    standard = {
        target: tuple(name for name in names if name not in theirs)
        for target, names in NAMES.items()
        if not target.startswith(CUSTOM)
    }
    return own | standard


def _of_the_like(headings: Sequence[str], remembered: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What was settled for files like this one, which share half of their headings with it or more:
    what `Phone` is in one tool's files says little of another's."""
    here, found = set(map(plain, headings)), dict[str, str]()
    for settled in reversed(remembered):
        before = {plain(heading): target for heading, target in settled.items()}
        if len(here & before.keys()) >= ALIKE * min(len(here), len(before)):
            found |= before
    return found


def _surest(
    target: str, columns: Sequence[Column], names: Sequence[str], could_be: Callable[[str, int], bool]
) -> int | None:
    """The column whose heading comes first among some names, and whose values can be it."""
    free = {
        plain(column.heading): index
        for index, column in reversed(list(enumerate(columns)))
        if column.because == ""
    }
    named = (free[name] for name in names if name in free)
    return next((index for index in named if could_be(target, index)), None)


def _first_name(column: Column) -> Column:
    """Beside a column of last names, one that is called `name` holds first names."""
    whole = column.target == "name" and column.because == "name" and plain(column.heading) == "name"
    return Column(column.heading, "first_name", "name") if whole else column


def _by_values(columns: list[Column], sample: Sequence[Sequence[str | None]]) -> None:
    """Take the first column that holds addresses for the email."""
    for index, column in enumerate(columns):
        cells = [row[index] or "" for row in sample if index < len(row)]
        said = [cell for cell in cells if cell.strip()]
        looks = sum("@" in cell and "." in cell.rpartition("@")[2] for cell in said)
        if column.because == "" and said and looks >= 0.8 * len(said):
            columns[index] = Column(column.heading, "email", "values")
            return


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def _and(headings: Sequence[str]) -> str:
    return " and ".join(repr(heading) for heading in headings)


def static_segments(ruleset: Ruleset) -> dict[str, str]:
    """The static segments that a cell can name, by id and by name in lower case."""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    return {segment.name.lower(): segment.id for segment in static} | {s.id: s.id for s in static}
