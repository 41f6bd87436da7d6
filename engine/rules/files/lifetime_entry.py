"""`lifetime_value` of settings.yaml: the horizon of lifetime value, its discount, and the data it takes."""

from __future__ import annotations

from engine.domain.lifetime import LifetimeRules
from engine.rules.language.entries import Entry, duration, optional, whole

_DEFAULTS = LifetimeRules()


class LifetimeEntry(Entry):
    horizon = duration("Over what time purchases are expected; without it, 365d.")
    discount = optional(whole("Percent a year by which later purchases count less; without it, 10.", least=0))
    customers = optional(whole("How many customers with purchases it takes; without it, 500.", least=1))
    history = duration("How long ago the first purchase of all has to be; without it, 180d.")
    last_order = duration("Within what time there has to be a purchase; without it, 30d.")
    with_three = optional(
        whole("How many customers with three purchases or more it takes; without it, 10.", least=1)
    )


def read_lifetime(entry: LifetimeEntry | None) -> LifetimeRules:
    """How lifetime value is computed; what is not set has its default."""
    if entry is None:
        return _DEFAULTS
    return LifetimeRules(
        horizon=entry.horizon or _DEFAULTS.horizon,
        yearly_discount=_DEFAULTS.yearly_discount if entry.discount is None else entry.discount / 100,
        customers=_DEFAULTS.customers if entry.customers is None else entry.customers,
        history=entry.history or _DEFAULTS.history,
        last_order=entry.last_order or _DEFAULTS.last_order,
        with_three=_DEFAULTS.with_three if entry.with_three is None else entry.with_three,
    )
