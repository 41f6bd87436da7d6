"""Commands as somebody types them, run in this process."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from workers.cli.main import app


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])
