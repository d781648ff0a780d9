"""The basis names what is installed, goes through a row, and is cheap to have."""

from __future__ import annotations

from importlib import metadata

from runtime import __version__
from runtime.model.policy import NO_POLICY, Policy
from runtime.text.basis import basis_of, decode_basis, encode_basis


def test_it_names_version_data_and_libraries() -> None:
    basis = basis_of("abc")
    assert (basis.firsthand, basis.policy) == (__version__, "abc")
    assert basis.libraries["orjson"] == metadata.version("orjson")
    assert {len(digest) for digest in basis.data.values()} == {12}
    assert set(basis.data) == {"bots", "public_suffixes"}


def test_it_goes_through_a_row() -> None:
    text = encode_basis(basis_of(""))
    assert decode_basis(text) == basis_of("")
    assert len(text) < 300
    assert decode_basis("") is None


def test_a_policy_is_known_by_its_rules() -> None:
    one, other = ({"templates": ["*"], "hit": [name], "why": "A test."} for name in ("client_ip", "user_agent"))
    policies = [Policy.model_validate({"deny": rules}) for rules in ([one], [other], [one, other])]
    assert len({policy.digest for policy in policies}) == 3
    assert policies[0].digest == Policy.model_validate({"deny": [one]}).digest
    assert NO_POLICY.digest == ""
