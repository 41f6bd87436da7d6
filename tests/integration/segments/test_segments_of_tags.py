"""Several static segments are made at once, and those that are there already are not made again."""

import pytest

from engine.errors import NotAllowed
from engine.rules import versions
from engine.segments import segment_service
from tests.builders import acting, colleague


def names(db):
    return {segment.name for segment in versions.current(db).segments.values() if not segment.dynamic}


def test_segments_are_made_in_one_version_and_once(db):
    mia, before = acting(db, colleague()), versions.current(db).version

    made = segment_service.create_static_for(mia, ["Gold", "gold", "Café  crème", "café creme"])
    again = segment_service.create_static_for(mia, ["GOLD", "Café crème"])

    assert (made, again) == (["gold", "cafe-creme", "cafe-creme-2"], [])
    assert {"Gold", "Café crème", "café creme"} <= names(db)
    assert versions.current(db).version == before + 1


def test_only_those_who_may_make_segments_make_them(db):
    with pytest.raises(NotAllowed):
        segment_service.create_static_for(acting(db, colleague(role="viewer")), ["VIP"])
