from __future__ import annotations

import asyncio
import gzip
import ipaddress
import json
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from runtime.errors import AddressRefused, VendorError
from runtime.http.transport import Sender
from runtime.model.delivery import Request, Response
from tests.http.test_addresses import PRIVATE
from tests.support.fake_meta import FakeMeta
from tests.support.tls import certified
from tests.support.vendor import Answer, Behaviour, Vendor, status

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor() as running:
        yield running


def request(url: str, **changes: Any) -> Request:
    host = (
        url.partition("://")[2].partition("/")[0].rsplit(":", 1)[0] if "[" not in url else url[8 : url.index("]") + 1]
    )
    given: dict[str, Any] = {"headers": {}, "body": b"{}", "timeout_s": 5.0, "hosts": (host,)} | changes
    return Request(method="POST", url=url, **given)


def send(*requests: Request, **options: Any) -> list[Response]:
    given: dict[str, Any] = {"allow": LOOPBACK} | options

    async def work() -> list[Response]:
        sender = Sender(**given)
        try:
            return [await sender.send(one) for one in requests]
        finally:
            await sender.aclose()

    return asyncio.run(work())


def refusal(*requests: Request, **options: Any) -> str:
    with pytest.raises(VendorError) as caught:
        send(*requests, **options)
    assert "token" not in str(caught.value)
    return caught.value.reason


def test_sends_what_it_is_given_and_returns_what_comes_back(vendor: Vendor) -> None:
    vendor.behave(status(404, b'{"no":1}', x_thing="Yes"))
    (answer,) = send(request(f"{vendor.endpoint}/a?token=x", headers={"X-Own": "1"}, body=b"abc"))
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (404, b'{"no":1}', "Yes")
    assert answer.ms > 0
    (got,) = vendor.requests
    assert (got.method, got.target, got.body, got.headers["x-own"]) == ("POST", "/a?token=x", b"abc", "1")
    assert got.headers["user-agent"] == "firsthand"
    assert got.headers["host"] == f"127.0.0.1:{vendor.port}"


def test_keeps_no_cookies_and_follows_no_redirect(vendor: Vendor) -> None:
    vendor.then(status(302, b"", location=f"{vendor.endpoint}/elsewhere", set_cookie="a=b; Path=/"))
    first, _ = send(request(vendor.endpoint), request(vendor.endpoint))
    assert first.status == 302
    assert len(vendor.requests) == 2
    assert "cookie" not in vendor.requests[1].headers


def test_unpacks_gzip_and_deflate(vendor: Vendor) -> None:
    for encoding, packed in (("gzip", gzip.compress(b"words")), ("deflate", zlib.compress(b"words")), ("gzip", b"")):
        vendor.then(Behaviour(answer=Answer(200, packed, {"content-encoding": encoding})))
    assert [answer.body for answer in send(*[request(vendor.endpoint)] * 3)] == [b"words", b"words", b""]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour("reset"), "reset"),
        (Behaviour("garbage"), "protocol"),
        (Behaviour("big"), "too_large"),
        (Behaviour("bomb"), "too_large"),
        (Behaviour("gzip_tail"), "too_large"),
        (Behaviour("endless"), "too_large"),
        (Behaviour("endless_head"), "protocol"),
        (Behaviour("refuse"), "reset"),
        (Behaviour("reset_in_body"), "reset"),
        (Behaviour("close_after_headers"), "reset"),
        (Behaviour("bad_gzip"), "protocol"),
        (Behaviour("cut_gzip"), "protocol"),
        (Behaviour(answer=Answer(200, b"x", {"content-encoding": "br"})), "protocol"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.manner,
)
def test_an_answer_that_is_none_has_a_reason(vendor: Vendor, behaviour: Behaviour, reason: str) -> None:
    vendor.behave(behaviour)
    assert refusal(request(f"{vendor.endpoint}/?token=1")) == reason


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_the_time_limit_covers_the_whole_answer(vendor: Vendor, manner: Any) -> None:
    vendor.behave(Behaviour(manner))
    assert refusal(request(vendor.endpoint, timeout_s=0.2)) == "timeout"


