"""Plain data, as it stands in a collection or in JSON."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
