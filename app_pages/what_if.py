"""What a visitor changed in the model, in what it reads or in what it writes: for the address, and for the browser.

The browser speaks of changes as records, `transformer.changes` writes them as one short text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from transformer.changes import Change, FilterChange, ForceToken, HeadChange, KernelChange, MaskToken, read, write

MOST = 40  # changes at once


def is_changes(text: str) -> bool:
    """Whether a text names changes that the browser can show: filters and kernels are changed on a page of theirs."""
    try:
        changes = read(text)
    except ValueError:
        return False
    return len(changes) <= MOST and not any(isinstance(each, FilterChange | KernelChange) for each in changes)


def from_browser(records: Any) -> str:
    """Read what the browser sent, strictly; ValueError if it is anything else."""
    try:
        changes = [_READERS[record["type"]](record) for record in records]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no change: {error}") from error
    text = write(changes)
    if read(text) != tuple(changes) or len(changes) > MOST:
        raise ValueError("no list of changes")
    return text


def to_browser(changes: Iterable[Change], pieces: Callable[[Sequence[int]], list[str]]) -> list[dict[str, Any]]:
    """Write changes as records; `pieces` names the pieces of ids."""
    return [_record(change, pieces) for change in changes]


def of_any_sentence(text: str) -> str:
    """Keep the changes that mean something for another sentence too: those of heads, where they name no position."""
    return write([each for each in read(text) if isinstance(each, HeadChange) and each.how != "token"])


def _record(change: Change, pieces: Callable[[Sequence[int]], list[str]]) -> dict[str, Any]:
    match change:
        case HeadChange(kind, layer, head, how, token):
            record = {"type": "head", "kind": kind, "layer": layer, "head": head, "how": how}
            return record if token is None else record | {"token": token}
        case MaskToken(position):
            return {"type": "mask", "position": position}
        case ForceToken(position, piece):
            written = pieces([piece])[0].replace("\u2581", " ").strip()
            return {"type": "force", "position": position, "id": piece, "piece": written}
    raise TypeError(f"the browser shows no {change}")


def _integer(record: Mapping[str, Any], name: str) -> int:
    value = record[name]
    if type(value) is not int:
        raise TypeError(f"{name} is {value!r}")
    return value


_READERS: dict[str, Callable[[Mapping[str, Any]], Change]] = {
    "head": lambda r: HeadChange(
        r["kind"], _integer(r, "layer"), _integer(r, "head"), r["how"], _integer(r, "token") if "token" in r else None
    ),
    "mask": lambda r: MaskToken(_integer(r, "position")),
    "force": lambda r: ForceToken(_integer(r, "position"), _integer(r, "id")),
}
