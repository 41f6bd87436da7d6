"""`sheets bounces read`: messages of files, folders and mbox files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.domain.bounce_messages.corpus import STATUSES, TEXTS
from workers.cli.main import app

PERMANENT, FULL = STATUSES[0].raw, STATUSES[2].raw
FROM = b"From MAILER-DAEMON Mon Mar  2 09:00:00 2026\n"


def run(*words):
    return CliRunner().invoke(app, ["bounces", "read", *map(str, words)])


def objects(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_message_is_an_object_with_its_recipients(tmp_path):
    file = tmp_path / "a.eml"
    file.write_bytes(PERMANENT)

    found = objects(run(file, "--json"))

    assert found == [{"file": str(file), "kind": "permanent", "recipients": found[0]["recipients"]}]
    assert found[0]["recipients"][0] | {"diagnostic": ""} == {
        "address": "ann@example.com", "kind": "permanent", "status": "5.1.1", "reply_code": "550",
        "reason": "no_such_address", "diagnostic": "",
    }  # fmt: skip


def test_a_maildir_is_read_without_what_is_still_being_written(tmp_path):
    for folder, name in (("cur", "1:2,S"), ("new", "2"), ("tmp", "3")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(PERMANENT)

    assert [Path(found["file"]).name for found in objects(run(tmp_path, "--json"))] == ["1:2,S", "2"]


def test_the_messages_of_an_mbox_file_are_numbered(tmp_path):
    file = tmp_path / "b.mbox"
    file.write_bytes(b"\n".join([FROM + PERMANENT, FROM + FULL, FROM + TEXTS[0].raw]))

    found = objects(run(file, "--json"))

    assert [(o["file"], o["kind"]) for o in found] == [
        (f"{file}:1", "permanent"), (f"{file}:2", "temporary"), (f"{file}:3", "permanent"),
    ]  # fmt: skip


def test_one_message_with_the_line_of_an_mbox_keeps_the_name_of_its_file(tmp_path):
    file = tmp_path / "one.eml"
    file.write_bytes(FROM + PERMANENT)

    assert [(o["file"], o["kind"]) for o in objects(run(file, "--json"))] == [(str(file), "permanent")]


def test_an_unreadable_file_is_an_error_and_the_others_are_read(tmp_path):
    file = tmp_path / "a.eml"
    file.write_bytes(PERMANENT)

    result = run(tmp_path / "missing.eml", file, "--json")

    assert result.exit_code == 1
    assert [o["kind"] for o in objects(result)] == ["permanent"]
    assert "missing.eml: No such file or directory" in result.stderr


@pytest.mark.parametrize("content", [b"", b"\n", b"From ", FROM, bytes(range(256))])
def test_a_file_that_is_no_message_has_no_kind(tmp_path, content):
    file = tmp_path / "a"
    file.write_bytes(content)

    assert [o["kind"] for o in objects(run(file, "--json"))] == ["none"]


def test_without_json_there_is_a_table(tmp_path):
    (tmp_path / "a.eml").write_bytes(PERMANENT)

    result = run(tmp_path)

    assert result.exit_code == 0
    assert "permanent" in result.stdout
    assert "ann@example" in result.stdout
