"""The door of every command: the environment is read and checked here, and its settings are passed on."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import typer
from pymongo.errors import PyMongoError

from engine.environment import Environment, nameable_in_rules, read_environment
from engine.errors import ContactSheetsError, NoInstance
from engine.settings import Instance, Settings, locate


def environment_of_process() -> Environment:
    """The settings as this process's environment has them."""
    return read_environment(os.environ)


def rule_secrets() -> dict[str, str]:
    """The variables of this process that rules may name as secrets."""
    return nameable_in_rules(os.environ)


def begin(data_dir: Path | None) -> tuple[Settings, Instance]:
    """The settings and the running instance; old names and unknown variables are reported on standard error.

    Raises InvalidSettings and NoInstance.
    """
    environment = environment_of_process()
    settings = settings_of(environment)
    try:
        instance = locate(settings, data_dir)
    except NoInstance:
        warn(environment)
        raise
    if environment.unknown:
        warn(environment, besides=_webhook_secrets(instance))
    return settings, instance


def settings_of(environment: Environment) -> Settings:
    """The settings, checked; old names are reported on standard error.  Raises InvalidSettings."""
    settings, notice = environment.settings(), environment.notice()
    if notice is not None:
        typer.echo(f"sheets: {notice}", err=True)
    return settings


def warn(environment: Environment, *, besides: Collection[str] = ()) -> None:
    """Report unknown variables on standard error, those in `besides` left out."""
    for warning in environment.warnings(besides=besides):
        typer.echo(f"sheets: {warning}", err=True)


def secrets_of_rules(environment: Environment) -> set[str]:
    """The unknown variables that the published rules name as secrets; none if no instance can be asked."""
    if not environment.unknown:
        return set()
    try:
        instance = locate(environment.settings())
    except ContactSheetsError:  # the settings are invalid, or nothing runs: what the rules name is not known
        return set()
    return _webhook_secrets(instance) & set(environment.unknown)


def _webhook_secrets(instance: Instance) -> set[str]:
    """The variables that the published rules name as secrets; none if the database cannot be asked."""
    from engine.db.connection import connect
    from engine.domain.webhook_secrets import variables
    from engine.rules import versions

    db = connect(instance.mongodb_uri, instance.database, app="settings")
    try:
        ruleset = versions.current(db)
        links = () if ruleset.preferences is None else ruleset.preferences.secrets
        return variables(ruleset.webhooks.values()).union(links)
    except (PyMongoError, ContactSheetsError):  # the command itself says what is the matter
        return set()
    finally:
        db.client.close()
