"""The settings as the environment has them: read once at a process's start, checked, each with its source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec

from engine.settings import PREFIX, InvalidSettings, Setting, Settings, declared

_BOOLEANS = dict.fromkeys(("yes", "on", "y", "t"), "true") | dict.fromkeys(("no", "off", "n", "f"), "false")
"""Accepted beside true, false, 1 and 0."""


@dataclass(frozen=True)
class FoundSetting:
    """One setting as it was found.

    Parameters:
      setting(Setting): Its declaration.
      value: What holds: the variable's value, or the default if it is unset or invalid.
      variable(str): The variable that was set; unset for the default.
      problem(str): What is wrong with its value, and what is allowed; empty for nothing.
      overruled(tuple): Other names of it that are set, too, and do not count.
    """

    setting: Setting
    value: Any
    variable: str | None = None
    problem: str = ""
    overruled: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The source of the value: `environment`, `old name` or `default`."""
        if self.variable is None:
            return "default"
        return "old name" if self.variable == self.setting.about.old else "environment"


@dataclass(frozen=True)
class Environment:
    """All settings as found, and the variables that look like settings and are none."""

    found: tuple[FoundSetting, ...]
    unknown: tuple[str, ...]

    def settings(self) -> Settings:
        """The settings; raise InvalidSettings with every invalid one."""
        problems = [found.problem for found in self.found if found.problem]
        if problems:
            raise InvalidSettings("\n  ".join(["these settings are invalid:", *problems]))
        return Settings(**{found.setting.field: found.value for found in self.found})

    def notice(self) -> str | None:
        """One line on the old names in use, and on names that do not count; nothing to say is None."""
        warnings = [*self._old(), *self._overruled()]
        return "; ".join(warnings) if warnings else None

    def warnings(self, *, besides: Collection[str] = ()) -> list[str]:
        """A line for each unknown variable; `besides` are known from elsewhere: secrets of webhooks."""
        return [_unknown(name) for name in self.unknown if name not in besides]

    def _old(self) -> Iterator[str]:
        old = [found for found in self.found if found.source == "old name"]
        if old:
            names = ", ".join(f"{found.variable} is now {found.setting.name}" for found in old)
            yield f"old names of settings, accepted until the next version: {names}"

    def _overruled(self) -> Iterator[str]:
        for found in self.found:
            for name in found.overruled:
                yield f"{name} is ignored, as {found.variable} is set"


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Read every setting.  A variable that is empty counts as not set."""
    found = tuple(_find(setting, variables) for setting in declared())
    known = {name for setting in declared() for name in setting.names}
    unknown = [name for name in variables if name.upper().startswith(PREFIX) and name not in known]
    return Environment(found, tuple(sorted(unknown)))


def nameable_in_rules(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that rules may name as secrets: not our own settings, which hold passwords.

    An admin of the rules decides where a secret is sent; the operator's own must not leave by them.
    """
    ours = {name for setting in declared() for name in setting.names}
    return {name: value for name, value in variables.items() if name not in ours}


def _find(setting: Setting, variables: Mapping[str, str]) -> FoundSetting:
    given = {name: text for name in setting.names if (text := variables.get(name, "").strip())}
    if not given:
        return FoundSetting(setting, setting.default)
    variable, *overruled = given
    rest = _differing(given, variable, overruled)
    try:
        return FoundSetting(setting, _value(setting, given[variable]), variable, overruled=rest)
    except msgspec.ValidationError:
        return FoundSetting(
            setting, setting.default, variable, _problem(setting, variable, given[variable]), rest
        )


def _differing(given: Mapping[str, str], chosen: str, others: Iterable[str]) -> tuple[str, ...]:
    """The other names whose values differ: the same value twice needs no word."""
    return tuple(name for name in others if given[name] != given[chosen])


def _value(setting: Setting, text: str) -> Any:
    """The text as a value of the setting's type, within its bounds; raise msgspec.ValidationError."""
    if isinstance(setting.default, bool):
        text = _BOOLEANS.get(text.lower(), text)
    return msgspec.convert(text, setting.type, strict=False, dec_hook=lambda type_, given: type_(given))


def _problem(setting: Setting, variable: str, text: str) -> str:
    now = "" if variable != setting.about.old else f" (now {setting.name})"
    shown = setting.shown(text) if setting.about.secret else repr(text)
    return f"{variable}{now} is {shown}, but must be {setting.allowed}"


def _unknown(name: str) -> str:
    """A variable that is no setting, with the closest one; the prefix alone is no likeness."""
    known = {setting.name.removeprefix(PREFIX): setting.name for setting in declared()}
    close = get_close_matches(name.upper().removeprefix(PREFIX), known, n=1)
    hint = f", did you mean {known[close[0]]}?" if close else ": `sheets settings` lists all"
    return f"{name} is no setting{hint}"
