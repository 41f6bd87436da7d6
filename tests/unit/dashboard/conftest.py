"""Pages write in the locale of their process: each test begins with the same one."""

import pytest

from dashboard import formats


@pytest.fixture(autouse=True)
def plain_locale():
    formats.write_as("en")
