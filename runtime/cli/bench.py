"""`firsthand bench`: what one event costs, from the hit to the vendor, on loopback. Prints JSON.

A real server with one worker, a real receiver, the hits of a browser. CPU of both processes is the kernel's figure from
the first hit to the last delivery; beside it a bare ASGI handler takes the same hits in the same run, since absolute
figures of two machines, or of one machine at two hours, do not compare.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import orjson
import typer
import uvloop

from runtime.cli.benchmark import cpu, load, stages
from runtime.cli.benchmark.bare import run_bare
from runtime.cli.benchmark.container import container_figures
from runtime.cli.benchmark.sandbox import as_table, sandbox_figures
from runtime.cli.benchmark.sink import run_sink

CONTAINER = """
container: bench
domains: [shop.example]
consent: {default: granted}
clients:
  pixel: {template: meta_pixel}
tags:
  meta:
    template: meta_capi
    settings: {pixel_id: "1234567890", access_token: "secret:BENCH", endpoint: "http://127.0.0.1:%d", batch_size: 100}
    triggers: [everything]
triggers:
  everything: {all: []}
"""
WARM_UP = 2000


def bench(
    events: int = typer.Option(20_000, min=1000, help="How many hits to measure, after a warm-up."),
    connections: int = typer.Option(64, min=1, help="Connections of the closed loop."),
    rate: int = typer.Option(1000, min=1, help="Hits a second of the latency measurement."),
    seconds: float = typer.Option(10.0, min=1, help="How long the latency measurement lasts."),
    sandbox: bool = typer.Option(False, "--sandbox", help="Measure the Lua sandbox alone, beside bare Lua; no server."),
    container: bool = typer.Option(
        False, "--container", help="Measure 200 tags of which five fire, beside those five alone; no server."
    ),
) -> None:
    """Measure CPU per event and the latency of the acknowledgement on this machine."""
    if sandbox:
        figures = sandbox_figures()
        typer.echo(as_table(figures), err=True)
        typer.echo(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
        return
    if container:
        typer.echo(orjson.dumps(container_figures(events), option=orjson.OPT_INDENT_2))
        return
    with tempfile.TemporaryDirectory() as folder, _sink() as (sink_port, delivered):
        file = Path(folder, "container.yaml")
        file.write_text(CONTAINER % sink_port)
        with _server(file, Path(folder, "data")) as (port, processes):
            result = _measure(port, processes, delivered, events, connections)
            result["ack_latency_ms"] = _latency(port, rate, seconds, WARM_UP + events)
        result["stages_us"] = _stages(result["cpu_us_per_event"], stages.measure(file))
    result["bare_asgi"] = _bare(events, connections)
    result["ratio_to_bare_asgi"] = round(
        result["cpu_us_per_event"]["total"] / result["bare_asgi"]["cpu_us_per_request"], 2
    )
    typer.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2))


def _measure(
    port: int, processes: dict[str, int], delivered: Synchronized[int], events: int, connections: int
) -> dict[str, Any]:
    uvloop.run(load.closed_loop(port, 0, WARM_UP, connections))
    _wait_for(delivered, WARM_UP)
    before = {name: cpu.cpu_s(pid) for name, pid in processes.items()}
    start = time.perf_counter()
    acknowledged = uvloop.run(load.closed_loop(port, WARM_UP, events, connections))
    acked_s = time.perf_counter() - start
    _wait_for(delivered, WARM_UP + events)
    all_s = time.perf_counter() - start
    used = {name: cpu.cpu_s(pid) - before[name] for name, pid in processes.items()}
    per_event = {name: round(seconds / events * 1e6, 1) for name, seconds in used.items() if name != "admin"}
    return {
        "events": events,
        "acknowledged": acknowledged,
        "delivered": delivered.value - WARM_UP,
        "cpu_us_per_event": {**per_event, "total": round(sum(per_event.values()), 1)},
        "seconds": {"acknowledged": round(acked_s, 2), "delivered": round(all_s, 2)},
    }


def _stages(whole: dict[str, float], parts: dict[str, float]) -> dict[str, float]:
    """Returns the costs in the order of the data path. Parse to item is measured alone; what the router uses beside it
    is reading, delivering and settling, and what it costs that its parts share one processor's caches."""
    rest = whole["router-0"] - parts["parse"] - parts["triggers_and_map"]
    return {"ack_and_log": whole["edge-0"], **parts, "read_deliver_settle": round(rest, 1)}


def _latency(port: int, rate: int, seconds: float, first: int) -> dict[str, float]:
    found = sorted(uvloop.run(load.open_loop(port, first, rate, seconds)))
    return {"rate": rate} | {
        f"p{share:g}": round(found[min(len(found) - 1, int(len(found) * share / 100))] * 1000, 2)
        for share in (50, 90, 99)
    }


def _bare(events: int, connections: int) -> dict[str, float]:
    with _listener() as sock:
        process = multiprocessing.get_context("fork").Process(target=run_bare, args=(sock,), daemon=True)
        process.start()
        port = sock.getsockname()[1]
        uvloop.run(load.closed_loop(port, 0, WARM_UP, connections))
        assert process.pid is not None
        before = cpu.cpu_s(process.pid)
        uvloop.run(load.closed_loop(port, 0, events, connections))
        used = cpu.cpu_s(process.pid) - before
        process.kill()
        process.join()
    return {"cpu_us_per_request": round(used / events * 1e6, 1)}


@contextmanager
def _sink() -> Iterator[tuple[int, Synchronized[int]]]:
    context = multiprocessing.get_context("fork")
    counter: Synchronized[int] = context.Value("q", 0)
    with _listener() as sock:
        process = context.Process(target=run_sink, args=(sock, counter), daemon=True)
        process.start()
        yield sock.getsockname()[1], counter
        process.kill()
        process.join()


@contextmanager
def _server(container: Path, data: Path) -> Iterator[tuple[int, dict[str, int]]]:
    with _listener() as one, _listener() as other:
        port, admin_port = one.getsockname()[1], other.getsockname()[1]
    command = [sys.executable, "-m", "runtime.cli.main", "serve", "--container", str(container), "--data", str(data)]
    command += ["--port", str(port), "--admin-port", str(admin_port)]
    env = os.environ | {"FIRSTHAND_ALLOW_ADDRESSES": "127.0.0.0/8", "FIRSTHAND_SECRET_BENCH": "bench-token"}
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        asyncio.run(_until_ready(port, server))
        yield port, cpu.children(server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


async def _until_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(0.5)
            return
    raise typer.Exit(1)


def _listener() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(1024)
    sock.setblocking(False)
    return sock


def _wait_for(counter: Synchronized[int], count: int) -> None:
    deadline = time.monotonic() + 300
    while counter.value < count:
        if time.monotonic() > deadline:
            raise typer.Exit(1)
        time.sleep(0.05)
