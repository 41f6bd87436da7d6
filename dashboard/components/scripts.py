"""What components of ours run in the browser."""

from __future__ import annotations

from pathlib import Path

_ASSETS = Path(__file__).parent.parent / "assets"


def built(name: str) -> str:
    """The script of a component that builds elements: with what makes them in front."""
    return f"{_ASSETS.joinpath('elements.js').read_text()}\n{_ASSETS.joinpath(f'{name}.js').read_text()}"
