"""The activities that apply the decision on a row.

Their ids follow from the job and the line, so that importing a row again is idempotent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.contacts.editing.edit import Edit
from engine.contacts.editing.edit_activities import own_stream
from engine.contacts.editing.edit_summary import summary
from engine.domain.activities import IMPORT, ORIGIN, Activity, ActivityId
from engine.domain.document import Document
from engine.domain.folding.profile import CLEARED
from engine.domain.identity.identities import Identities, Key, key_kind, key_value, stream_of
from engine.domain.identity.people import contact_id_of
from engine.domain.rulebook import Ruleset
from engine.domain.segments import ADD_TO
from engine.imports.mapping.consents import Consent
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.subscriptions import channel_of
from engine.imports.mapping.suppressions import TARGET
from engine.imports.rows.row_decision import Decision, RowChanges


def parts(settings: ImportSettings) -> tuple[str, ...]:
    """The activities that a row can come to: one for the contact as of now, one for each dated consent.

    They follow from the settings alone, so that those of a topic that is gone are found, too.
    """
    of_columns = (channel_of(target) for target in settings.columns.values())
    stated = (one.channel for one in settings.statements)
    return ("row", *sorted({channel for channel in (*of_columns, *stated) if channel}))


def activity_id(job: str, line: int, part: str) -> ActivityId:
    """Return the id of an activity of a row: the same on every retry."""
    return ActivityId(hashlib.blake2b(f"{job}\n{line}\n{part}".encode(), digest_size=16).hexdigest())


@dataclass(frozen=True)
class RowActivities:
    """Builds the activities of the rows of one import.

    Parameters:
      job: The id of the import's job.
      file: The name of the file, for the timeline.
      author: The name of the user who imports it.
      namespace: The secret by which contact ids are derived.
    """

    job: str
    file: str
    author: str
    ruleset: Ruleset
    namespace: bytes

    def of(self, decision: Decision, *, now: datetime) -> list[Activity]:
        """Return the activities of a row; none if it changes nothing."""
        contact, changes = decision.match.contact, decision.changes
        if contact is None:
            return self._creation(decision.line, changes, now)
        activities = []
        if changes.changes_contact:
            revives = decision.match.revives
            stream = stream_of(None, changes.claimed) if revives else own_stream(contact)
            properties = self._properties(changes) | {"what": self._summary(contact, changes)}
            activities.append(self._row(decision.line, stream, changes, properties, now))
        for consent in changes.dated_consents:
            stream = _stream_at(contact, consent.at or now, self.namespace)
            activities.append(self._dated(decision.line, consent, stream, now, Identities()))
        return activities

    def _creation(self, line: int, changes: RowChanges, now: datetime) -> list[Activity]:
        stream = stream_of(None, changes.claimed)
        consents = [
            self._dated(line, consent, stream, now, changes.claimed) for consent in changes.dated_consents
        ]
        return [self._row(line, stream, changes, self._properties(changes), now), *consents]

    def _row(
        self, line: int, stream: Key, changes: RowChanges, properties: Document, now: datetime
    ) -> Activity:
        """The activity of what changes as of now."""
        return self._activity(
            line,
            "row",
            stream,
            now,
            changes.claimed,
            traits=_traits(changes.values, changes.email_typed),
            properties=properties,
            is_evidence=bool(changes.consents),
        )

    def _dated(
        self, line: int, consent: Consent, stream: Key, now: datetime, identities: Identities
    ) -> Activity:
        """The activity of a consent at its own date."""
        source = self.file if consent.source is None else f"{consent.source} ({self.file})"
        list_, properties = _list_of(consent.channel, self.ruleset)
        return self._activity(
            line,
            consent.channel,
            stream,
            now,
            identities,
            type_=f"{list_}_{consent.state}",
            at=consent.at,
            properties={**properties, "source": source},
            is_evidence=True,
        )

    def _properties(self, changes: RowChanges) -> Document:
        properties: Document = {"file": self.file, "author": self.author, **changes.consents}
        if TARGET in changes.consents:
            properties["reason"] = f"listed in {self.file}"
        if changes.segments:
            properties[ADD_TO] = list(changes.segments)
        if changes.cleared:
            properties[CLEARED] = list(changes.cleared)
        return properties

    def _summary(self, contact: Document, changes: RowChanges) -> list[str]:
        """The changes as text for the timeline."""
        fields: Document = {key_kind(key).contact_field: key_value(key) for key in changes.identities.keys()}
        fields |= {**changes.values, **dict.fromkeys(changes.cleared)}
        return summary(contact, Edit(fields=fields, add_to=changes.segments), self.ruleset)

    def _activity(
        self,
        line: int,
        part: str,
        stream: Key,
        now: datetime,
        identities: Identities,
        *,
        type_: str = "contact_imported",
        at: datetime | None = None,
        traits: Document | None = None,
        properties: Document | None = None,
        is_evidence: bool = False,
    ) -> Activity:
        """One activity; of what is `is_evidence` of a consent its line is kept, too."""
        return Activity(
            id=activity_id(self.job, line, part),
            type=type_,
            stream=stream,
            happened_at=now if at is None else at,
            received_at=now,
            identities=identities,
            traits=traits or {},
            properties=properties or {},
            context={ORIGIN: {"job": self.job, "file": self.file, "line": line}} if is_evidence else {},
            trusted=True,
            ruleset=self.ruleset.version,
            source=IMPORT,
        )


def _traits(values: Mapping[str, Any], email_typed: str | None) -> Document:
    traits = {name.removeprefix("custom."): value for name, value in values.items()}
    return traits | ({"email": email_typed} if email_typed else {})


def _stream_at(contact: Document, at: datetime, namespace: bytes) -> Key:
    """The stream that leads to a contact at an earlier time.

    It is the key that founded the contact, so that it stays the same contact when older activities arrive.
    """
    for span in contact.get("spans", ()):
        is_founding = contact_id_of(span["key"], namespace) == contact["_id"]
        if is_founding and (span.get("until") is None or at < span["until"]):
            return Key(span["key"])
    return own_stream(contact)


def _list_of(channel: str, ruleset: Ruleset) -> tuple[str, Document]:
    """What the types of a subscription's activities begin with, and the property that names a topic."""
    topic = next((topic.id for topic in ruleset.topics.values() if topic.machine == channel), None)
    return (channel, {}) if topic is None else ("topic", {"topic": topic})
