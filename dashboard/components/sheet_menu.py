"""What can be done with a sheet as a whole: its link, printing it, deleting the contact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from engine.core.activities import ContactId

_ASSETS = Path(__file__).parent.parent / "assets"

_LOOKING = ({"id": "copy", "label": "Copy link", "tone": ""}, {"id": "print", "label": "Print", "tone": ""})
_DELETING = {"id": "delete", "label": "Delete contact…", "tone": "danger"}


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "sheet_menu",
        html='<div class="menu"><button type="button" aria-haspopup="menu" aria-expanded="false" '
        'aria-label="More of this contact" title="More">⋯</button><div role="menu" hidden></div>'
        '<span role="status"></span></div>',
        css=_ASSETS.joinpath("sheet_menu.css").read_text(),
        js=_ASSETS.joinpath("sheet_menu.js").read_text(),
    )


def sheet_menu(contact: ContactId, *, delete: Callable[[], None] | None) -> None:
    """Show the menu.  `delete` is called when that is chosen; unset, it is not offered."""

    def deleting() -> None:
        said = st.session_state["sheet.menu"].get("delete")
        if said is not None and delete is not None and said["contact"] == contact:
            delete()

    items = [*_LOOKING, *([_DELETING] if delete is not None else [])]
    data = {"contact": contact, "items": items}
    _component()(key="sheet.menu", data=data, width="content", on_delete_change=deleting)
