"""`sheets export …`: the same files as the page writes, where the command line wants them."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import bought, identified
from tests.integration.drained import at_work, drain_all, receive_and_drain
from workers.cli.main import app

SEGMENTS = "segments:\n  - {id: buyers, name: Buyers, when: {contact.orders: {gte: 1}}}\n"


@pytest.fixture
def shop(named):
    """A shop with two customers, a segment of one of them, and somebody who does the jobs."""
    texts = publishing.completed(named, {"segments.yaml": SEGMENTS})
    publishing.publish(named, texts, by="ana", message="for the tests", now=utc_now())
    now = utc_now()
    receive_and_drain(
        named,
        [
            identified(now - timedelta(days=9), email="ana@x.com", traits={"first_name": "Ana"}),
            bought(30, now - timedelta(days=2), email="ana@x.com", order_id="1"),
            identified(now, email="eva@x.com"),
        ],
    )
    drain_all(named)
    with at_work(named):
        yield named


def run(*words, exits=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert (result.exit_code != 0) == bool(exits), (result.output, result.exception)
    return result


def test_contacts_and_activities_are_written_where_they_are_wanted(shop, tmp_path):
    people, acts = tmp_path / "people.csv", tmp_path / "acts.parquet"

    told = json.loads(run(
        "export", "contacts", "--to", people, "--segment", "Buyers", "--columns", "email,orders", "--json",
    ).stdout)  # fmt: skip
    assert (told["file"], told["rows"], told["contacts"]) == (str(people), 1, 1)
    assert people.read_text("utf-8-sig").splitlines() == ["Email,Orders", '"ana@x.com","1"']
    assert told["bytes"] == people.stat().st_size
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.csv"]

    said = run("export", "activities", "--to", acts, "--where", '{"email": "ana@x.com"}', "--type", "order_completed",
               "--since", (utc_now() - timedelta(days=4)).date())  # fmt: skip
    assert said.stdout.startswith(f"1 activities in {acts}")
    assert acts.read_bytes()[:4] == b"PAR1"
    assert "custom.city" in run("export", "columns").stdout
    assert [job["kind"] for job in json.loads(run("jobs", "--json").stdout)] == ["export", "export"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "people.doc"], "one of csv, xlsx, parquet is wanted"),
        (["--to", "nowhere/people.csv"], "there is no folder nowhere"),
        (["--to", "people.csv", "--segment", "vip"], "there is no such segment; there are: buyers"),
        (["--to", "people.csv", "--columns", "shoe"], "there is no column shoe"),
        (["--to", "people.csv", "--where", '{"shoe": 1}'], "shoe"),
        (["--to", "people.csv", "--where", "{"], "--where is no JSON"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_begun(shop, words, says):
    failed = run("export", "contacts", *words, exits=1)

    assert says in str(failed.exception)
    assert shop.jobs.count_documents({}) == 0
