"""The dashboard over the test's own database, as somebody with a role, with workers that are quick."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import current_user, running_instance, wait_for_workers
from engine.accounts.current_user import CurrentUser
from engine.db import Db
from engine.settings import Instance, Settings
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.dashboard.test_pages import SCRIPT
from tests.integration.drained import drain_all, receive_and_drain
from workers.embedded.mongod import Mongod

# A page that was first imported while a test has replaced the database would keep that test's for ever.
for module in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
    if module.name != "dashboard.app":  # the script that Streamlit runs
        importlib.import_module(module.name)

OpenAs = Callable[..., AppTest]


class QuickWorkers:
    """Workers that have done all there is to do before the page goes on."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def wake(self, _lanes: Iterable[int]) -> None:
        drain_all(self._db)


@pytest.fixture
def over_db(db: Db, mongod: Mongod, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every page and component uses the test's database."""
    here = Instance(mongodb_uri=mongod.uri, broker_url="stub://", database=db.name)
    monkeypatch.setattr(running_instance, "_served", [(here, Settings())])
    monkeypatch.setattr(wait_for_workers, "_wakers", [QuickWorkers(db)])
    _forget()
    yield
    running_instance.database().client.close()
    _forget()


def _forget() -> None:
    for cached in (running_instance.instance, running_instance.database):
        cached.clear()


@pytest.fixture
def open_as(over_db: None, monkeypatch: pytest.MonkeyPatch) -> OpenAs:
    """Open an address as somebody with a role: `open_as("viewer", page="segments")`."""
    monkeypatch.setattr(current_user, "session_token", lambda: "token")

    def opened(role: str, **parameters: str) -> AppTest:
        user = CurrentUser("u1", "eva@x.com", "Eva", role)  # type: ignore[arg-type]
        monkeypatch.setattr(current_user.accounts, "whoami", lambda *_, **__: user)
        app = AppTest.from_file(str(SCRIPT), default_timeout=120)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.run()

    return opened


@pytest.fixture
def shop(db: Db) -> Db:
    """Ana, who bought; Bo, who subscribed; and somebody unknown, in this order of the list from below."""
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@x.com", traits={"name": "Ana Ruiz", "city": "Roma"}),
            bought("12.10", minutes(1), email="ana@x.com", order_id="A-1", currency="EUR"),
            identified(minutes(2), email="bo@x.com", traits={"name": "Bo Li"}),
            an_activity("newsletter_subscribed", minutes(3), email="bo@x.com"),
            an_activity("page_visited", minutes(4), tracker="somebody"),
        ],
    )
    return db
