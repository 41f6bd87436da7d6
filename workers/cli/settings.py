"""`sheets settings`: every setting, what it is here, and where that comes from."""

from __future__ import annotations

import typer

from engine.environment import Environment, FoundSetting
from workers.cli.environment import environment_of_process, secrets_of_rules, warn
from workers.cli.session import AsJson, print_json

app = typer.Typer()


@app.command()
def settings(as_json: AsJson = False) -> None:
    """Show every setting with its value, default, source and meaning.

    Secrets are masked.  Exit 1 if a value is invalid.
    """
    environment = environment_of_process()
    secrets = secrets_of_rules(environment)
    if as_json:
        unknown = [name for name in environment.unknown if name not in secrets]
        print_json({"settings": list(map(_row, environment.found)), "unknown": unknown})
    else:
        _print(environment)
        _notes(environment)
        warn(environment, besides=secrets)
    if any(found.problem for found in environment.found):
        raise typer.Exit(1)


def _row(found: FoundSetting) -> dict[str, str | None]:
    setting = found.setting
    return {
        "name": setting.name,
        "value": None if found.problem else setting.shown(found.value),
        "default": setting.shown(setting.default),
        "source": found.source,
        "variable": found.variable,
        "meaning": setting.about.meaning,
        "allowed": setting.allowed,
        "problem": found.problem,
    }


def _print(environment: Environment) -> None:
    """A paragraph for each: the names are too long for the columns of a table."""
    for row in map(_row, environment.found):
        value = "(invalid)" if row["problem"] else row["value"] or "(unset)"
        typer.echo(f"{row['name']} = {value}  [{_source(row)}]")
        typer.echo(f"    {row['meaning']}")


def _source(row: dict[str, str | None]) -> str:
    """The source of a value: also the variable, if it is not the setting's own, and the default."""
    if row["source"] == "default":
        return "default"
    own = row["variable"] == row["name"]
    source = row["source"] if own else f"{row['source']} {row['variable']}"
    return f"{source}; default: {row['default'] or '(unset)'}"


def _notes(environment: Environment) -> None:
    notice = environment.notice()
    notes = [found.problem for found in environment.found]
    for note in filter(None, (*notes, notice)):
        typer.echo(f"sheets: {note}", err=True)
