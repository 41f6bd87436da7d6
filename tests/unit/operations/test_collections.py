"""The list of all collections, from which the indexes are created."""

import pkgutil
from collections import Counter
from importlib import import_module

import engine
from engine.db.documents.outline import Outline
from engine.db.documents.stored import Stored
from engine.operations import collections


def test_every_document_is_listed_once():
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        import_module(module.name)

    declared = {
        document
        for base in (Stored, Outline)
        for document in base.__subclasses__()
        if document.__module__.startswith("engine.")
    }
    assert declared == set(collections.ALL)
    assert len(collections.ALL) == len(declared)


def test_a_collection_has_one_document():
    names = Counter(document._meta["collection"] for document in collections.ALL)

    assert [name for name, times in names.items() if times > 1] == []
