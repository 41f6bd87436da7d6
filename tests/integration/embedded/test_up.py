"""`sheets up` as a person runs it: real processes, killed and stopped."""

import json
import os
import signal
import socket
import time
import urllib.request

import psutil
import pytest

from engine.errors import Conflict
from tests.running import running, sheets, start
from workers.embedded.mongod import Mongod


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with running(tmp_path_factory.mktemp("up") / "data", "--no-dashboard") as instance:
        yield instance


def send(instance, events, kind="secret"):
    token = instance.key(kind)
    body = json.dumps({"writeKey": token, "batch": events}).encode()
    with urllib.request.urlopen(f"{instance.collector}/v1/batch", body) as answer:
        assert json.load(answer) == {"success": True}


def order(number, who="ana"):
    properties = {"order_id": f"o{number}", "total": "10.10", "currency": "EUR"}
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": who,
        "messageId": f"{who}-{number}",
        "properties": properties,
    }


def test_an_event_sent_by_http_is_on_the_sheet(instance):
    send(instance, [order(n) for n in range(5)])
    instance.sheets("wait", "--timeout", "30")

    sheet = instance.json("contact", "show", "ana")
    assert sheet["commerce"]["spent"] == "50.50"
    assert sum(entry["points"] for entry in sheet["points"]["entries"]) == sheet["points"]["total"] == 150
    assert (
        len(instance.sheets("activities", "ana", "--json", "--type", "order_completed").stdout.splitlines())
        == 5
    )


def test_the_list_filters_and_prints_an_object_a_line(instance):
    send(instance, [order(0, who="filter-me")])
    instance.sheets("wait", "--timeout", "30")

    lines = instance.sheets("contacts", "list", "--json", "--where", '{"orders": 1}').stdout.splitlines()
    assert [json.loads(line)["external_id"] for line in lines] == ["filter-me"]


def test_no_other_user_of_the_machine_reads_what_it_keeps(instance):
    open_to_others = [
        str(path.relative_to(instance.data_dir))
        for path in instance.data_dir.rglob("*")
        if path.name != "ports.json" and path.stat().st_mode & 0o077 and path.parent == instance.data_dir
    ]

    assert open_to_others == []
    assert {path.stat().st_mode & 0o077 for path in (instance.data_dir / "logs").iterdir()} == {0}


def test_a_killed_worker_is_started_again_and_loses_nothing(instance):
    before = instance.child("worker")
    send(instance, [order(n, who="bob") for n in range(300)])
    before.kill()

    instance.wait_line("worker ended (killed by signal 9); starting it again")
    instance.sheets("wait", "--timeout", "60")
    sheet = instance.json("contact", "show", "bob")
    assert (sheet["commerce"]["orders"], sheet["commerce"]["spent"]) == (300, "3030.00")


def test_a_worker_that_crashes_leaves_in_its_log_where_it_was(instance):
    instance.child("worker").send_signal(signal.SIGSEGV)

    instance.wait_line("worker ended (killed by signal 11); starting it again")
    log = (instance.data_dir / "logs" / "worker.log").read_text()
    assert "Fatal Python error: Segmentation fault" in log
    assert "workers/tasks/worker.py" in log


def test_a_killed_mongod_comes_back_with_all_that_was_acknowledged(instance):
    send(instance, [order(n, who="eva") for n in range(50)])
    [mongod] = [c for c in instance.children() if "mongod" in c.name()]
    mongod.kill()

    instance.wait_line("mongodb ended (killed by signal 9)")
    deadline = time.monotonic() + 60
    while instance.sheets("wait", "--timeout", "30", check=False).returncode and time.monotonic() < deadline:
        time.sleep(0.5)
    assert instance.json("contact", "show", "eva")["commerce"]["orders"] == 50


def test_a_second_one_on_the_same_folder_is_told(instance):
    second = sheets(
        "up", "--no-dashboard", "--data-dir", str(instance.data_dir), data_dir=instance.data_dir, check=False
    )

    assert second.returncode == 1
    assert f"process {instance.process.pid}" in second.stderr


def test_a_taken_port_names_the_option(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = sheets(
            "up",
            "--data-dir",
            str(tmp_path),
            "--collector-port",
            str(port),
            "--no-dashboard",
            data_dir=tmp_path,
            check=False,
        )

    assert refused.returncode == 1
    assert str(port) in refused.stderr and "--collector-port" in refused.stderr


def test_status_and_doctor_tell_how_it_is(instance):
    time.sleep(1)
    status = instance.json("status")
    findings = {finding["check"]: finding["verdict"] for finding in instance.json("doctor")}

    assert status["workers"] >= 1 and len(status["lanes"]) == 16
    assert set(status["activities"]) == {"received", "applied", "failed"}
    assert {findings[check] for check in ("MongoDB", "replica set", "indexes", "broker", "processes")} == {
        "ok"
    }


def test_commands_without_an_instance_say_what_to_do(tmp_path):
    lost = sheets("status", data_dir=tmp_path / "nowhere", check=False)

    assert lost.returncode == 1
    assert "sheets up" in lost.stderr and "MONGODB_URI" in lost.stderr
    assert "Traceback" not in lost.stderr


def test_an_unknown_contact_is_said_so(instance):
    unknown = instance.sheets("contact", "show", "nobody@example.com", check=False)

    assert unknown.returncode == 1
    assert "nobody@example.com" in unknown.stderr


def test_stopping_leaves_nothing_and_starting_again_finds_everything(tmp_path):
    with running(tmp_path, "--no-dashboard") as first:
        send(first, [order(1)])
        first.sheets("wait", "--timeout", "30")
        children = first.children()
        assert first.stop() == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]

    with running(tmp_path, "--no-dashboard") as second:
        assert second.json("contact", "show", "ana")["commerce"]["orders"] == 1


def test_a_server_of_a_copied_folder_is_not_taken_for_ones_own(tmp_path, mongod):
    password, keyfile = mongod.uri.split(":")[2].split("@")[0], "asGoodAsAny"
    (tmp_path / "mongodb.password").write_text(password)
    (tmp_path / "mongodb.keyfile").write_text(keyfile)
    (tmp_path / "mongodb.keyfile").chmod(0o600)
    copy = Mongod(tmp_path)
    copy.port = mongod.port  # both found it free at the same time

    copy.start()
    with pytest.raises(Conflict, match=f"port {mongod.port} was taken by another program"):
        copy.wait_ready()


def test_a_killed_supervisor_takes_its_children_along(tmp_path):
    first = start(tmp_path, "--no-dashboard")
    first.wait_line("ready ")
    children = first.children()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()

    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive, [child.cmdline() for child in alive]
    with running(tmp_path, "--no-dashboard") as second:
        assert second.json("status")["contacts"] == 0


def test_ones_own_servers_are_used_and_named(tmp_path, mongod, valkey, monkeypatch):
    monkeypatch.setenv("MONGODB_URI", mongod.uri)
    monkeypatch.setenv("BROKER_URL", valkey.url)
    monkeypatch.setenv("SHEETS_DATABASE", "their_own")

    with running(tmp_path, "--no-dashboard") as instance:
        assert not [c for c in instance.children() if "mongod" in c.name() or "valkey" in c.name()]
        assert "yours, by MONGODB_URI" in "".join(instance.lines)
        send(instance, [order(1)])
        instance.sheets("wait", "--timeout", "30")
        assert instance.json("contact", "show", "ana")["commerce"]["orders"] == 1
