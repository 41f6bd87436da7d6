"""The YAML editor, with line numbers, colours, and problems at their lines."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.ui.browser_component import browser_component
from engine.errors import Problem


def yaml_editor(text: str, *, document: str, label: str, problems: Sequence[Problem], key: str) -> str:
    """Edit a text; return its current content.

    `document` names the text: with another name the editor loads `text` again.
    """
    shown = [{"line": p.line, "column": p.column, "message": p.message} for p in problems]
    data = {"text": text, "document": document, "label": label, "problems": shown}
    result = browser_component(__file__, "yaml_editor", html='<div class="editor"></div>')(
        key=f"{key}.{document}", data=data, on_text_change=lambda: None
    )
    typed = getattr(result, "text", None)
    return text if typed is None else str(typed)
