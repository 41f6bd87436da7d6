"""The posted forms of browsers and mail programs."""

import pytest

from workers.collector.errors import InvalidRequest
from workers.collector.preferences.form import is_one_click, read_form

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"List-Unsubscribe=One-Click", URLENCODED),
        (b"List-Unsubscribe=One-Click", ""),
        (b"List-Unsubscribe=one-click", f"{URLENCODED}; charset=utf-8"),
        (MULTIPART, "multipart/form-data; boundary=b"),
        (MULTIPART, 'Multipart/Form-Data; boundary="b"'),
    ],
)
def test_one_click_is_recognised_in_both_forms_of_rfc_8058(body, content_type):
    assert is_one_click(read_form(body, content_type))


@pytest.mark.parametrize("body", [b"", b"action=save", b"List-Unsubscribe=", b"list=One-Click"])
def test_another_form_is_no_one_click(body):
    assert not is_one_click(read_form(body, URLENCODED))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe", URLENCODED),
        (b"&".join(b"a=1" for _ in range(500)), URLENCODED),
        (b"no parts", "multipart/form-data; boundary=b"),
        (MULTIPART, "multipart/form-data"),
    ],
)
def test_what_is_no_form_is_refused(body, content_type):
    with pytest.raises(InvalidRequest):
        read_form(body, content_type)
