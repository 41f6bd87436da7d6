"""The hierarchy of errors as a whole: each class in one family, and each family known at every edge."""

import ast
import builtins
import importlib
import pickle
import pkgutil
from collections import Counter
from pathlib import Path

import pytest

import dashboard
import engine
import workers
from dashboard.ui.problems import SHOWN_AS
from engine.errors import (
    FAMILIES,
    ContactNotFound,
    ContactSheetsError,
    FoldFailed,
    InvalidRules,
    Problem,
    family_of,
)
from engine.http_status import HTTP_STATUS
from workers.cli.exit_codes import EXIT_CODES

ROOMS = (engine, workers, dashboard)
SCRIPT = "dashboard.app"
"""What Streamlit runs; imported, it would run here."""


@pytest.fixture(scope="module")
def errors():
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if module.name != SCRIPT:
                importlib.import_module(module.name)
    return [error for error in below(ContactSheetsError) if error not in FAMILIES]


def below(error):
    for child in error.__subclasses__():
        yield child
        yield from below(child)


def classes():
    for room in ROOMS:
        for path in Path(room.__path__[0]).rglob("*.py"):
            found = ast.walk(ast.parse(path.read_text("utf-8")))
            yield from ((path, node) for node in found if isinstance(node, ast.ClassDef))


def test_every_error_belongs_to_exactly_one_family(errors):
    assert len(errors) > 40
    families = {error: [family for family in FAMILIES if issubclass(error, family)] for error in errors}
    assert {error: found for error, found in families.items() if len(found) != 1} == {}


def test_only_families_stand_directly_below_the_root(errors):
    assert set(ContactSheetsError.__subclasses__()) == set(FAMILIES)


def test_no_two_errors_are_called_the_same(errors):
    names = Counter(error.__name__.lstrip("_") for error in {*errors, *FAMILIES})
    assert [name for name, count in names.items() if count > 1] == []


def test_no_error_is_made_outside_of_the_hierarchy():
    ours = {"ContactSheetsError"}
    foreign = {
        name
        for name, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    }
    found = {
        node.name: str(path)
        for path, node in classes()
        for base in node.bases
        if ast.unparse(base) in foreign and node.name not in ours
    }
    assert found == {}


def test_every_error_says_in_its_docstring_what_it_means(errors):
    assert [error for error in (*errors, *FAMILIES) if not (error.__doc__ or "").strip()] == []


@pytest.mark.parametrize("table", [EXIT_CODES, HTTP_STATUS, SHOWN_AS], ids=["exit code", "HTTP", "page"])
def test_every_family_is_known_at_every_edge(table):
    assert set(table) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_can_be_raised_itself(family):
    assert family_of(family("the list is gone: load the page again")) is family


@pytest.mark.parametrize(
    "error",
    [
        FoldFailed("a1", "KeyError: 'x'"),
        InvalidRules([Problem("scoring.yaml", 4, 5, "unknown key")]),
        ContactNotFound("ana@x.com"),
    ],
)
def test_an_error_comes_out_of_another_process_with_its_data(error):
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
