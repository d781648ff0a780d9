"""What a mutation is, and the book that they are entered in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.bad_input import SHAPES, Shape, draft

Words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
"""Text that is neither a number nor a URL, a date, an identifier or JSON (`true` and `null` have no place to stand)."""

Apply = Callable[..., None]


@dataclass(frozen=True)
class Mutation:
    """One way of spoiling a request of certain shapes."""

    name: str
    shapes: tuple[Shape, ...]
    details: st.SearchStrategy[tuple[Any, ...]]
    apply: Apply
    of_message: bool
    """It spoils the message; else the draft."""


@dataclass(frozen=True)
class BadInput:
    """A malformed request before it has an event id."""

    mutation: Mutation
    shape: Shape
    details: tuple[Any, ...]

    def raw(self, event_id: str) -> bytes:
        """Returns the malformed request."""
        made = draft(self.shape, event_id)
        if not self.mutation.of_message:
            self.mutation.apply(made, *self.details)
        message = made.message()
        if self.mutation.of_message:
            self.mutation.apply(message, *self.details)
        return message.raw()

    def twin(self, event_id: str) -> bytes:
        """Returns the same request before it was spoiled."""
        return draft(self.shape, event_id).message().raw()


class Book:
    """Collects mutations: `@book.of_draft(shapes, strategy, ...)` above a function that spoils a draft."""

    def __init__(self) -> None:
        self.mutations: list[Mutation] = []

    def of_draft(self, shapes: Iterable[Shape], *details: st.SearchStrategy[Any]) -> Callable[[Apply], Apply]:
        """Enters a function of a draft and of what is drawn."""
        return self._entering(shapes, details, of_message=False)

    def of_message(
        self, *details: st.SearchStrategy[Any], shapes: Iterable[Shape] = SHAPES
    ) -> Callable[[Apply], Apply]:
        """Enters a function of a message and of what is drawn."""
        return self._entering(shapes, details, of_message=True)

    def _entering(
        self, shapes: Iterable[Shape], details: tuple[st.SearchStrategy[Any], ...], *, of_message: bool
    ) -> Callable[[Apply], Apply]:
        def enter(apply: Apply) -> Apply:
            name = apply.__name__.replace("_", " ")
            self.mutations.append(Mutation(name, tuple(shapes), st.tuples(*details), apply, of_message))
            return apply

        return enter


@st.composite
def bad_inputs(draw: st.DrawFn, mutations: list[Mutation]) -> BadInput:
    """Draws a mutation first, so that each has its share, then a shape that it can spoil."""
    mutation = draw(st.sampled_from(mutations))
    draw(st.integers())  # tells cases of equal details apart, or hypothesis would hardly draw what has few of them
    return BadInput(mutation, draw(st.sampled_from(mutation.shapes)), draw(mutation.details))
