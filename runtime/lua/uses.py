"""Which globals a script uses, and how: names are followed through scopes, nothing is run.

A reader in the compiler's order (a block's statements, an expression's operands) that keeps no tree: only what names
mean is asked. It reads what compiles; for anything else it gives up, since the compiler tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from runtime.lua.lexer import Token, Unreadable, tokens

How = Literal["read", "write", "call", "index", "method"]

_UNARY = frozenset(("not", "-", "#", "~"))
_BINARY = frozenset((
    "+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or", "&", "|", "~", "<<", ">>",
))  # fmt: skip
_VALUES = frozenset(("nil", "true", "false"))
_ENDS = frozenset(("end", "else", "elseif", "until"))
_MOST_HINTED, _MOST_SEEN = 500, 400
"""Uses for which the local variables are noted, and how many, innermost first: each for each would be quadratic."""


@dataclass(frozen=True, slots=True)
class Use:
    """A global with the members that are named after it, as far as they are written with dots."""

    parts: tuple[Token, ...]
    how: How
    """What is done with the last part; `index` is any access that goes on, `method` a call with a colon."""
    guarded: bool
    """Whether it is inside the arguments of pcall or xpcall, where a failure is expected."""
    locals: tuple[str, ...]
    """Names of local variables that can be seen there; only where the global is unknown."""
    argument: str = ""
    """A call's one argument where it is a plain text, without its quotes."""

    @property
    def name(self) -> str:
        return self.parts[0].text

    @property
    def dotted(self) -> str:
        return ".".join(part.text for part in self.parts)


def uses(source: str, known: Container[str]) -> list[Use]:
    """Returns every use of a global, in the order of the text; nothing where the text does not compile."""
    try:
        reader = _Reader(list(tokens(source)), known)
        reader.script()
    except (Unreadable, RecursionError):
        return []
    return reader.found


