"""Currencies: the codes of ISO 4217, their minor units, and the signs that stand for them.

Source: ISO 4217, list one, and of list three what was withdrawn since 2018: an order may be as old.
(The decimals that CLDR and so Babel write are those of price tags: none of the Iraqi dinar's three.)
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

_TWO = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ
    GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
    RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

MINOR_UNITS: Mapping[str, int] = {
    code: digits
    for digits, codes in ((2, _TWO), (0, _NONE), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""The digits behind the point by code."""

UNKNOWN_DIGITS = 8
"""Digits kept of an amount in what is no currency of ISO 4217: a bitcoin has as many."""

_UNITS = tuple(Decimal(1).scaleb(-digits) for digits in range(UNKNOWN_DIGITS + 1))
"""The smallest amount of so many digits behind the point."""

SIGNS: Mapping[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "$": ("USD", "CAD", "AUD", "NZD", "MXN", "ARS", "CLP", "COP", "HKD", "SGD", "TWD"),
    "US$": ("USD",), "C$": ("CAD",), "CA$": ("CAD",), "A$": ("AUD",), "R$": ("BRL",),
    "£": ("GBP", "EGP", "GIP"), "¥": ("JPY", "CNY"), "kr": ("SEK", "NOK", "DKK", "ISK"),
    "zł": ("PLN",), "kč": ("CZK",), "ft": ("HUF",), "lei": ("RON",), "лв": ("BGN",), "fr": ("CHF",),
    "₹": ("INR",), "₺": ("TRY",), "₴": ("UAH",), "₽": ("RUB",), "₩": ("KRW",), "₪": ("ILS",),
    "₫": ("VND",), "฿": ("THB",), "₱": ("PHP",), "₦": ("NGN",),
}  # fmt: skip
"""The currencies that a sign stands for beside a number, in small letters but for dollars."""


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """Round to the currency's minor unit, a half to the even neighbour.

    Without a currency to two digits; of what is no currency of ISO 4217 up to UNKNOWN_DIGITS stay.
    """
    digits = 2 if currency is None else MINOR_UNITS.get(currency)
    if digits is None:
        scale = amount.as_tuple().exponent
        if isinstance(scale, int) and scale >= -UNKNOWN_DIGITS:
            return amount
        digits = UNKNOWN_DIGITS
    return amount.quantize(_UNITS[digits], rounding=ROUND_HALF_EVEN)


def is_currency(code: str) -> bool:
    """Whether this is a code of ISO 4217, in capitals."""
    return code in MINOR_UNITS


def meant_by(mark: str) -> tuple[str, ...]:
    """The currencies that a mark beside a number may mean: a code or a sign; none for other words."""
    code = mark.upper()
    if is_currency(code):
        return (code,)
    return SIGNS.get(mark) or SIGNS.get(mark.lower().rstrip(".")) or ()
