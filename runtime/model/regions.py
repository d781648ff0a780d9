"""Countries and their parts, as visitors' regions are written: `DE`, `US-CA`.

Source: ISO 3166-1 alpha-2, the codes that are assigned (checked 2026-09). Of parts (ISO 3166-2) only the form is known.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_ASSIGNED = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_ASSIGNED.split())
PART = re.compile(r"[A-Z0-9]{1,3}")
"""The second half of an ISO 3166-2 code."""

_OFTEN_MEANT = {
    "UK": "write `GB`",
    "EL": "write `GR`",
    "EU": "list the countries, for example `[DE, FR]`",
    "EEA": "list the countries, for example `[DE, FR, NO]`",
}


def _is_code(text: str) -> bool:
    country, dash, part = text.partition("-")
    return country in COUNTRIES and (PART.fullmatch(part) is not None if dash else not part)


def _region(text: str) -> str:
    if _is_code(text):
        return text
    advice = _OFTEN_MEANT.get(text.upper())
    if advice is None and _is_code(text.upper()):
        advice = f"write `{text.upper()}`"
    advice = advice or "a country such as `DE`, or a part of one such as `US-CA`, is expected"
    raise ValueError(f"`{text[:20]}` is no ISO 3166 code: {advice}")


Region = Annotated[str, AfterValidator(_region)]
"""A country (ISO 3166-1) or a part of one (ISO 3166-2)."""
