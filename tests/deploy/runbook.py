"""Reads deploy/RUNBOOK.md: sections by their headings, code blocks by their names, and the commands in them.

A block's name is the word after `sh` in its fence. Deliberately absent: a Markdown parser; the page uses headings,
fences and inline code, and nothing else matters here.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "RUNBOOK.md"
HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)
FENCE = re.compile(r"^ *```sh(?: ([a-z-]+))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(#([^)]+)\)")
INNER = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")
SEPARATORS = "();<>|&\n"


@dataclass(frozen=True)
class Block:
    name: str | None
    text: str


def text() -> str:
    return FILE.read_text()


def anchor(heading: str) -> str:
    """As GitHub makes them."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def headings(page: str) -> list[str]:
    without_code = FENCE.sub("", page)
    return [found[2] for found in HEADING.finditer(without_code)]


def sections(page: str) -> dict[str, str]:
    """Each heading of the third level with what stands under it."""
    bare = re.sub(FENCE, lambda found: re.sub(r"^#", " #", found[0], flags=re.MULTILINE), page)
    parts = re.split(r"^(#{1,3}) (.+)$", bare, flags=re.MULTILINE)
    return {name: body for level, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True) if level == "###"}


def blocks(page: str) -> list[Block]:
    return [Block(found[1], found[2]) for found in FENCE.finditer(page)]


def named(page: str) -> dict[str, str]:
    found = [block for block in blocks(page) if block.name]
    assert len({block.name for block in found}) == len(found), "two blocks have one name"
    return {block.name: block.text for block in found}


def aws_commands(code: str) -> list[list[str]]:
    """Every call of the AWS command line in a piece of shell, as words; also those inside `$(...)`."""
    joined = code.replace("\\\n", " ")
    found = [command for inner in INNER.findall(joined) for command in plain(inner)]
    return found + plain(INNER.sub("INNER", joined))


def plain(code: str) -> list[list[str]]:
    lexer = shlex.shlex(code, posix=True, punctuation_chars=SEPARATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    commands: list[list[str]] = [[]]
    for word in lexer:
        commands.append([]) if set(word) <= set(SEPARATORS) else commands[-1].append(word)
    return [command[at + 1:] for command in commands for at, word in enumerate(command[:4]) if word == "aws"]
