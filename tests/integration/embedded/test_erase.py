"""A running instance: `sheets erase`, and what its databases, queue and logs hold afterwards."""

import json
import urllib.error
import urllib.request

import pytest
from pymongo import MongoClient

from engine.settings import Settings, locate
from tests.integration.privacy.traces import traces
from tests.running import running

MARK = "zqxmarker"
EMAIL = f"{MARK}@x.com"


def post(instance, token, call, **said):
    request = urllib.request.Request(
        f"{instance.collector}/v1/{call}",
        json.dumps(said).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30):
            return
    except urllib.error.HTTPError as error:
        error.close()


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with running(tmp_path_factory.mktemp("erase"), "--no-dashboard") as started:
        yield started


def test_who_is_erased_is_in_no_database_no_queue_and_no_log(instance, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the refused rows are written
    token = instance.json("keys", "create", "--kind", "secret")["key"]
    file = tmp_path / "people.csv"
    file.write_text(f"email,first name,city\n{EMAIL},Eva,{MARK}\nbob@x.com,Bob,Roma\n{EMAIL},Twice,{MARK}\n")
    instance.sheets("import", str(file), "--wait")
    post(instance, token, "identify", userId="u-1", anonymousId=f"{MARK}-b1", traits={"email": EMAIL})
    post(instance, token, "page", anonymousId=f"{MARK}-b1", properties={"url": f"/{MARK}"})
    post(instance, token, "batch", batch=[{"type": "track", "userId": EMAIL, "event": ""}])
    instance.sheets("wait")
    assert instance.json("contact", "show", EMAIL)["email"] == EMAIL

    told = instance.json("erase", EMAIL)

    assert (told["state"], told["removed"]["contacts"], told["removed"]["files of imports"]) == ("done", 1, 1)
    assert instance.sheets("contact", "show", EMAIL, check=False).returncode == 1
    assert instance.json("contact", "show", "bob@x.com")["first_name"] == "Bob"
    post(instance, token, "identify", userId="u-1", traits={"email": EMAIL})
    instance.sheets("wait")
    assert instance.sheets("erase", EMAIL, check=False).returncode == 1
    found = locate(Settings(), instance.data_dir)
    with MongoClient(found.mongodb_uri) as client:
        for name in client.list_database_names():
            if name != "local":  # the operations log: see docs/erasure.md
                assert traces(client[name], [MARK]) == set(), name
    logs = [path for path in (instance.data_dir / "logs").rglob("*") if path.is_file()]
    queue = [path for path in (instance.data_dir / "valkey").rglob("*") if path.is_file()]
    assert len(logs) >= 4
    assert queue != []
    assert [path.name for path in (*logs, *queue) if MARK in path.read_text(errors="replace")] == []
