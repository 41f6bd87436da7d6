"""What a row of a file wants of a contact: its cells, each as it is kept, or why they cannot be.

Nothing is looked up here: that is `deciding`, which knows the contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from engine.core.activities import Identities, Key
from engine.core.fields import CUSTOM
from engine.core.identities import normalise_email, normalise_external_id, normalise_phone
from engine.core.rulebook import Ruleset
from engine.core.statuses import moment_of
from engine.errors import ContactSheetsError, InvalidIdentity
from engine.transfer.columns import CHANNELS, IDENTITIES, SEGMENTS, Channel
from engine.transfer.problems import Problem
from engine.transfer.reading import Row
from engine.transfer.settings import Settings
from engine.transfer.values import (
    InvalidValue,
    Reading,
    field_value,
    is_blank,
    option,
    read_boolean,
    read_date,
    read_list,
    read_phone,
    unharmed,
)

ConsentState = Literal["subscribed", "unsubscribed", "no"]

SUBSCRIBED = frozenset(
    {
        "subscribed", "subscriber", "opted in", "opt in", "optin", "confirmed", "active", "accepted",
        "granted", "suscrito", "suscrita", "alta", "activo", "activa", "aceptado", "acepta", "confirmado",
    }
)  # fmt: skip
UNSUBSCRIBED = frozenset(
    {
        "unsubscribed", "opted out", "opt out", "optout", "revoked", "baja", "dado de baja", "dada de baja",
        "desuscrito", "desuscrita", "cancelado",
    }
)  # fmt: skip
NOT_SUBSCRIBED = frozenset({"not subscribed", "no suscrito", "no suscrita", "no acepta", "declined"})
NOTHING_KNOWN = frozenset(
    {
        "none", "never subscribed", "never", "pending", "unconfirmed", "unknown", "null", "n/a", "-", "nunca",
        "ninguno", "ninguna", "pendiente", "cleaned", "bounced", "invalid", "redacted",
    }
)  # fmt: skip
"""What tools and people write of a subscription, in lower case; yes and no count, too."""


@dataclass(frozen=True)
class Consent:
    """What a row says of a subscription, and when it came to be so, if it says that.

    `no` ends a subscription that there is, and says of nobody else that they unsubscribed.
    """

    channel: Channel
    state: ConsentState
    at: datetime | None = None


@dataclass(frozen=True)
class Wanted:
    """What a row wants of the contact that it names.

    `values` are by the names of fields (`custom.…` for the shop's own), each as it is kept;
    `emptied` names those that are to have none.  `notes` are problems that refuse nothing.
    """

    line: int
    identities: Identities
    email_typed: str | None
    values: Mapping[str, Any]
    emptied: tuple[str, ...]
    consents: tuple[Consent, ...]
    segments: tuple[str, ...]
    notes: tuple[Problem, ...] = ()

    @property
    def keys(self) -> list[Key]:
        return self.identities.keys()


class RefusedRow(ContactSheetsError):
    """A row that does not go in, with all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in problems))


