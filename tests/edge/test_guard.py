"""Raw bytes over a real server: what each malformed, oversized or smuggling request gets, and that none is taken."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from runtime.edge.limits import Limits
from tests.support.edge import Port, edge, read_all, serving

LIMITS = Limits(receive_s=0.4, linger_s=0.3, connections=8)


@pytest.fixture(scope="module")
def port() -> Iterator[Port]:
    with serving(limits=Limits(receive_s=5, linger_s=0.3)) as port:
        yield port


def request(*headers: str, line: str = "POST /tr?id=1 HTTP/1.1", body: bytes = b"") -> bytes:
    """Returns a request with one Host that asks to hang up."""
    every = [line, "Host: t.shop.example", *headers, "Connection: close"]
    return ("\r\n".join(every) + "\r\n\r\n").encode("latin-1") + body


CHUNKED = "Transfer-Encoding: chunked"
HUGE = 200_000
CASES: dict[str, tuple[bytes, int]] = {
    "plain": (request("Content-Length: 4", body=b"ev=A"), 200),
    "chunked": (request(CHUNKED, body=b"4\r\nev=A\r\n0\r\n\r\n"), 200),
    "chunked, a chunk extension": (request(CHUNKED, body=b"4;x=y\r\nev=A\r\n0\r\n\r\n"), 200),
    "Content-Length, then Transfer-Encoding": (
        request("Content-Length: 4", CHUNKED, body=b"4\r\nev=A\r\n0\r\n\r\n"),
        400,
    ),
    "Transfer-Encoding, then Content-Length": (
        request(CHUNKED, "Content-Length: 4", body=b"4\r\nev=A\r\n0\r\n\r\n"),
        400,
    ),
    "two equal Content-Lengths": (request("Content-Length: 4", "Content-Length: 4", body=b"ev=A"), 400),
    "a list of Content-Lengths": (request("Content-Length: 4, 4", body=b"ev=A"), 400),
    "Content-Length with a sign": (request("Content-Length: +4", body=b"ev=A"), 400),
    "negative Content-Length": (request("Content-Length: -4", body=b"ev=A"), 400),
    "Content-Length out of range": (request("Content-Length: 99999999999999999999999", body=b"ev=A"), 400),
    "unknown coding": (request("Transfer-Encoding: cow", body=b"ev=A"), 400),
    "chunked, then identity": (request("Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), 400),
    "gzip, then chunked": (request("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 400),
    "chunked twice": (request(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 400),
    "chunked in HTTP/1.0": (request(CHUNKED, line="POST /tr HTTP/1.0", body=b"0\r\n\r\n"), 400),
    "space before the colon": (request("Content-Length : 4", body=b"ev=A"), 400),
    "bare LF": (request("Content-Length: 4", body=b"ev=A").replace(b"\r\n", b"\n"), 400),
    "bare LF after one header": (request("X: a\nContent-Length: 4", body=b"ev=A"), 400),
    "bare CR in a header": (request("X: a\rY: b"), 400),
    "bare CR in a chunk size": (request(CHUNKED, body=b"4\rev=A\r\n0\r\n\r\n"), 400),
    "hex prefix in a chunk size": (request(CHUNKED, body=b"0x4\r\nev=A\r\n0\r\n\r\n"), 400),
    "chunk longer than told": (request(CHUNKED, body=b"2\r\nev=A\r\n0\r\n\r\n"), 400),
    "folded header": (request("X: a\r\n b"), 400),
    "header without a name": (request(": a"), 400),
    "no Host": (b"GET /tr HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "no Host in HTTP/1.0": (b"GET /tr HTTP/1.0\r\n\r\n", 400),
    "two Hosts": (request("Host: other.example"), 400),
    "a Host that is none": (b"GET /tr HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n", 400),
    "NUL in a header": (request("X: a\0b"), 400),
    "a header of 200 KB": (request("X: " + "a" * HUGE), 431),
    "10,000 headers": (request(*(f"X-{number}: a" for number in range(10_000))), 431),
    "101 headers": (request(*(f"X-{number}: a" for number in range(99))), 431),
    "100 headers": (request(*(f"X-{number}: a" for number in range(98))), 200),
    "a URL of 200 KB": (request(line=f"GET /tr?{'a' * HUGE} HTTP/1.1"), 414),
    "a URL of 17 KB": (request(line=f"GET /tr?{'a' * 17_000} HTTP/1.1"), 414),
    "a URL of 16,000 bytes": (request(line=f"GET /tr?{'a' * 15_000} HTTP/1.1"), 200),
    "an absolute URL": (request(line="GET http://other.example/tr HTTP/1.1"), 400),
    "CONNECT": (request(line="CONNECT other.example:443 HTTP/1.1"), 400),
    "an unknown method": (request(line="BREW /tr HTTP/1.1"), 400),
    "HTTP/0.9": (b"GET /tr\r\n\r\n", 400),
    "HTTP/2 without asking": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "bytes above ASCII in the URL": ("GET /tr?é HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
    "a body of 300 KB": (request(f"Content-Length: {300_000}", body=b"a" * 300_000), 413),
    "300 KB in chunks": (request(CHUNKED, body=b"493e0\r\n" + b"a" * 300_000 + b"\r\n0\r\n\r\n"), 413),
    "OPTIONS *": (request(line="OPTIONS * HTTP/1.1"), 404),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


@pytest.mark.parametrize("name", CASES)
def test_each_malformed_request_has_one_verdict(port: Port, name: str) -> None:
    raw, status = CASES[name]
    before = len(port.writer.hits)
    answer = port.exchange(raw)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(port.writer.hits) - before == (status == 200)


def test_refusals_are_counted_and_safe_to_show(port: Port) -> None:
    before = port.refused["not_one_host"]
    answer = port.exchange(b"GET /tr HTTP/1.1\r\n\r\n")
    assert port.refused["not_one_host"] == before + 1
    assert b"x-content-type-options: nosniff\r\n" in answer
    assert b"content-security-policy: default-src 'none'; sandbox\r\n" in answer
    assert answer.endswith(b'{"error":{"code":"not_one_host","message":"Send exactly one Host header."}}')


def test_trailers_change_no_header(port: Port) -> None:
    raw = request(CHUNKED, body=b"4\r\nev=A\r\n0\r\nUser-Agent: forged\r\nHost: other.example\r\n\r\n")
    assert port.exchange(raw).startswith(b"HTTP/1.1 200 ")
    assert port.writer.hits[-1].headers == {}
    assert port.writer.hits[-1].host == "t.shop.example"


def test_pipelined_requests_are_answered_in_order_and_the_malformed_one_ends_it(port: Port) -> None:
    good = b"GET /tr?id=first HTTP/1.1\r\nHost: t.shop.example\r\n\r\n"
    before = len(port.writer.hits)
    answer = port.exchange(good + good + b"GET /tr HTTP/1.1\r\nHost : a\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") >= 1
    assert answer.count(b"GIF89a") == answer.count(b"HTTP/1.1 200 ")
    assert len(port.writer.hits) - before == answer.count(b"HTTP/1.1 200 ")


def test_an_asked_for_upgrade_is_answered_as_a_plain_request(port: Port) -> None:
    raw = (
        b"POST /tr HTTP/1.1\r\nHost: t.shop.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 4\r\n\r\nev=A"
    )
    with socket.create_connection(("127.0.0.1", port.number), timeout=5) as connection:
        for body in (b"ev=A", b"ev=B"):
            connection.sendall(raw.replace(b"ev=A", body))
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert port.writer.hits[-1].body == body


def test_a_connection_serves_several_requests(port: Port) -> None:
    raw = b"GET /tr?id=%d HTTP/1.1\r\nHost: t.shop.example\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port.number), timeout=5) as connection:
        for number in range(3):
            connection.sendall(raw % number)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert port.writer.hits[-1].query == b"id=%d" % number


def test_expect_is_answered_before_the_body_and_a_body_too_large_is_refused_without_it(port: Port) -> None:
    raw = request("Content-Length: 4", "Expect: 100-continue")
    with socket.create_connection(("127.0.0.1", port.number), timeout=5) as connection:
        connection.sendall(raw)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ev=A")
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")
    answer = port.exchange(request("Content-Length: 9000000", "Expect: 100-continue"))
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /tr HTTP/1.1\r\nHost: t.shop",
        request("Content-Length: 40", body=b"ev"),
        request(CHUNKED, body=b"4\r\nev"),
    ],
    ids=["headers", "body", "chunks"],
)
def test_a_request_that_does_not_end_gets_408(begun: bytes) -> None:
    with serving(limits=LIMITS) as port:
        answer = port.exchange(begun)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert port.refused["receive_deadline"] == 1
        assert not port.writer.hits


def test_dripping_bytes_do_not_move_the_deadline() -> None:
    with serving(limits=LIMITS) as port, socket.create_connection(("127.0.0.1", port.number), timeout=5) as drip:
        drip.sendall(b"GET /tr HTTP/1.1\r\nHost: t.shop.example\r\n")
        stop = threading.Event()

        def feed() -> None:
            while not stop.wait(0.05):
                try:
                    drip.sendall(b"X: a\r\n")
                except OSError:
                    return

        feeder = threading.Thread(target=feed)
        feeder.start()
        answer = drip.recv(65536)
        stop.set()
        feeder.join()
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_ended() -> None:
    with serving(limits=LIMITS) as port:
        assert port.exchange() == b""


def test_an_endless_header_and_endless_trailers_are_bounded() -> None:
    small = Limits(url=2048, head=2048, message=100_000, receive_s=20, linger_s=0.2)
    with serving(limits=small) as port:
        head = b"GET /tr HTTP/1.1\r\nHost: t.shop.example\r\nX: "
        assert endless(port, head, b"a" * 1000).startswith(b"HTTP/1.1 431 ")
        trailers = request(CHUNKED, body=b"4\r\nev=A\r\n0\r\nX: ")
        assert endless(port, trailers, b"a" * 10_000).startswith(b"HTTP/1.1 413 ")
        extension = request(CHUNKED, body=b"4;")
        assert endless(port, extension, b"a" * 10_000).startswith(b"HTTP/1.1 413 ")


def endless(port: Port, begun: bytes, more: bytes) -> bytes:
    """Sends the beginning, then the same piece again and again until there is an answer."""
    with socket.create_connection(("127.0.0.1", port.number), timeout=5) as connection:
        connection.sendall(begun)
        connection.setblocking(False)
        for _ in range(1000):
            try:
                return connection.recv(65536)
            except BlockingIOError:
                connection.setblocking(True)
                connection.sendall(more)
                time.sleep(0.005)
                connection.setblocking(False)
    return b""


def test_one_connection_too_many_is_asked_to_come_again() -> None:
    with (
        serving(limits=Limits(connections=1, linger_s=0.2)) as port,
        socket.create_connection(("127.0.0.1", port.number), timeout=5) as first,
    ):
        first.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert first.recv(65536).startswith(b"HTTP/1.1 200 ")
        answer = port.exchange()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5\r\n" in answer


def test_a_forged_address_does_not_count_over_the_wire() -> None:
    app = edge()
    with serving(app) as port:
        port.exchange(request("X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https", "Content-Length: 0"))
    assert app.hit.client_ip == ""
    assert app.hit.scheme == "http"
