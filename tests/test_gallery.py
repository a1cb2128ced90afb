"""The gallery: words are where it says, the heads are what measuring finds, and it speaks both languages."""

from __future__ import annotations

import pytest

from app_pages import i18n
from app_pages.gallery import by_phenomenon, by_source, find_word, gallery, measure
from app_pages.gallery_entries import ENTRIES, PHENOMENA
from app_pages.languages import DIRECTIONS
from transformer import load_translator
from transformer.model_files import bundled, companion, companion_file
from transformer.roles import THRESHOLD

_ = i18n.translator("en")


@pytest.fixture(scope="module")
def translator():
    return load_translator()


def test_a_word_is_found_in_its_pieces() -> None:
    pieces = ["<2de>", "▁The", "▁train", "▁station", "▁w", "ide", ".", "</s>"]
    assert find_word(pieces, "train station") == [2, 3]
    assert find_word(pieces, "wide") == [4, 5]
    assert find_word(["▁", "通り", "が", "広"], "通り") == [1]  # a space alone is no part of a word
    with pytest.raises(ValueError, match="'the' stands 0 times"):
        find_word(pieces, "the")
    with pytest.raises(ValueError, match="'a' stands 2 times in '▁a ▁b ▁a'"):
        find_word(["▁a", "▁b", "▁a"], "a")


@pytest.mark.parametrize("entry", ENTRIES[::6], ids=lambda entry: entry.id)
def test_what_is_shipped_is_what_measuring_finds(entry, translator) -> None:
    shipped = companion("guide", "gallery")["heads"][entry.id]
    measured = measure(translator, entry)
    for head, again in ((shipped, measured), (shipped["runner_up"], measured["runner_up"])):
        assert head.pop("weight") == pytest.approx(again.pop("weight"), abs=2e-4)
    assert shipped == measured


def test_no_head_gives_more(translator) -> None:
    """Against every head's weights, read by hand from the trace: `it` is piece 10, `animal` piece 2."""
    trace = translator.trace("The animal didn't cross the street because it was too tired.", "de")
    given = {
        (layer, head): float(trace[f"encoder.layers.{layer}.self_attention.weights"][0, head, 10, 2])
        for layer in range(6)
        for head in range(8)
    }
    (best, most), (second, next_most) = sorted(given.items(), key=lambda each: each[1], reverse=True)[:2]
    found = measure(translator, ENTRIES[0])
    assert (ENTRIES[0].query, ENTRIES[0].key, found["queries"], found["keys"]) == ("it", "animal", [10], [2])
    assert ((found["layer"], found["head"]), found["weight"]) == (best, pytest.approx(most, abs=1e-4))
    runner_up = found["runner_up"]
    assert ((runner_up["layer"], runner_up["head"]), runner_up["weight"]) == (
        second,
        pytest.approx(next_most, abs=1e-4),
    )


def test_every_entry_is_measured_and_can_be_seen_or_says_that_it_cannot() -> None:
    entries = gallery("guide", _)
    assert len({entry["id"] for entry in entries}) == len(entries) == len(ENTRIES)
    for entry in entries:
        head = entry["head"]
        assert entry["direction"] in DIRECTIONS
        assert 1 >= head["weight"] >= head["runner_up"]["weight"] >= 0
        assert f"{head['weight']:.2f}" in head["found"]
        assert ("No head shows it clearly" in head["found"]) == (head["weight"] < THRESHOLD)
        assert entry["kind"] != "encoder" or entry["query"].split()[0] in entry["text"]
        assert entry["kind"] == "encoder" or entry["query"] in head["translation"]
    assert sum(entry["head"]["weight"] >= THRESHOLD for entry in entries) > 0.8 * len(entries)


def test_it_covers_every_phenomenon_direction_and_kind() -> None:
    assert [entry.phenomenon for entry in ENTRIES] == sorted(
        (entry.phenomenon for entry in ENTRIES), key=list(PHENOMENA).index
    )
    assert {entry.phenomenon for entry in ENTRIES} == set(PHENOMENA)
    assert {entry.direction for entry in ENTRIES} == set(DIRECTIONS)
    assert {entry.kind for entry in ENTRIES} == {"encoder", "decoder", "cross"}


def test_groups_lose_nothing() -> None:
    entries = gallery("guide", _)
    for groups in (by_phenomenon(entries), by_source(entries, _)):
        assert sorted(entry["id"] for __, group in groups for entry in group) == sorted(e["id"] for e in entries)
    assert [name for name, __ in by_phenomenon(entries)] == list(PHENOMENA.values())
    assert {name: {entry["source"] for entry in group} for name, group in by_source(entries, _)} == {
        "English": {"en"},
        "German": {"de"},
        "French": {"fr"},
        "Japanese": {"ja"},
    }


def test_another_model_has_the_sentences_without_the_heads() -> None:
    assert not companion_file(bundled("small"), "gallery").exists()
    entries = gallery("small", _)
    assert len(entries) == len(ENTRIES)
    assert {entry["head"] for entry in entries} == {None}
    assert gallery("guide", _, digest="of another file")[0]["head"] is None


def test_it_speaks_japanese() -> None:
    english, japanese = (gallery("guide", i18n.translator(language)) for language in ("en", "ja"))
    for one, other in zip(english, japanese, strict=True):
        for part in ("phenomenon_name", "look", "kind_name"):
            assert one[part] != other[part]
        assert "layer" not in other["head"]["found"]
        assert one["text"] == other["text"]
