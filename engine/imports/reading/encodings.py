"""Detect the legacy encoding of a text: the one under which it looks most like a language.

A byte is another letter in each of them, and a list of names is too short for statistics of words; so each
encoding is judged by the letters of its languages, and by what no language has: a currency sign within a
word, a capital after a small letter, two scripts in one word.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

UTF_8 = "utf-8-sig"

ENCODINGS: Mapping[str, str] = {
    UTF_8: "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Windows-1252 (Western Europe)",
    "latin-1": "ISO-8859-1 (Western Europe)",
    "iso8859-15": "ISO-8859-15 (Western Europe, with €)",
    "cp850": "MS-DOS, CP 850 (Western Europe)",
    "mac-roman": "Macintosh (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "iso8859-2": "ISO-8859-2 (Central Europe)",
    "cp852": "MS-DOS, CP 852 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Cyrillic)",
    "iso8859-5": "ISO-8859-5 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "iso8859-7": "ISO-8859-7 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "iso8859-9": "ISO-8859-9 (Turkish)",
    "cp1257": "Windows-1257 (Baltic)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Shift-JIS (Japanese)",
    "euc-jp": "EUC-JP (Japanese)",
    "gb18030": "GBK, GB 18030 (Chinese, simplified)",
    "big5": "Big5 (Chinese, traditional)",
    "cp949": "EUC-KR (Korean)",
}
"""The encodings that a user can choose.  `utf-8-sig` also reads UTF-8 without a byte-order mark."""

_SPELLINGS: Mapping[str, str] = {
    "utf-8": UTF_8, "iso8859-1": "latin-1", "shift_jis": "cp932", "gbk": "gb18030", "gb2312": "gb18030",
    "euc_kr": "cp949", "euc_jp": "euc-jp", "big5hkscs": "big5", "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}  # fmt: skip
"""Python's names of encodings under which another one of ours reads the same."""

_SAMPLE = 6_000
"""Bytes of the lines with characters beyond ASCII that are judged."""

_PLAIN_SIGNS = frozenset("¿¡€«»·…–—„“”‚‘’°§©®™\u00a0\ufeff№")  # noqa: RUF001  quotes and dashes
"""Signs beyond ASCII that texts of many languages have, though not within a word."""


@dataclass(frozen=True)
class _Candidate:
    """An encoding, and what is common in texts of its languages.

    Parameters:
      letters: The letters beyond ASCII of each language, in lower case.
      is_common: For scripts of many characters: 1 if one is among the usual ones, by its bytes, 0 if not.
      rare: What it takes to be preferred to a more usual encoding.
    """

    encoding: str
    letters: tuple[str, ...] = ()
    is_common: Callable[[bytes], float] | None = None
    rare: float = 0.05


_WESTERN = (
    "áéíóúüñ", "áâãàçéêíóôõúü", "àâæçéèêëîïôœùûüÿ", "äöüß", "àèéìíîòóùú", "åäöæøé", "àçèéíïòóúü",
    "áéíóúàèìòùâêîôûäëïöüãõñçåæøß",
)  # fmt: skip
"""Spanish, Portuguese, French, German, Italian, Nordic, Catalan, and several of them."""

_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕô", "áéíóöőúüű", "ăâîşţ", "čćđšž", "ąćęłńóśźżáčéěířšúůýžöőüű")
"""Polish, Czech and Slovak, Hungarian, Romanian, Croatian and Slovenian, and several of them."""

_ICELANDIC = ("áéíóúýðþæö",)
_CYRILLIC = ("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґђјљњћџ",)
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",)
_TURKISH = ("çğıöşüâîûİ",)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")
_HEBREW = ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",)
_ARABIC = ("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",)


def _lead(first: int, last: int, *, trail: int = 0x40) -> Callable[[bytes], float]:
    return lambda pair: len(pair) == 2 and first <= pair[0] <= last and pair[1] >= trail


def _in_gb2312(pair: bytes) -> float:
    """Its first level has the usual characters, its second the others of names."""
    return 1.0 if _lead(0xB0, 0xD7, trail=0xA1)(pair) else 0.5 * _lead(0xD8, 0xF7, trail=0xA1)(pair)


_CANDIDATES = (
    _Candidate("cp1254", _TURKISH), _Candidate("cp1250", _CENTRAL), _Candidate("cp1251", _CYRILLIC),
    _Candidate("cp1253", _GREEK), _Candidate("cp1252", _ICELANDIC, rare=0.1),
    _Candidate("iso8859-2", _CENTRAL, rare=0.1), _Candidate("iso8859-7", _GREEK, rare=0.1),
    _Candidate("koi8-r", _CYRILLIC, rare=0.1), _Candidate("cp1257", _BALTIC, rare=0.2),
    _Candidate("cp1255", _HEBREW, rare=0.2), _Candidate("cp1256", _ARABIC, rare=0.2),
    _Candidate("cp850", _WESTERN, rare=0.3), _Candidate("mac-roman", _WESTERN, rare=0.3),
    _Candidate("cp852", _CENTRAL, rare=0.3), _Candidate("iso8859-5", _CYRILLIC, rare=0.4),
    _Candidate("cp932", is_common=lambda pair: _lead(0x82, 0x83)(pair) or _lead(0x88, 0x98)(pair)),
    _Candidate("cp949", is_common=_lead(0xB0, 0xC8, trail=0xA1)),
    _Candidate("gb18030", is_common=_in_gb2312),
    _Candidate("big5", is_common=_lead(0xA4, 0xC6)),
)  # fmt: skip
"""In doubt the first; Windows-1252 comes before them all (see `legacy_encoding`)."""

