"""Commands that import only what is called: their modules, and Pydantic for the options that are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


@dataclass(frozen=True)
class Deferred:
    """A command, or group of commands, that the Typer application `app` of a module has.

    `help` is the first paragraph of its help, for the list of all commands.
    """

    module: str
    help: str


class LazyGroup(TyperGroup):
    """A group that knows the name and help of each command, and imports the one that is called."""

    deferred: ClassVar[Mapping[str, Deferred]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, command in self.deferred.items():
            self.add_command(TyperCommand(name, help=command.help))

    def get_params(self, ctx: Any) -> list[Any]:
        return _plain_first(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _listed, rest = super().resolve_command(ctx, args)
        if name is None:
            return None, None, rest
        command = load(name, self.deferred[name])
        for one in (command, *getattr(command, "commands", {}).values()):
            _plain_first(one.get_params(ctx))
        return name, command, rest


def load(name: str, command: Deferred) -> Any:
    """Import a command, or group of commands, as Typer made it (its types are not public)."""
    return get_group(import_module(command.module).app).commands[name]


def _plain_first(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        parameter._runtime_param = parameter._runtime_param or _PlainFirst(parameter)
    return parameters


class _PlainFirst:
    """Converts an option's value itself if that is plain to see, else by Typer's own means.

    Typer builds a Pydantic adapter for every option, given or not: half of the time that a short
    command takes.  A Typer that does not ask for `_runtime_param` any more is merely slower.
    """

    def __init__(self, parameter: Any) -> None:
        self._parameter = parameter

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if isinstance(value, int | float):  # a default: from the command line comes text
            return value
        if param.name == "data_dir" and os.access(value, os.R_OK):
            return Path(value)
        self._parameter._runtime_param = None
        return self._parameter.get_runtime_param().coerce(value, param=param, ctx=ctx)