class Reader:
    """Reads the rows of one file as they were settled.

    `now` is the present: no consent lies after it.
    """

    def __init__(
        self, headings: Sequence[str], settings: Settings, ruleset: Ruleset, *, now: datetime
    ) -> None:
        self._places = {heading: number for number, heading in enumerate(headings)}
        self._ruleset, self._now = ruleset, now
        self._today = now.astimezone(ruleset.account.time_zone).date()
        self._settings = settings
        self._headings = {target: heading for heading, target in settings.columns.items()}
        self._fields = [
            (heading, target)
            for heading, target in settings.columns.items()
            if target in ("first_name", "last_name", "name", "birth_date") or target.startswith(CUSTOM)
        ]
        self._statics = _static_segments(ruleset)

    def read(self, row: Row) -> Wanted:
        """What a row wants; raise RefusedRow with all that is wrong with it."""
        if row.problem is not None and row.problem.refuses:
            raise RefusedRow([row.problem])
        problems: list[Problem] = []
        cells = _Cells(row, self._places, self._headings)
        identities = self._identities(cells, problems)
        values, emptied = self._values(cells, problems)
        consents = self._consents(cells, problems)
        segments = self._segments(cells, problems)
        if problems:
            raise RefusedRow(problems)
        if not identities:
            labels = " or ".join(self._headings[name] for name in IDENTITIES if name in self._headings)
            raise RefusedRow([Problem(row.line, "identity", f"the row names nobody: {labels} is needed")])
        typed = unharmed(cells.of("email") or "").strip() if identities.email else None
        notes = () if row.problem is None else (row.problem,)
        return Wanted(row.line, identities, typed, values, emptied, consents, segments, notes)

    def _identities(self, cells: _Cells, problems: list[Problem]) -> Identities:
        found: dict[str, str] = {}
        for name in IDENTITIES:
            cell = cells.of(name)
            if cell is None or is_blank(cell, identity=True):
                continue
            typed = unharmed(cell.strip())
            try:
                found["phone" if name == "mobile_phone" else name] = self._normalised(name, typed)
            except InvalidIdentity as error:
                problems.append(cells.problem(_KIND[name], name, error.reason))
            except InvalidValue as error:
                problems.append(cells.problem(_KIND[name], name, str(error)))
        return Identities(**found)

    def _normalised(self, name: str, typed: str) -> str:
        if name == "email":
            return normalise_email(typed)
        if name == "mobile_phone":
            return normalise_phone(read_phone(typed), region=self._ruleset.account.default_region)
        return normalise_external_id(typed)

    def _values(self, cells: _Cells, problems: list[Problem]) -> tuple[dict[str, Any], tuple[str, ...]]:
        values: dict[str, Any] = {}
        emptied = []
        for heading, target in self._fields:
            cell = cells.under(heading)
            if cell is None:
                continue
            if is_blank(cell):
                if heading in self._settings.clear:
                    emptied += ["first_name", "last_name"] if target == "name" else [target]
                continue
            reading = self._settings.readings.get(heading, Reading())
            try:
                values |= self._value(target, unharmed(cell), reading)
            except InvalidValue as error:
                kind = "option" if "is not offered" in str(error) else "value"
                problems.append(Problem(cells.line, kind, f"{heading}: {error}", heading))
        return values, tuple(emptied)

    def _value(self, target: str, cell: str, reading: Reading) -> dict[str, Any]:
        if target == "name":
            first, _, last = " ".join(cell.split()).partition(" ")
            return {"first_name": first} | ({"last_name": last} if last else {})
        declared = (
            self._ruleset.fields.get(target.removeprefix(CUSTOM)) if target.startswith(CUSTOM) else None
        )
        type_ = "date" if target == "birth_date" else "text" if declared is None else declared.type
        kept = field_value(cell, type_, reading, today=self._today)
        return {target: kept if declared is None else option(kept, declared)}

    # Subscriptions

    def _consents(self, cells: _Cells, problems: list[Problem]) -> tuple[Consent, ...]:
        found = []
        for channel in CHANNELS:
            try:
                consent = self._consent(channel, cells)
            except InvalidValue as error:
                problems.append(Problem(cells.line, "consent", str(error)))
                continue
            if consent is not None:
                found.append(consent)
        return tuple(found)

    def _consent(self, channel: Channel, cells: _Cells) -> Consent | None:
        """The last thing that a row says of a subscription; in doubt, that it has ended."""
        began = self._moment(f"{channel}_at", cells, ends=False)
        ended = self._moment(f"{channel}_ended_at", cells, ends=True)
        said = self._said(channel, cells)
        out = cells.of(f"{channel}_out")
        if not is_blank(out) and self._yes_or_no(f"{channel}_out", cells):
            return Consent(channel, "unsubscribed", ended)
        if ended is not None and (began is None or ended >= began):
            return Consent(channel, "unsubscribed", ended)
        if said == "unsubscribed":
            return Consent(channel, "unsubscribed")
        if said == "no":
            return Consent(channel, "no")
        alone = channel not in self._headings and began is not None
        return Consent(channel, "subscribed", began) if said == "subscribed" or alone else None

    def _said(self, channel: Channel, cells: _Cells) -> ConsentState | None:
        cell = cells.of(channel)
        if cell is None or is_blank(cell):
            return None
        word = " ".join(cell.replace("_", " ").replace("-", " ").lower().split()) or cell.strip()
        if word in NOTHING_KNOWN or cell.strip() in NOTHING_KNOWN:
            return None
        if word in SUBSCRIBED or word in UNSUBSCRIBED:
            return "subscribed" if word in SUBSCRIBED else "unsubscribed"
        if word in NOT_SUBSCRIBED:
            return "no"
        return "subscribed" if self._yes_or_no(channel, cells) else "no"

    def _yes_or_no(self, target: str, cells: _Cells) -> bool:
        cell, heading = cells.of(target) or "", self._headings[target]
        try:
            return read_boolean(cell)
        except InvalidValue:
            words = "subscribed, unsubscribed, yes, no" if target in CHANNELS else "yes, no"
            raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} is none of {words}") from None

    def _moment(self, target: str, cells: _Cells, *, ends: bool) -> datetime | None:
        """When a subscription began or ended.  Of a day alone: its first moment, or its last,
        so that in doubt somebody counts as unsubscribed."""
        cell = cells.of(target)
        if cell is None or is_blank(cell):
            return None
        heading = self._headings[target]
        reading = self._settings.readings.get(heading, Reading())
        try:
            found = read_date(cell, reading.dates, today=self._today)
        except InvalidValue as error:
            raise InvalidValue(f"{heading}: {error}") from None
        at = self._at_the_end(found) if ends else moment_of(found, self._ruleset.account)
        if at is None or at > self._now:
            raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} lies in the future")
        return at

    def _at_the_end(self, found: date | datetime) -> datetime | None:
        account = self._ruleset.account
        if isinstance(found, datetime):
            return moment_of(found, account)
        last = moment_of(datetime.combine(found, time.max), account)
        begun = moment_of(found, account)
        assert last is not None and begun is not None
        whole = last.replace(microsecond=999_000)
        return min(whole, self._now) if begun <= self._now else whole

    # Segments

    def _segments(self, cells: _Cells, problems: list[Problem]) -> tuple[str, ...]:
        found = [self._settings.segment] if self._settings.segment else []
        cell = cells.of(SEGMENTS)
        for name in () if cell is None or is_blank(cell) else read_list(unharmed(cell)):
            segment = self._statics.get(name.strip().lower())
            if segment is None:
                problems.append(cells.problem("segment", SEGMENTS, f"{name[:80]!r} is no static segment"))
            else:
                found.append(segment)
        return tuple(dict.fromkeys(found))


_KIND = {"external_id": "external_id", "email": "email", "mobile_phone": "phone"}


@dataclass(frozen=True)
class _Cells:
    """The cells of a row, by what they fill."""

    row: Row
    places: Mapping[str, int]
    headings: Mapping[str, str]

    @property
    def line(self) -> int:
        return self.row.line

    def under(self, heading: str) -> str | None:
        place = self.places[heading]
        return self.row.cells[place] if place < len(self.row.cells) else None

    def of(self, target: str) -> str | None:
        heading = self.headings.get(target)
        return None if heading is None else self.under(heading)

    def problem(self, kind: str, target: str, message: str) -> Problem:
        heading = self.headings[target]
        return Problem(self.line, kind, f"{heading}: {message}", heading)


def _static_segments(ruleset: Ruleset) -> dict[str, str]:
    """The static segments, by id and by name in lower case."""
    static = [segment for segment in ruleset.segments.values() if not segment.dynamic]
    return {segment.name.lower(): segment.id for segment in static} | {s.id: s.id for s in static}
