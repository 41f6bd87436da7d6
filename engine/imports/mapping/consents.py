"""Consents in a file: the last state of each subscription that a row gives, and since when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeVar

from engine.domain.rulebook import Account, Ruleset
from engine.errors import Invalid
from engine.imports.mapping.cell_format import CellFormat, InvalidValue
from engine.imports.mapping.cells import Cells
from engine.imports.mapping.dates import end_of, read_date, start_of
from engine.imports.mapping.state_words import (
    ADDRESS_STATES,
    NOT_SUBSCRIBED,
    SUBSCRIBED,
    UNKNOWN,
    UNSUBSCRIBED,
    state_word,
)
from engine.imports.mapping.subscriptions import Subscription, subscription
from engine.imports.mapping.values import read_boolean
from engine.imports.reading.problems import Problem

Found = TypeVar("Found")

ConsentState = Literal["subscribed", "unsubscribed", "no", "bounced", "blocked"]

CACHED = 5_000
"""Different combinations of consent cells whose consents are cached: most rows repeat those of others."""

MAX_SOURCE = 200
"""Characters of the source of a consent."""

MIN_DATE = 6
"""Characters of a date, at least."""

_FURTHEST: Sequence[ConsentState | None] = ("unsubscribed", "no", None, "subscribed")
"""States of a subscription, the furthest from being subscribed first."""


@dataclass(frozen=True)
class Consent:
    """The state of a subscription, or of the email, that a row gives, and since when, if it gives that.

    `channel` is the id of its status.  `no` ends a present subscription; a contact who is not
    subscribed does not become unsubscribed by it.
    `source` is set if the consent was declared for the whole file rather than in the row.
    """

    channel: str
    state: ConsentState
    at: datetime | None = None
    source: str | None = None

    @property
    def of_whole_file(self) -> bool:
        return self.source is not None


@dataclass(frozen=True)
class Statement:
    """The user's declaration that all contacts of a file agreed to a subscription, when, and where.

    It does not subscribe a contact who unsubscribed, whenever that was; a column with a newer date does.
    """

    channel: str
    on: date
    source: str


class InvalidConsent(Invalid):
    """A statement of consent that cannot be made of all contacts of a file."""


def file_consents(
    statements: Iterable[Statement], columns: Mapping[str, str], ruleset: Ruleset, *, now: datetime
) -> tuple[Consent, ...]:
    """Return the consents that statements give each row of a file.  Raises InvalidConsent."""
    found: dict[str, Consent] = {}
    for statement in statements:
        channel, at = statement.channel, start_of(statement.on, ruleset.account)
        known = subscription(channel, ruleset)
        if known is None:
            raise InvalidConsent(f"there is no subscription {channel!r} any more: leave out the opt-in to it")
        named = [heading for heading, target in columns.items() if target in known.targets]
        if named:
            raise InvalidConsent(
                f"the column {named[0]!r} has the opt-in of each contact to {known.name}: leave out the "
                "column or the opt-in of everyone"
            )
        if channel in found:
            raise InvalidConsent(f"the opt-in of everyone to {known.name} is given twice")
        if at is None or at > now:
            raise InvalidConsent(f"{statement.on.isoformat()}: the opt-in date is in the future")
        if not statement.source.strip():
            raise InvalidConsent(f"enter where everyone opted in to {known.name}, such as: form at the fair")
        found[channel] = Consent(channel, "subscribed", at, statement.source.strip()[:MAX_SOURCE])
    return tuple(found.values())


def read_state(cell: str) -> ConsentState | None:
    """Read the state of a subscription; None if it is unknown.  Raises InvalidValue."""
    word = state_word(cell)
    if word in UNKNOWN or word in ADDRESS_STATES:
        return None
    if word in SUBSCRIBED or word in UNSUBSCRIBED:
        return "subscribed" if word in SUBSCRIBED else "unsubscribed"
    if word in NOT_SUBSCRIBED:
        return "no"
    return "subscribed" if read_boolean(cell) else "no"


def read_opt_out(cell: str) -> bool:
    """Read whether a contact has opted out: yes or no, or a state of the subscription.

    Raises InvalidValue.
    """
    word = state_word(cell)
    if word in UNSUBSCRIBED or word in ADDRESS_STATES:
        return True
    if word in SUBSCRIBED or word in NOT_SUBSCRIBED or word in UNKNOWN or word == "allow":
        return False
    return read_boolean(cell)


def _readable(read: Callable[[], Found | None]) -> Found | None:
    """What is read; None if it cannot be."""
    try:
        return read()
    except InvalidValue:
        return None


class ConsentReader:
    """Reads the consents of the rows of one file.

    Parameters:
      formats: The notation of ambiguous columns, by heading.
      now: No consent may be later.
      subscriptions: Those that a row can tell of.
      targets: The targets of the file's columns.
      of_file: The consents of all rows (see `file_consents`).
    """

    def __init__(
        self,
        formats: Mapping[str, CellFormat],
        account: Account,
        *,
        now: datetime,
        subscriptions: Sequence[Subscription],
        targets: Collection[str],
        of_file: tuple[Consent, ...] = (),
    ) -> None:
        self._channels = [one.id for one in subscriptions if not one.targets.keys().isdisjoint(targets)]
        self._targets = [target for one in subscriptions for target in one.targets if target in targets]
        self._formats, self._account, self._now, self._of_file = formats, account, now, of_file
        self._today = now.astimezone(account.time_zone).date()
        self._cache: dict[tuple[str | None, ...], tuple[Consent, ...]] = {}

    def read(self, cells: Cells, problems: list[Problem]) -> tuple[Consent, ...]:
        """Return the consents of a row; adds to `problems`."""
        key = tuple(cells.under(heading) for target in self._targets for heading in cells.columns[target])
        cached = self._cache.get(key)
        if cached is not None:
            return cached
        before = len(problems)
        found = self._read(cells, problems)
        if len(problems) == before and len(self._cache) < CACHED:
            self._cache[key] = found
        return found

    def _read(self, cells: Cells, problems: list[Problem]) -> tuple[Consent, ...]:
        found = []
        for channel in self._channels:
            try:
                consent = self._consent(channel, cells)
            except InvalidValue as error:
                problems.append(Problem(cells.line, "consent", str(error)))
                consent = self._end(channel, cells)
            if consent is not None:
                found.append(consent)
        return (*found, *self._of_file)

    def _consent(self, channel: str, cells: Cells) -> Consent | None:
        """The last state of a subscription in a row; in doubt, that it has ended."""
        began = self._moment(f"{channel}_at", cells, ends=False)
        ended = self._moment(f"{channel}_ended_at", cells, ends=True)
        state = self._state(channel, cells)
        if self._opted_out(channel, cells):
            return Consent(channel, "unsubscribed", ended)
        if ended is not None and (began is None or ended >= began):
            return Consent(channel, "unsubscribed", ended)
        if state == "unsubscribed":
            return Consent(channel, "unsubscribed")
        if state == "no":
            return Consent(channel, "no")
        date_alone = not cells.fills(channel) and began is not None
        return Consent(channel, "subscribed", began) if state == "subscribed" or date_alone else None

    def _end(self, channel: str, cells: Cells) -> Consent | None:
        """The end of a subscription that a row gives, though one of its other cells cannot be read."""
        state = _readable(lambda: self._state(channel, cells))
        ended = _readable(lambda: self._moment(f"{channel}_ended_at", cells, ends=True))
        opted_out = _readable(lambda: self._opted_out(channel, cells))
        if opted_out or ended is not None or state == "unsubscribed":
            return Consent(channel, "unsubscribed", ended)
        return Consent(channel, "no") if state == "no" else None

    def _state(self, channel: str, cells: Cells) -> ConsentState | None:
        """The state by all columns that give it: the one that is furthest from being subscribed."""
        found = [self._state_of(*one) for one in cells.all_of(channel)]
        return min(found, key=_FURTHEST.index) if found else None

    def _state_of(self, heading: str, cell: str) -> ConsentState | None:
        try:
            return read_state(cell)
        except InvalidValue:
            raise _unreadable(heading, cell, "subscribed, unsubscribed, yes, no") from None

    def _opted_out(self, channel: str, cells: Cells) -> bool:
        """Whether any of the columns of opt-outs has one; a readable yes counts whatever the others say."""
        unreadable = None
        for heading, cell in cells.all_of(f"{channel}_out"):
            try:
                if read_opt_out(cell) or self._is_day(cell, heading):
                    return True
            except InvalidValue:
                if self._is_day(cell, heading):
                    return True
                unreadable = _unreadable(heading, cell, "yes, no")
        if unreadable is not None:
            raise unreadable
        return False

    def _is_day(self, cell: str, heading: str) -> bool:
        """Whether a cell is the day of an opt-out, instead of a yes."""
        if len(cell.strip()) < MIN_DATE:
            return False
        dates = self._formats.get(heading, CellFormat()).dates or "dmy"
        return _readable(lambda: read_date(cell, dates, today=self._today)) is not None

    def _moment(self, target: str, cells: Cells, *, ends: bool) -> datetime | None:
        """The time at which a subscription began or ended; of several ends the last."""
        moments = [self._moment_of(*one, ends=ends) for one in cells.all_of(target)]
        return max(moments, default=None)

    def _moment_of(self, heading: str, cell: str, *, ends: bool) -> datetime:
        """The moment of a cell.

        Of a day alone it is the first moment, or the last, so that in doubt the contact is unsubscribed.
        """
        format_ = self._formats.get(heading, CellFormat())
        try:
            found = read_date(cell, format_.dates, today=self._today)
        except InvalidValue as error:
            raise InvalidValue(f"{heading}: {error}") from None
        at = end_of(found, self._account, now=self._now) if ends else start_of(found, self._account)
        if at is None or at > self._now:
            raise InvalidValue(f"{heading}: {cell.strip()[:40]!r} is in the future")
        return at


def _unreadable(heading: str, cell: str, words: str) -> InvalidValue:
    return InvalidValue(f"{heading}: {cell.strip()[:40]!r} is none of {words}")
