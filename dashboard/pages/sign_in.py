"""What somebody sees who is not signed in."""

from __future__ import annotations

from dashboard.components.text import Html, empty_state


def render() -> None:
    """Say how to get in."""
    advice = Html(
        "Open the one-time link that <code>sheets up</code> printed. "
        "On the server, <code>sheets link</code> prints a new one."
    )
    empty_state("Please sign in", advice)
