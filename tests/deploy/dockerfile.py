"""Reads deploy/Dockerfile: stages, and the instructions of each as they are after continuation lines.

Deliberately absent: building it. There is no engine on this machine; hadolint judges the rest.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "Dockerfile"
OPTION = re.compile(r"--([a-z]+)=(\S+)\s*")


@dataclass
class Stage:
    """One FROM and what follows it: (instruction, rest of the line)."""

    base: str
    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [rest for word, rest in self.lines if word == instruction]

    def only(self, instruction: str) -> str:
        (rest,) = self.all(instruction)
        return rest

    def copies(self) -> list[tuple[dict[str, str], list[str], str]]:
        """Each COPY: its options, its sources, its destination."""
        found = []
        for rest in self.all("COPY"):
            options = dict(OPTION.findall(rest))
            *sources, destination = OPTION.sub("", rest).split()
            found.append((options, sources, destination))
        return found


def stages(text: str) -> list[Stage]:
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    found: list[Stage] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name))
        else:
            found[-1].lines.append((word, rest))
    return found


def listed(rest: str) -> list[str]:
    """The exec form of an instruction; the shell form is an error, since there is no shell."""
    return json.loads(rest)


def read() -> list[Stage]:
    return stages(FILE.read_text())
