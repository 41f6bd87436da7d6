"""Regular expressions that mean the same in RE2 (linear time) and in MongoDB's PCRE2.

RE2 decides what is an expression; here is refused what PCRE2 would read otherwise, or
what could make it try for ever, and rewritten what has another spelling there.
"""

from __future__ import annotations

import re

import re2

from engine.errors import Invalid

MAX_PATTERN = 500
"""Characters of an expression; a longer one cannot be read by people."""

_SILENT = re2.Options()
_SILENT.log_errors = False

_FLAGS = re.compile(r"\(\?[is]+\)")
_SAME_ESCAPES = frozenset("dDwWSbBtnrf")
_SPACE = r"\t\n\f\r "
"""The characters of `\\s` in RE2; PCRE2 adds the vertical tab."""


class UnsupportedPattern(Invalid):
    """An expression that is none, or that MongoDB would read otherwise."""


def check(pattern: str) -> None:
    """Raise UnsupportedPattern, with a reason for people, unless both engines agree on it."""
    if len(pattern) > MAX_PATTERN:
        raise UnsupportedPattern(f"it has {len(pattern)} characters; at most {MAX_PATTERN} are allowed")
    try:
        re2.compile(pattern, _SILENT)
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be read"
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise UnsupportedPattern(f"it is no regular expression: {reason}") from None
    to_pcre(pattern)
    _refuse_nested_repeats(pattern)


def to_pcre(pattern: str) -> str:
    """The expression as MongoDB has to be given it; raise UnsupportedPattern."""
    flags = _FLAGS.match(pattern)
    out = [flags.group()] if flags else []
    at = flags.end() if flags else 0
    in_class = False
    while at < len(pattern):
        token = _token(pattern, at, in_class=in_class)
        at += len(token)
        in_class = _still_in_class(token, in_class)
        out.append(_rewritten(token, in_class=in_class))
    return "".join(out)


def _token(pattern: str, at: int, *, in_class: bool) -> str:
    character = pattern[at]
    if character == "\\":
        return pattern[at : at + 2]
    if in_class and pattern.startswith("[:", at):
        return pattern[at : pattern.index(":]", at) + 2]
    if not in_class and character == "[":
        return re.match(r"\[\^?\]?", pattern[at:]).group()  # type: ignore[union-attr]
    if not in_class and pattern.startswith("(?", at):
        return _group(pattern, at)
    return character


def _group(pattern: str, at: int) -> str:
    if pattern.startswith("(?:", at):
        return "(?:"
    raise UnsupportedPattern(
        "of groups that begin with `(?` only `(?:…)` and `(?i)` at the front are allowed"
    )


def _still_in_class(token: str, in_class: bool) -> bool:
    if in_class:
        return token != "]"
    return token.startswith("[")


def _rewritten(token: str, *, in_class: bool) -> str:
    if token == "$" and not in_class:
        return r"\z"
    if not token.startswith("\\"):
        return token
    letter = token[1]
    if letter == "s":
        return _SPACE if in_class else f"[{_SPACE}]"
    if letter in _SAME_ESCAPES or not letter.isalnum():
        return token
    if letter in "zA":
        return token
    raise UnsupportedPattern(f"`{token}` means something else in MongoDB; write it another way")


def _refuse_nested_repeats(pattern: str) -> None:
    """Refuse `(a+)+`: RE2 does not mind, but MongoDB could try for ever."""
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern)
    repeats: list[bool] = [False]
    position = 0
    while position < len(plain):
        character = plain[position]
        if character == "(":
            repeats.append(False)
        elif character == ")" and len(repeats) > 1:
            inner = repeats.pop()
            again = _repeats(plain, position + 1)
            if inner and again:
                raise UnsupportedPattern(
                    "a repetition within a repetition, such as `(a+)+`, could take for ever"
                )
            repeats[-1] = repeats[-1] or inner or again
        elif _repeats(plain, position):
            repeats[-1] = True
        position += 1


def _repeats(pattern: str, at: int) -> bool:
    """Whether something without an end is repeated at a place: `*`, `+`, `{3,}` or many times."""
    if pattern[at : at + 1] in ("*", "+"):
        return True
    counted = re.match(r"\{(\d+)(,?)(\d*)\}", pattern[at:])
    return counted is not None and (bool(counted[2]) or int(counted[1]) > 20)
