"""A batch: what goes from a process to the store, scrubbed, in plain JSON."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from uuid import uuid4

from monitoring.errors import traces
from monitoring.errors.buffer import Sample, Taken, Tally
from monitoring.errors.messages import readable
from monitoring.requests.scrubber import scrub_fields, scrub_text

# Seconds.
PAUSE = 0.0005


class FrameRecord(TypedDict):
    file: str
    line: int
    function: str
    ours: bool


class LinkRecord(TypedDict):
    type: str
    message: str
    frames: list[FrameRecord]


class TallyRecord(TypedDict):
    """``times`` may be 0: the sample's occurrence was counted in an earlier batch. Times are ISO 8601."""

    fingerprint: str
    type: str
    first_at: str
    last_at: str
    times: int


class SampleRecord(TypedDict):
    """``chain`` holds the reported error first, then its causes."""

    id: str
    fingerprint: str
    at: str
    culprit: str
    chain: list[LinkRecord]
    handled: bool
    request_id: str
    origin: str
    user: str
    facts: dict[str, object]


class BatchRecord(TypedDict):
    """``id`` stays the same however often the batch is sent: it is stored once."""

    id: str
    process: str
    release: str
    samples: list[SampleRecord]
    tallies: list[TallyRecord]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the kind of process (web, worker, command) and the release it runs."""

    process: str = "command"
    release: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch on its way."""

    sender: Sender
    samples: list[SampleRecord]
    tallies: list[TallyRecord]
    id: str = field(default_factory=lambda: uuid4().hex)

    def record(self) -> BatchRecord:
        """As JSON for the broker."""
        return BatchRecord(
            id=self.id,
            process=self.sender.process,
            release=self.sender.release,
            samples=self.samples,
            tallies=self.tallies,
        )


def make(taken: Taken, sender: Sender, *, gently: bool = False) -> Batch:
    """Scrubs what was taken from the buffer. A sample that cannot be scrubbed loses everything but its types.

    ``gently`` lets the process's other threads run between two samples: a request must not wait while a flood is scrubbed.
    """
    tallies = {tally.fingerprint: _tally(tally) for tally in taken.tallies}
    for sample in taken.samples:
        if sample.fingerprint not in tallies:
            uncounted = Tally(sample.fingerprint, sample.links[0].type, sample.at, sample.at, times=0)
            tallies[sample.fingerprint] = _tally(uncounted)
    samples = []
    for sample in taken.samples:
        samples.append(_sample(sample))
        if gently:
            time.sleep(PAUSE)
    return Batch(sender, samples, list(tallies.values()))


def moment(text: str) -> datetime:
    """A time of a record."""
    return datetime.fromisoformat(text)


def _tally(tally: Tally) -> TallyRecord:
    return TallyRecord(
        fingerprint=tally.fingerprint,
        type=_storable(tally.type)[:200],
        first_at=tally.first_at.isoformat(),
        last_at=tally.last_at.isoformat(),
        times=tally.times,
    )


def _sample(sample: Sample) -> SampleRecord:
    return SampleRecord(
        id=sample.id,
        fingerprint=sample.fingerprint,
        at=sample.at.isoformat(),
        culprit=_storable(traces.culprit(sample.links)),
        chain=[_link(link) for link in sample.links],
        handled=sample.handled,
        request_id=sample.request_id,
        origin=_storable(sample.origin),
        user=sample.user,
        facts=_facts(sample.facts),
    )


def _link(link: traces.Link) -> LinkRecord:
    frames = [
        FrameRecord(file=_storable(frame.file), line=frame.line, function=_storable(frame.function), ours=frame.ours)
        for frame in link.frames
    ]
    return LinkRecord(type=_storable(link.type)[:200], message=_message(link.text), frames=frames)


def _message(text: str) -> str:
    try:
        return readable(_storable(text))
    except Exception:  # noqa: BLE001 - what cannot be scrubbed is not sent
        return ""


def _facts(facts: Mapping[str, object]) -> dict[str, object]:
    try:
        return {name: _clean(value) for name, value in scrub_fields(facts).items()}
    except Exception:  # noqa: BLE001 - what cannot be scrubbed is not sent
        return {}


def _clean(value: object) -> object:
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return scrub_text(_storable(value)) if isinstance(value, str) else value


def _storable(text: str) -> str:
    """PostgreSQL keeps neither a NUL nor half a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
