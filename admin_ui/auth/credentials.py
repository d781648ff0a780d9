"""What somebody proves to be somebody with: name, password, one-time password. And how often one may try."""

from __future__ import annotations

import math
import time

import pyotp

from admin_ui.auth.address import address_of
from admin_ui.auth.passwords import is_right
from admin_ui.call import Call
from admin_ui.refusals import Refused
from runtime.store.accounts import Accounts
from runtime.store.failures import FREE_OF_ADDRESS, FREE_TRIES, address_key, name_key
from runtime.store.secrets import key_file, new_vault, vault_of
from runtime.store.users import User, open_totp, seal_totp
from runtime.text.vault import Vault

PROOF_S = 600
"""For so long after the password was given, what is done to others' accounts needs it no second time."""


def secret_of(call: Call, name: str) -> str:
    """Returns a password field of a form as it was typed, blanks at its ends included."""
    return (call.form.get(name) or [""])[0]


def verified(call: Call, name: str, password: str, code: str | None = None) -> User | None:
    """Returns the user whose name, password and code these are, None for nobody: it takes as long and tells as little.

    `code` is None where who asks is signed in already. Refused where there were too many tries.
    """
    address = address_of(call.request, call.admin.settings.trusted_proxies)
    with call.admin.control(call.who.name if call.who else "nobody") as control:
        accounts = control.accounts
        left = accounts.try_now({name_key(name): FREE_TRIES, address_key(address): FREE_OF_ADDRESS})
        if left > 0:
            raise Refused(429, f"Too many tries. Come again in {math.ceil(left)} seconds.")
        user = accounts.user(name)
        is_it = is_right(user.password if user else None, password)
        if is_it and user is not None and not user.disabled and _second(call, accounts, user, code):
            accounts.succeeded(name, address)
            return user
        accounts.tell_failed(user.name if user else "", address)
        return None


def _second(call: Call, accounts: Accounts, user: User, code: str | None) -> bool:
    if user.totp is None or code is None:
        return True
    return takes_code(accounts, user, open_totp(_vault(call), user), code)


def takes_code(accounts: Accounts, user: User, secret: str, code: str) -> bool:
    """Tells whether a one-time password is right, of this half minute or its neighbours, and was not used before."""
    totp, now = pyotp.TOTP(secret), int(accounts.now())
    for moment in (now, now - totp.interval, now + totp.interval):
        if totp.verify(code.replace(" ", ""), for_time=moment):
            return accounts.take_step(user, moment // totp.interval)
    return False


def sealed(call: Call, user: User, secret: str) -> str:
    """Returns the secret of a second factor as it is kept."""
    settings = call.admin.settings
    return seal_totp(new_vault(key_file(settings.data_dir, settings.master_key_file)), user.id, secret)


def has_proved(call: Call) -> bool:
    """Tells whether who asks gave the password lately; a program's token is all that it has."""
    return not call.me.session or time.time() - call.me.proved_at < PROOF_S


def require_proof(call: Call) -> None:
    """Raises Refused where the password has to be given again."""
    if not has_proved(call):
        raise Refused(403, "Give your password again first.", "Open /prove, then send this once more.")


def _vault(call: Call) -> Vault:
    settings = call.admin.settings
    file = key_file(settings.data_dir, settings.master_key_file)
    vault = vault_of(file)
    if vault is None:
        hint = "An operator can put it back, or take the second factor away: `firsthand user reset`."
        raise Refused(503, "The master key is missing: no second factor can be checked.", hint)
    return vault
