"""The programs of all versions that hits refer to, compiled when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runtime.containers.policy import policy_in_force
from runtime.containers.snapshot import decode_snapshot
from runtime.containers.versions import describe_version
from runtime.errors import OperatorError
from runtime.lua.sandbox import Sandbox
from runtime.model.policy import Policy
from runtime.model.snapshot import Snapshot
from runtime.pipeline.program import Program
from runtime.store.control import Control
from runtime.text.basis import Basis, basis_of

KEPT = 8
"""Programs kept in memory; a version that is older than those is compiled anew when a hit of it comes up."""


class Programs:
    """Gives snapshots and programs by version number. For one thread. `sandbox` makes the sandbox of each.

    All of them are as `policy` lets them run; without one given, that is the policy that the environment names, so that
    nobody runs a script past it by forgetting it.
    """

    def __init__(
        self, control_path: Path, sandbox: Callable[..., Sandbox] = Sandbox, *, policy: Policy | None = None
    ) -> None:
        self._control_path = control_path
        self._policy = policy_in_force() if policy is None else policy
        self._sandbox = sandbox
        self._programs: dict[int, Program] = {}

    @property
    def basis(self) -> Basis:
        """What beside hits, versions and look-ups decides what they make, in this process."""
        return basis_of(self._policy.digest)

    def live(self) -> Snapshot:
        """Returns the live version; OperatorError where nothing was published yet."""
        with Control.read(self._control_path) as control:
            found = control.live()
        if found is None:
            raise OperatorError("Nothing is published yet.", hint="Give `firsthand serve` a --container.")
        return self._policy.over(decode_snapshot(found[1], found[0]))

    def snapshot(self, number: int) -> Snapshot:
        """Returns a version; OperatorError where it is not there."""
        with Control.read(self._control_path) as control:
            return self._policy.over(decode_snapshot(control.version(number), number))

    def build(self, snapshot: Snapshot) -> Program:
        """Returns the program of a snapshot in hand, as the policy lets it run."""
        return Program.build(self._policy.over(snapshot), sandbox_factory=self._sandbox)

    def describe(self, number: int) -> str:
        """Returns what a version is, for a person; OperatorError where it is not there."""
        with Control.read(self._control_path) as control:
            return describe_version(control, number)

    def program(self, number: int) -> Program:
        """Returns a version's program, ready to run."""
        program = self._programs.pop(number, None)
        if program is None:
            program = self.build(self.snapshot(number))
        self._programs[number] = program
        while len(self._programs) > KEPT:
            del self._programs[next(iter(self._programs))]
        return program
