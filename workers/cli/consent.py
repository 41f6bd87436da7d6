"""`sheets contact consent`: the consent register of a contact."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.contacts.sheet import consent_register
from engine.contacts.sheet.sheets import encode
from engine.db.connection import utc_now
from engine.errors import ContactNotFound
from engine.exports import consent_file
from workers.cli.contact_key import contact_of
from workers.cli.errors import FileNotWritable, InvalidOption
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_table, zone_of

AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The state at the end of this day; default: now."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write it all to a CSV file.")]


def consent(
    key: str, as_of: AsOf = None, out: Out = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Print who stated what about a contact's subscriptions, with the evidence and the state of a day."""
    _, db = open_db(data_dir, app="consent")
    contact, day, zone = contact_of(db, key), None if as_of is None else as_of.date(), zone_of(db)
    if day is not None and day > utc_now().astimezone(zone).date():
        raise InvalidOption(f"--as-of {day}", "the day is in the future")
    found = consent_register.register(db, contact, as_of=day)
    if found is None:
        raise ContactNotFound(key)
    if out is not None:
        text = consent_file.download(cli_actor(db), contact, as_of=day)
        try:
            out.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise FileNotWritable(out, error, option="--out") from None
    if as_json:
        typer.echo(encode(found).decode())
        return
    if out is not None:
        typer.echo(f"{out}: {len(found.entries):,} {'act' if len(found.entries) == 1 else 'acts'}")
        return
    title = "Consent" if day is None else f"Consent on {day}"
    print_table(title, ("subscription", "state"), ((s.label, s.words) for s in found.states))
    rows = ((e.at, e.label, e.what, e.by, e.evidence.origin or e.source, e.outcome) for e in found.entries)
    print_table("Acts", ("when", "subscription", "what", "by", "source", "outcome"), rows, zone=zone)
