"""Every example of the docs, run by a shell as it stands there, against a served collector at work."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from engine.accounts.scopes import Scope
from engine.db import Db
from tests.integration.drained import at_work
from tests.integration.served import served
from workers.collector.api.curl import curl
from workers.collector.api.registry import OPERATIONS

FIRST = ("createImport", "createExport")
LATE = (
    "deleteContact",
    "restoreContact",
    "startImport",
    "downloadRefusedRows",
    "undoImport",
    "cancelJob",
    "eraseContact",
)
"""Examples that come after those that need what they end, in this order."""


def in_order():
    names = [operation.id for operation in OPERATIONS]
    middle = [name for name in names if name not in (*FIRST, *LATE)]
    by_name = {operation.id: operation for operation in OPERATIONS}
    return [by_name[name] for name in (*FIRST, *middle, *LATE)]


def send(command: str, environment: dict[str, str]) -> tuple[int, str]:
    script = f"rm -f answer; {command} -o answer -w '%{{http_code}}'"
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, **environment},
        cwd=environment["DIRECTORY"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    file = Path(environment["DIRECTORY"], "answer")
    answer = file.read_bytes() if file.exists() else b""
    return int(ran.stdout[-3:]), answer.decode("utf-8", "replace")


def test_every_example_of_the_docs_is_answered_as_they_say(
    shop: Db, key_with: Callable[..., str], tmp_path
) -> None:
    with served(shop) as url, at_work(shop):
        key = key_with(*Scope)
        client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"})
        environment = {"URL": url, "KEY": key, "DIRECTORY": str(tmp_path)}

        def upload(name: str) -> str:
            made = client.post("/v1/imports", params={"name": name}, content=b"Email\nzoe@example.com\n")
            return str(made.json()["id"])

        environment["DRAFT"] = upload("other.csv")
        for operation in in_order():
            status, answer = send(curl(operation), environment)
            assert status in operation.statuses, f"{operation.id}: {status} {answer}"
            if operation.id == "createImport":
                environment["IMPORT"] = httpx.Response(200, text=answer).json()["id"]
            if operation.id == "createExport":
                job = environment["EXPORT"] = environment["JOB"] = httpx.Response(200, text=answer).json()[
                    "job"
                ]
                wait_for(client, job)
            if operation.id == "startImport":
                wait_for(client, environment["IMPORT"])
            if operation.id == "undoImport":  # what is stopped next has to be under way
                environment["JOB"] = httpx.Response(200, text=answer).json()["job"]
                wait_for(client, environment["JOB"])
                environment["JOB"] = client.post(f"/v1/imports/{upload('last.csv')}/start").json()["job"]


def wait_for(client: httpx.Client, job: str, *, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while client.get(f"/v1/jobs/{job}").json()["state"] in ("waiting", "running"):
        if time.monotonic() > until:
            pytest.fail(f"job {job} is not done")
        time.sleep(0.05)
