"""Figures that are stored because counting them on demand takes too long."""

from __future__ import annotations

import mongoengine as me

from engine.db.documents.outline import Outline


class StaleHours(Outline):
    """Hours of which the figures kept by day are no longer right: written with what changed them."""

    meta = {"collection": "stale_hours"}
    id = me.StringField(primary_key=True)
    hours = me.ListField(me.DateTimeField(), required=True)


class ChangedOrders(Outline):
    """Contacts whose orders a commit has changed (see `engine.contacts.valuation.lifetime_refresh`)."""

    meta = {"collection": "changed_orders"}
    id = me.StringField(primary_key=True)
    contacts = me.ListField(me.StringField(), required=True)


class DayFigures(Outline):
    """The figures of one day of the account (see `engine.insights.daily`)."""

    meta = {"collection": "daily"}
    id = me.StringField(primary_key=True)
    zone = me.StringField(required=True)
    at = me.DateTimeField(required=True)


class DayLines(Outline):
    """What was sold on one day, by category and product (see `engine.insights.daily_lines`)."""

    meta = {"collection": "daily_lines"}
    id = me.StringField(primary_key=True)
    zone = me.StringField(required=True)


class DayFailures(Outline):
    """Bounces and complaints of one day (see `engine.insights.daily_failures`)."""

    meta = {"collection": "daily_failures"}
    id = me.StringField(primary_key=True)
    zone = me.StringField(required=True)


class Census(Outline):
    """All contacts counted at one time (see `engine.insights.census`)."""

    meta = {"collection": "census"}
    id = me.StringField(primary_key=True)
    at = me.DateTimeField(required=True)
