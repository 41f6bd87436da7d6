"""A collector that is there to be killed: `python -m … URI DATABASE PORT`."""

from __future__ import annotations

import sys

import uvicorn

from engine.db.connection import connect
from tests.integration.served import PLENTY, NobodyToWake
from workers.collector.api.door import Api
from workers.collector.app import create_app


def main(uri: str, database: str, port: str) -> None:
    Api.load()  # before it listens: it has little time
    app = create_app(connect(uri, database, app="victim"), NobodyToWake(), limit=PLENTY, api_limit=PLENTY)
    uvicorn.Server(uvicorn.Config(app, port=int(port), log_level="critical")).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
