"""The place of export beside the list: what is to come, and what works today."""

from __future__ import annotations

from dashboard.components.text import Html, card_title, joined, link, show, tag


def exporting() -> None:
    """What an export will do, and the ways out that there are now."""
    _missing(
        "Exporting this list is not built yet",
        "It will write what the filters leave, with the columns that you see, as CSV, Excel or Parquet, "
        "while you go on working.",
    )
    _today(
        Html(
            "Save the filters as a segment: each segment exports its members as CSV "
            f"({link('?page=segments', 'Segments')})."
        ),
        Html("On the server, <code>sheets contacts list --json</code> writes any list."),
    )


def _missing(title: str, words: str) -> None:
    show(Html(f'<div class="cs-empty">{tag("h2", title)}{tag("span", words)}</div>'))


def _today(*ways: Html) -> None:
    lines = joined(tag("li", way) for way in ways)
    show(joined([card_title("What works today"), Html(f'<ul class="cs-list">{lines}</ul>')]))
