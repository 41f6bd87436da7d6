"""Secrets of webhooks in settings.yaml, where rules are checked."""

from __future__ import annotations

import pytest

from engine.publishing import publishing
from engine.rules.files.webhook_secrets import secrets_not_set, without_secrets
from engine.rules.ruleset import read_folder
from engine.settings import CONFIG_DIR

SETTINGS = """webhooks:
  crm:
    url: https://crm.example.com
    secret: $CRM_SECRET
  shop: {url: 'https://shop.example.com', secret: $SHOP_SECRET}
  open: {url: 'https://open.example.com'}
"""


def test_a_variable_that_is_not_set_is_a_warning_at_its_place() -> None:
    warnings = secrets_not_set(SETTINGS, {"SHOP_SECRET": "x", "CRM_SECRET": ""})

    [warning] = warnings
    assert (warning.file, warning.line, warning.column) == ("settings.yaml", 4, 5)
    assert warning.message.startswith("the secret $CRM_SECRET is not set in this environment")


def test_one_without_variables_has_no_warnings() -> None:
    assert secrets_not_set("", {}) == []
    assert secrets_not_set("webhooks: [", {}) == []


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("", "`secret` is empty: write $ and the name of an environment variable, such as $CRM_SECRET"),
        ("''", "`secret` is empty: write $ and the name of an environment variable, such as $CRM_SECRET"),
        ("12", "`secret` must be text"),
        ("$", "'$' names no environment variable: write letters, digits and _ after the $"),
        ("${CRM}", "'${CRM}' names no environment variable: write letters, digits and _ after the $"),
        ("whsec_", "`secret` has no valid base64 after whsec_"),
    ],
)
def test_a_secret_that_can_sign_nothing_is_an_error(secret: str, message: str) -> None:
    text = f"webhooks:\n  crm:\n    url: https://crm.example.com\n    secret: {secret}\n"

    problems = publishing.check(read_folder(CONFIG_DIR) | {"settings.yaml": text})

    assert [str(problem) for problem in problems] == [f"settings.yaml:4:5: {message}"]


@pytest.mark.parametrize(
    "written",
    ["    secret: hunter2", "    secret: 'hunter2'", "    secret: |\n      hunter2"],
)
def test_a_secret_that_is_written_out_is_hidden(written: str) -> None:
    text = f"webhooks:\n  crm:\n    url: https://crm.example.com\n{written}\n  b: {{url: 'https://b.example.com', secret: $B}}\n"

    hidden = without_secrets(text)

    assert "hunter2" not in hidden
    assert "$B" in hidden or "shown to who may edit rules" in hidden
    assert without_secrets(SETTINGS) == SETTINGS
