"""A form for simple conditions: rows of which all or any must be met."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from dashboard.running_instance import today
from dashboard.segments import condition_rows as rows
from dashboard.segments.condition_rows import ActivityCondition, Comparison, Offer, Offers, Part, Simple
from dashboard.ui.field_inputs import day_input
from engine.domain.rulebook import Ruleset
from engine.rules.conditions.operators import OPERATORS

_DID, _DID_NOT = "did", "did_not"
_ACTIVITY = {_DID: "Has done", _DID_NOT: "Has not done"}
_FIRST = Comparison("contact.points", "gte", 10)
_DAYS = 30
_MORE: Mapping[str, Part] = {
    "Add property condition": _FIRST,
    "Add activity condition": ActivityCondition("order_completed", days=_DAYS),
}
_ANY = ""
"""The choice of no property filter."""


def begin(simple: Simple | None, *, key: str) -> None:
    """Reset the form to a condition, or to a first row."""
    for name in [name for name in st.session_state if str(name).startswith(f"{key}.")]:
        del st.session_state[name]
    parts = simple.parts if simple is not None else (_FIRST,)
    st.session_state[f"{key}.rows"] = dict(enumerate(parts))
    st.session_state[f"{key}.every"] = simple.every if simple is not None else "all"


def condition_form(ruleset: Ruleset, *, key: str) -> dict[str, Any] | None:
    """Ask for rows; return the condition as in YAML, unset while a row is incomplete."""
    if f"{key}.rows" not in st.session_state:
        begin(None, key=key)
    known: dict[int, Part] = st.session_state[f"{key}.rows"]
    st.radio(
        "Contacts must meet", ["all", "any"], key=f"{key}.every", horizontal=True,
        format_func={"all": "all of these conditions", "any": "any of these conditions"}.__getitem__,
    )  # fmt: skip
    offers = rows.of_contacts(ruleset)
    found = [
        _row(part, ruleset, offers, key=f"{key}.{number}", of=known, number=number)
        for number, part in list(known.items())
    ]
    with st.container(horizontal=True):
        for what, part in _MORE.items():
            st.button(
                what, icon=":material/add:", key=f"{key}.more.{what}", on_click=_add, args=(known, part)
            )
    parts = [part for part in found if part is not None]
    if len(parts) < len(found):
        return None
    return rows.written(Simple(st.session_state[f"{key}.every"], tuple(parts)))


def _add(known: dict[int, Part], part: Part) -> None:
    known[max(known, default=0) + 1] = part


def _take_away(known: dict[int, Part], number: int) -> None:
    known.pop(number, None)


def _row(
    part: Part, ruleset: Ruleset, offers: Offers, *, key: str, of: dict[int, Part], number: int
) -> Part | None:
    """One row; `part` is its initial value."""
    kinds = [*_ACTIVITY, *offers]
    with st.container(border=True, key=f"{key}.row"):
        first, rest = st.columns([5, 7], vertical_alignment="center")
        with first.container(horizontal=True, vertical_alignment="center"):
            if len(of) > 1:
                st.button(
                    "Remove condition", icon=":material/close:", key=f"{key}.away", type="tertiary",
                    on_click=_take_away, args=(of, number),
                )  # fmt: skip
            kind = st.selectbox(
                "What", kinds, format_func=lambda k: _ACTIVITY.get(k) or offers[k].label, key=f"{key}.kind",
                index=kinds.index(_kind(part)), label_visibility="collapsed",
            )  # fmt: skip
        if kind in _ACTIVITY:
            activity = (
                part
                if isinstance(part, ActivityCondition)
                else ActivityCondition("order_completed", days=_DAYS)
            )
            return _activity_form(activity, ruleset, done=kind == _DID, beside=rest, key=key)
        before = part if isinstance(part, Comparison) and part.path == kind else None
        with rest:
            return _comparison(kind, offers[kind], before, key=f"{key}.{kind}")


def _kind(part: Part) -> str:
    if isinstance(part, Comparison):
        return part.path
    return _DID if part.done else _DID_NOT


# What was done


def _activity_form(
    before: ActivityCondition, ruleset: Ruleset, *, done: bool, beside: Any, key: str
) -> ActivityCondition | None:
    types = ruleset.catalog.types()
    activity = beside.selectbox(
        "Activity", types, format_func=ruleset.catalog.label, key=f"{key}.activity",
        index=types.index(before.activity), label_visibility="collapsed",
    )  # fmt: skip
    where, often, recent = st.columns([4, 4, 4])
    # A number input with a default cannot be cleared, and an empty one means any time.
    st.session_state.setdefault(f"{key}.days", before.days)
    days = recent.number_input(
        "In the last … days",
        min_value=1,
        max_value=3_650,
        value=None,
        key=f"{key}.days",
        placeholder="any time",
    )
    times = often.number_input(
        "At least … times", min_value=1, max_value=1_000, value=before.times if done else 1,
        key=f"{key}.times.{done}", disabled=not done,
    )  # fmt: skip
    complete, of_which = _where(before, activity, ruleset, beside=where, key=f"{key}.{activity}")
    return (
        ActivityCondition(activity, done, int(times), None if days is None else int(days), of_which)
        if complete
        else None
    )


def _where(
    before: ActivityCondition, activity: str, ruleset: Ruleset, *, beside: Any, key: str
) -> tuple[bool, Comparison | None]:
    """Ask for a property of the activities; return whether that is complete, and the comparison if any."""
    offers = rows.of_activity(activity, ruleset)
    asked = before.where if before.activity == activity else None
    paths = [_ANY, *offers]
    path = beside.selectbox(
        "Where", paths, format_func=lambda p: offers[p].label if p else "no filter",
        key=f"{key}.where", index=paths.index(asked.path) if asked is not None else 0, disabled=not offers,
    )  # fmt: skip
    if not path:
        return True, None
    before_this = asked if asked is not None and asked.path == path else None
    found = _comparison(path, offers[path], before_this, key=f"{key}.{path}")
    return found is not None, found


# Comparisons


def _comparison(path: str, offer: Offer, before: Comparison | None, *, key: str) -> Comparison | None:
    how, what = st.columns([5, 7])
    operators = rows.OPERATORS[offer.type]
    operator = how.selectbox(
        "Is", operators, format_func=lambda name: OPERATORS[name].phrase, key=f"{key}.how",
        index=operators.index(before.operator) if before is not None else 0, label_visibility="collapsed",
    )  # fmt: skip
    was = before.value if before is not None and before.operator == operator else None
    with what:
        value = _value(offer, operator, was, key=f"{key}.{operator}")
    return None if value is None else Comparison(path, operator, value)


def _value(offer: Offer, operator: str, was: Any, *, key: str) -> Any:
    if operator == "exists":
        return _one_of({True: "is known", False: "is unknown"}, was, key=key)
    if OPERATORS[operator].timed:
        days = _DAYS if was is None else int(was.removesuffix("d"))
        within = st.number_input(
            "Days", min_value=1, max_value=3_650, value=days, key=key, label_visibility="collapsed"
        )
        return f"{int(within)}d"
    if offer.type in ("number", "money"):
        return _number(was, key=key)
    if offer.type in ("date", "day"):
        return _day(was, key=key)
    if offer.type == "boolean":
        return _one_of({True: "yes", False: "no"}, was, key=key)
    if offer.choices:
        return _one_of(offer.choices, was, key=key)
    text = st.text_input(
        "Value", value=was or "", key=key, label_visibility="collapsed", placeholder="Exact value"
    )
    return text.strip() or None


def _day(was: Any, *, key: str) -> str | None:
    st.session_state.setdefault(key, today() if was is None else date.fromisoformat(str(was)))
    chosen = day_input("Day", key=key, label_visibility="collapsed")
    return None if chosen is None else chosen.isoformat()


def _number(was: Any, *, key: str) -> int | float:
    number = float(
        st.number_input(
            "Value", value=10.0 if was is None else float(was), key=key, step=1.0, format="%g",
            label_visibility="collapsed",
        )
    )  # fmt: skip
    return int(number) if number.is_integer() else number


def _one_of(choices: Mapping[Any, str], was: Any, *, key: str) -> Any:
    values = list(choices)
    return st.selectbox(
        "Value", values, format_func=choices.__getitem__, key=key, label_visibility="collapsed",
        index=values.index(was) if was in values else 0,
    )  # fmt: skip
