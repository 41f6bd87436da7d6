"""One change of many contacts, by hand: what is asked for, and how many it is about.

It is a job (`jobs`); `bulk_steps` does it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import ExecutionTimeout

from engine.contacts.editing import edit_words
from engine.contacts.editing.edit_checks import wrong_for_anybody
from engine.contacts.editing.edit_model import Edit, InvalidEdit
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.db.contact_codec import LIVING
from engine.db.regex_query import regex_errors
from engine.domain.activities import ContactId
from engine.domain.fields import IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.errors import ContactSheetsError
from engine.jobs import jobs
from engine.jobs.jobs import Job, Refused
from engine.rules import rulesets

Document = dict[str, Any]

KIND = "bulk-edit"

PATIENCE_MS = 3_000
"""How long somebody waits to hear how many contacts a change is about."""


@dataclass(frozen=True)
class Selection:
    """Contacts by their ids, or all that a list holds `but` some."""

    ids: tuple[ContactId, ...] = ()
    listing: Listing | None = None
    but: tuple[ContactId, ...] = ()

    def matching(self, db: Database[Document]) -> Document:
        """The query for them.  Raises UnknownFilter."""
        if self.listing is None:
            return {"_id": {"$in": list(self.ids)}, **LIVING}
        whole = listing.matching(db, self.listing)
        return {"$and": [whole, {"_id": {"$nin": list(self.but)}}]} if self.but else whole


@dataclass(frozen=True)
class Deletion:
    """To delete the contacts."""

    reason: str = ""


Change = Edit | Deletion


class NothingSelected(ContactSheetsError):
    """A change of nobody."""


class NotInBulk(ContactSheetsError):
    """A change that can only be made of one contact."""


def start(
    db: Database[Document],
    selection: Selection,
    change: Change,
    *,
    id_: str,
    by: str,
    by_name: str,
    now: datetime,
) -> str:
    """Keep a change of many as a job, once for its id; return that.

    Raises NothingSelected, and what `words_of` does.
    """
    if not selection.ids and selection.listing is None:
        raise NothingSelected("choose at least one contact")
    title = words_of(change, rulesets.current(db))
    wanted = {"selection": encode_selection(selection), "change": _encode_change(change)}
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, wanted=wanted))
    return id_


def undo(db: Database[Document], of: str, *, by: str, by_name: str, now: datetime) -> str:
    """Keep a job that takes another back, once for each; return its id.

    What was done to the contacts since stays.  Raises NothingSelected for a job that is
    not there or not at its end.
    """
    undone = jobs.job(db, of)
    if undone is None or undone.kind != KIND or undone.under_way or undone.undoes is not None:
        raise NothingSelected("there is nothing to take back: it has not been done, or is not finished yet")
    id_ = f"{of}:undo"
    title = f"Undo: {undone.title}"
    jobs.add(db, Job(id_, KIND, title, by, by_name, created_at=now, undoes=of))
    return id_


def deletes(job: Job) -> bool:
    """Whether a job deletes contacts."""
    return "change" in job.wanted and isinstance(decode_change(job.wanted["change"]), Deletion)


def refusals(db: Database[Document], job: str, *, limit: int = 100) -> list[Refused]:
    """Contacts that a job could not change, and why."""
    rows = db.job_items.find({"job": job, "refusal": {"$exists": True}}).sort("contact", 1).limit(limit)
    return [Refused(row["refusal"], contact=row["contact"]) for row in rows]


def words_of(change: Change, ruleset: Ruleset) -> str:
    """What a change does to each, in a few words.

    Raises InvalidEdit for what can be done to nobody, NotInBulk for what can be done to
    one alone, and NothingSelected for a change of nothing.
    """
    if isinstance(change, Deletion):
        return "Delete"
    _refuse_single(change)
    problems = wrong_for_anybody(change, ruleset)
    if problems:
        raise InvalidEdit(problems)
    words = edit_words.words_of(replace(change, add_to=(), remove_from=()), ruleset)
    words += [f"add to {ruleset.segments[id_].name}" for id_ in change.add_to]
    words += [f"remove from {ruleset.segments[id_].name}" for id_ in change.remove_from]
    whole = "; ".join(words)
    return whole[:1].upper() + whole[1:]


# How many


def count(db: Database[Document], selection: Selection) -> int | None:
    """How many contacts are selected; unset if counting takes too long.  Raises UnknownFilter."""
    with regex_errors():
        try:
            return db.contacts.count_documents(selection.matching(db), maxTimeMS=PATIENCE_MS)
        except ExecutionTimeout:
            return None


def states_of(db: Database[Document], selection: Selection, machine: str) -> Mapping[str, int] | None:
    """In which states of a machine how many of the selected are; unset if it takes too long to see."""
    initial = rulesets.current(db).machines[machine].initial
    state = {"$ifNull": [f"$statuses.{machine}.state", initial]}
    return _grouped(db, selection, state)


def members_of(db: Database[Document], selection: Selection, segment: str) -> int | None:
    """How many of the selected are in a segment; unset if it takes too long to see."""
    inside = {"$cond": [{"$gt": [f"$segments.{segment}", None]}, "in", "out"]}
    found = _grouped(db, selection, inside)
    return None if found is None else found.get("in", 0)


def _grouped(db: Database[Document], selection: Selection, by: Document) -> Mapping[str, int] | None:
    pipeline: Sequence[Document] = [
        {"$match": selection.matching(db)},
        {"$group": {"_id": by, "n": {"$sum": 1}}},
    ]
    with regex_errors():
        try:
            found = list(db.contacts.aggregate(pipeline, maxTimeMS=PATIENCE_MS))
        except ExecutionTimeout:
            return None
    return {row["_id"]: row["n"] for row in found}


# What is wanted, as MongoDB keeps it: a condition may have keys that MongoDB would read as its own


def _refuse_single(change: Edit) -> None:
    single = [name for name in change.fields if name in IDENTITY_FIELDS]
    if single or change.undoes is not None:
        what = ", ".join(single) or "taking something back"
        raise NotInBulk(f"{what}: this is one contact's own, change it on its sheet")
    if not change:
        raise NothingSelected("say what is to be changed")


def encode_selection(selection: Selection) -> str:
    asked = None if selection.listing is None else asdict(selection.listing)
    return json.dumps({"ids": selection.ids, "listing": asked, "but": selection.but})


def decode_selection(said: str) -> Selection:
    """Read back whom a job is about."""
    found = json.loads(said)
    asked = found["listing"]
    listed = None if asked is None else Listing(**asked)
    return Selection(tuple(found["ids"]), listed, tuple(found.get("but", ())))


def _encode_change(change: Change) -> str:
    if isinstance(change, Deletion):
        return json.dumps({"delete": change.reason})
    said = asdict(change)
    said["until"] = None if change.until is None else change.until.isoformat()
    said["ends"] = {machine: day.isoformat() for machine, day in change.ends.items()}
    return json.dumps(said)


def decode_change(said: str) -> Change:
    """Read back what a job does to each."""
    found = json.loads(said)
    if "delete" in found:
        return Deletion(found["delete"])
    until, ends = found.pop("until"), found.pop("ends", {})
    return replace(
        Edit(**found),
        until=None if until is None else date.fromisoformat(until),
        ends={machine: date.fromisoformat(day) for machine, day in ends.items()},
    )
