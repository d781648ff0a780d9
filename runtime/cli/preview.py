"""`firsthand preview`: a link that puts one browser, or one server caller, on a draft or a version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import typer

from runtime.cli.options import data_folder
from runtime.containers.previews import Link, end_previews, make_preview, read_life
from runtime.errors import OperatorError
from runtime.explain.previews import as_row
from runtime.store.control import Control
from runtime.store.files import control_path


def preview(
    what: str = typer.Argument(help="A workspace's name or a version's number; or `end`, with --all."),
    expires: str = typer.Option("2h", help="How long the link and its preview last: 30m, 2h, 1d; seven days at most."),
    sends: bool = typer.Option(False, "--sends", help="Send what its hits make to the destinations: once, no retries."),
    url: str = typer.Option("", help="The collector's address as the browser knows it: https://t.shop.example."),
    to: str = typer.Option("", help="A page of the shop that the link's page offers to go on to."),
    all_: bool = typer.Option(False, "--all", help="With `end`: every link that was given out is void at once."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Put one browser's hits, or one server caller's, on a draft or a version: no others, and no figure counts them.

    `firsthand preview end --all` ends all previews.
    """
    folder = data_folder(data)
    if what == "end":
        _end(folder, all_)
        return
    if all_:
        raise OperatorError("--all goes with `firsthand preview end`.", hint="It ends every preview.")
    with Control(control_path(folder)) as control:
        link = make_preview(control, what, read_life(expires), sends=sends, address=url, to=to)
    typer.echo(orjson.dumps(as_row(link)) if json else "\n".join(_told(link)))


def _told(link: Link) -> Iterator[str]:
    row = as_row(link)
    does = "what its hits make is sent, once each" if row["sends"] else "nothing is sent"
    yield f"A preview of {row['what']}, until {row['until']}; {does}. Who has the link can use it."
    yield "\nIn a browser:" if link.address else "\nIn a browser, at the collector's own address:"
    yield f"  {row['link']}"
    yield f"\nFrom a server, with each request:\n  {row['header']}"
    if link.missing:
        yield "\nSecrets are not set here; where the server lacks one that a client needs, it refuses the hits:"
        yield from (f"  {each}" for each in link.missing)


def _end(folder: Path, every: bool) -> None:
    if not every:
        raise OperatorError(
            "Previews can only be ended together: `firsthand preview end --all`.",
            hint="One browser leaves its own on the page of its link.",
        )
    with Control(control_path(folder)) as control:
        end_previews(control)
    typer.echo("All previews are over: browsers are ordinary visitors again, and callers with a header are refused.")
