"""Checks a template's script and its shared modules before they are used: syntax, names, and the functions it returns.

The chunk is run once, in the real sandbox and its budget; none of its functions is called.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from runtime.errors import Problem, ScriptFault
from runtime.lua.lint import Finding, Names, lint
from runtime.lua.sandbox import Sandbox, Script
from runtime.lua.uses import uses
from runtime.lua.values import Watch
from runtime.model.manifest import Kind
from runtime.model.snapshot import Template

FUNCTIONS: dict[Kind, tuple[str, ...]] = {
    "client": ("parse",),
    "destination": ("map", "request"),
    "variable": ("resolve",),
    "transformation": ("apply",),
}
"""What each kind's script must return."""
OPTIONAL: dict[Kind, tuple[str, ...]] = {"destination": ("verdict",), "variable": ("lookup",)}
"""What it may return beside."""

FileOf = Callable[[str], str]
"""The file of a script, by the script's name: `destination/meta_capi` or `shared/meta`."""

_PLACED = re.compile(r"(?P<name>[^\s:]+):(?P<line>\d+): (?P<text>.*)", re.DOTALL)
_NEAR = re.compile(r"near '(?P<word>.+)'$")
_FOREIGN = (
    ("!=", "not equal is `~=` in Lua"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`"),
    ("++", "write `x = x + 1`"),
    ("+=", "write `x = x + …`"),
    ("-=", "write `x = x - …`"),
    ("=>", "write `function(x) return … end`"),
    ("//", "a comment begins with `--`"),
    ("else if", "write `elseif`, or give the inner `if` an `end` of its own"),
    ("const ", "write `local`"),
    ("let ", "write `local`"),
    ("var ", "write `local`"),
)


class ScriptCheck:
    """Checks the scripts of templates that share modules. What is wrong with a module is told once."""

    def __init__(self, shared: Mapping[str, str], file_of: FileOf, watch: Watch | None = None) -> None:
        """`shared` holds the modules' sources by name."""
        self._shared, self._file_of = shared, file_of
        self._modules: dict[str, list[Problem]] = {}
        self._sandbox = Sandbox(shared=shared, watch=watch)

    def __call__(self, template: Template) -> list[Problem]:
        """Returns what is wrong with a template's script and with the modules that it uses, in that order of files.

        A script is not run where a module that it needs cannot be used. Modules that do not exist are another check's.
        """
        told = set(self._modules)
        reached = self._reach(template.manifest.shared)
        problems = [problem for name in reached if name not in told for problem in self._modules[name]]
        if any(problem.severity == "error" for name in reached for problem in self._modules[name]):
            return problems
        if set(template.manifest.shared) <= self._shared.keys():
            problems += self._template(template)
        return problems

    def _reach(self, names: Iterable[str]) -> list[str]:
        """Returns the modules of these names and all that they use in turn, checked."""
        reached: list[str] = []
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in self._shared and name not in reached:
                reached.append(name)
                waiting += [use.name for use in uses(self._shared[name], self._shared)]
                if name not in self._modules:
                    self._modules[name] = list(self._module(name))
        return reached

    def _module(self, name: str) -> Iterator[Problem]:
        key, source = f"shared/{name}", self._shared[name]
        try:
            self._sandbox.script(key, source)
            self._probe(name)
        except ScriptFault as fault:
            yield self._of_fault(fault, key)
        yield from (self._of_finding(finding, key) for finding in lint(source, self._seen_by_module(name), module=True))

    def _probe(self, *modules: str) -> Script:
        return self._sandbox.script("probe", "return {}", shared=modules)

    def _seen_by_module(self, name: str) -> Names:
        seen: dict[str, frozenset[str] | None] = dict.fromkeys(self._shared)
        seen |= self._sandbox.names(self._probe())
        for other in {use.name for use in uses(self._shared[name], self._shared)} & self._shared.keys() - {name}:
            try:
                seen[other] = self._sandbox.names(self._probe(other))[other]
            except ScriptFault:
                continue  # told of as a problem of that module
        return seen

    def _template(self, template: Template) -> Iterator[Problem]:
        key = template.key
        try:
            script = self._sandbox.script(key, template.source, shared=template.manifest.shared)
        except ScriptFault as fault:
            yield self._of_fault(fault, key, template.source)
            return
        findings = lint(template.source, self._sandbox.names(script))
        yield from (self._of_finding(finding, key) for finding in findings)
        yield from self._not_granted(template)
        try:
            returned = self._sandbox.functions(script)
        except ScriptFault as fault:
            problem = self._of_fault(fault, key, template.source)
            if not any(f"{problem.path}:".startswith(f"{self._file_of(key)}:{each.line}:") for each in findings):
                yield problem
            return
        yield from self._check_functions(template, returned)

    def _not_granted(self, template: Template) -> Iterator[Problem]:
        """Yields the cookies and headers that the script names and the manifest does not grant."""
        asked = {
            "incoming.cookie": (template.readable.cookies, "cookie", "cookies: {{read: [{}], why: ...}}"),
            "incoming.header": (template.readable.headers, "header", "headers: {{names: [{}], why: ...}}"),
        }
        for use in uses(template.source, ("incoming",)):
            reach, what, line = asked.get(use.dotted, (None, "", ""))
            name = use.argument.lower() if what == "header" else use.argument
            if reach is not None and name and not use.guarded and not reach.allows(name):
                place = f"{self._file_of(template.key)}:{use.parts[0].line}:{use.parts[0].column}"
                yield Problem(place, reach.refusal(f"{what} `{name}`", name, line.format(name)))

    def _check_functions(self, template: Template, returned: frozenset[str]) -> Iterator[Problem]:
        file, kind = self._file_of(template.key), template.manifest.kind
        needed, known = FUNCTIONS[kind], (*FUNCTIONS[kind], *OPTIONAL.get(kind, ()))
        for name in needed:
            if name not in returned:
                members = ", ".join(f"{each} = {each}" for each in needed)
                yield Problem(file, f"the script returns no function `{name}`", f"end it with `return {{ {members} }}`")
        yield from self._check_lookup(template, "lookup" in returned)
        for name in sorted(returned - set(known)):
            near = difflib.get_close_matches(name, [each for each in known if each not in returned], n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"a {kind} has {', '.join(known)}"
            yield Problem(file, f"nobody calls the function `{name}`", hint, severity="warning")

    def _check_lookup(self, template: Template, returned: bool) -> Iterator[Problem]:
        """Yields what is missing where only one of script and manifest knows of look-ups."""
        file, declared = self._file_of(template.key), template.manifest.lookup is not None
        if declared and not returned:
            yield Problem(file, "the manifest has `lookup:`, and the script returns no function `lookup`")
        elif returned and not declared and template.manifest.kind == "variable":
            hint = "add `lookup: {}` to the manifest, and the hosts to its permissions"
            yield Problem(file, "the script returns `lookup`, which nobody calls", hint)

    def _of_finding(self, finding: Finding, key: str) -> Problem:
        place = f"{self._file_of(key)}:{finding.line}:{finding.column}"
        return Problem(place, finding.message, finding.hint, finding.severity)

    def _of_fault(self, fault: ScriptFault, key: str, source: str = "") -> Problem:
        placed = _PLACED.match(fault.message)
        if placed is None:
            return Problem(self._file_of(key), fault.message, _hint_of_chunk(fault))
        name, line = placed["name"], int(placed["line"])
        if name.removeprefix("shared/") in self._shared and name.startswith("shared/"):
            key, source = name, self._shared[name.removeprefix("shared/")]
        column, hint = _near(placed["text"], _line(source, line))
        return Problem(f"{self._file_of(key)}:{line}{column}", placed["text"], hint)


def file_beside(template: Template) -> FileOf:
    """Returns what names the files of one template that is looked at alone: `destination.lua`, `shared/meta.lua`."""
    own = f"shared/{template.manifest.id}_"

    def file_of(name: str) -> str:
        if name == template.key:
            return f"{template.manifest.kind}.lua"
        return f"modules/{name.removeprefix('shared/')}.lua" if name.startswith(own) else f"{name}.lua"

    return file_of


def explain(message: str, problems: Iterable[Problem]) -> tuple[str, list[Problem]]:
    """Returns the message of a script's fault, in the check's words where it tells of the same line, and the problems
    that have nothing to do with the fault."""
    placed = _PLACED.match(message)
    line = placed["line"] if placed else ""
    same = [each for each in problems if each.severity == "error" and each.path.split(":")[1:2] == [line] * bool(line)]
    return "\n".join(map(str, same)) or message, [each for each in problems if each not in same]


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _near(message: str, line: str) -> tuple[str, str]:
    """Returns the column of what the compiler stumbled over, as `:5`, and what Lua has for it."""
    found = _NEAR.search(message)
    if found is None:
        return "", ""
    at = line.find(found["word"])
    hint = next((hint for foreign, hint in _FOREIGN if foreign in line), "")
    return f":{at + 1}" if at >= 0 else "", hint


def _hint_of_chunk(fault: ScriptFault) -> str:
    if "returns no table" in fault.message:
        return "end the script with `return { name = function, … }`"
    return "nothing but functions and constants should be made outside of functions" if fault.kind != "error" else ""
