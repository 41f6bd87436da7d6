"""Run the dashboard: Streamlit and our own routes in one server."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from pymongo.errors import PyMongoError

from engine.accounts import openid
from engine.accounts.openid import Provider
from engine.db import Db
from engine.db.connection import connect, utc_now
from engine.http_connections import BoundedConnections
from engine.operations import pulses
from engine.pipeline.waker import Waker
from engine.settings import Instance, Settings

SCRIPT = Path(__file__).with_name("app.py")

BEAT = 5.0
"""Seconds between heartbeats."""

OPTIONS = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "runner.magicEnabled": False,
    # It would stop all pages, and Python collects by itself (see `warm_up`).
    "runner.postScriptGC": False,
    "server.maxUploadSize": 1,  # files are uploaded by `uploads`, not by Streamlit
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.showSidebarNavigation": False,
    "theme.primaryColor": "#2f5d50",
    "theme.backgroundColor": "#fbfaf7",
    "theme.secondaryBackgroundColor": "#f1efe9",
    "theme.textColor": "#22302b",
    "theme.linkColor": "#2f5d50",
    "theme.borderColor": "#e2ded4",
    "theme.baseRadius": "10px",
    "theme.font": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    "theme.baseFontSize": 15,
    "theme.showWidgetBorder": True,
}
"""As in `.streamlit/config.toml`, for wherever the command is run from."""

log = structlog.get_logger()


def serve(instance: Instance, settings: Settings, waker: Waker | None, *, host: str, port: int) -> None:
    """Serve the pages until the process is stopped; `waker` wakes the workers after an edit.

    Without one the scheduler finds the edit.  Raises InvalidSettings.
    """
    import streamlit as st
    from starlette.middleware import Middleware
    from streamlit import config

    from dashboard.exports.downloads import download_routes
    from dashboard.http_guard import MAX_MESSAGE, BehindProxies, GuardResponses
    from dashboard.imports.uploads import upload_routes
    from dashboard.running_instance import use_installation
    from dashboard.signin.sign_in_routes import RedirectToSignIn, sign_in_routes
    from dashboard.ui.error_page import handle_script_error, silence_streamlit_errors
    from dashboard.wait_for_workers import set_waker
    from dashboard.warm_up import warm_up

    for name, value in OPTIONS.items():
        config.set_option(name, value)
    silence_streamlit_errors()
    use_installation(instance, settings)
    if waker is not None:
        set_waker(waker)
    db = connect(instance.mongodb_uri, instance.database, app="dashboard-routes", watchful=True)
    threading.Thread(target=_beat, args=(db,), daemon=True).start()
    threading.Thread(target=warm_up, daemon=True).start()
    provider = openid.provider_of(settings, address=instance.dashboard_url or f"http://{host}:{port}")
    app = st.App(
        SCRIPT,
        routes=[*sign_in_routes(db, provider), *download_routes(db), *upload_routes(db)],
        middleware=[
            Middleware(BehindProxies, proxies=settings.dashboard_trusted_proxies),
            Middleware(GuardResponses),
            *([Middleware(RedirectToSignIn)] if provider is None else []),
        ],
        secrets=None if provider is None else {"auth": _auth(provider)},
        on_script_error=handle_script_error,
    )
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=BoundedConnections,
        log_level="warning",
        server_header=False,
        proxy_headers=not settings.dashboard_trusted_proxies,
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=3,
    )


def _auth(provider: Provider) -> dict[str, Any]:
    """The provider as configuration for `st.login`."""
    return {
        "redirect_uri": f"{provider.address}/oauth2callback",
        "cookie_secret": provider.cookie_secret,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "server_metadata_url": provider.metadata_url,
        "client_kwargs": {"scope": provider.scope},
    }


def _beat(db: Db) -> None:
    idle = threading.Event()
    while True:
        try:
            pulses.beat(db, "dashboard", now=utc_now())
        except PyMongoError as error:
            log.warning("heartbeat failed", error=str(error)[:200])
        idle.wait(BEAT)