def test_a_closed_port_a_failing_name_and_a_slow_resolver(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    async def nothing(host: str, port: int) -> Sequence[str]:
        return []

    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ["127.0.0.1"]

    vendor.down()
    monkeypatch.setattr("runtime.http.transport.DNS_S", 0.05)
    assert refusal(request(vendor.endpoint)) == "connect"
    for find in (unknown, nothing, slow):
        assert refusal(request("https://name.example/"), find=find) == "dns"


@pytest.mark.parametrize("manner", ["extra", "twice", "stale", "close_after"])
def test_a_kept_connection_is_used_again_only_while_it_is_silent(vendor: Vendor, manner: Any) -> None:
    """A stray answer must not pass for the next one, and a closed connection is no failure of the vendor."""

    async def work() -> list[int]:
        sender, statuses = Sender(LOOPBACK), []
        for n in range(6):
            vendor.then(Behaviour(manner, pace_s=0.0) if n % 2 == 0 else status(500))
            statuses.append((await sender.send(request(vendor.endpoint))).status)
            await asyncio.sleep(0.01)
        await sender.aclose()
        return statuses

    assert asyncio.run(work()) == [200, 500] * 3
    assert len(vendor.requests) == 6


def test_what_comes_unasked_is_seen_before_the_loop_has_read_it(vendor: Vendor) -> None:
    async def work() -> list[int]:
        sender = Sender(LOOPBACK)
        vendor.then(Behaviour("extra", pace_s=0.0), status(500))
        first = await sender.send(request(vendor.endpoint))
        time.sleep(0.1)  # noqa: ASYNC251 - the loop must not read meanwhile
        second = await sender.send(request(vendor.endpoint))
        await sender.aclose()
        return [first.status, second.status]

    assert asyncio.run(work()) == [200, 500]


def test_a_silent_connection_is_kept(vendor: Vendor) -> None:
    opened: list[int] = []

    async def find(host: str, port: int) -> Sequence[str]:
        opened.append(port)
        return ["127.0.0.1"]

    send(*[request(f"http://hook.shop.example:{vendor.port}/")] * 5, find=find)
    assert len(opened) == 1


def test_a_vendor_that_hangs_up_on_a_fresh_connection_is_asked_once(vendor: Vendor) -> None:
    vendor.behave(Behaviour("reset"))
    assert refusal(request(vendor.endpoint)) == "reset"
    assert len(vendor.requests) == 1


def test_destinations_that_hang_keep_no_place_of_others(vendor: Vendor) -> None:
    async def work() -> int:
        sender = Sender(LOOPBACK)
        with ExitStack() as stack:
            hanging = [stack.enter_context(Vendor()) for _ in range(6)]
            for one in hanging:
                one.behave(Behaviour("hang"))
            stuck = [asyncio.create_task(sender.send(request(one.endpoint))) for one in hanging for _ in range(20)]
            await asyncio.sleep(0.1)
            answer = await sender.send(request(vendor.endpoint))
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
        await sender.aclose()
        return answer.status

    assert asyncio.run(work()) == 200


async def here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def test_tls_is_verified_for_the_name_and_not_for_the_pinned_address() -> None:
    speaks, trust = certified("vendor.example")
    with Vendor(speaks) as vendor:
        (answer,) = send(request(f"https://vendor.example:{vendor.port}/"), find=here, trust=trust)
        assert answer.status == 200
        assert refusal(request(f"https://other.example:{vendor.port}/"), find=here, trust=trust) == "tls"
        assert refusal(request(f"https://vendor.example:{vendor.port}/"), find=here) == "tls"


def test_a_port_that_does_not_speak_tls_is_a_tls_failure(vendor: Vendor) -> None:
    assert refusal(request(f"https://127.0.0.1:{vendor.port}/")) == "tls"


def test_the_name_stays_for_the_host_header_while_the_address_is_pinned(vendor: Vendor) -> None:
    asked: list[str] = []

    async def find(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = f"http://hook.shop.example:{vendor.port}/"
    send(request(url), find=find)
    assert asked == ["hook.shop.example"]
    assert vendor.requests[0].headers["host"] == f"hook.shop.example:{vendor.port}"


@pytest.mark.parametrize("address", [address for address in PRIVATE if "%" not in address])
def test_no_private_address_is_reached_by_literal_or_by_name(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address

    async def find(host: str, port: int) -> Sequence[str]:
        return ["1.1.1.1", address]

    for url, options in ((f"https://{literal}/", {}), ("https://name.example/", {"find": find})):
        with pytest.raises(AddressRefused):
            send(request(url), allow=(), **options)


def test_a_name_that_changes_its_address_is_judged_at_each_connection(vendor: Vendor) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def find(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    url = f"http://rebind.example:{vendor.port}/"
    vendor.behave(status(200, connection="close"))
    with pytest.raises(AddressRefused):
        send(request(url), request(url), find=find)
    assert len(vendor.requests) == 1


def test_an_address_that_slipped_past_the_resolver_is_refused_at_the_socket() -> None:
    """`localhost` resolves by the system, and literal addresses never meet a resolver at all."""
    for url in ("https://localhost/", "https://127.0.0.1/", "https://[::1]/", "http://127.0.0.1:9/"):
        with pytest.raises(AddressRefused):
            send(request(url), allow=())


def test_bad_headers_and_methods_are_refused_without_their_values(vendor: Vendor) -> None:
    assert refusal(request(vendor.endpoint, headers={"x-bad": "a\r\nx-evil: token"})) == "protocol"
    assert vendor.requests == []


def test_environment_proxies_are_not_used(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert send(request(vendor.endpoint))[0].status == 200


def test_the_fake_meta_judges_as_meta_does() -> None:
    good: dict[str, Any] = {
        "event_name": "Lead", "event_time": 1_790_000_000, "event_id": "a", "action_source": "website",
        "event_source_url": "https://shop.example/",
        "user_data": {"client_ip_address": "198.51.100.7", "client_user_agent": "Mozilla"},
    }  # fmt: skip
    spoiled = [
        good | {"event_time": 1_790_000_000 - 8 * 86_400}, good | {"action_source": "nowhere"},
        good | {"event_name": ""},
        good | {"user_data": {"client_user_agent": "Mozilla"}}, good | {"event_source_url": ""},
        good | {"event_name": "Purchase", "custom_data": {"value": 1}}, good | {"event_time": "1790000000"},
        good | {"user_data": {"em": ["a@b.example"]} | good["user_data"]},
    ]  # fmt: skip
    with FakeMeta(now=lambda: 1_790_000_000) as meta:
        url = f"{meta.endpoint}/v25.0/1234567890/events"
        json_type = {"content-type": "application/json"}

        def post(*events: Any, sign: str = "token") -> Request:
            body = json.dumps({"data": events, "access_token": sign}).encode()
            return request(url, body=body, headers=json_type)

        answers = send(post(good), *(post(good, bad) for bad in spoiled), post(good, sign="x"), post(*[good] * 1001))
        assert [answer.status for answer in answers] == [200] + [400] * len(spoiled) + [401, 400]
        assert len(meta.events) == 1
        assert json.loads(answers[0].body)["events_received"] == 1
        assert json.loads(answers[1].body)["error"]["error_subcode"] == 2804003
