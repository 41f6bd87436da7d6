"""`sheets import …`: what the page does, where the command line wants it."""

import json

import pytest
from typer.testing import CliRunner

from engine.rules import versions
from tests.integration.drained import at_work, drain_all
from tests.order_exports import ORDER_EXPORTS
from tests.tool_exports import TOOL_EXPORTS
from workers.cli.errors import UndecidedImport
from workers.cli.main import app

PEOPLE = 'Email,Talla de pie,Alta,Notas\nana@x.com,"37,5",31/01/2026,hola\nbea@x.com,38,01/02/2026,\nbad,,,\n'


@pytest.fixture
def shop(named, monkeypatch, tmp_path):
    """A shop on the command line, and somebody who does the jobs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(PEOPLE)
    with at_work(named):
        yield named


def run(*args, of="people.csv"):
    return CliRunner().invoke(app, ["import", of, *args])


def test_fields_are_made_of_columns_and_a_dry_run_makes_none(shop, tmp_path):
    asked = ["--new-field", "talla de pie", "--new-field", "Alta:date", "--new-field", "Notas"]
    foretold = run(*asked, "--dry-run", "--json")
    assert foretold.exit_code == 0, foretold.output
    assert "Talla de pie (number), Alta (date), Notas (text)" in foretold.stderr
    assert "talla_de_pie" not in versions.current(shop).fields

    done = run(*asked, "--consent", "newsletter=2026-01-31,form at the fair", "--wait", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["created"], told["refused"]) == (2, 1)
    assert told["refused_file"] == str(tmp_path / "people-refused.csv")
    drain_all(shop)
    ana = shop.contacts.find_one({"email": "ana@x.com"})
    assert ana["custom"] == {"talla_de_pie": 37.5, "alta": "2026-01-31", "notas": "hola"}
    assert ana["statuses"]["newsletter"]["state"] == "subscribed"
    again = run(*asked, "--wait", "--json")
    assert json.loads(again.stdout)["unchanged"] == 2


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "column 'Alta': is 01/02/2026 day/month or month/day? Say --dates dmy or --dates mdy"),
        (("--dates", "dmy", "--map", "Email="), "no column names the contacts"),
        (("--dates", "dmy", "--map", "Email=mail"), "a contact has no field 'mail'"),
        (("--dates", "dmy", "--consent", "newsletter=2126-01-31,x"), "the opt-in date is in the future"),
        (("--dates", "dmy", "--new-field", "Zapato"), "there is no column 'Zapato'"),
    ],
    ids=["dates", "nobody named", "no field", "consent", "no column"],
)
def test_no_field_is_made_before_all_that_has_to_be_said_is_said(shop, tmp_path, more, says):
    (tmp_path / "people.csv").write_text("Email,Alta\nana@x.com,01/02/2026\nbea@x.com,03/04/2026\n")
    version = versions.current_number(shop)

    answer = run("--new-field", "Alta:date", *more)

    assert answer.exit_code == 1
    assert says in str(answer.exception)
    assert versions.current_number(shop) == version
    assert shop.jobs.count_documents({}) == 0

    done = run("--new-field", "Alta:date", "--dates", "dmy", "--wait", "--json")
    assert json.loads(done.stdout)["created"] == 2
    drain_all(shop)
    assert shop.contacts.find_one({"email": "ana@x.com"})["custom"] == {"alta": "2026-02-01"}


def test_a_field_of_two_files_is_made_once_as_the_first_of_them_has_it(shop, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text("Email,Talla\nana@x.com,38\n")
    (folder / "b.csv").write_text("Email,TALLA\nbea@x.com,39\n")
    version = versions.current_number(shop)

    done = run("--new-field", "talla", "--wait", "--json", of="files")

    assert done.exit_code == 0, done.output
    assert versions.current_number(shop) == version + 1
    drain_all(shop)
    found = {row["email"]: row["custom"] for row in shop.contacts.find({})}
    assert found == {"ana@x.com": {"talla": 38}, "bea@x.com": {"talla": 39}}


def test_of_a_folder_everything_that_cannot_be_is_told_at_once_by_its_file(shop, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text("Email,Birthday\nana@x.com,3/4/1990\n")
    (folder / "b.csv").write_text("Nombre\nBea\n")

    asked = run("--new-field", "Birthday", of="files")
    assert "there is no column 'Birthday'; there are: Nombre" in str(asked.exception)
    asked = run(of="files")

    assert [line.split(":")[0] for line in str(asked.exception).splitlines()] == [
        "a.csv, column 'Birthday'",
        "b.csv, no column names the contacts",
    ]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--consent", "newsletter"), "CHANNEL=DATE,SOURCE is wanted"),
        (("--consent", "fax=2026-01-31,x"), "no subscription 'fax'; there are: newsletter, sms"),
        (("--consent", "newsletter=2126-01-31,x"), "the opt-in date is in the future"),
        (("--new-field", "Zapato"), "there is no column 'Zapato'; there are: Email, Talla de pie"),
    ],
    ids=["without a date", "no channel", "in the future", "no column"],
)
def test_what_cannot_be_is_told_with_what_can(shop, args, says):
    answer = run(*args)

    assert answer.exit_code != 0
    assert says in " ".join(f"{answer.output} {answer.exception}".split())
    assert shop.jobs.count_documents({}) == 0


def test_of_a_folder_what_cannot_be_read_is_told_and_the_others_go_in(shop, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (folder / "b.csv").write_text("Email\nana@x.com\n")
    (folder / "d.csv").write_text("Email\n")
    (folder / "c.csv").write_text("Email\nbea@x.com\neva@x.com\n")

    done = run("--wait", "--json", of="files")

    assert done.exit_code == 1
    assert [(one["file"], one["state"], one.get("created")) for one in json.loads(done.stdout)] == [
        ("a.png", "failed", None),
        ("b.csv", "done", 1),
        ("c.csv", "done", 2),
        ("d.csv", "done", 0),
    ]
    assert "a.png is left out: " in done.stderr
    assert "d.csv has headings but no rows" in done.stderr


def test_all_that_has_to_be_said_of_a_folder_is_asked_before_anything_goes_in(shop, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text("Email\nana@x.com\n")
    (folder / "b.csv").write_text("Email,Birthday\nbea@x.com,3/4/1990\n")
    (folder / "c.csv").write_text("Email,Birthday\neva@x.com,5/6/1991\n")

    asked = run("--wait", "--json", of="files")

    assert asked.exit_code == 1
    told = str(asked.exception).splitlines()
    assert [line.split(":")[0] for line in told] == ["b.csv, column 'Birthday'", "c.csv, column 'Birthday'"]
    assert "--dates dmy or --dates mdy" in told[0]
    assert shop.jobs.count_documents({}) == 0


def test_refused_rows_are_called_as_on_the_page_and_written_over_no_other_file(shop, tmp_path):
    (tmp_path / "people-refused.csv").write_text("mended by hand")

    for name in ("people-refused (2).csv", "people-refused (3).csv"):
        told = json.loads(run("--wait", "--json").stdout)
        assert told["refused_file"] == str(tmp_path / name)
        assert "bad" in (tmp_path / name).read_text(encoding="utf-8-sig")

    assert (tmp_path / "people-refused.csv").read_text() == "mended by hand"
    assert shop.audit.count_documents({"act": "downloaded refused rows"}) == 2


def test_cells_that_cannot_be_read_are_left_out_and_written_to_a_file_or_refuse_their_row(shop, tmp_path):
    (tmp_path / "half.csv").write_text("Email,Phone\nana@x.com,600123456\nbea@x.com,12\n")

    strict = json.loads(run("--bad-cells", "refuse", "--dry-run", "--json", of="half.csv").stdout)
    assert (strict["created"], strict["refused"], strict["left_out"]) == (1, 1, 0)
    foretold = json.loads(run("--dry-run", "--json", of="half.csv").stdout)
    assert (foretold["created"], foretold["refused"], foretold["left_out"]) == (2, 0, 1)

    done = json.loads(run("--wait", "--json", of="half.csv").stdout)
    assert (done["created"], done["left_out"], done["refused_file"]) == (2, 1, None)
    assert done["left_out_file"] == str(tmp_path / "half-left-out.csv")
    assert "bea@x.com,12,3,Phone: '12'" in (tmp_path / "half-left-out.csv").read_text("utf-8-sig")


def test_a_file_that_was_imported_before_is_told_and_goes_in(shop, tmp_path):
    first = json.loads(run("--wait", "--json").stdout)
    assert first["imported_before"] is None
    (tmp_path / "again.csv").write_text(PEOPLE)

    foretold = run("--dry-run", "--json", of="again.csv")
    done = run("--wait", "--json", of="again.csv")

    for answer in (foretold, done):
        assert "imported the same file on " in answer.stderr
        before = json.loads(answer.stdout)["imported_before"]
        assert (before["job"], before["file"], before["undone_by"]) == (first["job"], "people.csv", None)
    assert json.loads(done.stdout)["state"] == "done"


def test_orders_are_known_by_their_headings_and_can_be_said_to_be_something_else(shop, tmp_path):
    (tmp_path / "orders.csv").write_text(ORDER_EXPORTS["Shopify"].text)
    foretold = run("--dry-run", of="orders.csv")
    assert "orders from Shopify" in foretold.stdout
    assert "of 3 orders would be: 3 created" in foretold.stdout
    told = json.loads(run("--dry-run", "--json", of="orders.csv").stdout)
    assert told["contents"] == "orders"
    assert told["preview"][0]["values"]["total"] == "85.00 EUR"

    done = run("--kind", "orders", "--wait", "--json", of="orders.csv")
    assert json.loads(done.stdout)["created"] == 3, done.output
    drain_all(shop)
    assert shop.contacts.find_one({"email": "ana@example.com"})["commerce"]["orders"] == 2
    as_contacts = json.loads(run("--kind", "contacts", "--dry-run", "--json", of="orders.csv").stdout)
    assert as_contacts["contents"] == "contacts"


def test_a_file_of_one_type_of_activity_is_told_its_type(shop, tmp_path):
    (tmp_path / "calls.csv").write_text("Date,Email,Notes\n2026-01-05 12:00,ana@x.com,long talk\n")
    without = run("--kind", "activities", of="calls.csv")
    assert "choose one, or one type for the whole file" in str(without.exception)

    done = run("--kind", "activities", "--type", "Call with sales", "--wait", "--json", of="calls.csv")
    assert json.loads(done.stdout)["created"] == 1, done.output
    stored = shop.activities.find_one({"source": "import"})
    assert (stored["type"], stored["properties"]) == ("Call with sales", {"notes": "long talk"})


def test_a_segment_is_for_contacts_and_not_for_orders(shop, tmp_path):
    (tmp_path / "orders.csv").write_text(ORDER_EXPORTS["Shopify"].text)
    answer = run("--consent", "newsletter=2026-01-31,x", of="orders.csv")

    assert "only a file of contacts" in str(answer.exception)


def test_an_opt_out_of_an_orders_file_stops_the_start_until_it_is_left_out(shop, tmp_path):
    head = "Order number,Order date,Email,Total,Opted out,Remarks\n"
    file = tmp_path / "orders.csv"
    file.write_text(head + "1,2026-01-05,ana@x.com,10,no,\n2,2026-01-06,bea@x.com,20,yes,Do not email\n")

    for asked in (("--wait",), ("--dry-run",), ("--map", "remarks=", "--wait")):
        stopped = run(*asked, of="orders.csv")
        assert isinstance(stopped.exception, UndecidedImport)
        assert '--map "Opted out="' in str(stopped.exception)
        assert ("'Remarks'" in str(stopped.exception)) == ("remarks=" not in asked)
    assert shop.jobs.count_documents({}) == 0

    done = run("--map", "opted out=", "--map", "Remarks=", "--wait", "--json", of="orders.csv")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["created"] == 2


def test_the_tool_is_recognised_and_its_preset_can_be_turned_off(shop, tmp_path):
    export = TOOL_EXPORTS["Kit, active subscribers"]
    (tmp_path / export.file).write_bytes(export.content)

    known = json.loads(run("--dry-run", "--json", of=export.file).stdout)
    off = json.loads(run("--dry-run", "--json", "--preset", "none", of=export.file).stdout)
    wrong = run("--dry-run", "--preset", "kitt", of=export.file)

    assert [(one["tool"], one["preset"]) for one in (known, off)] == [("Kit", "kit"), ("", "")]
    assert "one of none, mailchimp-cleaned" in str(wrong.exception)


def test_tags_become_static_segments_once_if_that_is_wanted(shop, tmp_path):
    (tmp_path / "tagged.csv").write_text('Email,Tags\nana@x.com,"Gold, Blog"\nbea@x.com,gold\n')

    foretold = run("--new-segments", "--dry-run", "--json", of="tagged.csv")
    told = json.loads(foretold.stdout)
    assert "2 new segments would be created: Gold, Blog" in foretold.stderr
    assert [(tag["name"], tag["rows"], tag["segment"]) for tag in told["tags"]] == [
        ("Gold", 2, ""),
        ("Blog", 1, ""),
    ]
    assert versions.current(shop).segments.keys() & {"gold", "blog"} == set()

    run("--new-segments", "--wait", of="tagged.csv")
    version = versions.current(shop).version
    again = json.loads(run("--new-segments", "--wait", "--json", of="tagged.csv").stdout)
    drain_all(shop)

    assert (again["unchanged"], again["new_segments"], versions.current(shop).version) == (2, [], version)
    members = {
        row["email"]: sorted(row["segments"])
        for row in shop.contacts.find({"segments.gold": {"$exists": True}})
    }
    assert {email: set(ids) & {"gold", "blog"} for email, ids in members.items()} == {
        "ana@x.com": {"gold", "blog"}, "bea@x.com": {"gold"},
    }  # fmt: skip


def test_a_second_column_of_addresses_is_named_and_several_in_a_cell_are_listed(shop, tmp_path):
    (tmp_path / "two.csv").write_text("Email,Work\nana@x.com; ana2@x.com,ana3@x.com\n")

    answer = run("--dry-run", "--json", of="two.csv")

    assert "column 'Work' holds email addresses and is left out" in answer.stdout + answer.stderr
    assert [one["kind"] for one in json.loads(answer.stdout)["problems"]] == ["further"]
