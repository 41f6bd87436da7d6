"""The menu of a sheet: copy its link, print it, delete or erase the contact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.ui.browser_component import browser_component
from engine.domain.activities import ContactId

_HTML = (
    '<div class="menu"><button type="button" aria-haspopup="menu" aria-expanded="false" '
    'aria-label="More actions" title="More">⋯</button><div role="menu" hidden></div>'
    '<span role="status"></span></div>'
)

_LOOKING = ({"id": "copy", "label": "Copy link", "tone": ""}, {"id": "print", "label": "Print", "tone": ""})


@dataclass(frozen=True)
class Choice:
    """An item of the menu; `danger` if it removes something."""

    id: str
    label: str
    do: Callable[[], None]
    danger: bool = False


def sheet_menu(contact: ContactId, choices: Sequence[Choice]) -> None:
    """Show the menu: copying the link, printing, and `choices`."""

    def chosen() -> None:
        event = st.session_state["sheet.menu"].get("chosen")
        for choice in choices:
            if event is not None and (event["id"], event["contact"]) == (choice.id, contact):
                choice.do()

    items = [
        *_LOOKING,
        *({"id": c.id, "label": c.label, "tone": "danger" if c.danger else ""} for c in choices),
    ]
    data = {"contact": contact, "items": items}
    browser_component(__file__, "sheet_menu", html=_HTML, elements=True)(
        key="sheet.menu", data=data, width="content", on_chosen_change=chosen
    )
