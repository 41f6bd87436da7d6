"""The settings as the environment has them: new and old names, bounds, secrets, slips of the pen."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.environment import nameable_in_rules, read_environment
from engine.errors import ContactSheetsError
from engine.settings import InvalidSettings, Settings, declared, masked

COOKIE_SECRET = "0123456789" * 4


def test_without_a_variable_every_setting_is_its_default() -> None:
    environment = read_environment({})

    assert environment.settings() == Settings()
    assert {found.source for found in environment.found} == {"default"}
    assert environment.notice() is None
    assert environment.warnings() == []


def test_rules_cannot_name_our_own_settings_as_secrets() -> None:
    variables = {
        "MONGODB_URI": "mongodb://root:x@db",
        "SHEETS_OPENID_COOKIE_SECRET": COOKIE_SECRET,
        "SHEETS_SECRETS_KEY": "k",
        "SHEETS_CRM_SECRET": "of a webhook",
        "CRM_SECRET": "of another",
    }

    assert set(nameable_in_rules(variables)) == {"SHEETS_CRM_SECRET", "CRM_SECRET"}


def test_every_setting_is_declared_with_a_meaning_and_what_is_allowed() -> None:
    assert [setting.field for setting in declared()] == list(Settings.__struct_fields__)
    assert all(setting.about.meaning and setting.allowed for setting in declared())
    assert all(setting.name.startswith("SHEETS_") for setting in declared())


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        (
            "SHEETS_MONGODB_URI",
            "mongodb://db1,db2/?replicaSet=rs0",
            "mongodb_uri",
            "mongodb://db1,db2/?replicaSet=rs0",
        ),
        ("SHEETS_BROKER_URL", "amqp://broker", "broker_url", "amqp://broker"),
        ("SHEETS_DATA_DIR", "/var/lib/sheets", "data_dir", Path("/var/lib/sheets")),
        ("SHEETS_DATABASE", " shop\n", "database", "shop"),
        ("SHEETS_COLLECTOR_EVENTS_PER_SECOND", "0.5", "collector_events_per_second", 0.5),
        ("SHEETS_OPENID_PASSWORDS", "Yes", "openid_passwords", True),
        ("SHEETS_OPENID_PASSWORDS", "0", "openid_passwords", False),
    ],
)
def test_a_variable_sets_its_field(variable: str, text: str, field: str, value: object) -> None:
    environment = read_environment({variable: text})

    assert getattr(environment.settings(), field) == value
    assert [found.variable for found in environment.found if found.source == "environment"] == [variable]


@pytest.mark.parametrize("name", ["MONGODB_URI", "BROKER_URL"])
def test_the_names_that_hosts_set_are_accepted_without_a_word(name: str) -> None:
    environment = read_environment({"MONGODB_URI": "mongodb://a", "BROKER_URL": "redis://a"})

    assert environment.settings() == Settings(mongodb_uri="mongodb://a", broker_url="redis://a")
    assert environment.notice() is None
    assert name in {found.variable for found in environment.found}


OLD = [setting for setting in declared() if setting.about.old]
VALUES = {
    "openid_passwords": "true",
    "openid_cookie_secret": COOKIE_SECRET,
    "collector_events_per_second": "7",
    "collector_events_burst": "7",
}


@pytest.mark.parametrize("setting", OLD, ids=lambda setting: setting.about.old)
def test_an_old_name_works_and_one_line_names_the_new_one(setting) -> None:  # type: ignore[no-untyped-def]
    text = VALUES.get(setting.field, "https://x.example.com")
    environment = read_environment({setting.about.old: text})

    assert getattr(environment.settings(), setting.field) == read_environment(
        {setting.name: text}
    ).settings().__getattribute__(setting.field)
    assert environment.notice() == (
        f"old names of settings, accepted until the next version: {setting.about.old} is now {setting.name}"
    )
    assert environment.warnings() == [], "it is known"


def test_the_new_name_counts_before_the_old_one_and_says_so() -> None:
    environment = read_environment({"SHEETS_OPENID_NAME": "new", "OPENID_NAME": "old"})

    assert environment.settings().openid_name == "new"
    assert environment.notice() == "OPENID_NAME is ignored, as SHEETS_OPENID_NAME is set"


def test_the_same_value_under_two_names_is_no_news() -> None:
    same = {"SHEETS_MONGODB_URI": "mongodb://a", "MONGODB_URI": "mongodb://a"}

    assert read_environment(same).notice() is None


def test_an_empty_variable_counts_as_not_set() -> None:
    environment = read_environment(
        {"SHEETS_MONGODB_URI": " ", "MONGODB_URI": "mongodb://a", "SHEETS_DATABASE": ""}
    )

    assert environment.settings() == Settings(mongodb_uri="mongodb://a")


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("SHEETS_COLLECTOR_EVENTS_BURST", "-5", "SHEETS_COLLECTOR_EVENTS_BURST is '-5', but must be a number above 0, up to 1,000,000,000"),
        ("SHEETS_COLLECTOR_EVENTS_BURST", "many", "is 'many'"),
        ("SHEETS_COLLECTOR_EVENTS_BURST", "nan", "is 'nan'"),
        ("SHEETS_EVENTS_BURST", "0", "SHEETS_EVENTS_BURST (now SHEETS_COLLECTOR_EVENTS_BURST) is '0'"),
        ("SHEETS_OPENID_PASSWORDS", "perhaps", "is 'perhaps', but must be true or false"),
        ("SHEETS_DATABASE", "my shop", "is 'my shop', but must be 1 to 63 characters"),
        ("MONGODB_URI", "mongo://ana:geheim@db", "MONGODB_URI is mongo://ana:***@db, but must be an address that begins with mongodb://"),
        ("SHEETS_BROKER_URL", "geheim", "SHEETS_BROKER_URL is ***, but must be"),
        ("SHEETS_OPENID_COOKIE_SECRET", "geheim", "SHEETS_OPENID_COOKIE_SECRET is ***, but must be 32 random characters or more"),
        ("SHEETS_OPENID_METADATA_URL", "login.example.com", "is 'login.example.com', but must be an address such as https://"),
    ],
)  # fmt: skip
def test_an_invalid_value_is_refused_with_what_is_allowed_and_no_secret(
    variable: str, text: str, message: str
) -> None:
    with pytest.raises(InvalidSettings) as refused:
        read_environment({variable: text}).settings()

    assert message in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert isinstance(refused.value, ContactSheetsError), "and so exit 1, without a traceback"


def test_all_invalid_values_are_reported_at_once() -> None:
    wrong = {"SHEETS_BROKER_URL": "http://x", "SHEETS_COLLECTOR_EVENTS_BURST": "0"}

    with pytest.raises(InvalidSettings, match=r"SHEETS_BROKER_URL.*\n.*SHEETS_COLLECTOR_EVENTS_BURST"):
        read_environment(wrong).settings()


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("SHEETS_DATA_DRI", "SHEETS_DATA_DRI is no setting, did you mean SHEETS_DATA_DIR?"),
        ("sheets_data_dir", "sheets_data_dir is no setting, did you mean SHEETS_DATA_DIR?"),
        ("SHEETS_X", "SHEETS_X is no setting: `sheets settings` lists all"),
    ],
)
def test_an_unknown_variable_of_ours_is_a_warning_with_the_closest_known_one(name: str, warning: str) -> None:
    environment = read_environment({name: "x", "OTHER": "y"})

    assert environment.warnings() == [warning]
    assert environment.warnings(besides={name}) == [], "a webhook's secret, say"
    assert environment.settings() == Settings()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("mongodb://db/?replicaSet=rs0", "mongodb://db/?replicaSet=rs0"),
        ("mongodb://ana:geheim@db1,db2/?replicaSet=rs0", "mongodb://ana:***@db1,db2/?replicaSet=rs0"),
        ("amqp://a:geh@eim@broker", "amqp://a:***@broker"),
        ("redis://geheim@broker", "redis://***@broker"),
        ("redis://broker?password=geheim&db=1", "redis://broker?password=***&db=1"),
        (
            "mongodb://db/?authMechanismProperties=AWS_SESSION_TOKEN:geheim",
            "mongodb://db/?authMechanismProperties=***",
        ),
        ("ana:geheim@broker", "***"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert masked(url) == shown
