"""Subscriptions in a file: what a row says last of each, and when that came to be so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from engine.domain.rulebook import Account
from engine.domain.statuses import moment_of
from engine.errors import ContactSheetsError
from engine.imports.mapping.columns import CHANNELS, Channel
from engine.imports.mapping.values import InvalidValue, Reading, is_blank, read_boolean, read_date
from engine.imports.reading.cells import Cells
from engine.imports.reading.problems import Problem

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
    `source` is where all of a file agreed, if that was stated of the file and not of the row.
    """

    channel: Channel
    state: ConsentState
    at: datetime | None = None
    source: str | None = None

    @property
    def stated(self) -> bool:
        return self.source is not None


@dataclass(frozen=True)
class Statement:
    """That all people of a file agreed to a subscription, when, and where.

    It is the word of whoever imports: it subscribes nobody who unsubscribed, whenever that was.
    A column with a date of each does, if that is newer.
    """

    channel: Channel
    on: date
    source: str


class InvalidStatement(ContactSheetsError):
    """A statement that cannot be made of a file."""


def stated(
    statements: Iterable[Statement], columns: Mapping[str, str], account: Account, *, now: datetime
) -> tuple[Consent, ...]:
    """What is stated of each row of a file.  Raises InvalidStatement."""
    found: dict[Channel, Consent] = {}
    for statement in statements:
        channel, at = statement.channel, moment_of(statement.on, account)
        said_by = [heading for heading, target in columns.items() if target.startswith(channel)]
        if said_by:
            raise InvalidStatement(
                f"the column {said_by[0]!r} says of each who agreed to the {NAMES[channel]}: leave it out, "
                "or state nothing of all"
            )
        if channel in found:
            raise InvalidStatement(f"that all agreed to the {NAMES[channel]} is stated twice")
        if at is None or at > now:
            raise InvalidStatement(f"{statement.on.isoformat()}: nobody agreed in the future")
        if not statement.source.strip():
            raise InvalidStatement(f"say where all agreed to the {NAMES[channel]}, such as: form at the fair")
        found[channel] = Consent(channel, "subscribed", at, statement.source.strip()[:MAX_SOURCE])
    return tuple(found.values())


NAMES: Mapping[Channel, str] = {"newsletter": "newsletter", "sms": "SMS"}

REMEMBERED = 5_000
"""Different things that rows say of subscriptions and that are remembered."""

MAX_SOURCE = 200
"""Characters of where people agreed."""


def said(cell: str) -> ConsentState | None:
    """What a cell says of a subscription, unset if that nothing is known; raise InvalidValue."""
    word = " ".join(cell.replace("_", " ").replace("-", " ").lower().split()) or cell.strip()
    if word in NOTHING_KNOWN or cell.strip() in NOTHING_KNOWN:
        return None
    if word in SUBSCRIBED or word in UNSUBSCRIBED:
        return "subscribed" if word in SUBSCRIBED else "unsubscribed"
    if word in NOT_SUBSCRIBED:
        return "no"
    return "subscribed" if read_boolean(cell) else "no"


class ConsentReader:
    """Reads the subscriptions of one file's rows; none of them lies after `now`.

    `targets` are what the file's columns fill.
    """

    def __init__(
        self,
        readings: Mapping[str, Reading],
        account: Account,
        *,
        now: datetime,
        targets: Iterable[str],
        stated: tuple[Consent, ...] = (),
    ) -> None:
        self._targets = [target for target in targets if target.startswith(CHANNELS)]
        self._readings, self._account, self._now, self._stated = readings, account, now, stated
        self._today = now.astimezone(account.time_zone).date()
        self._known: dict[tuple[str | None, ...], tuple[Consent, ...]] = {}

    def read(self, cells: Cells, problems: list[Problem]) -> tuple[Consent, ...]:
        """What a row says of each subscription; what is wrong with it is added to `problems`.

        What is right is remembered: most rows say what others said.
        """
        asked = tuple(map(cells.of, self._targets))
        known = self._known.get(asked)
        if known is not None:
            return known
        before = len(problems)
        found = self._read(cells, problems)
        if len(problems) == before and len(self._known) < REMEMBERED:
            self._known[asked] = found
        return found

    def _read(self, cells: Cells, problems: list[Problem]) -> tuple[Consent, ...]:
        found = []
        for channel in CHANNELS:
            try:
                consent = self._consent(channel, cells)
            except InvalidValue as error:
                problems.append(Problem(cells.line, "consent", str(error)))
                continue
            if consent is not None:
                found.append(consent)
        return (*found, *self._stated)

    def _consent(self, channel: Channel, cells: Cells) -> Consent | None:
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
        alone = not cells.fills(channel) and began is not None
        return Consent(channel, "subscribed", began) if said == "subscribed" or alone else None

    def _said(self, channel: Channel, cells: Cells) -> ConsentState | None:
        cell = cells.of(channel)
        if cell is None or is_blank(cell):
            return None
        try:
            return said(cell)
        except InvalidValue:
            return "subscribed" if self._yes_or_no(channel, cells) else "no"

    def _yes_or_no(self, target: str, cells: Cells) -> bool:
        cell, heading = cells.of(target) or "", cells.headings[target]
        try:
            return read_boolean(cell)
        except InvalidValue:
            words = "subscribed, unsubscribed, yes, no" if target in CHANNELS else "yes, no"
            raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} is none of {words}") from None

    def _moment(self, target: str, cells: Cells, *, ends: bool) -> datetime | None:
        """When a subscription began or ended.  Of a day alone: its first moment, or its last,
        so that in doubt somebody counts as unsubscribed."""
        cell = cells.of(target)
        if cell is None or is_blank(cell):
            return None
        heading = cells.headings[target]
        reading = self._readings.get(heading, Reading())
        try:
            found = read_date(cell, reading.dates, today=self._today)
        except InvalidValue as error:
            raise InvalidValue(f"{heading}: {error}") from None
        at = self._at_the_end(found) if ends else moment_of(found, self._account)
        if at is None or at > self._now:
            raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} lies in the future")
        return at

    def _at_the_end(self, found: date | datetime) -> datetime | None:
        account = self._account
        if isinstance(found, datetime):
            return moment_of(found, account)
        last = moment_of(datetime.combine(found, time.max), account)
        begun = moment_of(found, account)
        assert last is not None and begun is not None
        whole = last.replace(microsecond=999_000)
        return min(whole, self._now) if begun <= self._now else whole
