"""Where a file is dropped, sent with its progress, and nothing of it held in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard import uploads
from dashboard.installation import database
from engine.access import drafts
from engine.access.accounts import CurrentUser
from engine.store.connection import utc_now
from engine.transfer.drafts import MAX_BYTES

_ASSETS = Path(__file__).parent.parent / "assets"

_EXPECTED = "drop_zone.expected"

_HTML = """<div class="drop">
<div class="problem" role="alert" hidden></div>
<label class="zone"><input type="file" aria-label="File to import">
<b>Drop a file here, or <u>choose one</u></b>
<span>CSV or TSV, also packed as .gz, or an Excel workbook (.xlsx), as another tool wrote it.
Up to 1 GB.</span></label>
<div class="going" hidden role="status"><b></b>
<progress max="1" value="0" aria-label="How much is sent"></progress>
<span class="how"></span><button type="button">Cancel</button></div>
</div>"""


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "drop_zone",
        html=_HTML,
        css=_ASSETS.joinpath("drop_zone.css").read_text(),
        js=_ASSETS.joinpath("drop_zone.js").read_text(),
    )


def drop_zone(user: CurrentUser, *, key: str, then: Callable[[str], object]) -> None:
    """Ask for a file; once it is there, call `then` with the id of its draft.  Raises NotAllowed."""
    id_ = _expected(user)

    def sent() -> None:
        if st.session_state[key].get("sent") is not None:
            st.session_state.pop(_EXPECTED, None)
            then(id_)

    data = {"address": uploads.address(id_), "most": MAX_BYTES, "said": f"{MAX_BYTES // 1024**3} GB"}
    _component()(key=key, data=data, on_sent_change=sent)


def _expected(user: CurrentUser) -> str:
    """The file that this page waits for, the same as long as it has not come."""
    found: tuple[str, str] | None = st.session_state.get(_EXPECTED)
    if found is None or found[0] != user.id:
        found = user.id, drafts.expect(database(), user, now=utc_now())
        st.session_state[_EXPECTED] = found
    return found[1]
