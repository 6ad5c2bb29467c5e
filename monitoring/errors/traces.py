"""What an error leaves behind: its types, texts and frames, without a single value of a variable; and its fingerprint."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import TypeAlias

import psycopg

# The outermost and the innermost frames of a deep stack say where it came from and where it broke.
OUTERMOST, INNERMOST = 5, 25
# A chain of causes longer than this says nothing more.
LINKS = 5
# How many of our own innermost frames make a fingerprint: a new wrapper far outside must not make every error a new one.
TELLING = 5
LONGEST_TEXT = 1000
# Our wiring is on every stack; it tells two errors apart only when nothing else of ours is there.
WIRING = ("config/", "monitoring/", "manage.py")
_HERE = str(Path(__file__).resolve().parent)


Step: TypeAlias = TracebackType | FrameType


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of a stack; ``file`` is relative to the project or to its library."""

    file: str
    line: int
    function: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Link:
    """One error of a chain, the reported one first; ``text`` has not been scrubbed yet."""

    type: str
    text: str
    frames: list[Frame] = field(default_factory=list)


@dataclass
class _Home:
    """The folder whose files are ours."""

    root: str = str(Path(__file__).resolve().parent.parent.parent)


_home = _Home()


def chain(error: BaseException) -> list[Link]:
    """The error and what it was raised from, newest first, as plain text and frames."""
    return [Link(name_of(one), text_of(one), _frames(one)) for one in _causes(error)]


def name_of(error: BaseException) -> str:
    """The full name of the error's class; a built-in has no module."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def text_of(error: BaseException) -> str:
    """What the error says. Of the database's errors only the first line: the details quote rows and parameters."""
    source = error if isinstance(error, psycopg.Error) else error.__cause__
    try:
        if isinstance(source, psycopg.Error) and (isinstance(error, psycopg.Error) or _wraps(error)):
            return (source.diag.message_primary or str(source).partition("\n")[0])[:LONGEST_TEXT]
        return str(error)[:LONGEST_TEXT]
    except Exception:  # noqa: BLE001 - an error whose text cannot be made is still an error
        return ""


def fingerprint(error: BaseException) -> str:
    """Which errors count as the same: 32 hex digits of the types and of our innermost functions, without line numbers."""
    causes = _causes(error)
    steps = [step for one in reversed(causes) for step in _steps(one)]
    ours = [step for step, own in steps if own]
    telling = [step for step in ours if not step.startswith(WIRING)] or ours or [step for step, own in steps]
    unrepeated = telling[:1] + [after for before, after in pairwise(telling) if after != before]
    parts = [name_of(one) for one in causes] + [_state(causes[0])] + unrepeated[-TELLING:]
    return sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def culprit(links: list[Link]) -> str:
    """Where it broke, for people: our innermost frame, else the innermost of all."""
    frames = [frame for link in links[:1] for frame in link.frames] or [
        frame for link in links for frame in link.frames
    ]
    for frame in reversed(frames):
        if frame.ours:
            return f"{frame.file} in {frame.function}"[:200]
    return f"{frames[-1].file} in {frames[-1].function}"[:200] if frames else ""


def _wraps(error: BaseException) -> bool:
    return type(error).__module__ == "django.db.utils"


def _state(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    return state if isinstance(state, str) else ""


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and len(found) < LINKS and not any(one is other for other in found):
        found.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found


def _walk(error: BaseException) -> list[tuple[Step, CodeType, str, bool]]:
    """Step, code, file and ownership, the outermost first. The middle of a deep stack is passed over: lines cost time."""
    steps: Sequence[Step] = _raised(error.__traceback__) or _standing()
    if len(steps) > OUTERMOST + INNERMOST:
        steps = [*steps[:OUTERMOST], *steps[-INNERMOST:]]
    codes = [step.tb_frame.f_code if isinstance(step, TracebackType) else step.f_code for step in steps]
    return [(step, code, *_place(code.co_filename, _home.root)) for step, code in zip(steps, codes, strict=True)]


def _raised(trace: TracebackType | None) -> list[TracebackType]:
    steps = []
    while trace is not None:
        steps.append(trace)
        trace = trace.tb_next
    return steps


def _standing() -> list[FrameType]:
    """An error that was made and never raised broke where it was reported."""
    frame: FrameType | None = sys._getframe()
    steps: list[FrameType] = []
    while frame is not None and len(steps) < INNERMOST:
        if not frame.f_code.co_filename.startswith(_HERE):
            steps.append(frame)
        frame = frame.f_back
    return steps[::-1]


def _line(step: Step) -> int:
    return step.tb_lineno if isinstance(step, TracebackType) else step.f_lineno


def _frames(error: BaseException) -> list[Frame]:
    return [Frame(file, _line(step), code.co_qualname[:120], ours) for step, code, file, ours in _walk(error)]


def _steps(error: BaseException) -> list[tuple[str, bool]]:
    return [(f"{file} {code.co_qualname}", ours) for _, code, file, ours in _walk(error)]


@lru_cache(maxsize=4096)
def _place(filename: str, root: str) -> tuple[str, bool]:
    """The file's name for people, and whether it is ours. Kept: a process has few files and many errors."""
    for marker in ("/site-packages/", "/dist-packages/"):
        if marker in filename:
            return filename.rpartition(marker)[2][:160], False
    if filename.startswith(f"{root}/"):
        return filename[len(root) + 1 :][:160], True
    return "/".join(filename.split("/")[-2:])[:160], False
