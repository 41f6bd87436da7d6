"""`sheets webhook kept` and `sheets webhook rerun`."""

import json

from engine.accounts import audit
from engine.db.connection import utc_now
from engine.notices import not_understood
from tests.integration.cli.commands import run
from workers.cli.session import cli_actor


def test_what_is_kept_is_listed_and_waits_for_a_collector_once_it_is_to_be_run_again(named):
    payload = not_understood.payload(
        b'{"event": "x"}', source="webhook:brevo", reason="unknown event 'x'", received_at=utc_now(),
        media="application/json",
    )  # fmt: skip
    not_understood.keep(named, [payload, payload])

    [listed] = [json.loads(line) for line in run("webhook", "kept", "--json").stdout.splitlines()]
    assert (listed["source"], listed["state"], listed["event"]) == ("webhook:brevo", "kept", payload.event)

    answer = run("webhook", "rerun", "--wait", "0")
    assert (answer.exit_code, "waits for a collector" in answer.stdout) == (1, True)
    acts = [line.act for line in audit.page(cli_actor(named), audit.Filters()).entries]
    assert acts == ["ran a payload again"] * 2

    not_understood.settle(named, listed["id"], [], unclear="", now=utc_now())
    assert run("webhook", "rerun", listed["id"]).exit_code == 0
    assert "payload-" in run("webhook", "kept", "--done", "--json").stdout
    assert "no payload 'nothing' is kept" in str(run("webhook", "rerun", "nothing").exception)
