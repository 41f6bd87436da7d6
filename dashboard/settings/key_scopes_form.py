"""The scopes of a secret key: their field in a form, and how they read."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from engine.accounts.scopes import GRANTED, Scope, in_order


def fields(key: str, scopes: Collection[Scope]) -> list[Scope]:
    """Ask for scopes inside a form, beginning with some."""
    return st.multiselect(
        "Scopes: what the key can do",
        list(Scope),
        default=in_order(scopes),
        format_func=_label,
        help="Choose as few as your system needs. A key that only reads sees what a viewer sees.",
        key=key,
    )


def in_words(scopes: Collection[Scope]) -> str:
    """The scopes in one line."""
    return "Can " + "; ".join(GRANTED[scope].label for scope in in_order(scopes))


def _label(scope: Scope) -> str:
    label = GRANTED[scope].label
    return label[:1].upper() + label[1:]
