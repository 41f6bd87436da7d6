"""rfm.yaml: how contacts are scored by recency, frequency and monetary value, and their categories."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from engine.domain.rfm import CODES, CUTS, MEASURES, MONETARY, Measure, RfmCategory, RfmRules
from engine.rules.language.entries import (
    Entry,
    Key,
    Schema,
    choice,
    mapping_of,
    nested,
    optional,
    text,
    whole,
)
from engine.rules.language.nodes import Node
from engine.rules.language.references import ID

_SHOWN = 5
"""Codes that a message names; of more it says how many there are."""

_CUTS: Schema = {"type": "array", "items": {"type": "number"}, "minItems": CUTS, "maxItems": CUTS}
_CODES: Schema = {"type": "array", "items": {"enum": sorted(CODES)}, "minItems": 1, "uniqueItems": True}


def _codes(node: Node, key: str) -> tuple[int, ...]:
    """The codes of a category; those that are none are reported, each at its place."""
    value = node.raw(key)
    if not isinstance(value, list) or not value:
        node.fail(f"`{key}` must be a list of codes, such as [555, 554]", key)
        return ()
    for index, code in enumerate(value):
        if not _is_code(code):
            node.fail_at(f"{code!r} is no code: write three digits from 1 to 5, such as 345", key, index)
        elif code in value[:index]:
            node.fail_at(f"the code {code} stands here twice", key, index)
    return tuple(code for code in value if _is_code(code))


def _is_code(value: object) -> bool:
    return isinstance(value, int) and value in CODES


def _cuts(node: Node, key: str) -> tuple[Decimal, ...] | None:
    """Four ascending numbers; unset for nothing."""
    value = node.raw(key)
    if value is None:
        return None
    numbers = value if isinstance(value, list) else []
    if len(numbers) != CUTS or not all(_is_number(number) for number in numbers):
        node.fail(f"`{key}` must be a list of {CUTS} numbers: the upper ends of all scores but the last", key)
        return None
    cuts = tuple(Decimal(str(number)) for number in numbers)
    for index, (lower, upper) in enumerate(pairwise(cuts), start=1):
        if lower >= upper:
            node.fail_at(f"cut points must ascend: {upper} comes after {lower}", key, index)
    return cuts


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


class CutsEntry(Entry):
    recency = Key("Days since the last order: up to the first it scores 5, above the last 1.", _cuts, _CUTS)
    frequency = Key("Orders: up to the first they score 1, above the last 5.", _cuts, _CUTS)
    monetary = Key("In the account's currency: up to the first it scores 1, above the last 5.", _cuts, _CUTS)


class CategoryEntry(Entry):
    label = optional(text("What people read; without it, the name."))
    suggestion = text("What one might do with these contacts.", default="")
    codes = Key(
        "Scores of recency, frequency and monetary value, as three digits.", _codes, _CODES, required=True
    )


class RfmFile(Entry):
    """RFM"""

    months = optional(whole("How many months of orders count; without it, 24.", least=1))
    monetary = choice(
        "What monetary value is: `average_order` or `spent`.", MONETARY, default=RfmRules.monetary
    )
    cuts = nested("Fixed cut points; a measure without any is scored by quintiles.", CutsEntry)
    categories = mapping_of("The categories, by name; each of the 125 codes is in one.", CategoryEntry)


def read_rfm(file: RfmFile) -> RfmRules | None:
    """The declared RFM; unset for an empty file: no contact is scored then."""
    if not file.node.keys():
        return None
    _check_coverage(file)
    return RfmRules(
        categories={name: _category(name, entry) for name, entry in file.categories.items()},
        months=RfmRules.months if file.months is None else file.months,
        monetary=file.monetary,
        cuts=_declared(file.cuts),
    )


def _category(name: str, entry: CategoryEntry) -> RfmCategory:
    if not ID.fullmatch(name):
        entry.node.fail(f"{name!r} cannot name a category: small letters, digits, - and _, a letter first")
    return RfmCategory(
        id=name,
        label=name.replace("_", " ") if entry.label is None else entry.label,
        suggestion=entry.suggestion.strip(),
        codes=frozenset(entry.codes),
    )


def _declared(entry: CutsEntry | None) -> Mapping[Measure, tuple[Decimal, ...]]:
    found = {} if entry is None else {measure: getattr(entry, measure) for measure in MEASURES}
    return {measure: cuts for measure, cuts in found.items() if cuts is not None}


def _check_coverage(file: RfmFile) -> None:
    """Report codes in two categories, and codes in none."""
    category_of: dict[int, str] = {}
    for name, entry in file.categories.items():
        for code in dict.fromkeys(entry.codes):
            if code in category_of:
                entry.node.fail_item(f"the code {code} is in {category_of[code]!r} already", "codes", code)
            category_of.setdefault(code, name)
    missing = sorted(CODES - category_of.keys())
    if missing:
        named = ", ".join(map(str, missing[:_SHOWN]))
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        file.node.fail(f"no category has the code{'s'[: len(missing) > 1]} {named}{more}", "categories")
