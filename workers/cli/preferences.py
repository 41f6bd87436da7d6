"""Commands on the preference page of contacts."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.contacts.contact_preferences import link_to_preferences
from engine.db.connection import utc_now
from engine.domain.preference_links import NEWSLETTER, list_unsubscribe
from workers.cli.contact_key import contact_of
from workers.cli.environment import rule_secrets
from workers.cli.session import AsJson, DataDir, open_db, print_json

app = typer.Typer()
preferences_app = typer.Typer(help="Print the link to a contact's preference page.")
app.add_typer(preferences_app, name="preferences")


@preferences_app.callback()
def preferences() -> None:
    """Print the link to a contact's preference page."""


@preferences_app.command()
def link(
    key: Annotated[str, typer.Argument(help="An id, email, phone, external id or tracker.")],
    subscription: Annotated[
        str, typer.Option("--list", help="What one click ends: newsletter, sms, or topic_ and its name.")
    ] = NEWSLETTER,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print the link to the preference page of a contact; with --json the headers for its mail, too.

    The link is signed with the secret in this command's environment.
    """
    _, db = open_db(data_dir, app="preferences")
    address = link_to_preferences(
        db, contact_of(db, key), rule_secrets(), now=utc_now(), subscription=subscription
    )
    if as_json:
        print_json({"link": address, "headers": list_unsubscribe(address)})
    else:
        typer.echo(address)
