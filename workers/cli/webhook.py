"""Commands on the webhooks of sending services, and on what of them was not understood."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.db.connection import utc_now
from engine.errors import Invalid
from engine.notices import not_understood
from engine.notices.not_understood import NotUnderstood as KeptPayload
from workers.cli.session import AsJson, DataDir, cli_actor, open_db, print_json, print_table, zone_of
from workers.collector.webhooks.notices import Forged, Notice, NotUnderstood, Payload, Reading
from workers.collector.webhooks.registry import PROVIDERS, Provider, provider_of

app = typer.Typer()
webhook_app = typer.Typer(help="See what webhooks of sending services mean, and run them again.")
app.add_typer(webhook_app, name="webhook")


class NoPayload(Invalid):
    """A file that cannot be read."""


@webhook_app.command()
def read(
    provider: Annotated[str, typer.Argument(help=f"One of {', '.join(PROVIDERS)}.")],
    file: Annotated[Path, typer.Argument(help="The body of a request, as it came.")],
    headers: Annotated[
        Path | None, typer.Option(help="Its headers: lines of `name: value`, or a JSON object.")
    ] = None,
    secret_variable: Annotated[
        str | None,
        typer.Option(help="The environment variable with the secret; the signature is checked with it."),
    ] = None,
    url: Annotated[str, typer.Option(help="The public address that was called, where it is signed.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a payload means; nothing is stored.  Exit 1 if an event is not understood."""
    service = provider_of(provider)
    payload = Payload(_bytes_of(file), {} if headers is None else _headers_of(headers), url)
    if secret_variable is not None:
        _check(service, payload, secret_variable)
    readings = list(service.read(payload))
    if as_json:
        for reading in readings:
            print_json(_as_json(reading))
    else:
        names = ("meaning", "recipient", "time", "details")
        print_table(service.label, names, map(_row, readings))
    if any(isinstance(reading, NotUnderstood) for reading in readings):
        raise typer.Exit(1)


@webhook_app.command()
def kept(
    done: Annotated[bool, typer.Option("--done", help="Those that were understood since.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List payloads and returned mails that were not understood, the latest first."""
    _, db = open_db(data_dir, app="webhook")
    found = not_understood.list_not_understood(db, limit=limit, done=done)
    if as_json:
        for payload in found:
            print_json(asdict(payload))
        return
    rows = ((p.id, p.received_at, p.source, p.state, p.reason) for p in found)
    print_table("Not understood", ("id", "received", "source", "state", "reason"), rows, zone=zone_of(db))


@webhook_app.command()
def rerun(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="Of payloads; without any, all that are kept.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the result of each.")] = 10.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read payloads again that were not understood; a running collector does it, each event once.

    Exit 1 if one is still not understood, or no collector has taken it.
    """
    from engine.notices import notice_service

    _, db = open_db(data_dir, app="webhook")
    actor = cli_actor(db)
    if not ids:
        ids = [payload.id for payload in not_understood.list_not_understood(db, limit=0)]
        notice_service.run_all_again(actor)
    found = [notice_service.run_again(actor, id_, wait=wait) for id_ in ids]
    if as_json:
        print_json([asdict(payload) for payload in found])
    else:
        print_table("Run again", ("id", "state", "result"), map(_outcome, found))
    if any(payload.state != "done" for payload in found):
        raise typer.Exit(1)


def _outcome(payload: KeptPayload) -> tuple[str, str, str]:
    if payload.state == "done":
        return payload.id, "done", ", ".join(payload.activities) or "nothing follows from it"
    waits = payload.state == "waiting"
    return payload.id, payload.state, "waits for a collector" if waits else payload.reason


def _check(service: Provider, payload: Payload, variable: str) -> None:
    secret = os.environ.get(variable)
    if not secret:
        raise NoPayload(f"the environment has no ${variable}: set it to {service.secret}")
    try:
        service.verify(payload, secret, utc_now())
    except Forged as error:
        raise Invalid(f"refused: {error}") from None


def _as_json(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Notice):
        return {
            "type": reading.type,
            "to": reading.to,
            "at": reading.at.isoformat(),
            "id": reading.id,
            "properties": reading.properties,
            **({"user_agent": reading.user_agent} if reading.user_agent else {}),
            **({"machine": True} if reading.machine else {}),
        }
    if isinstance(reading, NotUnderstood):
        return {"type": None, "not_understood": reading.reason, "event": reading.item}
    return {"type": None, "without_consequence": reading.what}


def _row(reading: Reading) -> tuple[object, ...]:
    if isinstance(reading, Notice):
        details = ", ".join(f"{name}: {value}" for name, value in reading.properties.items())
        return reading.type, reading.to, reading.at, details
    if isinstance(reading, NotUnderstood):
        return "not understood", None, None, reading.reason
    return "without consequence", None, None, reading.what


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NoPayload(f"{file}: {error.strerror or error}") from None


def _headers_of(file: Path) -> Mapping[str, str]:
    text = _bytes_of(file).decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        found = dict(_lines(text))
    if not isinstance(found, dict):
        raise NoPayload(f"{file}: is neither lines of `name: value` nor a JSON object")
    return {str(name).lower(): str(value) for name, value in found.items()}


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()
