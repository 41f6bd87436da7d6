"""Which servers this process talks to: the environment's, else the instance on this machine."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic_settings import BaseSettings

from engine.errors import NoInstance

DEFAULT_DATA_DIR = Path(".sheets")

_REPOSITORY_CONFIG = Path(__file__).resolve().parent.parent / "config"
_SHIPPED_CONFIG = Path(__file__).resolve().parent / "shipped_config"
CONFIG_DIR = _REPOSITORY_CONFIG if _REPOSITORY_CONFIG.is_dir() else _SHIPPED_CONFIG
"""The YAML files that we ship: the repository's, or their copy inside the wheel."""


class Settings(BaseSettings):
    """What the environment says.

    Parameters:
      mongodb_uri(str): A replica set, MongoDB 6 or newer; empty: the embedded one.
      broker_url(str): `redis://…` (Valkey, Redis) or `amqp://…` (RabbitMQ); empty: the embedded one.
      sheets_data_dir(Path): Where the embedded servers and their instance file live.
      sheets_database(str): The database's name.
    """

    mongodb_uri: str = ""
    broker_url: str = ""
    sheets_data_dir: Path = DEFAULT_DATA_DIR
    sheets_database: str = "contact_sheets"


@dataclass(frozen=True)
class Instance:
    """A running installation: where its servers and pages are."""

    mongodb_uri: str
    broker_url: str
    database: str
    data_dir: Path | None = None
    dashboard_url: str | None = None
    collector_url: str | None = None
    pid: int | None = None


def locate(data_dir: Path | None = None) -> Instance:
    """Find the installation: `MONGODB_URI` wins, else the instance file of the data folder.

    The folder is `data_dir`, else `SHEETS_DATA_DIR`, else `./.sheets`.  An explicit
    `data_dir` wins over `MONGODB_URI` if an instance runs there.  Raises NoInstance.
    """
    settings = Settings()
    folder = data_dir if data_dir is not None else settings.sheets_data_dir
    found = _read_instance(folder)
    if found is not None and (data_dir is not None or not settings.mongodb_uri):
        return found
    if settings.mongodb_uri:
        return Instance(
            mongodb_uri=settings.mongodb_uri,
            broker_url=settings.broker_url,
            database=settings.sheets_database,
            data_dir=folder,
            dashboard_url=found.dashboard_url if found else None,
            collector_url=found.collector_url if found else None,
        )
    raise NoInstance(
        f"no instance runs in {folder}: start one with `sheets up`, name its folder with --data-dir "
        "(or SHEETS_DATA_DIR), or set MONGODB_URI and BROKER_URL to servers of yours"
    )


def write_instance(instance: Instance) -> None:
    """Say in the data folder what runs; the file holds passwords and is the owner's alone."""
    path = instance_file(_folder_of(instance))
    content = {**asdict(instance), "data_dir": str(instance.data_dir)}
    descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
    path.with_suffix(".new").replace(path)


def remove_instance(data_dir: Path) -> None:
    """Say that nothing runs in the data folder any more."""
    instance_file(data_dir).unlink(missing_ok=True)


def instance_file(data_dir: Path) -> Path:
    return data_dir / "instance.json"


def _read_instance(data_dir: Path) -> Instance | None:
    try:
        content = json.loads(instance_file(data_dir).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Instance(**{**content, "data_dir": Path(content["data_dir"])})


def _folder_of(instance: Instance) -> Path:
    if instance.data_dir is None:
        raise NoInstance("an instance without a data folder cannot be written down")
    return instance.data_dir
