"""A condition as a form, for the simple cases: a few comparisons that all or any must hold."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core.fields import CUSTOM, FIELDS, STATES
from engine.core.rulebook import Ruleset
from engine.rules.operators import OPERATORS

_OPERATORS = {
    "number": ("gte", "lte", "eq", "ne"),
    "money": ("gte", "lte"),
    "text": ("eq", "contains", "starts_with", "exists"),
    "state": ("eq", "ne"),
    "date": ("within", "before", "after", "exists"),
    "day": ("before", "after", "exists"),
    "boolean": ("eq",),
    "list": ("has",),
}
_CUSTOM_TYPES = {"date": "day"}
_DAYS = 7


def condition_form(ruleset: Ruleset, *, key: str) -> dict[str, Any] | None:
    """Ask for comparisons; the condition as it would stand in YAML, unset while it is not complete."""
    labels = _labels(ruleset)
    every = st.radio(
        "Who belongs to it", ["all", "any"], key=f"{key}.every", horizontal=True,
        format_func={"all": "who meets all of these", "any": "who meets any of these"}.__getitem__,
    )  # fmt: skip
    count = st.session_state.setdefault(f"{key}.count", 1)
    parts = [_comparison(ruleset, labels, key=f"{key}.{number}") for number in range(count)]
    did = _did(ruleset, key=f"{key}.did")
    with st.container(horizontal=True):
        st.button(
            "Add a comparison",
            icon=":material/add:",
            key=f"{key}.more",
            on_click=_change,
            args=(f"{key}.count", 1),
        )
        if count > 1:
            st.button(
                "Remove the last",
                icon=":material/remove:",
                key=f"{key}.less",
                on_click=_change,
                args=(f"{key}.count", -1),
            )
    found = [part for part in [*parts, did] if part is not None]
    if not found or None in parts:
        return None
    return found[0] if len(found) == 1 else {every: found}


def _change(key: str, by: int) -> None:
    st.session_state[key] += by


def _labels(ruleset: Ruleset) -> dict[str, str]:
    known = {f"contact.{name}": field.label for name, field in FIELDS.items()}
    custom = {f"contact.{CUSTOM}{name}": field.label for name, field in ruleset.fields.items()}
    return known | custom


def _comparison(ruleset: Ruleset, labels: dict[str, str], *, key: str) -> dict[str, Any] | None:
    field, how, what = st.columns([3, 2, 3])
    path = field.selectbox(
        "Field",
        list(labels),
        format_func=labels.__getitem__,
        key=f"{key}.field",
        index=list(labels).index("contact.points"),
        label_visibility="collapsed",
    )
    type_ = _type(path, ruleset)
    operator = how.selectbox(
        "Is",
        _OPERATORS[type_],
        format_func=lambda name: OPERATORS[name].phrase,
        key=f"{key}.{type_}.how",
        label_visibility="collapsed",
    )
    with what:
        value = _value(path, type_, operator, ruleset, key=f"{key}.{path}.{operator}")
    return None if value is None else {path: {operator: value}}


def _type(path: str, ruleset: Ruleset) -> str:
    name = path.removeprefix("contact.")
    if name.startswith(CUSTOM):
        kind = ruleset.fields[name.removeprefix(CUSTOM)].type
        return _CUSTOM_TYPES.get(kind, kind)
    return FIELDS[name].type


def _value(path: str, type_: str, operator: str, ruleset: Ruleset, *, key: str) -> Any:
    if operator == "exists":
        return st.selectbox(
            "Value",
            [True, False],
            format_func={True: "is known", False: "is unknown"}.__getitem__,
            key=key,
            label_visibility="collapsed",
        )
    if operator == "within":
        days = st.number_input(
            "Days", min_value=1, max_value=3_650, value=_DAYS, key=key, label_visibility="collapsed"
        )
        return f"{int(days)}d"
    if type_ in ("number", "money"):
        number = st.number_input("Value", value=10, key=key, step=1, label_visibility="collapsed")
        return int(number)
    if type_ in ("date", "day"):
        chosen = st.date_input("Day", key=key, label_visibility="collapsed")
        return chosen.isoformat() if chosen else None
    if type_ == "boolean":
        return st.selectbox(
            "Value",
            [True, False],
            format_func={True: "yes", False: "no"}.__getitem__,
            key=key,
            label_visibility="collapsed",
        )
    choices = _choices(path.removeprefix("contact."), ruleset)
    if choices:
        return st.selectbox(
            "Value", list(choices), format_func=choices.__getitem__, key=key, label_visibility="collapsed"
        )
    text: str = st.text_input("Value", key=key, label_visibility="collapsed")
    return text.strip() or None


def _choices(name: str, ruleset: Ruleset) -> dict[str, str]:
    if name == "segments":
        return {segment.id: segment.name for segment in ruleset.segments.values()}
    if name in STATES:
        return {state: state for state in STATES[name]}
    machine = ruleset.machines.get(name)
    return {} if machine is None else dict(machine.states)


def _did(ruleset: Ruleset, *, key: str) -> dict[str, Any] | None:
    if not st.checkbox("and what it did, or did not do", key=f"{key}.on"):
        return None
    verb, what, times, days = st.columns([2, 3, 2, 2])
    way = verb.selectbox(
        "Way",
        ["did", "did_not"],
        format_func={"did": "did", "did_not": "did not"}.__getitem__,
        key=f"{key}.way",
    )
    types = ruleset.catalog.types()
    activity = what.selectbox(
        "Activity",
        types,
        format_func=ruleset.catalog.label,
        key=f"{key}.what",
        index=types.index("product_visited"),
    )
    least = times.number_input(
        "Times at least", min_value=1, max_value=1_000, value=1, key=f"{key}.times", disabled=way == "did_not"
    )
    within = days.number_input("Within days", min_value=1, max_value=3_650, value=_DAYS, key=f"{key}.days")
    asked: dict[str, Any] = {"activity": activity, "within": f"{int(within)}d"}
    return {way: asked if way == "did_not" else {**asked, "times": {"gte": int(least)}}}
