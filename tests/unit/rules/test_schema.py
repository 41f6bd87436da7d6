"""The schemas for editors are made of the same tables as the checks, and agree with them."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from engine.rules.files.schema import schemas
from engine.rules.ruleset import FILES, compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)


def problems(name, text):
    content = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
    return [error.message for error in jsonschema.Draft202012Validator(schemas()[name]).iter_errors(content)]


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_files_and_their_schemas_agree(name):
    jsonschema.Draft202012Validator.check_schema(schemas()[name])
    assert problems(name, SHIPPED[name]) == []


@pytest.mark.parametrize("name", FILES)
def test_the_schemas_beside_the_shipped_files_are_those_of_the_code(name):
    path = CONFIG_DIR / "schema" / f"{Path(name).stem}.json"

    assert json.loads(path.read_text()) == schemas()[name], (
        "run: python -m engine.rules.files.schema config/schema"
    )


@pytest.mark.parametrize(
    "rule",
    [
        "limits: once",
        "limit: twice",
        "when: {contact.pionts: 3}",
        "when: {contact.points: {mor: 3}}",
        "fades: {by: half, every: 30d}",
        "effects: [{shout: loud}]",
    ],
)
def test_what_a_schema_refuses_the_check_refuses_too(rule):
    text = f"rules:\n  - {{id: look, name: Look, on: product_visited, points: 1, {rule}}}\n"

    assert problems("scoring.yaml", text)
    with pytest.raises(Exception, match=r"scoring.yaml:2"):
        compile_ruleset(SHIPPED | {"scoring.yaml": text})


@pytest.mark.parametrize(
    "rule", ["limit: null", "expires_after: null", "active: null", "active: {from: null}", "effects: null"]
)
def test_a_key_without_a_value_is_as_good_as_left_out(rule):
    text = f"rules:\n  - {{id: look, name: Look, on: product_visited, points: 1, {rule}}}\n"

    assert problems("scoring.yaml", text) == []
    assert compile_ruleset(SHIPPED | {"scoring.yaml": text}).rules["product_visited"]
