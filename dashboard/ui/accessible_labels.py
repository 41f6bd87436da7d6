"""Names of widgets as they are read aloud: without the marks that keep them from being Markdown."""

from __future__ import annotations

from dashboard.ui.browser_component import browser_component


def unescape_accessible_labels() -> None:
    """Take the marks of `escape_label` out of what is read aloud; call it once, before the page."""
    browser_component(__file__, "accessible_labels")(key="app.accessible-labels")
