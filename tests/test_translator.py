"""The bundled translator on known sentences, and its records against a teacher-forced pass."""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from experiments.small import smoke_pairs
from transformer import load_translator
from transformer.changes import ForceToken, MaskToken, read
from transformer.decoding import MAX_EXTRA
from transformer.model_files import CheckpointError
from transformer.models import build
from transformer.tokenizers import END, Tokenizer, train_tokenizer
from transformer.translator import Translation, Translator

STUDENT = "Je suis étudiant."
STREET = "The animal didn't cross the street because it was too tired."
SENTENCES = [STUDENT, "Where is the station?", "私は学生です。", "Ich habe keine Zeit.", "Hello.", "Il pleut beaucoup."]
HEAD = "decoder.layers.1.cross_attention.weights"


@pytest.fixture(scope="module")
def translator() -> Translator:
    return load_translator()


@pytest.fixture
def babbler(tiny_config, randomize) -> Translator:
    """An untrained model that never ends its outputs, with a table of learned positions to run out of."""
    model = build(replace(tiny_config, vocab_size=110, max_length=64, input_position="learned"))
    randomize(model)
    with torch.no_grad():
        model.embedding.content.table.weight[END] = 0  # so its logit is 0, and some other is higher
    sentences = (text for pair in smoke_pairs() for text in (pair.english, pair.other))
    return Translator(model, Tokenizer(train_tokenizer(sentences, 110)), {}, Path("babbler.safetensors"))


# --- what it writes ---


def test_it_translates_the_guides_sentence(translator):
    assert translator.translate(STUDENT, "en").text in ("I am a student.", "I'm a student.")


@pytest.mark.parametrize(
    ("target", "words", "pronoun", "wrong"),
    [
        ("de", ["Tier", "Straße", "müde"], r"\bes\b", r"\b(er|sie)\b"),
        ("fr", ["animal", "rue", "fatigué"], r"\b(qu')?il\b", r"\belle\b|fatiguée"),
    ],
)
def test_it_knows_what_was_too_tired(target, words, pronoun, wrong, translator):
    text = translator.translate(STREET, target).text
    assert all(re.search(rf"\b{word}\b", text) for word in words), text
    assert re.search(pronoun, text), text
    assert not re.search(wrong, text), text


def test_what_a_translation_records(translator):
    result = translator.translate(STREET, "de")
    assert result.pieces == translator.tokenizer.pieces(result.ids)
    assert (result.pieces[-1], result.ids.count(END)) == ("</s>", 1)
    assert result.text == "".join(result.pieces[:-1]).replace("▁", " ").strip()
    assert result.score == pytest.approx(sum(step.log_probability for step in result.steps), rel=1e-12)
    assert [step.piece for step in result.steps] == result.pieces
    for step in result.steps:
        names, probabilities = zip(*step.candidates, strict=True)
        assert names[0] == step.piece
        assert list(probabilities) == sorted(probabilities, reverse=True)
        assert probabilities[0] == pytest.approx(math.exp(step.log_probability), rel=1e-6)
        assert 0 < sum(probabilities) <= 1 + 1e-6


def test_many_are_translated_in_order_as_one_by_one(translator):
    together = translator.translate_all([*SENTENCES, SENTENCES[0]], "en", batch_size=3)
    for ours, text in zip(together, [*SENTENCES, SENTENCES[0]], strict=True):
        alone = translator.translate(text, "en")
        assert (ours.text, ours.ids) == (alone.text, alone.ids)
        assert ours.score == pytest.approx(alone.score, abs=1e-4)
    assert translator.translate_all([], "en") == []


def test_an_output_without_end_is_cut_where_it_says(babbler):
    texts = ["A dog.", "A cat is near the house.", "A"]
    together = babbler.translate_all(texts, "de")
    for text, ours in zip(texts, together, strict=True):
        source = babbler.source(text, "de")
        assert len(ours.steps) == len(ours.ids) == min(len(source) + MAX_EXTRA, 64)
        assert END not in ours.ids
        assert ours.ids == babbler.translate(text, "de").ids
        assert babbler.trace(text, "de", ours)["logits"].shape == (1, len(ours.ids), 110)


def test_threads_share_one_translator(translator):
    jobs = [(text, target) for text in (STUDENT, STREET) for target in ("de", "fr", "en", "ja")]

    def work(job: tuple[str, str]) -> tuple[Translation, torch.Tensor]:
        result = translator.translate(*job)
        return result, translator.trace(*job, result)["logits"]

    alone = [work(job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, jobs))
    for (ours, logits), (theirs, expected) in zip(together, alone, strict=True):
        assert ours == theirs
        assert torch.equal(logits, expected)


