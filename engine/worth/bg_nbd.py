"""BG/NBD: how many purchases customers will make, and whether they are still customers.

While alive, customers buy at constant rates, and after each purchase they leave for good with constant
probabilities.  Between customers the rates are gamma distributed (shape `r`, rate `alpha` in weeks)
and the probabilities beta distributed (`a`, `b`).

Source: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005).
Numbers of equations are those of the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln, digamma, expit, gammaln

from engine.worth.maximum_likelihood import NotFitted, Objective, maximise
from engine.worth.purchase_history import History

Floats = npt.NDArray[np.float64]

NAME = "BG/NBD"

_NODES = 64
"""Points at which the integral over the probability of leaving is evaluated: 10 digits and more."""

_INSTANTS = 8
"""Points at which discounting is integrated over the horizon."""

_CHUNK = 16_384
"""Customers whose integrals are held at once: 8 MB for each step of the calculation."""

_STARTS = ((0.3, 0.8, 2.5), (1.0, 1.0, 1.0), (0.5, 0.1, 5.0))
"""Values of r, a and b that a fit starts from."""


@dataclass(frozen=True)
class BgNbd:
    """The model with its four parameters; customers are given by the columns of a `History`."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, history: History) -> Floats:
        """The logarithm of each customer's likelihood, equation (6).

        The two powers in its sum over- and underflow for many purchases: it is taken of their logarithms.
        """
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x = history.repeats
        purchases = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        staying = betaln(a, b + x) - betaln(a, b)
        total: Floats = purchases + staying + np.logaddexp(*self._alive_and_gone(history))
        return total

    def alive(self, history: History) -> Floats:
        """The probability that each customer has not left; 1 for those without a repeat purchase.

        The share of the first power in the sum of equation (6).
        """
        alive, gone = self._alive_and_gone(history)
        share: Floats = expit(alive - gone)
        return share

    def expected_purchases(self, weeks: float, history: History) -> Floats:
        """The purchases that each customer is expected to make in the next weeks, equation (10)."""
        expected = self._by_repeats_and_age(history, lambda x, age: self._while_alive(weeks, x, age))
        return self.alive(history) * expected

    def expected_repeats(self, weeks: Floats) -> Floats:
        """The repeat purchases of a new customer in the weeks after the first purchase, equation (9)."""
        return self._while_alive(weeks, 0.0, np.zeros_like(weeks))

    def discounted_purchases(self, weeks: float, history: History, *, yearly_discount: float) -> Floats:
        """The purchases that are expected in the next weeks, each worth the less the later it comes.

        `yearly_discount` is a share (0.1 for 10 % a year), compounded continuously.  With E(s) as
        expected purchases up to s, the integral of exp(-d s) dE(s) by parts is
        exp(-d t) E(t) + d times the integral of exp(-d s) E(s).
        """
        rate = np.log1p(yearly_discount) / (365.25 / 7)
        points, parts = np.polynomial.legendre.leggauss(_INSTANTS)
        instants = (points + 1) * weeks / 2
        factors = parts * weeks / 2 * rate * np.exp(-rate * instants)

        def discounted(x: float, age: Floats) -> Floats:
            total: Floats = np.exp(-rate * weeks) * self._while_alive(weeks, x, age)
            for instant, factor in zip(instants, factors, strict=True):
                total += factor * self._while_alive(instant, x, age)
            return total

        found: Floats = self.alive(history) * self._by_repeats_and_age(history, discounted)
        return found

    def _alive_and_gone(self, history: History) -> tuple[Floats, Floats]:
        """The logarithms of the two powers in equation (6): alive, or gone since the last purchase."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x = history.repeats
        alive = -(r + x) * np.log(alpha + history.age)
        leaving = np.log(a) - np.log(np.where(x > 0, b + x - 1, np.inf))
        return alive, leaving - (r + x) * np.log(alpha + history.recency)

    def _while_alive(self, weeks: float | Floats, x: float, age: Floats) -> Floats:
        """The expected purchases of customers who are alive, with `x` repeats at some ages.

        The mean over the probability p of leaving, whose density is beta(a, b + x), of
        (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p.  Equation (10) is this integral in closed form
        (Gauss's hypergeometric function), which is 0/0 for a = 1 and loses its digits around.
        """
        chances, weights = _beta_quadrature(self.a, self.b + x)
        growth = np.log1p(np.multiply.outer(weeks / (self.alpha + age), chances))
        expected: Floats = -np.expm1(-(self.r + x) * growth) / chances @ weights
        return expected

    def _by_repeats_and_age(self, history: History, expected: Callable[[float, Floats], Floats]) -> Floats:
        """Evaluate once for each number of repeats and age: few pairs stand for a million customers."""
        pairs = pd.DataFrame({"x": history.repeats, "age": history.age})
        number = pairs.groupby(["x", "age"]).ngroup().to_numpy()
        values = [
            expected(float(x), ages[start : start + _CHUNK])
            for x, group in pairs.drop_duplicates().sort_values(["x", "age"]).groupby("x")["age"]
            for ages in [group.to_numpy()]
            for start in range(0, len(ages), _CHUNK)
        ]
        found: Floats = np.concatenate([*values, np.empty(0)])[number]
        return found


def fit_bg_nbd(history: History) -> BgNbd:
    """Fit the model to customers by maximum likelihood; raise NotFitted.

    Time is measured in mean ages meanwhile, so that all parameters are of the order of 1.
    """
    if not np.any(history.repeats > 0):
        raise NotFitted(NAME, "no customer has bought on two different days")
    scale = float(history.age.mean())
    found = maximise(_objective(history, scale), _starts(history, scale), model=NAME)
    r, alpha, a, b = map(float, found.parameters)
    return BgNbd(r, alpha * scale, a, b)


def _starts(history: History, scale: float) -> Iterator[Floats]:
    """Parameters with the observed mean rate."""
    rate = float(history.repeats.sum() / history.age.sum()) * scale
    for r, a, b in _STARTS:
        yield np.array([r, r / rate, a, b])


def _objective(history: History, scale: float) -> Objective:
    """The mean of equation (6) and its slopes; customers who are alike are evaluated once."""
    table = pd.DataFrame({"x": history.repeats, "last": history.recency, "age": history.age})
    alike = table.groupby(["x", "last", "age"]).size()
    share = alike.to_numpy() / len(table)
    x, last, age = (alike.index.get_level_values(name).to_numpy() for name in ("x", "last", "age"))
    last, age = last / scale, age / scale
    repeats, position = np.unique(x, return_inverse=True)
    share_of_repeats = np.bincount(position, weights=share)
    columns = History(x, last, age, valued=x, average=x)

    def objective(parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = map(float, parameters)
        model = BgNbd(r, alpha, a, b)
        log_alive, log_gone = model._alive_and_gone(columns)
        gone = share * expit(log_gone - log_alive)
        alive = share - gone
        by_repeats = (
            gammaln(r + repeats) - gammaln(r) + r * np.log(alpha) + betaln(a, b + repeats) - betaln(a, b)
        )
        mean = share_of_repeats @ by_repeats + share @ np.logaddexp(log_alive, log_gone)
        later, earlier = alpha + age, alpha + last
        leaving = digamma(a + b) - digamma(a + b + repeats)
        slopes = [
            share_of_repeats @ (digamma(r + repeats) - digamma(r) + np.log(alpha))
            - alive @ np.log(later)
            - gone @ np.log(earlier),
            r / alpha - alive @ ((r + x) / later) - gone @ ((r + x) / earlier),
            share_of_repeats @ leaving + gone.sum() / a,
            share_of_repeats @ (leaving + digamma(b + repeats) - digamma(b))
            - gone @ (1 / np.where(x > 0, b + x - 1, np.inf)),
        ]
        return float(mean), np.array(slopes)

    return objective


@lru_cache(maxsize=1_024)
def _beta_quadrature(a: float, b: float) -> tuple[Floats, Floats]:
    """Points and weights that integrate polynomials times the density of beta(a, b) over 0 to 1 exactly.

    Golub and Welsch, Calculation of Gauss Quadrature Rules, Mathematics of Computation 23 (1969), with
    the recurrence of the Jacobi polynomials (Abramowitz and Stegun, 22.7), moved from -1..1 to 0..1.
    """
    n = np.arange(1.0, _NODES)
    total = a + b - 2
    middle = (a - b) * total / ((2 * n + total) * (2 * n + total + 2))
    ratio = np.ones_like(n)
    ratio[1:] = (n[1:] + total) / (2 * n[1:] + total - 1)  # 1 for n = 1, where it could be 0/0
    beside = 4 * n * (n + a - 1) * (n + b - 1) * ratio / ((2 * n + total) ** 2 * (2 * n + total + 1))
    points, vectors = eigh_tridiagonal(np.concatenate([[(a - b) / (a + b)], middle]), np.sqrt(beside))
    return np.maximum((1 + points) / 2, np.finfo(float).tiny), vectors[0] ** 2
