"""The drop zone: uploads a file in chunks with its progress, without holding it in memory."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.imports import uploads
from dashboard.ui.browser_component import browser_component
from engine.accounts.actor import Actor
from engine.imports import draft_service
from engine.imports.drafts import MAX_BYTES

_EXPECTED = "drop_zone.expected"

_HTML = """<div class="drop">
<div class="problem" role="alert" hidden></div>
<label class="zone"><input type="file" aria-label="File to import">
<b>Drop a file here, or <u>choose one</u></b>
<span>CSV, TSV (also as .gz), Excel (.xlsx) or Parquet, up to 1 GB</span></label>
<div class="going" hidden role="status"><b></b>
<progress max="1" value="0" aria-label="Upload progress"></progress>
<span class="how"></span><button type="button">Cancel</button></div>
</div>"""


def drop_zone(actor: Actor, *, key: str, then: Callable[[str], object]) -> None:
    """Ask for a file; once it is uploaded, call `then` with the id of its draft.  Raises NotAllowed."""
    id_ = _expected(actor)

    def sent() -> None:
        if st.session_state[key].get("sent") is not None:
            st.session_state.pop(_EXPECTED, None)
            then(id_)

    data = {"address": uploads.address(id_), "most": MAX_BYTES, "limit": f"{MAX_BYTES // 1024**3} GB"}
    browser_component(__file__, "drop_zone", html=_HTML)(key=key, data=data, on_sent_change=sent)


def _expected(actor: Actor) -> str:
    """The draft that waits for the upload of this page: the same until it is uploaded."""
    found: tuple[str, str] | None = st.session_state.get(_EXPECTED)
    if found is None or found[0] != actor.user.id:
        found = actor.user.id, draft_service.expect(actor)
        st.session_state[_EXPECTED] = found
    return found[1]