# --- the trace ---


@pytest.mark.parametrize("target", ["de", "ja"])
def test_the_score_is_that_of_the_teacher_forced_pass(target, translator):
    result = translator.translate(STREET, target)
    trace = translator.trace(STREET, target)
    assert trace.tokens["output"] == [result.pieces]
    log_p = trace["logits"][0].double().log_softmax(-1)
    forced = [row[i].item() for row, i in zip(log_p, result.ids, strict=True)]
    assert sum(forced) == pytest.approx(result.score, abs=1e-4)
    for step, row, value in zip(result.steps, log_p, forced, strict=True):
        assert step.log_probability == pytest.approx(value, abs=1e-4)
        top = row.topk(len(step.candidates))
        assert [p for _, p in step.candidates] == pytest.approx(top.values.exp().tolist(), abs=1e-4)


def test_a_given_output_is_traced(translator):
    trace = translator.trace(STUDENT, "en", "I am tired.")
    encode, pieces = translator.tokenizer.encode, translator.tokenizer.pieces
    assert trace.tokens["source"] == [["<2en>", *pieces(encode(STUDENT)), "</s>"]]
    assert trace.tokens["output"] == [[*pieces(encode("I am tired.")), "</s>"]]
    assert trace.tokens["target"] == [["<s>", *pieces(encode("I am tired."))]]
    result = translator.translate(STUDENT, "en")
    for path, tensor in translator.trace(STUDENT, "en").items():
        assert torch.equal(translator.trace(STUDENT, "en", result)[path], tensor)
        break
    assert translator.trace(STUDENT, "en", "").tokens["output"] == [["</s>"]]


def test_every_map_has_its_tokens(translator):
    trace = translator.trace(STREET, "de")
    source, target = trace.tokens["source"][0], trace.tokens["target"][0]
    config = translator.model.config
    maps = [path for path in trace if path.endswith(".weights")]
    assert len(maps) == config.num_encoder_layers + 2 * config.num_decoder_layers
    for path in maps:
        queries = source if path.startswith("encoder") else target
        keys = target if path.startswith("decoder") and "self_attention" in path else source
        assert trace.labels(path, "query") == queries
        assert trace.labels(path, "key") == keys
        assert trace[path].shape == (1, config.num_heads, len(queries), len(keys))
        torch.testing.assert_close(trace[path].sum(-1), torch.ones(1, config.num_heads, len(queries)))


def test_a_map_as_a_table(translator):
    trace = translator.trace(STUDENT, "en")
    frame = trace.to_frame(HEAD)
    assert list(frame.columns) == ["head", "query", "key", "weight"]
    assert list(frame.index.names) == ["head_index", "query_index", "key_index"]
    source, target = trace.tokens["source"][0], trace.tokens["target"][0]
    assert len(frame) == 8 * len(target) * len(source)
    row = frame.loc[(3, 1, 2)]
    assert (row["query"], row["key"]) == (target[1], source[2])
    assert row["weight"] == pytest.approx(trace[HEAD][0, 3, 1, 2].item())


def test_an_edit_changes_what_comes_after_it_and_nothing_before(translator):
    result = translator.translate(STREET, "de")
    plain = translator.trace(STREET, "de", result)

    def switch_off(heads: torch.Tensor) -> torch.Tensor:
        return heads * (torch.arange(8) != 2)[:, None, None]

    path = HEAD.replace("weights", "head_outputs")
    edited = translator.trace(STREET, "de", result, edits={path: switch_off})
    assert list(edited) == list(plain)
    assert edited.unused_edits() == []
    assert (edited[path][:, 2] == 0).all()
    place = list(plain).index(path)
    for number, name in enumerate(plain):
        if number < place:
            assert torch.equal(edited[name], plain[name]), name
    assert not torch.allclose(edited["logits"], plain["logits"])
    with pytest.raises(ValueError, match=r"decoder\.nowhere"):
        translator.trace(STREET, "de", result, edits={"decoder.nowhere": switch_off})
    same = translator.trace(STREET, "de", result, edits={path: lambda heads: heads})
    assert all(torch.equal(same[name], plain[name]) for name in plain)


# --- what it refuses ---


@pytest.mark.parametrize("text", ["", "  \n\u3000\u200b"])
def test_nothing_is_not_translated(text, translator):
    for work in (translator.translate, translator.trace):
        with pytest.raises(ValueError, match="nothing to translate: type a sentence"):
            work(text, "de")


