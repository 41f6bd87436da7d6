"""The client's address: never one that anybody could have written."""

import pytest

from engine.accounts.client_address import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("8.8.8.8", [], 0, "8.8.8.8"),
        ("8.8.8.8", ["1.1.1.1"], 0, "8.8.8.8"),
        ("10.0.0.1", ["1.1.1.1"], 0, None),
        ("10.0.0.1", ["1.1.1.1"], 1, "1.1.1.1"),
        ("10.0.0.1", ["9.9.9.9, 1.1.1.1"], 1, "1.1.1.1"),
        ("10.0.0.1", ["9.9.9.9", "1.1.1.1"], 1, "1.1.1.1"),
        ("10.0.0.1", ["9.9.9.9, 1.1.1.1 , 8.8.4.4"], 2, "1.1.1.1"),
        ("10.0.0.1", ["1.1.1.1"], 2, "1.1.1.1"),
        ("8.8.8.8", [], 1, "8.8.8.8"),
        ("10.0.0.1", ["1.1.1.1:4711"], 1, "1.1.1.1"),
        ("10.0.0.1", ["[2a00:1450::5]:4711"], 1, "2a00:1450::/64"),
        ("10.0.0.1", ["unknown"], 1, None),
        ("2a00:1450:0:0:ffff::1", [], 0, "2a00:1450::/64"),
        ("::ffff:8.8.8.8", [], 0, "8.8.8.8"),
        ("127.0.0.1", [], 0, None),
        ("testclient", [], 0, None),
    ],
)
def test_so_many_proxies_are_believed_and_no_more(peer, forwarded, proxies, address):
    assert client_address(peer, forwarded, proxies=proxies) == address
