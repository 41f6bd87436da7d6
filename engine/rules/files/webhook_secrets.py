"""The secrets of webhooks in settings.yaml: read, and looked up where rules are checked."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.webhook_secrets import is_set, malformed, variable_of
from engine.errors import Problem
from engine.rules.language.nodes import File, Node, Problems
from engine.settings import MASK

FILE = "settings.yaml"


def read_secret(node: Node, key: str) -> str | None:
    """The secret of a webhook; unset if the key is missing, and calls go out unsigned."""
    if key not in node:
        return None
    written = node.raw(key)
    if written is not None and not isinstance(written, str):
        return node.text(key)  # which notes that it must be text
    secret = "" if written is None else str(written)
    problem = malformed(secret)
    if problem is not None:
        node.fail(problem, key)
    return secret


def secrets_not_set(text: str, environment: Mapping[str, str]) -> list[Problem]:
    """A warning for each secret in the file that names a variable which the environment does not set.

    None of them is an error: rules may be checked on another machine than the workers'.
    """
    settings = File(FILE, Problems()).parse(text)
    webhooks, found = settings.node("webhooks"), _links_unsigned(settings, environment)
    for name in webhooks.keys():
        webhook = webhooks.node(name)
        secret = webhook.raw("secret")
        needed = variable_of(secret) if isinstance(secret, str) else None
        if needed is not None and not is_set(needed, environment):
            message = (
                f"the secret ${needed} is not set in this environment; "
                f"without it the workers keep the calls of {name!r} and send none"
            )
            found.append(Problem(FILE, *webhook.place("secret"), message))
    return found


def without_secrets(text: str) -> str:
    """Return settings.yaml with `***` for the secrets that are written in it; a name of a variable stays.

    In a text that cannot be read nothing is known for sure: all of it is hidden.
    """
    if "secret" not in text:
        return text
    settings = File(FILE, Problems()).parse(text)
    written = (
        settings.node("webhooks").node(name).raw("secret") for name in settings.node("webhooks").keys()
    )
    literal = {str(secret) for secret in written if secret and variable_of(str(secret)) is None}
    for secret in sorted(literal, key=len, reverse=True):
        if secret not in text:  # folded over lines, or in escapes
            return f"# {FILE} holds secrets: it is shown to who may edit rules\n"
        text = text.replace(secret, MASK)
    return text


def _links_unsigned(settings: Node, environment: Mapping[str, str]) -> list[Problem]:
    """A warning if the links to the preference page cannot be signed."""
    page = settings.node("preferences")
    secret = page.raw("secret")
    first = secret[0] if isinstance(secret, list) and secret else secret
    needed = variable_of(first) if isinstance(first, str) else None
    if needed is None or is_set(needed, environment):
        return []
    message = (
        f"the secret ${needed} is not set in this environment; "
        "without it the links to the preference page are neither made nor opened"
    )
    return [Problem(FILE, *page.place("secret"), message)]
