"""What can be done with a sheet as a whole: its link, printing it, deleting or erasing the contact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.components.scripts import built
from engine.core.activities import ContactId

_ASSETS = Path(__file__).parent.parent / "assets"

_LOOKING = ({"id": "copy", "label": "Copy link", "tone": ""}, {"id": "print", "label": "Print", "tone": ""})


@dataclass(frozen=True)
class Choice:
    """Something that the menu offers beside; `danger` for what takes away."""

    id: str
    label: str
    do: Callable[[], None]
    danger: bool = False


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "sheet_menu",
        html='<div class="menu"><button type="button" aria-haspopup="menu" aria-expanded="false" '
        'aria-label="More of this contact" title="More">⋯</button><div role="menu" hidden></div>'
        '<span role="status"></span></div>',
        css=_ASSETS.joinpath("sheet_menu.css").read_text(),
        js=built("sheet_menu"),
    )


def sheet_menu(contact: ContactId, choices: Sequence[Choice]) -> None:
    """Show the menu: copying the link, printing, and `choices`."""

    def chosen() -> None:
        said = st.session_state["sheet.menu"].get("chosen")
        for choice in choices:
            if said is not None and (said["id"], said["contact"]) == (choice.id, contact):
                choice.do()

    items = [
        *_LOOKING,
        *({"id": c.id, "label": c.label, "tone": "danger" if c.danger else ""} for c in choices),
    ]
    data = {"contact": contact, "items": items}
    _component()(key="sheet.menu", data=data, width="content", on_chosen_change=chosen)
