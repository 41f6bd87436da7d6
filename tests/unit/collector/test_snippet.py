"""The browser snippet: small, and what is served is the source without comments and spare white space."""

from __future__ import annotations

import gzip
import shutil
import subprocess

import pytest

from workers.collector.snippet import SOURCE, served


def test_the_snippet_is_under_four_kilobytes_zipped() -> None:
    assert len(gzip.compress(served(SOURCE.read_text(encoding="utf-8")))) < 4_096


def test_what_is_served_has_no_comments_and_keeps_its_addresses() -> None:
    source = '/* head\n * more */\n  const a = "https://x/  =  y";\n  // gone\n  f(\n    a\n  );\n'

    assert served(source) == b'const a="https://x/  =  y";f(a);'


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node to read it")
def test_what_is_served_is_javascript() -> None:
    script = served(SOURCE.read_text(encoding="utf-8"))

    subprocess.run(["node", "--check", "-"], input=script, check=True, capture_output=True)
