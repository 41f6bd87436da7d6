"""What RFM and the model of lifetime value say of a contact, as it is kept with the contact.

The jobs of `engine.contacts.valuation` own these figures; the fold carries them along.  A change of category
is an activity, so a fold from the start knows each category from when it was reached.  What has no
activity (the first scores of an account, a score that changes within a category, lifetime value) takes
effect in such a fold at the time that the figure itself names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.activities import Activity, ActivityId

RFM_CHANGED = "rfm_changed"
"""The activity by which a contact reaches another category; `to` is unset for none."""


class RfmScore(msgspec.Struct, omit_defaults=True):
    """A contact's scores (1 to 5), their code and category, and the measures that they follow from.

    Parameters:
      last_order(str): The day of the last order within the window.
      orders(int): Orders within the window.
      value(Decimal): Monetary value, in the account's currency.
      as_of(str): The day of the run that last changed any of this.
      run(str): That run.
      since(datetime): When the category was reached.
      month(str): The month in which that was, of the account's time zone.
      month_from(str): The category before that month; unset for none.
      cause(str): The activity by which the category was reached; unset if it was set without one.
    """

    category: str
    code: int
    recency: int
    frequency: int
    monetary: int
    last_order: str
    orders: int
    value: Decimal
    as_of: str
    run: str
    since: datetime
    month: str
    month_from: str | None = None
    cause: ActivityId | None = None


class LifetimeValue(msgspec.Struct, omit_defaults=True):
    """What a contact is expected to buy.

    Parameters:
      value(Decimal): Over the horizon, discounted, in the account's currency.
      purchases(float): Expected over the horizon.
      average(Decimal): The expected value of one of them.
      alive(float): The probability that the contact has not left.
      as_of(str): The day of these figures.
      model(str): The model that they are of.
      at(datetime): When they last changed.
      silent(bool): Whether segments that follow from them are entered without a rule reacting.
    """

    value: Decimal
    purchases: float
    average: Decimal
    alive: float
    as_of: str
    model: str
    at: datetime
    silent: bool = False


class Revaluation(msgspec.Struct, omit_defaults=True):
    """Figures were changed and segments have not been evaluated since; `silent`: no rule reacts to that."""

    at: datetime
    silent: bool = False


Figure = RfmScore | LifetimeValue


@dataclass(frozen=True)
class Valuation:
    """The stored figures of a contact that is folded from the start."""

    rfm: RfmScore | None = None
    clv: LifetimeValue | None = None

    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order of time."""
        present = [figure for figure in (self.rfm, self.clv) if figure is not None]
        return tuple(sorted(present, key=begins))


NO_FIGURES = Valuation()


def begins(figure: Figure) -> datetime:
    """The time from which a figure holds."""
    return figure.since if isinstance(figure, RfmScore) else figure.at


def waits_for_activity(figure: Figure) -> bool:
    """Whether a figure takes effect by an activity, not by time."""
    return isinstance(figure, RfmScore) and figure.cause is not None


def is_silent(figure: Figure) -> bool:
    """Whether no rule reacts to the segments that a figure leads to.  What has an activity never is."""
    return figure.cause is None if isinstance(figure, RfmScore) else figure.silent


def month_of(at: datetime, zone: ZoneInfo) -> str:
    """The month of a moment in a time zone, such as `2026-11`."""
    return at.astimezone(zone).strftime("%Y-%m")


def month_from(before: RfmScore | None, month: str) -> str | None:
    """The category that a contact had before a month, given its present figures."""
    if before is None:
        return None
    return before.month_from if before.month == month else before.category


_CARRIED = (
    "code", "recency", "frequency", "monetary", "last_order", "orders", "value", "as_of", "run",
)  # fmt: skip
"""The figures that the activity carries."""


def reached(before: RfmScore | None, activity: Activity, zone: ZoneInfo) -> RfmScore | None:
    """The figures that a change of category leaves; unset if the contact has none any more."""
    properties = activity.properties
    category = properties.get("to")
    if category is None:
        return None
    month = month_of(activity.happened_at, zone)
    return RfmScore(
        category=category,
        since=activity.happened_at,
        month=month,
        month_from=month_from(before, month),
        cause=activity.id,
        **{name: properties[name] for name in _CARRIED},
    )
