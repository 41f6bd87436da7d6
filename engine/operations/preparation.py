"""Preparation of the database before any process uses it."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from pymongo.errors import PyMongoError

from engine.db import Db, indexes
from engine.db.installation import lane_count, remember_once
from engine.errors import Unavailable
from engine.operations import collections, upgrades
from engine.pipeline import lanes
from engine.rules import versions

LANES = 16
"""Lanes of a new installation.  Fixed at first start: every activity keeps its lane."""


def prepare(db: Db, *, config_dir: Path, now: datetime) -> None:
    """Make an empty database ready, bring one of an older version up to date, and change nothing else.

    Creates the indexes, the lanes, the installation's facts and, from `config_dir`,
    version 1 of the ruleset.  Raises InvalidRules, or Unavailable without a server.
    """
    try:
        indexes.create_all(db, collections.ALL)
        upgrades.upgrade(db)
        remember_once(db, "lanes", LANES)
        remember_once(db, "namespace", secrets.token_bytes(32))
        lanes.create(db, lane_count(db))
        versions.publish_first(db, config_dir, now=now)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB could not be prepared: {error}") from error
