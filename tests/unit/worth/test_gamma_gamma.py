"""Gamma-Gamma against its note, against `lifetimes`, and against numerical integration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifetimes import GammaGammaFitter
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import gamma

from engine.worth.bg_nbd import BgNbd
from engine.worth.gamma_gamma import GammaGamma, _objective, fit_gamma_gamma
from engine.worth.maximum_likelihood import NotFitted
from engine.worth.purchase_history import History
from tests.unit.worth.customers import a_history, cdnow_histories, simulated

PUBLISHED = GammaGamma(p=6.25, q=3.74, v=15.44)

models = st.builds(GammaGamma, p=st.floats(0.1, 50), q=st.floats(1.1, 50), v=st.floats(0.1, 10_000))
quick = settings(deadline=None, max_examples=25)


def customers(valued, average):
    return a_history(valued, valued=valued, average=average)


@pytest.fixture(scope="module")
def cdnow():
    return History.of(cdnow_histories())


def test_parameters_on_cdnow_are_those_of_the_note(cdnow):
    found = fit_gamma_gamma(cdnow)

    assert (found.p, found.q, found.v / 100) == pytest.approx((6.25, 3.74, 15.44), abs=5e-3)


def test_expected_averages_are_those_of_hardies_spreadsheet(cdnow):
    dollars = cdnow._replace(average=cdnow.average / 100)

    assert_allclose(
        PUBLISHED.expected_average(dollars)[:10],
        [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17],
        atol=0.06,
    )


def test_the_averages_of_all_customers_are_those_of_lifetimes(cdnow):
    theirs = GammaGammaFitter()
    theirs.params_ = {"p": 6.25, "q": 3.74, "v": 1544.0}

    expected = theirs.conditional_expected_average_profit(cdnow.valued, cdnow.average)

    assert_allclose(GammaGamma(6.25, 3.74, 1544.0).expected_average(cdnow), expected, rtol=1e-12)


@pytest.mark.parametrize(("valued", "average"), [(1, 12.0), (3, 35.5), (40, 90.0)])
def test_likelihood_and_average_are_integrals_over_the_means_of_customers(valued, average):
    p, q, v = PUBLISHED.p, PUBLISHED.q, PUBLISHED.v

    def weight(rate):
        """The density of a customer's rate, times that of the average of so many purchases."""
        return gamma.pdf(rate, q, scale=1 / v) * gamma.pdf(average, p * valued, scale=1 / (valued * rate))

    likelihood = quad(weight, 0, 5, limit=500)[0]
    mean = quad(lambda rate: p / rate * weight(rate), 0, 5, limit=500)[0] / likelihood
    one = customers(valued, average)

    assert PUBLISHED.log_likelihood(one)[0] == pytest.approx(np.log(likelihood), abs=1e-6)
    assert PUBLISHED.expected_average(one)[0] == pytest.approx(mean, rel=1e-6)


@quick
@given(models, st.integers(1, 500), st.floats(1, 100_000))
def test_an_expected_average_lies_between_the_customers_own_and_that_of_all(model, valued, average):
    found = model.expected_average(customers(valued, average))[0]

    assert min(average, model.mean) * (1 - 1e-9) <= found <= max(average, model.mean) * (1 + 1e-9)


@quick
@given(models, st.integers(0, 500), st.floats(1, 100_000), st.floats(0, 1_000))
def test_a_higher_average_is_expected_to_stay_no_lower(model, valued, average, more):
    low, high = (model.expected_average(customers(valued, value))[0] for value in (average, average + more))

    assert high >= low


def test_a_customer_without_repeat_purchases_is_expected_to_be_like_all():
    assert PUBLISHED.expected_average(customers(0, 0.0))[0] == PUBLISHED.mean
    assert PUBLISHED.log_likelihood(customers(0, 0.0))[0] == 0


@quick
@given(models)
def test_the_slopes_of_the_likelihood_are_those_of_its_differences(model):
    valued, average = np.array([1.0, 1, 2, 9, 40]), np.array([5.0, 70, 33, 20, 41])
    objective = _objective(valued, average)
    parameters = np.array([model.p, model.q, model.v])

    mean, slopes = objective(parameters)

    assert mean == pytest.approx(model.log_likelihood(customers(valued, average)).mean(), rel=1e-9)
    for number, slope in enumerate(slopes):
        step = np.zeros(3)
        step[number] = parameters[number] * 1e-5
        difference = (objective(parameters + step)[0] - objective(parameters - step)[0]) / (2 * step[number])
        assert slope == pytest.approx(difference, rel=1e-3, abs=1e-5)


def test_the_parameters_of_simulated_customers_are_found_again():
    true = GammaGamma(p=4.0, q=5.0, v=2_000.0)
    history = simulated(BgNbd(r=0.6, alpha=6.0, a=0.8, b=3.0), true, number=10_000, weeks=100)

    found = fit_gamma_gamma(history)

    assert (found.p, found.q, found.mean) == pytest.approx((4.0, 5.0, 2_000.0), rel=0.1)


def test_customers_without_repeat_purchases_cannot_be_fitted():
    with pytest.raises(NotFitted, match="Gamma-Gamma cannot be fitted: no repeat purchase has an amount"):
        fit_gamma_gamma(customers([0, 0], [0, 0]))


def test_customers_who_are_all_alike_are_a_limit_of_the_model():
    alike = customers([3] * 50, [20.0] * 50)

    assert fit_gamma_gamma(alike).expected_average(alike)[0] == pytest.approx(20, rel=1e-3)


def test_averages_whose_mean_would_be_infinite_are_refused():
    wild = GammaGamma(p=4.0, q=0.6, v=1_000.0)
    history = simulated(BgNbd(r=0.6, alpha=6.0, a=0.8, b=3.0), wild, number=5_000, weeks=100)

    with pytest.raises(NotFitted, match="the expected one is infinite"):
        fit_gamma_gamma(history)


@pytest.mark.parametrize("seed", range(12))
def test_customers_who_spend_alike_are_fitted_at_the_limit_of_the_model(seed):
    source = np.random.default_rng(seed)
    valued = source.geometric(0.4, 4_000).astype(float)
    history = customers(valued, source.gamma(4 * valued, 2_000 / valued))

    found = fit_gamma_gamma(history)

    assert found.q > 100
    assert_allclose(found.expected_average(history), 8_000, rtol=0.1)


def test_a_shop_of_one_price_expects_it_of_each_customer():
    history = customers([1.0, 2.0, 7.0] * 50, [2_000.0] * 150)

    assert_allclose(fit_gamma_gamma(history).expected_average(history), 2_000, rtol=1e-3)
