"""The name of a person in one cell, and beside its parts."""

from __future__ import annotations

from collections.abc import Mapping

_SUFFIXES = frozenset(
    {
        "jr", "sr", "ii", "iii", "iv", "phd", "md", "dds", "esq", "mba", "sl", "slu", "sll", "sa", "sau",
        "sc", "inc", "llc", "ltd", "limited", "gmbh", "ag", "srl", "spa", "bv", "nv", "co", "corp",
        "lda", "sarl",
    }
)  # fmt: skip
"""What follows a name after a comma and is no first name, in lower case without points."""


def name_parts(whole: str) -> dict[str, str]:
    """Return the parts of a whole name: `Ana Ruiz`, or `Ruiz, Ana`; without a last name only the first."""
    text = " ".join(whole.split()).strip(", ")
    before, comma, after = (part.strip() for part in text.partition(","))
    if comma and "," not in after and after.lower().replace(".", "") not in _SUFFIXES:
        return {"first_name": after, "last_name": before}
    first, _, last = text.partition(" ")
    return {"first_name": first} | ({"last_name": last} if last else {})


def gaps_filled(parts: Mapping[str, str], whole: Mapping[str, str]) -> dict[str, str]:
    """Return what a whole name (its parts) adds to the parts of a row, which go before it.

    Where one part is missing, it is what the whole name has besides the other one.
    """
    first, last = parts.get("first_name"), parts.get("last_name")
    if first and last:
        return {}
    if not first and not last:
        return dict(whole)
    text = " ".join(whole.values())
    if first and text.casefold().startswith(f"{first.casefold()} "):
        return {"last_name": text[len(first) + 1 :]}
    if last and text.casefold().endswith(f" {last.casefold()}"):
        return {"first_name": text[: -len(last) - 1]}
    return {}
