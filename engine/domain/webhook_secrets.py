"""The secrets that webhooks are signed with: written in the rules, or named there as `$NAME`.

A call that is to be signed is never sent unsigned, nor with an empty key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

from engine.domain.rulebook import Webhook
from engine.errors import Misconfigured

_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_ENCODED = "whsec_"


class UnusableSecret(Misconfigured):
    """A secret with which nothing can be signed; the message says why and what to do."""


def variable_of(secret: str | None) -> str | None:
    """The environment variable that a secret names; unset if it is written in the rules, or not at all."""
    match = _VARIABLE.fullmatch(secret or "")
    return match and match[1]


def malformed(secret: str) -> str | None:
    """The problem of a secret as written in the rules, independent of the environment."""
    if not secret.strip():
        return "`secret` is empty: write $ and the name of an environment variable, such as $CRM_SECRET"
    if secret.startswith("$") and variable_of(secret) is None:
        return f"{secret!r} names no environment variable: write letters, digits and _ after the $"
    if not secret.startswith("$") and _decoded(secret) is None:
        return f"`secret` has no valid base64 after {_ENCODED}"
    return None


def signing_key(webhook: Webhook, environment: Mapping[str, str]) -> bytes | None:
    """The key of a webhook's signatures; unset if the rules give it no secret.  Raises UnusableSecret."""
    if webhook.secret is None:
        return None
    problem = malformed(webhook.secret)
    if problem is not None:
        raise UnusableSecret(f"settings.yaml: {problem}")
    name = variable_of(webhook.secret)
    if name is None:
        return _decoded(webhook.secret)
    if not is_set(name, environment):
        raise UnusableSecret(
            f"the secret ${name} is not set in the workers' environment: set it and restart the workers, "
            "and this is sent"
        )
    key = _decoded(environment[name])
    if key is None:
        raise UnusableSecret(f"the workers' secret ${name} has no valid base64 after {_ENCODED}")
    return key


def is_set(name: str, environment: Mapping[str, str]) -> bool:
    """Whether a variable has a value: an empty one counts as not set."""
    return bool(environment.get(name, "").strip())


def unusable(webhooks: Iterable[Webhook], environment: Mapping[str, str]) -> dict[str, str]:
    """The names of the webhooks that cannot be signed here, with the reason."""
    reasons = {}
    for webhook in webhooks:
        try:
            signing_key(webhook, environment)
        except UnusableSecret as error:
            reasons[webhook.name] = str(error)
    return reasons


def variables(webhooks: Iterable[Webhook]) -> set[str]:
    """The environment variables that secrets name."""
    return {name for webhook in webhooks if (name := variable_of(webhook.secret)) is not None}


def _decoded(secret: str) -> bytes | None:
    """The key that a secret stands for: base64 after `whsec_`, or the text itself; unset if it is neither."""
    if not secret.strip().startswith(_ENCODED):
        return secret.encode()
    try:
        return base64.b64decode(secret.strip().removeprefix(_ENCODED), validate=True) or None
    except binascii.Error:
        return None
