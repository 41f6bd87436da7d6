"""`lifetime_value` of settings.yaml: the gate and the horizon."""

from datetime import timedelta

import pytest

from engine.domain.lifetime import LifetimeRules
from engine.errors import InvalidRules
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)


def rules(entry):
    return compile_ruleset(SHIPPED | {"settings.yaml": f"lifetime_value: {entry}\n"}).lifetime


def test_the_shipped_values_are_the_defaults_which_hold_without_any():
    assert compile_ruleset(SHIPPED).lifetime == rules("null") == rules("{}") == LifetimeRules()


def test_all_of_it_can_be_declared():
    entry = "{horizon: 26w, discount: 0, customers: 50, history: 90d, last_order: 7d, with_three: 5}"

    assert rules(entry) == LifetimeRules(
        horizon=timedelta(weeks=26),
        yearly_discount=0.0,
        customers=50,
        history=timedelta(days=90),
        last_order=timedelta(days=7),
        with_three=5,
    )


def test_what_makes_no_sense_is_refused_at_its_place():
    with pytest.raises(InvalidRules) as refused:
        rules("{horizon: 1y, discount: -1}")

    assert [str(problem) for problem in refused.value.problems] == [
        "settings.yaml:1:18: `horizon` must be a time such as 30d, 4h or 15m, not '1y'",
        "settings.yaml:1:31: `discount` must be 0 or more",
    ]
