"""The page of the API for people: made of the registry, without scripts and from nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from engine.accounts.scopes import GRANTED
from workers.collector.api.curl import curl
from workers.collector.api.openapi import PATH_PARAMETERS, describe, document, headers_of
from workers.collector.api.operation import Operation
from workers.collector.api.registry import OPERATIONS

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What the page may load: its own style, and nothing else."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}

INTRODUCTION = (
    "Authenticate with a secret key that has the scope of the operation: `Authorization: Bearer sk_…`. Keys "
    "are made in the settings, under API keys, or with "
    "`sheets keys create --kind secret --scope contacts:read`.",
    "Answers are JSON; money is text, times are in ISO 8601, UTC. A refusal has `success`, `code`, `message` "
    "and `errors` with the field of each. Unknown parameters and fields are refused.",
    "Lists have a `next` cursor until their last page; give it back as `cursor` with the same parameters.",
    "Reads have an `ETag`: send it as `If-None-Match` (304 unless it has changed), or as `If-Match` with a "
    "write (412 if it has). Writes are acknowledged once they are stored durably; 202 says that they take "
    "effect in a moment. With an `Idempotency-Key` a request can be sent again safely.",
    "Above its rate a key is answered 429 with `Retry-After`.",
)


def pages() -> dict[str, Response]:
    """Return the page and its style by their paths."""
    return {
        "/v1/docs": Response(str(page()), 200, _HEADERS, "text/html"),
        "/v1/docs.css": Response(_style(), 200, _HEADERS, "text/css"),
    }


def _style() -> str:
    return Path(__file__).with_suffix(".css").read_text("utf-8")


def page() -> Markup:
    """Return the whole page."""
    groups = dict[str, list[Operation]]()
    for operation in OPERATIONS:
        groups.setdefault(operation.tag, []).append(operation)
    schemas = document()["components"]["schemas"]
    return Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>API · Contact Sheets</title><link rel="stylesheet" href="/v1/docs.css"></head><body>'
        '<nav aria-label="Operations"><a class="home" href="#top">Contact Sheets API</a>{contents}</nav>'
        '<main id="top"><h1>Contact Sheets API</h1>{introduction}'
        '<p><a href="/v1/openapi.json">OpenAPI 3.1 document</a></p>'
        "<h2>Scopes</h2>{scopes}{groups}<h2>Values</h2>{schemas}</main></body></html>"
    ).format(
        contents=_join(_contents(tag, found) for tag, found in groups.items()),
        introduction=_join(Markup("<p>{}</p>").format(_words(text)) for text in INTRODUCTION),
        scopes=_rows({scope.value: granted.label for scope, granted in GRANTED.items()}),
        groups=_join(
            Markup("<h2>{}</h2>{}").format(tag, _join(map(_section, found))) for tag, found in groups.items()
        ),
        schemas=_join(_schema(name, schema) for name, schema in sorted(schemas.items())),
    )


def _contents(tag: str, operations: Sequence[Operation]) -> Markup:
    links = (Markup('<li><a href="#{}">{}</a></li>').format(one.id, one.summary) for one in operations)
    return Markup("<b>{}</b><ul>{}</ul>").format(tag, _join(links))


def _section(operation: Operation) -> Markup:
    return Markup(
        '<section id="{id}"><h3>{summary}</h3><p class="call"><b class="{method}">{method}</b> '
        '<code>{path}</code></p><p>{about}</p>{parameters}{values}<pre tabindex="0"><code>{curl}</code></pre>'
        "</section>"
    ).format(
        id=operation.id,
        summary=operation.summary,
        method=operation.method,
        path=operation.path,
        about=_words(describe(operation)),
        parameters=_rows(_parameters(operation)),
        values=_values(operation),
        curl=curl(operation),
    )


def _parameters(operation: Operation) -> Mapping[str, str]:
    """Everything that a request can carry besides its body, and what it does."""
    found = {f"{{{name}}}": PATH_PARAMETERS[name] for name in operation.path_parameters}
    for parameter in operation.query:
        among = [one for one in parameter.schema.get("enum", ()) if not one.startswith("-")]
        usual = parameter.schema.get("default")
        about = parameter.about
        about += f" One of {', '.join(f'`{one}`' for one in among)}." if among else ""
        about += f" Default: `{usual}`." if usual is not None else ""
        found[f"?{parameter.name}"] = about + (" Required." if parameter.required else "")
    return found | headers_of(operation)


def _values(operation: Operation) -> Markup:
    """The body and the answers, as links to their schemas."""
    body = Markup("a file as it is") if operation.upload is not None else _link(operation.body)
    sent = Markup("<p>Body: {}</p>").format(body) if operation.upload or operation.body else Markup()
    kind = _link(operation.answer) if operation.answer is not None else Markup()
    answers = _rows({str(status): meaning for status, meaning in operation.statuses.items()})
    return sent + Markup("<p>Answer: {}</p>{}").format(kind or operation.media_type, answers)


def _link(kind: type | None) -> Markup:
    return Markup() if kind is None else _reference(kind.__name__)


def _reference(name: str) -> Markup:
    return Markup('<a href="#{0}"><code>{0}</code></a>').format(name)


def _schema(name: str, schema: Mapping[str, Any]) -> Markup:
    fields = schema.get("properties", {})
    required = set(schema.get("required", ()))
    rows = _join(
        Markup("<tr><th scope=row><code>{}</code></th><td>{}{}</td></tr>").format(
            field, _type(one), "" if field not in required else ", required"
        )
        for field, one in fields.items()
    )
    table = Markup("<table>{}</table>").format(rows) if rows else Markup()
    about = Markup("<p>{}</p>").format(_words(schema.get("description", "")))
    return Markup('<section id="{0}"><h3>{0}</h3>{1}{2}</section>').format(name, about, table)


def _type(schema: Mapping[str, Any]) -> Markup:
    """The type of a field in words, with a link to its schema."""
    if "$ref" in schema:
        return _reference(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return Markup(" or ").join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return Markup(", ").join(Markup("<code>{}</code>").format(json.dumps(one)) for one in schema["enum"])
    if schema.get("type") == "array":
        return Markup("list of {}").format(_type(schema.get("items", {})))
    if schema.get("type") == "object":
        return Markup("object of {}").format(_type(schema.get("additionalProperties") or {}))
    words = schema.get("format") or schema.get("type") or "any value"
    return Markup("{}").format(", ".join(words) if isinstance(words, list) else words)


def _rows(rows: Mapping[str, str]) -> Markup:
    if not rows:
        return Markup()
    cells = (
        Markup("<tr><th scope=row><code>{}</code></th><td>{}</td></tr>").format(name, _words(about))
        for name, about in rows.items()
    )
    return Markup("<table>{}</table>").format(_join(cells))


def _words(text: str) -> Markup:
    """Text in which what stands in backticks is code."""
    parts = re.split(r"`([^`]+)`", text)
    return _join(
        Markup("<code>{}</code>").format(part) if index % 2 else Markup("{}").format(part)
        for index, part in enumerate(parts)
    )


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup().join(parts)
