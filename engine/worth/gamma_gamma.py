"""Gamma-Gamma: what a customer's purchases are worth on average.

The values of a customer's purchases vary around that customer's mean (gamma distributed, shape `p`), and
the means differ between customers (the gammas' rates are gamma distributed, shape `q` and rate `v`).
The means are assumed to have nothing to do with how often customers buy.

Source: Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), brucehardie.com/notes/025.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from engine.worth.maximum_likelihood import NotFitted, Objective, maximise
from engine.worth.purchase_history import History

Floats = npt.NDArray[np.float64]

NAME = "Gamma-Gamma"

_STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (10.0, 10.0, 1.0))
"""Values of p, q and of v in mean purchases that a fit starts from."""


@dataclass(frozen=True)
class GammaGamma:
    """The model with its three parameters; `v` is in the unit of the amounts."""

    p: float
    q: float
    v: float

    @property
    def mean(self) -> float:
        """The expected value of a purchase of a customer without known purchases."""
        return self.p * self.v / (self.q - 1)

    def log_likelihood(self, history: History) -> Floats:
        """The logarithm of the likelihood of each customer's average, equation (1a); 0 for those without."""
        p, q, v = self.p, self.q, self.v
        has = history.valued > 0
        x, z = history.valued[has], history.average[has]
        found = np.zeros(len(has))
        found[has] = (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + p * x * np.log(x)
            + (p * x - 1) * np.log(z)
            - (p * x + q) * np.log(v + x * z)
        )
        return found

    def expected_average(self, history: History) -> Floats:
        """The expected value of each customer's purchases, equation (5).

        A mean of the customer's own average and that of all customers; the more purchases, the more
        the former weighs.
        """
        own = self.p * history.valued
        weight = own / (own + self.q - 1)
        expected: Floats = weight * history.average + (1 - weight) * self.mean
        return expected


def fit_gamma_gamma(history: History) -> GammaGamma:
    """Fit the model to customers with repeat purchases by maximum likelihood; raise NotFitted.

    Amounts are measured in their mean meanwhile, so that all parameters are of the order of 1.
    """
    has = history.valued > 0
    if not has.any():
        raise NotFitted(NAME, "no repeat purchase has an amount")
    x, z = history.valued[has], history.average[has]
    scale = float(z.mean())
    found = maximise(_objective(x, z / scale), map(np.array, _STARTS), model=NAME)
    p, q, v = map(float, found.parameters)
    if q <= 1:
        raise NotFitted(NAME, "a few averages are so large that the expected one is infinite")
    return GammaGamma(p, q, v * scale)


def _objective(x: Floats, z: Floats) -> Objective:
    """The mean of equation (1a) and its slopes; what depends on counts alone is evaluated once for each."""
    counts, number = np.unique(x, return_counts=True)
    share = number / len(x)
    log_z, xz = np.log(z), x * z
    mean_log_z, mean_x_log_z = log_z.mean(), (x * log_z).mean()

    def objective(parameters: Floats) -> tuple[float, Floats]:
        p, q, v = map(float, parameters)
        shape = p * counts
        log_sum = np.log(v + xz)
        mean_x_log_sum, mean_log_sum = (x * log_sum).mean(), log_sum.mean()
        by_count = gammaln(shape + q) - gammaln(shape) - gammaln(q) + shape * np.log(counts)
        mean = (
            share @ by_count
            + q * np.log(v)
            + p * mean_x_log_z
            - mean_log_z
            - p * mean_x_log_sum
            - q * mean_log_sum
        )
        slopes = [
            share @ (counts * (digamma(shape + q) - digamma(shape) + np.log(counts)))
            + mean_x_log_z
            - mean_x_log_sum,
            share @ digamma(shape + q) - digamma(q) + np.log(v) - mean_log_sum,
            q / v - ((p * x + q) / (v + xz)).mean(),
        ]
        return float(mean), np.array(slopes)

    return objective
