"""Beam search: ours over Hugging Face's Marian and over CTranslate2, with the same weights inside, in tokens a second.

All three encode sentences of 16 tokens and write 15, which they may not end before, in 4 beams with cached keys and
values, in float32 and on one thread. What they write is compared first.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.measure import Figure, Unavailable, median_milliseconds
from experiments.guide import RECIPE
from transformer.attention import MultiHeadAttention
from transformer.config import ModelConfig
from transformer.decoding import beam_search
from transformer.layers import DecoderLayer, Layer
from transformer.models import EncoderDecoder, TokenEmbedding, build
from transformer.next_tokens import next_tokens
from transformer.positions import sinusoid
from transformer.tokenizers import END, PAD, START, UNKNOWN

BEAM_SIZE, SOURCE_LENGTH, LENGTH = 4, 16, 15
SAME = 0.9  # of the outputs: where the last beam kept and the first dropped tie, rounding chooses, and so the way on

Write = Callable[[Tensor], Tensor]  # source (B, S) -> the best output of each sentence (B, 15)


def beam_1(repeats: int) -> Figure:
    """Return one sentence over the same in Marian; 1.5 is the aim."""
    return _beam("beam_1", marian, batch_size=1, repeats=repeats, bar=1.0)


def beam_32(repeats: int) -> Figure:
    """Return 32 sentences over the same in Marian; 1.5 is the aim."""
    return _beam("beam_32", marian, batch_size=32, repeats=repeats, bar=1.0)


def beam_1_ctranslate2(repeats: int) -> Figure:
    """Return one sentence over the same in CTranslate2."""
    return _beam("beam_1_ctranslate2", ctranslate2, batch_size=1, repeats=repeats, bar=None)


def beam_32_ctranslate2(repeats: int) -> Figure:
    """Return 32 sentences over the same in CTranslate2."""
    return _beam("beam_32_ctranslate2", ctranslate2, batch_size=32, repeats=repeats, bar=None)


def _beam(
    name: str, peer: Callable[[EncoderDecoder], Write], batch_size: int, repeats: int, bar: float | None
) -> Figure:
    model = untrained(RECIPE.model)
    source = torch.randint(END + 1, model.config.vocab_size, (batch_size, SOURCE_LENGTH))
    ours, theirs = writer(model), peer(model)
    if alike(model, source, ours(source), theirs(source)) < SAME:
        raise Unavailable("the peer does not write what ours does, so install what benchmarks/requirements.txt pins")
    milliseconds = median_milliseconds(lambda: ours(source), lambda: theirs(source), repeats)
    value, baseline = (batch_size * LENGTH * 1000 / each for each in milliseconds)
    return Figure(name, value, "tokens/s", baseline, bar, higher_is_better=True)


@torch.no_grad()
def alike(model: EncoderDecoder, source: Tensor, ours: Tensor, theirs: Tensor) -> float:
    """Share of the outputs (B, 15) that are as likely as ours by the same model, run whole."""
    first = torch.full_like(ours[:, :1], START)

    def log_probability(written: Tensor) -> Tensor:
        logits = model(source, torch.cat((first, written[:, :-1]), 1))
        return logits.log_softmax(-1).gather(-1, written[..., None]).sum((1, 2))

    return torch.isclose(log_probability(theirs), log_probability(ours), rtol=0, atol=1e-3).double().mean().item()


@torch.no_grad()
def untrained(config: ModelConfig) -> EncoderDecoder:
    """Build a model whose outputs differ from sentence to sentence and step to step, as a trained one's do.

    Fresh weights repeat one token: here the last one weighs less against its position, what attention adds less
    against both, and what the feed-forward makes of them more.
    """
    torch.manual_seed(0)
    model = build(config).eval()
    assert isinstance(model, EncoderDecoder)
    content = model.embedding.content
    assert isinstance(content, TokenEmbedding)
    content.table.weight /= 2
    for layer in model.decoder.layers:
        assert isinstance(layer, DecoderLayer)
        layer.self_attention.w_o.weight /= 2
        layer.cross_attention.w_o.weight /= 2
        layer.feed_forward.w_2.weight *= 3
    return model


def writer(model: EncoderDecoder) -> Write:
    """Write by our beam search, as the app does, except that no output ends."""

    @torch.inference_mode()
    def write(source: Tensor) -> Tensor:
        step = next_tokens(model, source, width=BEAM_SIZE)

        def endless(last: Tensor, rows: Tensor | None = None) -> Tensor:
            log_probabilities = step(last, rows)
            log_probabilities[:, END] = -torch.inf
            return log_probabilities

        outputs, _ = beam_search(endless, len(source), LENGTH, beam_size=BEAM_SIZE)
        return torch.tensor([hypotheses[0].ids for hypotheses in outputs])

    return write


def marian(model: EncoderDecoder) -> Write:
    """Write by Hugging Face's Marian."""
    peer = marian_model(model)

    @torch.inference_mode()
    def write(source: Tensor) -> Tensor:
        written: Tensor = peer.generate(
            input_ids=source,
            attention_mask=torch.ones_like(source),
            num_beams=BEAM_SIZE,
            min_new_tokens=LENGTH,
            max_new_tokens=LENGTH,
        )
        return written[:, 1:]

    return write


