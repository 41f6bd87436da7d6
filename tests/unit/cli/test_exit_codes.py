"""What `sheets` exits with, and what it says on standard error."""

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from engine.errors import (
    CommitConflict,
    Conflict,
    ContactNotFound,
    FoldFailed,
    InvalidIdentity,
    Misconfigured,
    NoInstance,
    NotAllowed,
    Unavailable,
)
from workers.cli.exit_codes import report


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ContactNotFound("ana@x.com"), 1),
        (InvalidIdentity("email", "is no address"), 1),
        (Conflict("port 8511 is taken"), 1),
        (NotAllowed("a viewer may not export contacts"), 1),
        (Misconfigured("OPENID_ROLES: some group must be admin"), 1),
        (NoInstance("start `sheets up`"), 1),
        (Unavailable("MongoDB did not confirm the edit"), 3),
        (CommitConflict("newer rules came into force"), 3),
        (FoldFailed("a1", "KeyError: 'x'"), 70),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_command_exits_as_the_family_of_its_error_says(error, code, capsys):
    assert report(error) == code

    assert f"sheets: {error}\n" in capsys.readouterr().err


def test_a_database_that_is_away_is_one_line_and_worth_another_try(capsys):
    assert report(ServerSelectionTimeoutError("127.0.0.1:27017 refused")) == 3

    assert capsys.readouterr().err == "sheets: MongoDB does not answer: 127.0.0.1:27017 refused\n"


def test_what_nobody_expected_comes_with_its_traceback(capsys):
    try:
        {}["shoes"]
    except KeyError as error:
        assert report(error) == 70

    said = capsys.readouterr().err
    assert "Traceback" in said and "KeyError: 'shoes'" in said
    assert said.endswith("sheets: a fault of ours: please report the above\n")
