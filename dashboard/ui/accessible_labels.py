"""Accessible names of widgets without the escapes of `escape_label`."""

from __future__ import annotations

from dashboard.ui.browser_component import browser_component


def unescape_accessible_labels() -> None:
    """Remove the escapes of `escape_label` from accessible names; call it once, before the page."""
    browser_component(__file__, "accessible_labels")(key="app.accessible-labels")
