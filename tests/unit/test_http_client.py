"""Requests to servers of others: guarded against addresses inside, redirects, and servers that drip."""

import datetime
import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.http_addresses import AddressNotAllowed, is_public
from engine.http_client import HttpClient, InvalidAddress, NoResponse, ResponseTooLarge

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Total: 7\r\n\r\nhi"


@contextmanager
def a_server(*answers, tls=None):
    """A server that plays each answer to one connection: bytes, or a function of the socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    requests = []

    def serve():
        for answer in answers:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=play, args=(connection, answer), daemon=True).start()

    def play(connection, answer):
        try:
            with tls.wrap_socket(connection, server_side=True) if tls else connection as wrapped:
                requests.append(wrapped.recv(65_536).decode())
                answer(wrapped) if callable(answer) else wrapped.sendall(answer)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield Served(listening.getsockname()[1], requests)
    finally:
        listening.close()


class Served:
    def __init__(self, port, requests):
        self.port, self.requests = port, requests
        self.url = f"http://127.0.0.1:{port}/page"


def a_client(**given):
    return HttpClient(**{"allow_private": True, "deadline": 2.0, **given})


def dripping(beginning, *, every=0.05):
    """Sends a beginning and then a byte from time to time, for ever."""

    def play(connection):
        connection.sendall(beginning)
        while True:
            time.sleep(every)
            connection.sendall(b"x")

    return play


def test_a_response_is_read_whole():
    with a_server(OK) as server:
        response = a_client().get(server.url + "?a=1", {"Authorization": "Bearer key"})

    assert (response.status, response.body, response.headers["x-total"]) == (200, b"hi", "7")
    assert server.requests[0].startswith("GET /page?a=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in server.requests[0]
    assert "Authorization: Bearer key\r\n" in server.requests[0]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "fec0::1", "3fff::1", "192.0.0.8", "192.88.99.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1",
        "fd00:ec2::254", "no address",
    ],
)  # fmt: skip
def test_addresses_inside_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_a_server_inside_is_refused_by_any_name(host):
    with a_server(OK) as server, pytest.raises((AddressNotAllowed, NoResponse)) as refused:
        a_client(allow_private=False).get(f"http://{host}:{server.port}/")

    assert server.requests == []
    if isinstance(refused.value, AddressNotAllowed):
        assert "SHEETS_ALLOW_PRIVATE_ADDRESSES" in str(refused.value)


def test_the_address_that_was_checked_is_the_one_that_is_connected_to():
    asked = []

    def rebinding(host, port, within):
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    with a_server(OK) as server, pytest.raises(AddressNotAllowed):
        a_client(allow_private=False, resolve=rebinding).get(f"http://shop.example:{server.port}/")

    assert asked == ["shop.example"]
    assert server.requests == []


def test_an_address_inside_among_public_ones_is_not_tried():
    tried = []

    def mixed(host, port, within):
        return ["127.0.0.1", "10.0.0.1"]

    with a_server(OK) as server, pytest.raises(AddressNotAllowed) as refused:
        tried.append(a_client(allow_private=False, resolve=mixed).get(f"http://a.example:{server.port}/"))

    assert refused.value.addresses == ("127.0.0.1", "10.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/", "file:///etc/passwd", "//shop.example/", "shop.example", "http://", "http:///a",
        "http://user:password@shop.example/", "http://[::1", "http://shop.example:99999/", "https:// /",
        "http://127.0.0.1:1/a b", "http://127.0.0.1:1/a\r\nX: y", "http://127.0.0.1:1/ñ", "http://" + "a" * 70 + "ñ.example/",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises((InvalidAddress, NoResponse)):
        a_client().get(url)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(InvalidAddress) as refused:
        a_client().get("http://user:hunter2@shop.example/")

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        dripping(b""),
        lambda _connection: time.sleep(5),
    ],
    ids=["in its body", "in its head", "from the start", "not at all"],
)
def test_a_server_that_drips_has_one_deadline(answer):
    began = time.monotonic()
    with a_server(answer) as server, pytest.raises(NoResponse, match=r"within 0\.5 seconds"):
        a_client(deadline=0.5).get(server.url)

    assert time.monotonic() - began < 1.5


def test_a_server_that_reads_nothing_has_the_deadline_too():
    began = time.monotonic()
    with a_server(lambda _connection: time.sleep(5)) as server, pytest.raises(NoResponse, match="within"):
        a_client(deadline=0.5).post(server.url, b"x" * 30_000_000)

    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal", "broke"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", "not valid HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not valid HTTP"),
        (b"", "without a response"),
    ],
)
def test_a_response_that_is_cut_short_is_a_failure(answer, words):
    with a_server(answer) as server, pytest.raises(NoResponse, match=words):
        a_client().get(server.url)


def test_a_body_over_the_limit_is_refused():
    with a_server(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 2_000) as server, pytest.raises(ResponseTooLarge):
        a_client(max_body=1_000).get(server.url)


def test_a_server_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NoResponse, match=r"127\.0\.0\.1: the connection failed \(Connection refused\)"):
        a_client().get(f"http://127.0.0.1:{port}/")


def redirect(to, status=302):
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_a_redirect_within_the_host_is_followed_and_one_elsewhere_is_not():
    with a_server(redirect("/other"), OK) as server:
        assert a_client().get(server.url).body == b"hi"
    assert server.requests[1].startswith("GET /other ")

    for elsewhere in ("http://localhost:1/", "http://127.0.0.1:1/", "ftp://127.0.0.1/", "//evil.example/"):
        with a_server(redirect(elsewhere), OK) as server:
            response = a_client().get(server.url, {"Authorization": "Bearer key"})
        assert (response.status, response.is_success) == (302, False)
        assert len(server.requests) == 1


def test_a_circle_of_redirects_ends():
    with (
        a_server(*[redirect("/page")] * 5) as server,
        pytest.raises(NoResponse, match="more than 3 redirects"),
    ):
        a_client().get(server.url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_post_is_no_success(status):
    with a_server(redirect("/other", status), OK) as server:
        response = a_client().post(server.url, b"{}")

    assert (response.status, response.is_success) == (status, False)
    assert len(server.requests) == 1


def test_tls_verifies_the_name_though_the_address_is_pinned(tmp_path):
    serving, trusting = certificates(tmp_path, "shop.example")
    client = a_client(tls=trusting, resolve=lambda *_: ["127.0.0.1"])

    with a_server(OK, OK, tls=serving) as server:
        assert client.get(f"https://shop.example:{server.port}/").body == b"hi"
        with pytest.raises(NoResponse, match="certificate is not valid"):
            client.get(f"https://other.example:{server.port}/")


def certificates(folder, name):
    """What a server of a name serves with, and what trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + datetime.timedelta(1))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(private + pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "both.pem")
    return serving, ssl.create_default_context(cadata=pem.decode())
