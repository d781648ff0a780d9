"""Forms of Meta's own values, wherever they are met: its two cookies, and the mark that its parameter builders append.

`fb.<index>.<creation ms>.<payload>[.<appendix>]`: Meta developer documentation, 2026-09, and the behaviour of Meta's
parameter builders 1.3.2, where they differ the stricter one. Match the whole text. The classes are spelled out, because
an accepted value may go back out in a Set-Cookie header: a final newline, a `;` or digits of another script must not
slip through.
"""

from __future__ import annotations

import re

APPENDIX = r"(?:AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8})"
"""The writer's mark: two characters of the older builders, or any eight of base64url from the newer ones."""

MAX_PAYLOAD = 500
_HEAD = r"fb\.([0-9]{1,2})\.([0-9]{10,16})\."
_PAYLOAD = rf"[A-Za-z0-9_~%-]{{1,{MAX_PAYLOAD}}}"

FBP = re.compile(rf"{_HEAD}([0-9]{{1,24}})(?:\.({APPENDIX}))?")
"""Groups: index, creation time, payload, appendix."""
FBC = re.compile(rf"{_HEAD}({_PAYLOAD})(?:\.({APPENDIX}))?")
"""Groups as those of `FBP`."""
CLICK = re.compile(_PAYLOAD)
"""A click id as `_fbc` can carry it."""
