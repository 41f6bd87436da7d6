"""`sheets` imports what the command that is called needs, and nothing else."""

import inspect
import json
import subprocess
import sys
from importlib import import_module

import pytest
from pymongo.synchronous import monitor
from typer.main import get_group
from typer.testing import CliRunner

from workers.cli.lazy import load
from workers.cli.main import Sheets, app
from workers.cli.session import PYMONGO_EXIT

COMMANDS = Sheets.deferred

OF_OTHERS = {
    "argon2", "babel", "calamine", "dramatiq", "email_validator", "mongoengine", "numpy", "pandas",
    "phonenumbers", "psutil", "pyarrow", "pydantic", "re2", "redis", "ruamel", "starlette", "streamlit",
    "structlog", "uvicorn",
}  # fmt: skip
"""Packages that neither the list of all commands nor `sheets status` needs."""

OF_OURS = {
    "engine.accounts.audit", "engine.db.documents", "engine.domain.folding.fold", "engine.rules.versions",
    "engine.rules.ruleset", "dashboard", "workers.collector", "workers.embedded", "workers.tasks",
}  # fmt: skip


def modules_after(*words):
    """The modules that a process has imported once it ran a command."""
    script = (
        "import json, sys\n"
        "from workers.cli.main import app\n"
        "app(sys.argv[1:], standalone_mode=False) if sys.argv[1:] else None\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    return set(json.loads(out.stdout.splitlines()[-1]))


def test_the_list_of_all_commands_needs_neither_pymongo_nor_any_command():
    found = modules_after("--help")

    assert "typer" in found
    assert found & (OF_OTHERS | OF_OURS | {"pymongo", *(at.module for at in COMMANDS.values())}) == set()


def test_the_help_of_status_needs_no_more_than_status_does():
    found = modules_after("status", "--help")

    assert "workers.cli.status" in found
    assert found & (OF_OTHERS | OF_OURS) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_the_beginning_of_its_own_help(name):
    own = inspect.cleandoc(load(name, COMMANDS[name]).help)

    assert COMMANDS[name].help == " ".join(own.split("\n\n")[0].split())


def test_every_command_of_the_modules_is_listed():
    modules = {at.module for at in COMMANDS.values()}
    found = [name for module in modules for name in get_group(import_module(module).app).commands]

    assert sorted(found) == sorted(COMMANDS)


@pytest.mark.parametrize("words", [["status"], ["keys", "list"], ["rules", "log"]])
def test_a_wrong_option_is_refused(words):
    result = CliRunner().invoke(app, [*words, "--nonsense"])

    assert result.exit_code == 2
    assert "No such option: --nonsense" in result.output


def test_a_number_that_is_none_is_refused():
    result = CliRunner().invoke(app, ["wait", "--timeout", "soon"])

    assert result.exit_code == 2
    assert "valid number" in result.output


def test_a_folder_without_an_instance_is_named(tmp_path):
    result = CliRunner().invoke(app, ["status", "--data-dir", str(tmp_path)], env={"MONGODB_URI": ""})

    assert f"no instance runs in {tmp_path}" in str(result.exception)


def test_the_exit_that_commands_do_without_is_still_called_so_by_pymongo():
    assert callable(getattr(monitor, PYMONGO_EXIT))
