"""Calling codes of countries (ITU-T E.164), for telephone numbers as people write them at home.

A number without `+` and without `00` is a national one where it begins with the country's trunk zero or, where people
write none, where it has the length of a national number. Countries whose numbers tell neither are not listed.
"""

from __future__ import annotations

from typing import NamedTuple


class Dialling(NamedTuple):
    """How a country is called."""

    code: str
    """Digits of the calling code."""
    length: int = 0
    """Digits of a national number that is written without a trunk zero; 0 where there is always one."""
    keeps_zero: bool = False
    """Whether a leading zero belongs to the number, as in Italy."""


_CODES = """
ae971 af93 al355 am374 ar54 at43 au61 az994 ba387 bd880 be32 bg359 bo591 br55 cd243 ch41 cn86:11 cu53 de49 dz213 ec593
eg20 er291 et251 fi358 fr33 gb44 ge995 gf594 gg44 gh233 gp590 hr385 id62 ie353 il972 im44 in91:10 iq964 ir98 je44 jo962
jp81 ke254 kg996 kh855 kr82 la856 lb961 ly218 ma212 md373 me382 mg261 mk389 mm95 mn976 mq596 my60 na264 ng234 nl31 np977
nz64 pe51 ph63 pk92 ps970 py595 re262 ro40 rs381 rw250 sa966 sd249 se46 si386 sk421 sl232 ss211 sy963 th66 tr90 tw886
tz255 ua380 ug256 uy598 ve58 vn84 ye967 yt262 za27 zm260 zw263
ad376:6 ao244:9 bh973:8 bt975:8 bw267:8 bz501:7 cf236:8 cl56:9 cm237:9 co57:10 cr506:8 cv238:7 cy357:8 cz420:9 dj253:8
dk45:8 es34:9 fj679:7 fo298:6 gi350:8 gm220:7 gn224:9 gq240:9 gr30:10 gt502:8 gw245:9 gy592:7 hk852:8 hn504:8 ht509:8
is354:7 km269:7 kw965:8 ls266:8 lt370:8 lv371:8 ml223:8 mo853:8 mr222:8 mt356:8 mu230:8 mv960:7 mw265:9 mx52:10 mz258:9
nc687:6 ne227:8 ni505:8 no47:8 om968:8 pf689:8 pl48:9 pt351:9 qa974:8 sc248:7 sg65:8 sn221:9 sv503:8 sz268:8 td235:8
tg228:8 tj992:9 tn216:8 uz998:9
"""
_NORTH_AMERICAN = "ag ai as bb bm bs ca dm do gd gu jm kn ky lc mp ms pr sx tc tt us vc vg vi"


def _table() -> dict[str, Dialling]:
    found = {}
    for entry in _CODES.split():
        code, _, length = entry[2:].partition(":")
        found[entry[:2]] = Dialling(code, int(length or 0))
    found |= {country: Dialling("1", 10) for country in _NORTH_AMERICAN.split()}
    return found | {country: Dialling("39", keeps_zero=True) for country in ("it", "sm", "va")}


DIALLING: dict[str, Dialling] = _table()
"""By ISO 3166-1 alpha-2 code in lower case."""


def international(text: str, country: str) -> str:
    """Returns a national number of the country with its calling code in front; any other number as it is written."""
    dialling = DIALLING.get(country)
    digits = "".join(c for c in text if c.isdecimal())
    if dialling is None or "+" in text or digits.startswith("00"):
        return text
    if digits.startswith("0"):
        return f"+{dialling.code}{digits if dialling.keeps_zero else digits[1:]}"
    return f"+{dialling.code}{digits}" if len(digits) == dialling.length else text
