"""`sheets bounces`: what mails that came back mean, and the notices behind activities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine.domain.bounce_messages import Notice, read
from engine.errors import NotFound
from engine.notices.mail_files import messages_of
from workers.cli.exit_codes import REFUSED
from workers.cli.session import AsJson, DataDir, open_db, print_json, print_table

app = typer.Typer()
bounces_app = typer.Typer(help="Read mails that came back, and show the notice of a bounce.")
app.add_typer(bounces_app, name="bounces")


@bounces_app.command("read")
def read_messages(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Messages, Maildir or other folders of them, and mbox files."),
    ],
    as_json: AsJson = False,
) -> None:
    """Show what each message means, without storing it; --json prints an object a line.

    A kind is permanent, temporary, complaint, auto_reply, delay or none; docs/deliverability.md has the
    reasons.  Exit 1 if a file could not be read.
    """
    unreadable: list[str] = []
    found = _read(paths, unreadable)
    if as_json:
        for name, notice in found:
            print_json(
                {"file": name, "kind": notice.kind, "recipients": [asdict(r) for r in notice.recipients]}
            )
    else:
        print_table("Messages", _HEADINGS, (row for name, notice in found for row in _rows(name, notice)))
    if unreadable:
        raise typer.Exit(REFUSED)


@bounces_app.command()
def show(
    activity: Annotated[str, typer.Argument(help="The id of a bounce, as `sheets activities` prints it.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print the notice that a bounce, a complaint or an unsubscription comes from, as it came."""
    from engine.domain.activities import ActivityId
    from engine.notices.raw_notices import raw_notice

    _, db = open_db(data_dir, app="bounces")
    found = raw_notice(db, ActivityId(activity))
    if found is None:
        raise NoNotice(activity)
    if as_json:
        print_json({**asdict(found), "shortened": found.shortened})
    else:
        typer.echo(found.text)


class NoNotice(NotFound):
    """No notice is kept of an activity."""

    def __init__(self, activity: str) -> None:
        super().__init__(
            f"no notice of {activity!r} is kept: it came by no webhook or returned mail, or two years ago"
        )


_HEADINGS = ("file", "kind", "address", "code", "reason")


def _read(paths: list[Path], unreadable: list[str]) -> Iterator[tuple[str, Notice]]:
    """Each message with its name; what cannot be read is reported at once, and the others go on."""
    for path in paths:
        for name, content in messages_of(path):
            if isinstance(content, bytes):
                yield name, read(content)
            else:
                unreadable.append(name)
                typer.echo(f"sheets: {name}: {content.strerror or content}", err=True)


def _rows(name: str, notice: Notice) -> Iterator[tuple[object, ...]]:
    if not notice.recipients:
        yield name, notice.kind, "", "", ""
    for r in notice.recipients:
        yield name, r.kind, r.address, r.status or r.reply_code, r.reason
