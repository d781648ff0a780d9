"""Which tags can ever fire, and what keeps the others from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from runtime.containers.possible import why_impossible
from runtime.model.container import Companion, Container, Tag


class Firing:
    """What can be said of a container's triggers and tags without any event. Names that do not exist count as fine."""

    def __init__(self, container: Container) -> None:
        self._tags = container.tags
        self._triggers = container.triggers
        found = {id: why_impossible([trigger]) for id, trigger in container.triggers.items()}
        self.never = {id: reason for id, reason in found.items() if reason is not None}
        """Why a trigger can never match, by its id."""
        self.always = frozenset(
            id for id, trigger in container.triggers.items() if why_impossible([], [trigger]) is not None
        )
        """Triggers that match every event."""

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags that fire for some event: due ones that no companion of theirs holds back for ever."""
        fires = set(self._due)
        while held := {id for id in fires if self._is_held(id, fires)}:
            fires -= held
        return frozenset(fires)

    @cached_property
    def called(self) -> frozenset[str]:
        """The tags that one which is due for some event names as its setup or teardown."""
        return frozenset(each.tag for id in self._due for each in companions(self._tags[id]))

    @cached_property
    def _due(self) -> list[str]:
        """The tags that a trigger or another tag asks for, and that nothing of their own keeps from firing."""
        due = [id for id in self._tags if id in self._asked and self._is_free(id)]
        for id in due:
            due += [each.tag for each in companions(self._tags[id]) if each.tag not in due and self._is_free(each.tag)]
        return due

    def may_follow(self, id: str, *, called_by: Sequence[str]) -> bool:
        """Tells whether a tag fires for some event where another one calls it."""
        if id not in self._tags or id in called_by:
            return True
        setup = self._tags[id].setup
        if setup and setup.stop_on_failure and not self.may_follow(setup.tag, called_by=(*called_by, id)):
            return False
        return self._is_free(id)

    def shut_out(self, triggers: Iterable[str], exceptions: Iterable[str]) -> bool:
        """Tells whether some triggers can match, and exceptions that can fail hold for all that they match."""
        named = list(triggers)
        groups = [self._triggers[id] for id in exceptions if id in self._triggers]
        possible = [self._triggers[id] for id in named if id in self._triggers and id not in self.never]
        if not (possible and groups) or any(id not in self._triggers for id in named):
            return False
        return all(why_impossible([each], groups) is not None for each in possible)

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The tags that a trigger of their own asks for."""
        return frozenset(id for id, tag in self._tags.items() if self._is_asked_for(tag))

    def _is_asked_for(self, tag: Tag) -> bool:
        unknown = any(id not in self._triggers for id in tag.triggers)
        can_match = unknown or any(id not in self.never for id in tag.triggers)
        return can_match and not self.shut_out(tag.triggers, tag.exceptions)

    def _is_free(self, id: str) -> bool:
        tag = self._tags.get(id)
        return tag is not None and not (tag.paused or self.always & set(tag.exceptions))

    def _is_held(self, id: str, fires: Collection[str]) -> bool:
        """Tells whether a tag lacks the setup, or as a teardown the tag before it, without which it never fires."""
        tag = self._tags[id]
        if tag.setup and tag.setup.stop_on_failure and tag.setup.tag in self._tags and tag.setup.tag not in fires:
            return True
        return id not in self._asked and not any(self._calls(caller, id, fires) for caller in self._due)

    def _calls(self, caller: str, id: str, fires: Collection[str]) -> bool:
        setup, teardown = self._tags[caller].setup, self._tags[caller].teardown
        if setup and setup.tag == id:
            return True
        return bool(teardown and teardown.tag == id and (caller in fires or not teardown.stop_on_failure))


def companions(tag: Tag) -> list[Companion]:
    """Returns a tag's setup and teardown, where it has them."""
    return [each for each in (tag.setup, tag.teardown) if each is not None]