_SEVERAL = 0.25
"""What a text in several languages is behind one in a single language that explains it as well."""

_BEFORE = {"õ": "e", "ã": "oes ", "ă": "abcdefghijklmnpqrstuvwxyzţş ", "œ": "uidt"}
"""What these letters come before in the languages that have them; a space is the end of a word."""


def known_encoding(name: str) -> str | None:
    """Return the encoding of `ENCODINGS` that a name means (`Windows-1250`, `ISO-8859-2`, `shift_jis`)."""
    lowered = name.strip().lower().replace("_", "-").replace("windows-", "cp").replace("windows", "cp")
    if lowered in ENCODINGS:
        return lowered
    try:
        python = codecs.lookup(lowered).name
    except LookupError:
        return None
    same = (ours for ours in ENCODINGS if ours != UTF_8 and codecs.lookup(ours).name == python)
    return _SPELLINGS.get(python) or next(same, None)


def legacy_encoding(head: bytes, western: str) -> str:
    """Return the encoding of a text that is no Unicode; `western` is the best of the Western ones."""
    sample = b"\n".join(line for line in head.splitlines() if not line.isascii())[:_SAMPLE]
    usual = western if western in ("cp1252", "latin-1") else "cp1252"
    best, score = usual, _judged(sample, _Candidate(usual, _WESTERN))
    for candidate in _CANDIDATES:
        found = _judged(sample, candidate) - candidate.rare
        if found > score + 1e-9:
            best, score = candidate.encoding, found
    return best


_NEVER = -10.0


def _judged(sample: bytes, candidate: _Candidate) -> float:
    """How much a text looks like one of an encoding's languages: 1 at most."""
    try:
        text = codecs.getincrementaldecoder(candidate.encoding)().decode(sample)
    except UnicodeDecodeError:
        if candidate.is_common is not None:
            return _NEVER
        text = sample.decode(candidate.encoding, errors="replace")
    runs = re.findall(r"[^\W\d_]?[^\x00-\x7f]+[^\W\d_]?", text)
    if not runs:
        return _NEVER
    if candidate.is_common is not None:
        return _of_many_characters(runs, candidate.encoding, candidate.is_common)
    *languages, last = (_of_letters(text, frozenset(one + one.upper())) for one in candidate.letters)
    return max(*languages, last - _SEVERAL) if languages else last


def _of_many_characters(runs: list[str], encoding: str, is_common: Callable[[bytes], float]) -> float:
    signs = [sign for run in runs for sign in run if sign > "\x7f"]
    common = sum(is_common(sign.encode(encoding, errors="replace")) for sign in signs)
    mixed = sum(run[0] < "\x80" or run[-1] < "\x80" for run in runs)
    alone = sum(len(run.strip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) == 1 for run in runs)
    return (common - 2 * mixed - alone - (len(signs) - common)) / len(signs)


def _of_letters(text: str, letters: frozenset[str]) -> float:
    worth = [one for place in _places(text) if (one := _worth(*place, letters))]
    return sum(worth) / len(worth) if worth else 0.0


def _places(text: str) -> Iterator[tuple[str, str, str]]:
    """Each character beyond ASCII with its neighbours."""
    framed = f" {text} "
    for found in re.finditer(r"[^\x00-\x7f]", text):
        at = found.start() + 1
        yield framed[at - 1], framed[at], framed[at + 1]


def _worth(before: str, sign: str, after: str, letters: frozenset[str]) -> float:
    """What a character says for a language: a letter of it speaks for it, much else against it."""
    if sign in "ªº":  # `1ª`, `Mª`
        return 1.0 if before.isalnum() and not after.isalpha() else -2.0
    if not sign.isalpha():
        within = before.isalpha() and after.isalpha()
        return 0.5 if sign in _PLAIN_SIGNS and not within else -2.0
    if before.isdigit() or after.isdigit():
        return -1.0
    if not (before.isalpha() or after.isalpha()) and (sign.isupper() or not _is_latin(sign)):
        return 0.0
    follows = after.lower() if after.isalpha() else " "
    worth = 1.0 if sign in letters and follows in _BEFORE.get(sign.lower(), follows) else -1.0
    if sign.isupper() and before.islower():
        worth -= 2
    if _is_latin(sign):
        return worth - (0.2 if before > "\x7f" and before.isalpha() else 0)
    mixed = any(near.isalpha() and _is_latin(near) for near in (before, after))
    return worth - (2 if mixed else 0)


def _is_latin(letter: str) -> bool:
    return letter < "\u0250"
