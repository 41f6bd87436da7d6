"""The encoding of values in MongoDB: exact decimals, aware times in UTC."""

from __future__ import annotations

import struct
from datetime import UTC
from decimal import Decimal
from typing import Any

from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128


class _Money(TypeCodec):
    """Money is a Decimal in Python and a Decimal128 in MongoDB."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return _decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


_LONGEST = 16
"""Digits of an amount that fit into the lower half of a Decimal128."""

_BIAS = 6_176
"""The offset with which the exponent of a Decimal128 is stored."""

_USUAL_EXPONENT = 100
"""Exponents up to this, of either sign, are an amount's; near its limits a Decimal128 is rounded."""


def _decimal128(value: Decimal) -> Decimal128:
    """The value as a Decimal128, digit for digit.

    An amount of money is written straight in the encoding of IEEE 754-2008 (BID): PyMongo does any
    value, and takes five times as long.
    """
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or len(digits) > _LONGEST or abs(exponent) > _USUAL_EXPONENT:
        return Decimal128(value)
    coefficient = 0
    for digit in digits:
        coefficient = 10 * coefficient + digit
    return Decimal128.from_bid(struct.pack("<QQ", coefficient, sign << 63 | (exponent + _BIAS) << 49))


CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_Money()])
)
