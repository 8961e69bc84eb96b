"""One build of the tree that holds many changes, each behind a number: DRD_PLANTED=17 switches the seventeenth one on.

A function that is changed becomes `match planted() { 17 => { changed body } _ => { body } }`; so a hundred changes cost
one compilation, and then a run each. A change outside a function's body, or one whose function returns `impl Trait`, has
to be built alone. Deliberately absent: which changes (`run`, `mutants`), and who finds them.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SWITCH = """
/// Which planted change is on.
pub fn planted() -> u32 {
    static ON: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *ON.get_or_init(|| std::env::var("DRD_PLANTED").ok().and_then(|on| on.parse().ok()).unwrap_or(0))
}
"""
# What is no code: comments, strings, characters (a lifetime is none).
SKIPPED = re.compile(r"""//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\(?:u\{[^}]*\}|.)|[^'\\])'""", re.DOTALL)
HEAD = re.compile(r"\bfn\s+\w+")
# What a constant is made of: a function that is called there has to stay `const`, and cannot ask which change is on.
CONSTANT = re.compile(r"\b(?:const|static)\s+[A-Z_0-9]+\s*:[^=;]*=([^;]*);")
CALLED = re.compile(r"\b(\w+)\s*\(")
ROUNDS_MAX = 12  # the compiler refuses types first, then borrows, then what only the last phase sees


@dataclass
class Change:
    """One change of one file: `start` and `end` are places in its text as it is in the tree."""

    number: int
    name: str
    file: str
    parts: list[tuple[int, int, str]]


def blanked(text: str) -> str:
    """The same length, without what is no code."""
    return SKIPPED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def bodies(text: str) -> list[tuple[int, int, int]]:
    """Every function: where it begins, and where its body's braces are."""
    code, found = blanked(text), []
    for head in HEAD.finditer(code):
        depth, at = 0, head.end()
        while depth or code[at] not in "{;":
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(code[at], 0)
            at += 1
        if code[at] == ";":
            continue
        begin, depth = at, 1
        while depth:
            at += 1
            depth += {"{": 1, "}": -1}.get(code[at], 0)
        found.append((head.start(), begin, at))
    return found


def home(functions: list[tuple[int, int, int]], start: int, end: int) -> tuple[int, int, int] | None:
    """The innermost function whose body holds the place."""
    around = [each for each in functions if each[1] < start and end <= each[2]]
    return max(around, default=None)


def called_by_constants(sources: list[Path]) -> set[str]:
    constants = [found[1] for file in sources for found in CONSTANT.finditer(blanked(file.read_text()))]
    return {name for constant in constants for name in CALLED.findall(constant)}


def places(
    change: Change, functions: list[tuple[int, int, int]], text: str, constant: set[str]
) -> dict[tuple[int, int, int], list]:
    """The parts of a change by the function that holds them; empty: it has to be built alone."""
    held: dict[tuple[int, int, int], list] = {}
    for part in change.parts:
        function = home(functions, part[0], part[1])
        head = text[function[0] : function[1]] if function else ""
        stays_const = CALLED.search(head) and CALLED.search(head)[1] in constant
        if function is None or stays_const or "impl " in head.split("->")[-1]:
            return {}
        held.setdefault(function, []).append(part)
    return held


def body_with(text: str, function: tuple[int, int, int], parts: list) -> str:
    body, at = [], function[1] + 1
    for start, end, put in sorted(parts):
        body += [text[at:start], put]
        at = end
    return "".join(body) + text[at : function[2]]


class Switched:
    """A copy of the tree with all changes in it."""

    def __init__(self, tree: Path, copy: Path, changes: list[list[Change]]):
        """`changes`: what belongs to one number, by file."""
        self.tree, self.copy, self.changes = tree, copy, changes
        self.constant = called_by_constants([*tree.glob("src/**/*.rs"), *tree.glob("state-machine/src/**/*.rs")])
        self.alone = {part.number for group in changes for part in group if not self._fits(part)}

    def _fits(self, change: Change) -> bool:
        text = (self.tree / change.file).read_text()
        return bool(places(change, bodies(text), text, self.constant))

    def _write(self, file: str, parts: list[Change]) -> list[tuple[int, int, int]]:
        """Gives which lines of the copy hold which number."""
        text = (self.tree / file).read_text()
        functions, arms = bodies(text), {}
        for change in parts:
            for function, held in places(change, functions, text, self.constant).items():
                arms.setdefault(function, []).append((change.number, body_with(text, function, held)))
        out, at, lines = "", 0, []
        for function in sorted(arms):
            if function[0] < at:
                raise SystemExit(f"planted: {file}: a function within a changed function is changed too")
            head = text[at : function[1] + 1]
            out += re.sub(r"\bconst fn(?=[^{]*\{$)", "fn", head) + " match drd_state_machine::planted() {\n"
            for number, body in arms[function]:
                first = out.count("\n") + 1
                out += f"{number} => {{{body}}}\n"
                lines.append((first, out.count("\n"), number))
            out += "_ => {" + text[function[1] + 1 : function[2]] + "} } "
            at = function[2]
        out += text[at:]
        if file.startswith("state-machine/"):
            out = out.replace("drd_state_machine::planted", "crate::planted")
        written(self.copy / file, out.encode())
        return lines

    def write(self, dropped: set[int]) -> dict[str, list[tuple[int, int, int]]]:
        by_file: dict[str, list[Change]] = {}
        for group in self.changes:
            for part in group:
                by_file.setdefault(part.file, [])
                if part.number not in dropped | self.alone:
                    by_file[part.file].append(part)
        lines = {file: self._write(file, parts) for file, parts in by_file.items()}
        root = "state-machine/src/lib.rs"
        base = (self.copy if root in by_file else self.tree) / root
        written(self.copy / root, (base.read_text() + SWITCH).encode())
        return lines

    def settle(self, check: list[str], environment: dict[str, str]) -> dict[int, str]:
        """Leaves out what the compiler refuses; gives why, by number."""
        refused: dict[int, str] = {}
        for _ in range(ROUNDS_MAX):
            lines = self.write(set(refused))
            done = subprocess.run(check, cwd=self.copy, env=environment, capture_output=True, text=True, check=False)
            new, strange = blamed(done.stdout, lines)
            refused |= new
            if not new and done.returncode == 0:
                return refused
            if not new:
                raise SystemExit(f"planted: it does not compile\n{strange}\n{done.stderr[-2000:]}")
        raise SystemExit("planted: the compiler refuses more each time")


def blamed(stdout: str, lines: dict[str, list[tuple[int, int, int]]]) -> tuple[dict[int, str], str]:
    """Which numbers the compiler's errors are in, and an error that is in none."""
    new: dict[int, str] = {}
    strange = ""
    for row in stdout.splitlines():
        message = json.loads(row).get("message") if row.startswith("{") else None
        if not isinstance(message, dict) or message.get("level") != "error":
            continue
        hit = False
        for span in message["spans"]:
            for first, last, number in lines.get(span["file_name"], []):
                if first <= span["line_start"] <= last:
                    new[number], hit = message["message"], True
        if not hit and message["spans"]:
            strange = message["rendered"]
    return new, strange


def written(file: Path, text: bytes) -> None:
    """Only what changes is written, so that cargo compiles no more than that."""
    if not file.is_file() or file.read_bytes() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text)
