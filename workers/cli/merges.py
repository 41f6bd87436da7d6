"""`sheets merge` and `sheets merges`: merge contacts, undo merges, decide suggested ones."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from engine.contacts.editing.edit_service import new_id
from engine.contacts.merging import merge_list, merge_preview, merge_service, suggestion_service
from engine.contacts.merging.duplicate_search import DuplicateReport
from engine.contacts.merging.merge_list import Merge
from engine.contacts.merging.suggestion_service import Suggestion
from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from workers.cli.contact_key import contact_of
from workers.cli.errors import InvalidOption
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of

app = typer.Typer()
merges_app = typer.Typer(help="List and undo merges; accept and dismiss suggested ones.")
app.add_typer(merges_app, name="merges")

Reason = Annotated[str, typer.Option(help="Why; shown on the timeline and in the audit log.")]
Into = Annotated[
    str | None, typer.Option("--into", help="The contact whose values win; else the identified or older one.")
]
Limit = Annotated[int, typer.Option(min=1)]
SuggestionId = Annotated[str, typer.Argument(help="Its id in `sheets merges suggestions`.")]


@app.command()
def merge(
    one: Annotated[str, typer.Argument(help="An id, email, phone, external id or tracker.")],
    other: Annotated[str, typer.Argument(help="The same of the other contact.")],
    into: Into = None,
    reason: Reason = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Merge two contacts into one; `sheets merges undo` takes it back."""
    _, db = open_db(data_dir, app="merge")
    actor, pair = cli_actor(db), (contact_of(db, one), contact_of(db, other))
    survivor = _survivor(db, into, pair)
    survivor, gone = _first(survivor, pair) if survivor else merge_preview.pair(actor, *pair)
    id_ = new_id()
    merge_service.merge(actor, survivor, gone, id_=id_, reason=reason)
    _print(f"{gone} merges into {survivor}", as_json, activity=id_, loser=gone, into=survivor)


@merges_app.command("list")
def list_merges(
    contact: Annotated[str | None, typer.Argument(help="Only the merges of this contact.")] = None,
    limit: Limit = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the merges in force, the latest first."""
    _, db = open_db(data_dir, app="merges")
    actor = cli_actor(db)
    found = (
        list(merge_list.walk(actor, limit=limit))
        if contact is None
        else merge_list.of_contact(actor, contact_of(db, contact))[:limit]
    )
    if as_json:
        print_json(
            [
                msgspec.structs.asdict(merge) | {"cause": msgspec.structs.asdict(merge.cause)}
                for merge in found
            ]
        )
        return
    rows = ((m.loser, m.name, m.into, m.into_name, m.at, _cause(m)) for m in found)
    headings = ("id", "name", "merged into", "name there", "at", "cause")
    print_table("Merges", headings, rows, zone=zone_of(db))


@merges_app.command()
def undo(
    loser: Annotated[str, typer.Argument(help="The id of the contact that was merged into another.")],
    reason: Reason = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Undo a merge: both contacts come back, and stay apart."""
    _, db = open_db(data_dir, app="merges")
    id_ = new_id()
    merge_service.undo_merge(cli_actor(db), ContactId(loser), id_=id_, reason=reason)
    _print(f"{loser} comes back", as_json, activity=id_, loser=loser)


@merges_app.command()
def suggestions(
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Those that were dismissed.")] = False,
    find: Annotated[
        bool, typer.Option("--find", help="Search for duplicates first, as every night.")
    ] = False,
    limit: Limit = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List pairs of contacts that may be one person, the latest first."""
    _, db = open_db(data_dir, app="merges")
    actor = cli_actor(db)
    if find:
        _print_report(suggestion_service.find_duplicates(actor))
    found = list(suggestion_service.walk(actor, limit=limit, dismissed=dismissed))
    if as_json:
        print_json([_suggestion(suggestion) for suggestion in found])
        return
    rows = ((s.id, *(side.name or "anonymous" for side in s.sides), s.why, s.at) for s in found)
    print_table("Suggested merges", ("id", "stays", "merges", "why", "at"), rows, zone=zone_of(db))


@merges_app.command()
def accept(
    suggestion: SuggestionId,
    into: Into = None,
    reason: Reason = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Merge the two contacts of a suggestion."""
    _, db = open_db(data_dir, app="merges")
    one, _, other = suggestion.partition(":")
    survivor, id_ = _survivor(db, into, (ContactId(one), ContactId(other))), new_id()
    suggestion_service.accept(cli_actor(db), suggestion, survivor=survivor, activity=id_, reason=reason)
    _print("accepted", as_json, activity=id_, suggestion=suggestion)


@merges_app.command()
def dismiss(
    suggestion: SuggestionId,
    reason: Reason = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Dismiss a suggestion for good: these two are never suggested again."""
    _, db = open_db(data_dir, app="merges")
    suggestion_service.dismiss(cli_actor(db), suggestion, reason=reason)
    _print("dismissed", as_json, suggestion=suggestion, dismissed=True)


def _survivor(db: Db, into: str | None, pair: tuple[ContactId, ContactId]) -> ContactId | None:
    """The contact that the option names as the survivor, if given.  Raises InvalidOption."""
    if not into:
        return None
    survivor = contact_of(db, into)
    if survivor not in pair:
        raise InvalidOption("--into", f"{into} is neither of the two contacts")
    return survivor


def _first(survivor: ContactId, pair: tuple[ContactId, ContactId]) -> tuple[ContactId, ContactId]:
    """Two contacts, the survivor first."""
    one, other = pair
    return (one, other) if survivor == one else (other, one)


def _print(words: str, as_json: bool, **about: object) -> None:
    """Print a decision in words, or as JSON."""
    print_json(about) if as_json else typer.echo(words)


def _print_report(report: DuplicateReport) -> None:
    """Say what a search found, on standard error: standard output is for the suggestions."""
    skipped = f", {report.skipped:,} skipped that too many contacts share" if report.skipped else ""
    rest = "" if report.complete else "; there are more: decide these and search again"
    typer.echo(f"{report.found:,} new, {report.known:,} known{skipped}{rest}", err=True)


def _cause(merge: Merge) -> str:
    by = f" by {merge.cause.author}" if merge.cause.author else ""
    why = f": {merge.cause.reason}" if merge.cause.reason else ""
    return f"{merge.cause.label}{by}{why}"


def _suggestion(suggestion: Suggestion) -> Document:
    """A suggestion as `--json` prints it."""
    sides = [{"id": side.id, "name": side.name, **side.values} for side in suggestion.sides]
    return {
        "suggestion": suggestion.id,
        "reason": suggestion.reason,
        "why": suggestion.why,
        "at": suggestion.at,
        "cause": suggestion.cause,
        "contacts": sides,
        "dismissed_at": suggestion.dismissed_at,
        "dismissed_by": suggestion.dismissed_by or None,
        "dismissed_why": suggestion.dismissed_why or None,
    }