class _Reader:
    def __init__(self, words: list[Token], known: Container[str]) -> None:
        self.found: list[Use] = []
        self._words, self._known = words, known
        self._at = 0
        self._scopes: list[set[str]] = [set()]
        self._guards = 0

    @property
    def _word(self) -> Token:
        return self._words[self._at]

    def _is(self, *texts: str) -> bool:
        return self._word.kind in ("keyword", "sign") and self._word.text in texts

    def _next(self) -> Token:
        word = self._word
        if word.kind == "end":
            raise Unreadable
        self._at += 1
        return word

    def _accept(self, text: str) -> bool:
        if not self._is(text):
            return False
        self._at += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise Unreadable

    def _name(self) -> Token:
        if self._word.kind != "name":
            raise Unreadable
        return self._next()

    def _new_name(self) -> str:
        """Reads the name of a new local variable. One that is the environment hides all globals, so it is noted."""
        name = self._name()
        if name.text == "_ENV":
            self._note([name], "index")
        return name.text

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)

    def _declare(self, names: Iterable[str]) -> None:
        self._scopes[-1].update(names)

    def _note(self, chain: list[Token] | None, how: How) -> None:
        if not chain:
            return
        seen: tuple[str, ...] = ()
        if chain[0].text not in self._known and len(self.found) < _MOST_HINTED:
            seen = tuple(islice((name for scope in reversed(self._scopes) for name in scope), _MOST_SEEN))
        argument = self._plain_argument() if how == "call" else ""
        self.found.append(Use(tuple(chain), how, self._guards > 0, seen, argument))

    def _plain_argument(self) -> str:
        at = self._at + self._is("(")
        if self._words[at].kind != "string" or (at > self._at and self._words[at + 1].text != ")"):
            return ""
        return self._words[at].text[1:-1]

    def script(self) -> None:
        self._statements()
        if self._word.kind != "end":
            raise Unreadable

    def _block(self, names: Iterable[str] = (), then: Callable[[], None] | None = None) -> None:
        """Reads statements in a scope of their own; `then` is read in it too, as after `until`."""
        self._scopes.append(set(names))
        self._statements()
        if then:
            then()
        self._scopes.pop()

    def _statements(self) -> None:
        while self._word.kind != "end" and not self._is(*_ENDS):
            self._statement()

    def _statement(self) -> None:
        word = self._word
        if word.kind != "keyword":
            if not self._accept(";"):
                self._label() if self._is("::") else self._assignment_or_call()
            return
        self._at += 1
        read = self._KEYWORDS.get(word.text)
        if read is None:
            raise Unreadable
        read(self)

    def _label(self) -> None:
        self._expect("::")
        self._name()
        self._expect("::")

    def _assignment_or_call(self) -> None:
        targets = [self._suffixed()]
        while self._accept(","):
            targets.append(self._suffixed())
        if self._accept("="):
            self._expressions()
            for chain in targets:
                self._note(chain, "write")
        elif targets[0] is not None:
            raise Unreadable

    def _do(self) -> None:
        self._block()
        self._expect("end")

    def _while(self) -> None:
        self._expression()
        self._expect("do")
        self._do()

    def _repeat(self) -> None:
        def until() -> None:
            self._expect("until")
            self._expression()

        self._block(then=until)

    def _if(self) -> None:
        more = True
        while more:
            self._expression()
            self._expect("then")
            self._block()
            more = self._accept("elseif")
        if self._accept("else"):
            self._block()
        self._expect("end")

    def _for(self) -> None:
        names = [self._new_name()]
        while self._accept(","):
            names.append(self._new_name())
        if not self._accept("="):
            self._expect("in")
        self._expressions()
        self._expect("do")
        self._block(names)
        self._expect("end")

    def _function(self) -> None:
        first = self._name()
        chain = [first]
        while self._accept("."):
            chain.append(self._name())
        method = self._accept(":")
        if method:
            chain.append(self._name())
        if not self._is_local(first.text):
            self._note(chain, "write")
        self._body(("self",) if method else ())

    def _local(self) -> None:
        if self._accept("function"):
            self._declare([self._new_name()])
            self._body()
            return
        names = [self._local_name()]
        while self._accept(","):
            names.append(self._local_name())
        if self._accept("="):
            self._expressions()
        self._declare(names)

    def _local_name(self) -> str:
        name = self._new_name()
        if self._accept("<"):
            self._name()
            self._expect(">")
        return name

    def _return(self) -> None:
        if self._word.kind != "end" and not self._is(";", *_ENDS):
            self._expressions()
        self._accept(";")

    def _goto(self) -> None:
        self._name()

    def _break(self) -> None:
        """Has nothing after it."""

    _KEYWORDS: dict[str, Callable[[_Reader], None]] = {
        "do": _do, "while": _while, "repeat": _repeat, "if": _if, "for": _for, "function": _function, "local": _local,
        "return": _return, "goto": _goto, "break": _break,
    }  # fmt: skip

    def _body(self, names: tuple[str, ...] = ()) -> None:
        self._expect("(")
        parameters = list(names)
        while not self._accept(")"):
            if not self._accept("..."):
                parameters.append(self._new_name())
            if not self._accept(",") and not self._is(")"):
                raise Unreadable
        self._block(parameters)
        self._expect("end")

    def _expressions(self) -> None:
        self._expression()
        while self._accept(","):
            self._expression()

    def _expression(self) -> None:
        """Operands between operators; which binds tighter does not matter here."""
        while True:
            while self._is(*_UNARY):
                self._at += 1
            self._operand()
            if not self._is(*_BINARY):
                return
            self._at += 1

    def _operand(self) -> None:
        if self._word.kind in ("string", "number") or self._is("...", *_VALUES):
            self._at += 1
        elif self._is("{"):
            self._table()
        elif self._accept("function"):
            self._body()
        else:
            self._note(self._suffixed(), "read")

    def _suffixed(self) -> list[Token] | None:
        """Reads a name or parentheses with all that follows; returns the dotted chain of a global that is left open."""
        chain: list[Token] | None = None
        if self._accept("("):
            self._expression()
            self._expect(")")
        else:
            first = self._name()
            chain = [] if self._is_local(first.text) else [first]
        while True:
            if self._accept("."):
                member = self._name()
                if chain:
                    chain.append(member)
            elif self._accept("["):
                self._note(chain, "index")
                self._expression()
                self._expect("]")
                chain = []
            elif self._accept(":"):
                self._note([*chain, self._word] if chain else None, "method")
                self._name()
                self._arguments(None)
                chain = None
            elif self._is("(", "{") or self._word.kind == "string":
                self._note(chain, "call")
                self._arguments(chain)
                chain = None
            else:
                return chain

    def _arguments(self, called: list[Token] | None) -> None:
        guards = [word.text for word in called or ()] in (["pcall"], ["xpcall"])
        self._guards += guards
        if self._is("{"):
            self._table()
        elif self._word.kind == "string":
            self._at += 1
        else:
            self._expect("(")
            if not self._is(")"):
                self._expressions()
            self._expect(")")
        self._guards -= guards

    def _table(self) -> None:
        self._expect("{")
        while not self._accept("}"):
            if self._accept("["):
                self._expression()
                self._expect("]")
                self._expect("=")
            elif self._word.kind == "name" and self._words[self._at + 1].text == "=":
                self._at += 2
            self._expression()
            if not (self._accept(",") or self._accept(";")) and not self._is("}"):
                raise Unreadable
