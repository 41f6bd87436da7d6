"""A notebook's cells, run in one namespace as Jupyter runs them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def code_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of code, in order."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def shown(cell: dict[str, Any]) -> str:
    """What a cell shows, as it is kept in the notebook."""
    return "".join(line for output in cell["outputs"] for line in output["data"]["text/plain"])


def run(cells: list[dict[str, Any]], names: dict[str, Any]) -> Iterator[str]:
    """Run cells with these names, to which they add theirs; yield what each shows."""
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "notebook", "exec"), names)
        yield (
            "" if last is None else repr(eval(compile(ast.Expression(last.value), "notebook", "eval"), names))
        )
