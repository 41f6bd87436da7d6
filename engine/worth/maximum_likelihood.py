"""Fitting a model of positive parameters by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize

from engine.errors import Conflict

Floats = npt.NDArray[np.float64]

Objective = Callable[[Floats], tuple[float, Floats]]
"""The mean log-likelihood of a customer at some parameters, and its gradient."""

BOUND = 8.0
"""Bound of a parameter's logarithm, either way: e**8 is about 3,000.

A parameter at its bound is a limit of the model: customers who do not differ in something, or never leave.
"""

TOLERANCE = 1e-6
"""Largest slope of the mean log-likelihood, by a parameter's logarithm, at which a fit has converged."""


SAME = 1e-9
"""Difference of mean log-likelihoods up to which two maxima are the same."""


class NotFitted(Conflict):
    """The purchases do not determine the parameters of a model."""

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"{model} cannot be fitted: {reason}")


class Maximum(NamedTuple):
    """The parameters with the highest mean log-likelihood."""

    parameters: Floats
    mean: float


def maximise(objective: Objective, starts: Iterable[Floats], *, model: str) -> Maximum:
    """Maximise from each start, and return the best maximum.

    Works on the logarithms of the parameters, which should be of the order of 1.  Raises NotFitted if
    no search that found it has converged: from some starts the last digits of the likelihood may end it
    a little before.
    """

    def negative(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        mean, gradient = objective(parameters)
        return -mean, -gradient * parameters

    results = [_minimised(negative, np.log(start)) for start in starts]
    best = min(results, key=lambda result: float(np.nan_to_num(result.fun, nan=np.inf)))
    converged = [one for one in results if one.fun <= best.fun + SAME and _has_converged(one)]
    if not converged:
        raise NotFitted(model, f"the search has not converged ({best.message})")
    found = min(converged, key=lambda result: float(result.fun))
    return Maximum(np.exp(found.x), -float(found.fun))


def _has_converged(found: OptimizeResult) -> bool:
    """Whether no parameter can be improved, up to its bound."""
    step = np.clip(found.x - found.jac, -BOUND, BOUND) - found.x
    return bool(np.isfinite(found.fun) and np.max(np.abs(step)) <= TOLERANCE)


def _minimised(negative: Callable[[Floats], tuple[float, Floats]], start: Floats) -> OptimizeResult:
    return minimize(
        negative,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * len(start),
        options={"maxiter": 1_000, "ftol": 0.0, "gtol": TOLERANCE / 10},
    )
