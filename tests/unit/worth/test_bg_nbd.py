"""BG/NBD against its paper, against `lifetimes`, and against numerical integration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifetimes import BetaGeoFitter
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta, gamma

from engine.worth.bg_nbd import BgNbd, _objective, fit_bg_nbd
from engine.worth.gamma_gamma import GammaGamma
from engine.worth.maximum_likelihood import NotFitted
from engine.worth.purchase_history import History
from tests.unit.worth.customers import a_history, cdnow_histories, row, simulated

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
SPEND = GammaGamma(p=6.25, q=3.74, v=15.44)

models = st.builds(
    BgNbd, r=st.floats(0.05, 20), alpha=st.floats(0.1, 50), a=st.floats(0.05, 20), b=st.floats(0.05, 50)
)
quick = settings(deadline=None, max_examples=25)


@pytest.fixture(scope="module")
def cdnow():
    return History.of(cdnow_histories())


@pytest.fixture(scope="module")
def fitted(cdnow):
    return fit_bg_nbd(cdnow)


@pytest.fixture(scope="module")
def theirs(fitted):
    """`lifetimes` with our parameters."""
    model = BetaGeoFitter()
    model.params_ = {"r": fitted.r, "alpha": fitted.alpha, "a": fitted.a, "b": fitted.b}
    return model


@st.composite
def histories_of_some(draw, least=0):
    """A few customers with any purchases."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(least, 60), st.floats(0.01, 1), st.floats(0, 200)), min_size=1, max_size=6
        )
    )
    x, share, age = map(np.array, zip(*rows, strict=True))
    return a_history(x, np.where(x > 0, share * age, 0), age)


# Published values


def test_parameters_and_likelihood_on_cdnow_are_those_of_the_paper(cdnow, fitted):
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx(
        (0.243, 4.414, 0.793, 2.426), abs=5e-4
    )
    assert fitted.log_likelihood(cdnow).sum() == pytest.approx(-9582.4, abs=0.05)


def test_a_customers_expected_purchases_are_those_of_hardies_spreadsheet(fitted):
    assert fitted.expected_purchases(39, a_history(2, 30.43, 38.86))[0] == pytest.approx(1.226, abs=5e-4)


def test_a_new_customers_expected_purchases_are_those_of_hardies_spreadsheet(fitted):
    weeks = np.array([0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0])

    assert_allclose(
        fitted.expected_repeats(weeks), [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], atol=5e-4
    )


# Other implementations


def test_all_customers_of_cdnow_are_as_alive_as_lifetimes_says(cdnow, fitted, theirs):
    expected = theirs.conditional_probability_alive(cdnow.repeats, cdnow.recency, cdnow.age)

    assert_allclose(fitted.alive(cdnow), expected, rtol=1e-9)


def test_all_customers_of_cdnow_will_buy_as_often_as_lifetimes_says(cdnow, fitted, theirs):
    for weeks in (1, 39, 200):
        expected = theirs.conditional_expected_number_of_purchases_up_to_time(
            weeks, cdnow.repeats, cdnow.recency, cdnow.age
        )
        assert_allclose(fitted.expected_purchases(weeks, cdnow), expected, rtol=1e-7)


