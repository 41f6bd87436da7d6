"""An example as a command for a shell: the docs show it, and a test runs it."""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote

from workers.collector.api.operation import Operation


def curl(operation: Operation) -> str:
    """Return the command that sends an operation's example; `$URL` and `$KEY` are the shell's."""
    example = operation.example
    path = operation.path
    for name, value in example.path.items():
        path = path.replace(f"{{{name}}}", value if value.startswith("$") else quote(value, safe="@"))
    parts = [f'curl -sS -X {operation.method} "$URL{path}"', '-H "Authorization: Bearer $KEY"']
    if operation.method == "GET":
        parts[0] = f'curl -sS "$URL{path}"'
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in example.headers.items()]
    if operation.method == "GET" and example.query:
        parts[0] += " -G"
        parts += [
            f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.query.items()
        ]
    elif example.query:
        query = "&".join(f"{name}={quote(value)}" for name, value in example.query.items())
        parts[0] = parts[0][:-1] + f'?{query}"'
    if example.file:
        parts += ["--data-binary " + shlex.quote(example.file)]
    elif example.body is not None:
        parts += ["--json " + shlex.quote(json.dumps(example.body, ensure_ascii=False))]
    return " \\\n  ".join(parts)