def ctranslate2(model: EncoderDecoder) -> Write:
    """Write by CTranslate2, whose own converter reads Marian's weights; pieces are numbers.

    The converter's loader of Marian needs a tokenizer and starts from a zero embedding, as published checkpoints do;
    that of BART, on which it is built, does neither.
    """
    peer, pieces = marian_model(model), [str(token) for token in range(model.config.vocab_size)]
    peer.config.normalize_before = peer.config.normalize_embedding = False
    spec = optional("ctranslate2.converters.transformers").BartLoader().get_model_spec(peer)
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.bos_token = spec.config.decoder_start_token = pieces[START]
    spec.config.eos_token, spec.config.unk_token = pieces[END], pieces[UNKNOWN]
    spec.validate()
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        translator = optional("ctranslate2").Translator(
            folder, device="cpu", compute_type="float32", inter_threads=1, intra_threads=1
        )

    def write(source: Tensor) -> Tensor:
        results = translator.translate_batch(
            [[pieces[token] for token in row] for row in source.tolist()],
            beam_size=BEAM_SIZE,
            min_decoding_length=LENGTH,
            max_decoding_length=LENGTH,
        )
        return torch.tensor([[int(piece) for piece in result.hypotheses[0]] for result in results])

    return write


def marian_model(model: EncoderDecoder) -> Any:
    """Build Hugging Face's Marian of a model of plain attention and post-norm, with its weights."""
    transformers, config = optional("transformers"), model.config
    peer = transformers.MarianMTModel(
        transformers.MarianConfig(
            vocab_size=config.vocab_size,
            d_model=config.d_model,
            encoder_layers=config.num_encoder_layers,
            decoder_layers=config.num_decoder_layers,
            encoder_attention_heads=config.num_heads,
            decoder_attention_heads=config.num_heads,
            encoder_ffn_dim=config.d_ff,
            decoder_ffn_dim=config.d_ff,
            activation_function=config.activation,
            max_position_embeddings=config.max_length,
            scale_embedding=True,
            pad_token_id=PAD,
            eos_token_id=END,
            forced_eos_token_id=None,
            decoder_start_token_id=START,
        )
    ).eval()
    _copy(model, peer.model)
    return peer


def optional(name: str) -> Any:
    """Import what only these figures need."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"this figure needs {error.name}, so run `pip install -r benchmarks/requirements.txt` first"
        ) from error


def _copy(ours: EncoderDecoder, theirs: Any) -> None:
    content = ours.embedding.content
    assert isinstance(content, TokenEmbedding)
    theirs.shared.load_state_dict(content.table.state_dict())
    positions = sinusoid(torch.arange(ours.config.max_length), ours.config.d_model)  # theirs: sines before cosines
    for stack in (theirs.encoder, theirs.decoder):
        stack.embed_positions.load_state_dict({"weight": positions})
    for layer, peer in zip(ours.encoder.layers, theirs.encoder.layers, strict=True):
        assert isinstance(layer, Layer)
        _copy_layer(layer, peer)
    for layer, peer in zip(ours.decoder.layers, theirs.decoder.layers, strict=True):
        assert isinstance(layer, DecoderLayer)
        _copy_layer(layer, peer)
        _copy_attention(layer.cross_attention, peer.encoder_attn)
        peer.encoder_attn_layer_norm.load_state_dict(layer.cross_attention_norm.norm.state_dict())


def _copy_layer(ours: Layer | DecoderLayer, theirs: Any) -> None:
    _copy_attention(ours.self_attention, theirs.self_attn)
    theirs.self_attn_layer_norm.load_state_dict(ours.self_attention_norm.norm.state_dict())
    theirs.fc1.load_state_dict(ours.feed_forward.w_1.state_dict())
    theirs.fc2.load_state_dict(ours.feed_forward.w_2.state_dict())
    theirs.final_layer_norm.load_state_dict(ours.feed_forward_norm.norm.state_dict())


def _copy_attention(ours: MultiHeadAttention, theirs: nn.Module) -> None:
    maps = {"q_proj": "projection.w_q", "k_proj": "projection.w_k", "v_proj": "projection.w_v", "out_proj": "w_o"}
    for their_name, our_name in maps.items():
        theirs.get_submodule(their_name).load_state_dict(ours.get_submodule(our_name).state_dict())
