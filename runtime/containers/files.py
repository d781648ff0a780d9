"""A container as files: container.yaml and its own templates, as a person wrote them: what a workspace keeps."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import orjson

from runtime.containers.check_scripts import OWN
from runtime.containers.export import CONTAINER
from runtime.errors import ContainerInvalid, OperatorError, Problem

Files: TypeAlias = Mapping[str, str]
"""Text by path: `container.yaml`, and what lies in `templates/`."""

MAX_BYTES = 16 * 1024 * 1024
MAX_FILES = 10_000

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}){0,7}")


def collect_files(file: Path) -> dict[str, str]:
    """Returns a container file and the templates beside it; what is no text there is left out, for nothing reads it.

    OperatorError where the file cannot be read, ContainerInvalid where it is no text.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise OperatorError(f"Cannot read {file}: {error.strerror}.", hint="Name a file that exists.") from error
    found = {CONTAINER: _text(raw)}
    for path in sorted((file.parent / OWN).rglob("*")):
        name = path.relative_to(file.parent).as_posix()
        if path.is_file() and _PATH.fullmatch(name):
            try:
                found[name] = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def require_files(files: Files) -> None:
    """Raises ContainerInvalid where a path, a text or the size is beyond the limits. No path leaves its folder."""
    problems = [Problem(path[:200], *_bad_path(path)) for path in files if not _is_ours(path)]
    folders = {parent.as_posix() for path in files for parent in PurePosixPath(path).parents}
    problems += [Problem(path, "this is a folder of other files") for path in files if path in folders]
    problems += [
        Problem(path, "this text holds half a character", "remove it") for path in files if _is_cut(files[path])
    ]
    if sum(map(len, files.values())) > MAX_BYTES or len(files) > MAX_FILES:
        problems.append(Problem("", f"these files are more than {MAX_BYTES >> 20} MB", "keep data out of them"))
    if problems:
        raise ContainerInvalid(problems)


def encode_files(files: Files) -> bytes:
    """Returns files as bytes; equal for equal files."""
    require_files(files)
    return orjson.dumps(dict(sorted(files.items())))


def decode_files(data: bytes) -> dict[str, str]:
    """Returns the files of `encode_files`'s bytes, container.yaml first."""
    files: dict[str, str] = orjson.loads(data)
    return {CONTAINER: files.pop(CONTAINER, ""), **files}


def write_files(folder: Path, files: Files, *, container: str = CONTAINER) -> list[Path]:
    """Writes what differs from what lies there, removes own templates' files that are not among them, and returns
    what it wrote or removed. The bytes are those of the text: no line end becomes another. `container` is the name
    that container.yaml has there."""
    require_files(files)
    changed = []
    for name, text in files.items():
        path, data = folder / (container if name == CONTAINER else name), text.encode()
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            changed.append(path)
    for path in sorted((folder / OWN).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in files and _PATH.fullmatch(name):
            path.unlink()
            changed.append(path)
    return changed


@contextmanager
def as_folder(files: Files) -> Iterator[Path]:
    """Gives the files a folder for as long as they are read: what reads files reads drafts then."""
    with tempfile.TemporaryDirectory(prefix="firsthand-") as name:
        folder = Path(name)
        write_files(folder, {CONTAINER: "", **files})
        yield folder


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContainerInvalid([Problem("", f"byte {error.start} is not UTF-8", "save the file as UTF-8")]) from error


def _is_cut(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _is_ours(path: str) -> bool:
    return path == CONTAINER or (path.startswith(f"{OWN}/") and _PATH.fullmatch(path) is not None)


def _bad_path(path: str) -> tuple[str, str]:
    if _PATH.fullmatch(path):
        return "this file is no part of a container", f"there is {CONTAINER}, and what lies in {OWN}/"
    return "this cannot be a file's path", "letters, digits, `_`, `.`, `+` and `-`; no name begins with a dot"
