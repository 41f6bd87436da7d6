"""The key that seals the secrets of shops, in the data folder of an embedded installation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.errors import Misconfigured
from engine.settings import Instance, Settings
from engine.shops.sealing import FILE, sealer_of


def of_folder(folder):
    return sealer_of(Settings(), Instance("mongodb://127.0.0.1", "", "sheets", data_dir=folder))


def test_processes_that_begin_at_once_seal_with_one_key(tmp_path):
    with ThreadPoolExecutor(16) as threads:
        sealers = list(threads.map(lambda _: of_folder(tmp_path), range(64)))

    sealed = [sealer.seal("s3cret") for sealer in sealers]
    assert {of_folder(tmp_path).open(one) for one in sealed} == {"s3cret"}
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_an_empty_key_file_is_named(tmp_path):
    (tmp_path / FILE).touch()

    with pytest.raises(Misconfigured, match="is empty"):
        of_folder(tmp_path)
