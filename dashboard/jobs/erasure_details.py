"""An erasure in the history: what it removed, and which systems remain to be asked."""

from __future__ import annotations

from dashboard import formats
from dashboard.ui.markup import card_title, quiet, show, table
from engine.accounts.actor import Actor
from engine.privacy import privacy_service


def erasure_details(actor: Actor, job: str) -> None:
    """Show what an erasure removed, and which other systems have to be asked."""
    report = privacy_service.report(actor, job)
    if report is None:
        return
    places = sorted({*report.removed, *report.cleaned})
    parts = (report.removed, report.cleaned)
    counts = [(place.replace("_", " "), *(formats.count(p.get(place, 0)) for p in parts)) for place in places]
    show(card_title("Erased data"))
    show(table(("Where", "Removed", "Mentions removed"), counts))
    if report.webhook_calls:
        show(quiet(f"Also ask these systems to erase the contact: {', '.join(report.webhook_calls)}."))
    if report.pending:
        show(quiet("Files of running jobs are erased when those end."))
