"""Kinds of fields that MongoEngine lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import mongoengine as me
from mongoengine.base import BaseField


class Moment(me.DateTimeField):
    """A time that knows its zone; read back in UTC, to the millisecond."""

    def validate(self, value: object) -> None:
        # MongoEngine's own field also takes dates, texts and times without a zone.
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.error("must be a time with a time zone")


class PlainData(BaseField):
    """A mapping that only its owner understands: read back as plain values, whatever they are.

    MongoEngine's DictField gives values of its own kind, which watch for changes.
    """

    def validate(self, value: object) -> None:
        if not isinstance(value, Mapping):
            self.error("must be a mapping")
        elif not all(isinstance(key, str) and not key.startswith("$") for key in value):
            self.error("its keys must be texts that do not begin with $")
