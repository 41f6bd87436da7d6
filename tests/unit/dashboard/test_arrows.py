"""A page writes nothing itself: it asks a service, which checks the role and keeps the audit log."""

import ast
import importlib
import importlib.util
import inspect
import textwrap
from functools import cache
from pathlib import Path

import pytest

import dashboard
from engine.contacts.editing import edit_service

PAGES = sorted(Path(dashboard.__file__).parent.rglob("*.py"))

WRITES = {
    "insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one", "delete_many",
    "bulk_write", "find_one_and_update", "find_one_and_replace", "find_one_and_delete", "drop", "save",
}  # fmt: skip

MAY = {
    "pulses.beat": "a sign of life of the dashboard's own process, by nobody",
    "draft_service.receive": "the file's id names the user whose role it checks",
}


def used_of_the_engine(path):
    """Each function of the engine that a file names, as `module.function`, with the function."""
    tree = ast.parse(path.read_text())
    modules, names = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine."):
            for alias in node.names:
                if is_module(f"{node.module}.{alias.name}"):
                    modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                else:
                    names[alias.name] = node.module
    yield from ((f"{last(module)}.{name}", found(module, name)) for name, module in names.items())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            yield f"{last(module)}.{node.attr}", found(module, node.attr)


def is_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def last(module):
    return module.rpartition(".")[2]


def found(module, name):
    return getattr(importlib.import_module(module), name)


def is_guarded(function):
    """Whether a function asks who wants it, or is how somebody comes in."""
    return function.__module__.startswith("engine.accounts.") or any(
        parameter.annotation in ("Actor", "CurrentUser", "CurrentUser | None")
        for parameter in inspect.signature(function).parameters.values()
    )


@cache
def writes(function, above=frozenset()):
    """Whether a function changes a collection, itself or by functions of ours that it calls."""
    if not inspect.isfunction(function) or not function.__module__.startswith("engine."):
        return False
    called = [node.func for node in ast.walk(source_of(function)) if isinstance(node, ast.Call)]
    if any(isinstance(call, ast.Attribute) and call.attr in WRITES for call in called):
        return True
    others = {resolved(call, inspect.getmodule(function)) for call in called} - {function} - above
    return any(writes(other, above | {function}) for other in others)


def source_of(function):
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def resolved(call, module):
    """The function that is called as `name()` or `module.name()`; nothing for any other."""
    if isinstance(call, ast.Name):
        wanted = getattr(module, call.id, None)
    elif isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name):
        wanted = getattr(getattr(module, call.value.id, None), call.attr, None)
    else:
        wanted = None
    return wanted if inspect.isfunction(wanted) else None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_page_changes_the_database_itself(path):
    named = dict(used_of_the_engine(path))

    functions = {name: found for name, found in named.items() if inspect.isfunction(found)}
    changing = {
        name: function for name, function in functions.items() if name not in MAY and writes(function)
    }
    assert [name for name, function in changing.items() if not is_guarded(function)] == []


WITHOUT_AN_ACTOR = {
    "accounts.whoami", "accounts.link_of", "signing_in.by_link", "signing_in.out", "signing_in.by_password",
    "signing_in.choose_password", "openid.enter", "file_links.user_of_link",  # signing in and out
    "versions.current",  # the account's time zone and language, before anybody is signed in
    "edit_service.wait_until_applied", "pulses.alive", "pulses.beat",  # whether the workers keep up, about nobody
}  # fmt: skip


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_reads_through_a_service_that_knows_who_asks(path):
    named = dict(used_of_the_engine(path))

    asking = {name for name, function in named.items() if first_parameter(function) == "db"}
    assert asking - WITHOUT_AN_ACTOR - set(MAY) == set()


def first_parameter(function):
    return next(iter(inspect.signature(function).parameters), None) if inspect.isfunction(function) else None


def test_a_function_that_writes_is_known_as_one():
    from engine.operations import pulses
    from engine.rules import versions

    assert writes(pulses.beat)
    assert writes(edit_service.edit)
    assert not writes(versions.current)
