"""The real dashboard in a process of its own, signing people in at a provider."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.openid.provider import OpenIdProvider
from workers.embedded.ports import free_port

COOKIE_SECRET = "a cookie secret of more than 32 characters"
ROLES = "shop admins=admin, marketing=marketer, agency=viewer"


@contextmanager
def dashboard_by(
    provider: OpenIdProvider, *, mongodb_uri: str, database: str, data_dir: Path, **more: str
) -> Iterator[str]:
    """The dashboard's address, as long as the block lasts."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    provider.redirect_uri = f"{address}/oauth2callback"
    settings = {
        "MONGODB_URI": mongodb_uri,
        "SHEETS_DATABASE": database,
        "SHEETS_DATA_DIR": str(data_dir),
        "SHEETS_OPENID_METADATA_URL": provider.metadata_url,
        "SHEETS_OPENID_CLIENT_ID": provider.client_id,
        "SHEETS_OPENID_CLIENT_SECRET": provider.client_secret,
        "SHEETS_OPENID_COOKIE_SECRET": COOKIE_SECRET,
        "SHEETS_OPENID_ADDRESS": address,
        "SHEETS_OPENID_NAME": "the company",
        "SHEETS_OPENID_ROLES": ROLES,
        **more,
    }
    command = [sys.executable, "-m", "workers.cli.main", "dashboard", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **settings}) as process:
        try:
            _until_ready(address, process)
            yield address
        finally:
            process.terminate()


def _until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/_stcore/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the dashboard did not start")
