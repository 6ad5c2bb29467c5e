"""Two requests of one session that write at the same time: each keeps what it changed."""

from typing import Any


def merged(*, read: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What is stored now, with our changes since we read it; of one name changed by both, ours stays, being the later.

    Of a name that holds a dictionary, the same goes for each of its names: two orders placed at once are both remembered.
    """
    gone = read.keys() - ours.keys()
    changed = {
        name: _together(read.get(name), value, theirs.get(name))
        for name, value in ours.items()
        if name not in read or read[name] != value
    }
    return {name: value for name, value in theirs.items() if name not in gone} | changed


def _together(read: Any, ours: Any, theirs: Any) -> Any:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return merged(read=read if isinstance(read, dict) else {}, ours=ours, theirs=theirs)
    return ours
