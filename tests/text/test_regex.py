from __future__ import annotations

import pytest

from runtime.text.regex import PatternSet, compile_re2


def test_search_and_fullmatch() -> None:
    pattern = compile_re2("pur[a-z]+")

    assert pattern.search("a purchase!")
    assert not pattern.search("PURCHASE")
    assert pattern.fullmatch("purchase")
    assert not pattern.fullmatch("purchase\n")
    assert compile_re2("PUR.*", ignore_case=True).fullmatch("purchase")
    assert compile_re2("^.$").search("é")


def test_a_lone_surrogate_in_the_text_is_no_error() -> None:
    assert not compile_re2("b").search("a\ud800")


@pytest.mark.parametrize("pattern", ["(a", "a(?=b)", r"(a)\1", "a\ud800", "a{5000}"])
def test_a_pattern_that_re2_refuses_is_told_in_plain_words(pattern: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="is not a regular expression that RE2 takes"):
        compile_re2(pattern)
    assert capfd.readouterr() == ("", "")


def test_time_is_linear_where_backtracking_would_never_end() -> None:
    assert not compile_re2("(a*)*b").search("a" * 50_000)


def test_a_set_answers_for_all_its_patterns(capfd: pytest.CaptureFixture[str]) -> None:
    patterns = PatternSet(["bot", "^curl/"])

    assert patterns.search("Googlebot/2.1")
    assert patterns.search("curl/8")
    assert not patterns.search("Mozilla curl/8")
    with pytest.raises(ValueError, match=r"`\(a`"):
        PatternSet(["bot", "(a"])
    assert capfd.readouterr() == ("", "")