def test_a_text_that_is_too_long_is_refused(translator):
    longest = translator.model.config.max_length
    fits = "tired " * (longest - 2)
    assert len(translator.source(fits, "de")) == longest
    for work in (translator.translate, translator.trace):
        with pytest.raises(ValueError, match=f"has {longest + 1} pieces .* at most {longest}: shorten it"):
            work(fits + "tired", "de")
    with pytest.raises(ValueError, match=f"the output has {longest + 1} pieces .* at most {longest}: shorten it"):
        translator.trace(STUDENT, "de", "tired " * longest)


def test_an_unknown_target_is_refused(translator):
    assert translator.targets == ("en", "de", "fr", "ja")
    for work in (translator.translate, translator.trace):
        with pytest.raises(ValueError, match="cannot translate into 'es': choose one of en, de, fr, ja"):
            work(STUDENT, "es")


def test_unknown_characters_are_no_error(translator):
    assert translator.tokenizer.unknown("I like 😀 and 한.") == ["😀", "한"]
    assert translator.translate("I like 😀 and 한.", "de").text
    assert translator.translate("half \ud83d", "de").text


def test_where_it_comes_from(translator):
    assert (translator.name, translator.path.suffix) == ("guide", ".safetensors")
    with pytest.raises(CheckpointError, match="there is no bundled model 'nope'"):
        load_translator("nope")


# --- what if ---


def test_a_change_acts_on_the_translation_and_on_the_trace_alike(translator):
    changes = read("mask.2~off.c.5.1~uniform.e.0.3~token.d.2.4.0")
    plain, result = translator.translate(STREET, "de"), translator.translate(STREET, "de", changes=changes)
    assert result.text != plain.text  # the animal is hidden
    assert "Tier" not in result.text
    trace = translator.trace(STREET, "de", changes=changes)
    assert trace.tokens["output"] == [result.pieces]
    log_p = trace["logits"][0].double().log_softmax(-1)
    forced = [row[i].item() for row, i in zip(log_p, result.ids, strict=True)]
    assert [step.log_probability for step in result.steps] == pytest.approx(forced, abs=1e-4)
    kept = translator.trace(STREET, "de", plain, changes=changes)  # the standing translation, seen anew
    assert kept.tokens["output"] == [plain.pieces]
    assert translator.translate(STREET, "de") == plain  # nothing stays behind


@pytest.mark.parametrize("how", [{}, {"beam_size": 3}, {"temperature": 0.9, "seed": 4}])
def test_a_given_piece_keeps_what_stands_before_it(how, translator):
    standing = translator.translate(STREET, "de", **how)
    (piece,) = translator.tokenizer.encode("Hund")
    result = translator.translate(STREET, "de", changes=[ForceToken(1, piece)], **how)
    assert result.ids[:2] == [standing.ids[0], piece]
    assert result.text.split()[1] == "Hund"
    assert result.pieces[-1] == "</s>"
    log_p = translator.trace(STREET, "de", result)["logits"][0].double().log_softmax(-1)
    for number, (step, row) in enumerate(zip(result.steps, log_p, strict=True)):
        assert step.log_probability == pytest.approx(row[result.ids[number]].item(), abs=1e-4)
        assert [p for _, p in step.candidates] == pytest.approx(row.topk(5).values.exp().tolist(), abs=1e-4)
    twice = translator.translate(STREET, "de", changes=[ForceToken(4, END), ForceToken(1, piece)], **how)
    assert twice.ids == [*result.ids[:4], END]
    assert twice.score == pytest.approx(sum(step.log_probability for step in twice.steps))


@pytest.mark.parametrize("how", [{}, {"beam_size": 3}])
def test_a_piece_beyond_the_end_is_refused(how, translator):
    changes = [ForceToken(2, END), ForceToken(3, 50)]
    with pytest.raises(ValueError, match="the translation has 3 pieces, so there is no piece 3, counted from 0"):
        translator.translate(STREET, "de", changes=changes, **how)


def test_changes_of_many_texts_are_those_of_each(translator):
    changes = read("mask.1~off.e.2.2~force.1.300")
    for how in ({}, {"beam_size": 2}):
        together = translator.translate_all(SENTENCES[:4], "en", changes=changes, **how)
        alone = [translator.translate(text, "en", changes=changes, **how) for text in SENTENCES[:4]]
        assert [ours.ids for ours in together] == [theirs.ids for theirs in alone]
        assert all(result.ids[1] == 300 for result in together)


def test_changes_that_do_not_fit_are_refused(translator):
    length = len(translator.source(STUDENT, "en"))
    for work in (translator.translate, translator.trace):
        with pytest.raises(ValueError, match=f"no position {length} to hide"):
            work(STUDENT, "en", changes=[MaskToken(length)])
        with pytest.raises(ValueError, match="there is no encoder layer 6"):
            work(STUDENT, "en", changes=read("off.e.6.0"))
