"""Whose every id and every activity is: one contact's, whatever was merged, undone and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from engine.pipeline import activity_spans


def lost_ids(db: Any, shown: Iterable[str]) -> list[str]:
    """Ids that were shown or kept once and do not lead to exactly one contact that lives."""
    living = {row["_id"]: row for row in db.contacts.find()}
    redirects = {row["_id"]: row["into"] for row in db.merges.find()}
    found = [f"{id_} is a contact and leads to {redirects[id_]}" for id_ in living.keys() & redirects.keys()]
    for id_ in {*shown, *redirects, *living}:
        way = [id_]
        while way[-1] in redirects and len(way) <= len(redirects) + 1:
            way.append(redirects[way[-1]])
        if len(set(way)) < len(way):
            found.append(f"{id_} leads in a circle: {way[:5]}")
        elif way[-1] not in living:
            found.append(f"{id_} leads to nobody: {way}")
    names = Counter(name for row in living.values() for name in {row["_id"], *row.get("merged", ())})
    return [*found, *(f"{count} contacts are or were {id_}" for id_, count in names.items() if count > 1)]


def homeless(db: Any) -> list[str]:
    """Activities in force that are on no contact's timeline or on several, and contacts that count others."""
    contacts, shown = list(db.contacts.find()), Counter[str]()
    found = []
    for row in db.activities.find({"state": "applied"}):
        holders = [contact["_id"] for contact in contacts if activity_spans.is_of(contact, row)]
        if len(holders) != 1:
            found.append(f"{row['type']} {row['_id']} of {row['stream']} is of {holders}")
        shown.update(() if row.get("derived") else holders)
    return found + [
        f"{contact['_id']} counts {contact.get('activities', 0)} activities and shows {shown[contact['_id']]}"
        for contact in contacts
        if contact.get("activities", 0) != shown[contact["_id"]]
    ]
