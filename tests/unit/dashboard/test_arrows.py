"""A page writes nothing itself: it asks `engine.access`, which checks the role and keeps the audit log."""

import ast
import importlib
import inspect
import textwrap
from functools import cache
from pathlib import Path

import pytest

import dashboard

PAGES = sorted(Path(dashboard.__file__).parent.rglob("*.py"))

WRITES = {
    "insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one", "delete_many",
    "bulk_write", "find_one_and_update", "find_one_and_replace", "find_one_and_delete", "drop", "save",
}  # fmt: skip

MAY = {"pulses.beat": "a sign of life of the dashboard's own process, by nobody"}


def used_of_the_store(path):
    """Each function of `engine.store` that a file names, as `module.function`, with the function."""
    tree = ast.parse(path.read_text())
    modules, names = {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "engine.store":
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine.store."):
            names |= {alias.name: node.module.removeprefix("engine.store.") for alias in node.names}
    yield from ((f"{module}.{name}", found(module, name)) for name, module in names.items())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            yield f"{module}.{node.attr}", found(module, node.attr)


def found(module, name):
    return getattr(importlib.import_module(f"engine.store.{module}"), name)


@cache
def writes(function):
    """Whether a function changes a collection, itself or by functions of ours that it calls."""
    if not inspect.isfunction(function) or not function.__module__.startswith("engine.store"):
        return False
    called = [node.func for node in ast.walk(source_of(function)) if isinstance(node, ast.Call)]
    if any(isinstance(call, ast.Attribute) and call.attr in WRITES for call in called):
        return True
    others = {resolved(call, inspect.getmodule(function)) for call in called} - {function}
    return any(writes(other) for other in others)


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
    named = dict(used_of_the_store(path))

    assert [name for name, function in named.items() if name not in MAY and writes(function)] == []


def test_a_function_that_writes_is_known_as_one():
    from engine.store import edits, pulses, rulesets

    assert writes(pulses.beat)
    assert writes(edits.edit)
    assert not writes(rulesets.current)
