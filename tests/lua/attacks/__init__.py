"""Attacks on the sandbox, as data: every class that it must hold against, and many forms of each."""

from __future__ import annotations

from tests.lua.attacks import amplified, escapes, heavy, spinning, tampering
from tests.lua.attacks.table import attacks_of

ATTACKS = attacks_of(escapes.ATTACKS, tampering.ATTACKS, spinning.ATTACKS, heavy.ATTACKS, amplified.ATTACKS)
CLASSES = tuple(dict.fromkeys(attack.cls for attack in ATTACKS))