def closed_forms(model, history, weeks):
    """Equation (10), and the same with Euler's transformation; for some parameters one loses its digits."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    x, T = history.repeats, history.age  # noqa: N806
    z, past = weeks / (alpha + T + weeks), model.alive(history) * (a + b + x - 1) / (a - 1)
    yield past * (1 - (1 - z) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z))
    yield past * (1 - (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z))


@pytest.mark.parametrize("seed", range(5))
def test_expected_purchases_are_the_closed_form_of_the_paper(seed):
    source = np.random.default_rng(seed)
    for _ in range(100):
        model = BgNbd(*np.exp(source.uniform((-3, 0, -3, -3), (3, 4, 3, 4))))
        x, age, weeks = source.integers(0, 60), source.uniform(0, 200), source.uniform(0.1, 100)
        history = a_history(x, age * source.random() * (x > 0), age)

        found = model.expected_purchases(weeks, history)[0]

        assert min(abs(found / closed[0] - 1) for closed in closed_forms(model, history, weeks)) < 1e-6


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0.0, 38.0), (1, 1.71, 38.86), (3, 30.43, 38.86)])
@pytest.mark.parametrize("a", [0.793, 1.0, 1.7])
def test_all_of_it_is_the_integral_over_rates_and_probabilities_of_leaving(x, t_x, T, a):  # noqa: N803
    model, history, weeks = BgNbd(r=0.9, alpha=4.4, a=a, b=2.4), a_history(x, t_x, T), 20.0

    middles = (np.arange(2_000) + 0.5) / 2_000
    rate = gamma.ppf(middles, model.r, scale=1 / model.alpha)[:, None]
    leaving = beta.ppf(middles, model.a, model.b)
    alive = (1 - leaving) ** x * rate**x * np.exp(-rate * T)
    gone = (x > 0) * leaving * (1 - leaving) ** max(x - 1, 0) * rate**x * np.exp(-rate * t_x)
    later = alive * -np.expm1(-rate * leaving * weeks) / leaving
    likelihood = alive.mean() + gone.mean()

    assert model.log_likelihood(history)[0] == pytest.approx(np.log(likelihood), abs=2e-3)
    assert model.alive(history)[0] == pytest.approx(alive.mean() / likelihood, rel=2e-3)
    assert model.expected_purchases(weeks, history)[0] == pytest.approx(later.mean() / likelihood, rel=2e-3)


@pytest.mark.parametrize("yearly", [0.0, 0.1, 0.5])
def test_discounted_purchases_are_the_integral_over_the_horizon(fitted, yearly):
    history = a_history([0, 2, 12], [0, 30.43, 38], [20, 38.86, 38.86])
    rate = np.log1p(yearly) / (365.25 / 7)

    def flow(week, number):
        return fitted.expected_purchases(week, row(history, number))[0] * rate * np.exp(-rate * week)

    expected = [
        np.exp(-rate * 52) * fitted.expected_purchases(52, row(history, number))[0]
        + quad(flow, 0, 52, args=(number,))[0]
        for number in range(3)
    ]

    found = fitted.discounted_purchases(52, history, yearly_discount=yearly)

    assert_allclose(found, expected, rtol=1e-8)


def test_parameters_near_one_make_no_jump():
    around = [
        BgNbd(0.5, 4, a, 2).expected_purchases(52, a_history(3, 20, 30))[0] for a in (1 - 1e-7, 1, 1 + 1e-7)
    ]

    assert_allclose(around, around[1], rtol=1e-6)


def test_thousands_of_purchases_and_years_neither_over_nor_underflow():
    history = a_history([5_000, 5_000, 1], [500, 1, 500], [500, 500, 5_000])

    assert np.isfinite(PUBLISHED.log_likelihood(history)).all()
    assert_allclose(PUBLISHED.alive(history), [0.9998, 0, 0.15], atol=1e-3)
    assert_allclose(PUBLISHED.expected_purchases(50, history), [477.18, 0, 0.00186], rtol=0.02)


# What holds for all customers


@quick
@given(models, histories_of_some())
def test_customers_are_alive_with_a_probability(model, history):
    alive = model.alive(history)

    assert ((alive >= 0) & (alive <= 1)).all()
    assert (alive[history.repeats == 0] == 1).all()


@quick
@given(models, histories_of_some(least=1))
def test_a_later_last_purchase_makes_a_customer_no_less_alive(model, history):
    later = history._replace(recency=(history.recency + history.age) / 2)

    assert (model.alive(later) >= model.alive(history)).all()


@quick
@given(models, histories_of_some(least=1), st.floats(0.1, 100))
def test_of_customers_who_have_just_bought_the_more_frequent_are_expected_to_buy_no_less(
    model, history, weeks
):
    just_now = history._replace(recency=history.age)
    more = just_now._replace(repeats=just_now.repeats + 1)

    low, high = model.expected_purchases(weeks, just_now), model.expected_purchases(weeks, more)

    assert (high >= low * (1 - 1e-9)).all()


@quick
@given(models, histories_of_some(), st.floats(0.1, 100), st.floats(0, 2))
def test_more_time_brings_no_fewer_purchases_and_a_discount_no_more(model, history, weeks, discount):
    expected = model.expected_purchases(weeks, history)

    assert (expected >= 0).all()
    assert (model.expected_purchases(weeks * 1.5, history) >= expected * (1 - 1e-9)).all()
    discounted = model.discounted_purchases(weeks, history, yearly_discount=discount)
    assert (discounted <= expected * (1 + 1e-9)).all()


@quick
@given(models, histories_of_some(), st.floats(0.1, 100))
def test_a_batch_of_one_is_as_good_as_the_whole(model, history, weeks):
    one_by_one = [model.expected_purchases(weeks, row(history, n))[0] for n in range(len(history.repeats))]

    assert_allclose(one_by_one, model.expected_purchases(weeks, history), rtol=1e-12, atol=1e-300)


def test_no_customers_are_no_figures():
    nobody = a_history([], [], [])

    assert PUBLISHED.expected_purchases(52, nobody).shape == (0,)


# Fitting


@quick
@given(models)
def test_the_slopes_of_the_likelihood_are_those_of_its_differences(model):
    history = a_history([0, 0, 1, 5, 40], [0, 0, 3, 18, 30], [10, 30, 30, 20, 30.5])
    objective = _objective(history, 1.0)
    parameters = np.array([model.r, model.alpha, model.a, model.b])

    mean, slopes = objective(parameters)

    assert mean == pytest.approx(model.log_likelihood(history).mean(), rel=1e-9)
    for number, slope in enumerate(slopes):
        step = np.zeros(4)
        step[number] = parameters[number] * 1e-6
        difference = (objective(parameters + step)[0] - objective(parameters - step)[0]) / (2 * step[number])
        assert slope == pytest.approx(difference, rel=1e-4, abs=1e-6)


def test_the_parameters_of_simulated_customers_are_found_again():
    true = BgNbd(r=0.6, alpha=6.0, a=0.8, b=3.0)
    found = fit_bg_nbd(simulated(true, SPEND, number=10_000, weeks=100))

    assert (found.r, found.alpha) == pytest.approx((true.r, true.alpha), rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(0.8 / 3.8, rel=0.1)


def test_the_unit_of_time_changes_only_alpha(cdnow, fitted):
    days = fit_bg_nbd(cdnow._replace(recency=cdnow.recency * 7, age=cdnow.age * 7))

    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx(
        (fitted.r, fitted.alpha, fitted.a, fitted.b), rel=1e-3
    )


def test_customers_none_of_whom_came_back_cannot_be_fitted():
    with pytest.raises(
        NotFitted, match="BG/NBD cannot be fitted: no customer has bought on two different days"
    ):
        fit_bg_nbd(a_history([0, 0], [0, 0], [10, 20]))


def test_customers_who_are_all_alike_are_a_limit_of_the_model():
    alike = a_history([9] * 50, [29] * 50, [30] * 50)

    found = fit_bg_nbd(alike)

    assert found.alive(alike)[0] == pytest.approx(1, abs=1e-3)
    assert found.expected_purchases(30, alike)[0] == pytest.approx(9, rel=1e-2)


def test_a_search_that_does_not_converge_is_refused():
    nonsense = a_history([3, 3], [np.nan, 5], [10, 10])

    with pytest.raises(NotFitted, match="the search has not converged"):
        fit_bg_nbd(nonsense)
