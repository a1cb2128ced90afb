"""Where to look: sentences by phenomenon, each with the head that shows it, found by measuring.

Of all heads of a kind it is the one that gives most from one word to another: the sum of the weights over the pieces
of the key, the mean over the pieces of the query. Among 48 heads some head gives much to almost any word, so the next
best is told too, and where no head gives the majority, that is said. `python -m app_pages.gallery` measures and writes
`checkpoints/guide.gallery.json`, which holds `model`, `hash` and, by the id of an entry, `heads`; nothing here
imports torch or numpy before that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app_pages.gallery_entries import ENTRIES, PHENOMENA, Entry
from app_pages.i18n import N_, Translate
from app_pages.languages import NAMES, split_direction
from transformer.model_files import DEFAULT_MODEL, checkpoint_hash, companion, companion_file, names
from transformer.roles import THRESHOLD

if TYPE_CHECKING:
    from transformer.translator import Translator

GALLERY = "gallery"
WORD_START = "\u2581"
KIND_NAMES = {
    "encoder": N_("Encoder self-attention"),
    "decoder": N_("Decoder self-attention"),
    "cross": N_("Cross-attention"),
}
READING, WRITING = N_("“{token}”"), N_("the query that goes on to write “{token}”")
Shown = dict[str, Any]


def gallery(model: str, _: Translate, digest: str | None = None) -> list[Shown]:
    """Return every entry, in the words of the visitor.

    Each has `id`, `text`, `direction`, `source`, `target`, `phenomenon` and `phenomenon_name`, `look` (what to look
    for), `kind` and `kind_name`, `query`, `key`, and `head`: None where this model was not measured, else `layer`,
    `head`, `weight`, `queries` and `keys` (positions on the axes of that kind, in the greedy
    translation), `runner_up` (`layer`, `head`, `weight`), `translation`, and `found`, which says so in a sentence.
    Layers, heads and positions count from 0. `digest` is the hash of the model's file, if it is known.
    """
    measured = companion(model, GALLERY, digest) if model in names() else None  # a visitor's own is not
    heads: Mapping[str, Shown] = measured["heads"] if measured else {}
    return [_shown(entry, heads.get(entry.id), _) for entry in ENTRIES]


def by_phenomenon(entries: Iterable[Shown]) -> list[tuple[str, list[Shown]]]:
    """Group entries under the names of what they show, in the order of the first of each."""
    return _grouped((entry["phenomenon_name"], entry) for entry in entries)


def by_source(entries: Iterable[Shown], _: Translate) -> list[tuple[str, list[Shown]]]:
    """Group entries under the names of the languages that they are written in."""
    names = {language: _(name) for language, name in NAMES.items()}
    return _grouped((names[entry["source"]], entry) for entry in entries)


def _grouped(named: Iterable[tuple[str, Shown]]) -> list[tuple[str, list[Shown]]]:
    groups: dict[str, list[Shown]] = {}
    for name, entry in named:
        groups.setdefault(name, []).append(entry)
    return list(groups.items())


def _shown(entry: Entry, head: Shown | None, _: Translate) -> Shown:
    source, target = split_direction(entry.direction)
    return {
        "id": entry.id,
        "text": entry.text,
        "direction": entry.direction,
        "source": source,
        "target": target,
        "phenomenon": entry.phenomenon,
        "phenomenon_name": _(PHENOMENA[entry.phenomenon]),
        "look": _(entry.look),
        "kind": entry.kind,
        "kind_name": _(KIND_NAMES[entry.kind]),
        "query": entry.query,
        "key": entry.key,
        "head": head and {**head, "found": found(entry, head, _)},
    }


def found(entry: Entry, head: Shown, _: Translate) -> str:
    """Say which head gives most from the query to the key, how much, and whether that is clear."""
    second = head["runner_up"]
    reads = entry.kind == "encoder"
    numbers = {
        "query": _(READING if reads else WRITING, token=entry.query),
        "key": entry.key,
        "layer": head["layer"] + 1,
        "head": head["head"] + 1,
        "weight": f"{head['weight']:.2f}",
        "second_layer": second["layer"] + 1,
        "second_head": second["head"] + 1,
        "second": f"{second['weight']:.2f}",
    }
    if head["weight"] >= THRESHOLD:
        return _(
            "In layer {layer}, head {head}, {query} gives “{key}” {weight}, the most of all heads; next comes layer "
            "{second_layer}, head {second_head}: {second}.",
            **numbers,
        )
    return _(
        "No head shows it clearly: {query} gives “{key}” at most {weight}, in layer {layer}, head {head}; next comes "
        "layer {second_layer}, head {second_head}: {second}.",
        **numbers,
    )


def find_word(pieces: Sequence[str], word: str) -> list[int]:
    """Positions of the pieces that make up a word, or several words in a row.

    Raises
    ------
    ValueError
        If the word does not stand there just once.
    """
    letters = [piece.replace(WORD_START, "") for piece in pieces]
    wanted = word.replace(" ", "")
    spans = [
        range(start, end)
        for start in range(len(letters))
        for end in range(start + 1, len(letters) + 1)
        if letters[start] and letters[end - 1] and "".join(letters[start:end]) == wanted
    ]
    if len(spans) != 1:
        raise ValueError(f"{word!r} stands {len(spans)} times in {' '.join(pieces)!r}; it should stand there once")
    return list(spans[0])


def measure(translator: Translator, entry: Entry) -> Shown:
    """Find the head that gives most from the entry's query to its key: what the file holds of an entry."""
    from transformer.facts import recorded_attention

    target = split_direction(entry.direction)[1]
    translation = translator.translate(entry.text, target)
    trace = translator.trace(entry.text, target, translation)
    attention = recorded_attention(trace)[entry.kind]
    queries = find_word(trace.tokens["source" if entry.kind == "encoder" else "output"][0], entry.query)
    keys = find_word(attention.keys, entry.key)
    given = attention.weights[:, :, queries][..., keys].sum(-1).mean(-1)  # (L, H)
    best, second = (divmod(int(place), given.shape[1]) for place in (-given).argsort(axis=None)[:2])
    return {
        "layer": best[0],
        "head": best[1],
        "weight": round(float(given[best]), 4),
        "runner_up": {"layer": second[0], "head": second[1], "weight": round(float(given[second]), 4)},
        "queries": queries,
        "keys": keys,
        "translation": translation.text,
    }


if __name__ == "__main__":
    from transformer.translator import load_translator

    loaded = load_translator(DEFAULT_MODEL)
    measured = {entry.id: measure(loaded, entry) for entry in ENTRIES}
    path = companion_file(loaded.path, GALLERY)
    content = {"model": loaded.name, "hash": checkpoint_hash(loaded.path), "heads": measured}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"wrote {path.name}, {path.stat().st_size / 1000:.0f} kB")
