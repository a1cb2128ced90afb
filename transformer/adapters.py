"""Attention of Hugging Face's models, as arrays and the pieces along their axes.

Encoders, decoders, encoder-decoders and what `generate()` returned become the arguments of a viewer such as
`viz.attention_browser`. transformers itself is not imported: whoever has a model of it has it.
Letters: (L)ayers, (B)atch, (H)eads, (Q)ueries, (K)eys, (P)rompt, (T) pieces that were written after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transformer.pieces import readable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def from_huggingface(
    model: Any,
    tokenizer: Any,
    text: str,
    target: str | None = None,
    *,
    generate: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run a model on a text and return its attention: `weights`, `queries` and `keys`, each a dict of kinds.

    The kinds are "encoder", "decoder" and "cross", whichever the model has; weights are (L, H, Q, K). `writes`, where
    the model writes, is what each position of the target goes on to write; `model` is its name.
    Attention is computed eagerly and without dropout; afterwards the model is set as it was.

    Parameters
    ----------
    model, tokenizer : of transformers, such as `AutoModel` and `AutoTokenizer` load
    text : what an encoder reads, or a decoder, or the prompt that it goes on from
    target : of an encoder-decoder, the output to follow; without one, the model writes it
    generate : arguments of `model.generate`, such as {"num_beams": 4}, or {} for its defaults: the decoder's queries
        are then the positions that wrote a piece, and what one could not see yet has the weight 0

    Raises
    ------
    ValueError
        If there is nothing to read, the text is too long, the model cannot write, or it returns no weights.

    Examples
    --------
    >>> attention_browser(**from_huggingface(bert, tokenizer, "The animal slept."))
    >>> attention_browser(**from_huggingface(marian, tokenizer, "I am tired.", generate={"num_beams": 4}))
    """
    import torch

    both = bool(getattr(model.config, "is_encoder_decoder", False))
    if target is not None and not both:
        raise ValueError("only an encoder-decoder follows a target: leave it out, or write it into the text")
    if target is not None and generate is not None:
        raise ValueError("the model follows a target or writes one: give target or generate, not both")
    read = tokenizer(text, return_tensors="pt").to(model.device)
    inputs = {name: read[name] for name in ("input_ids", "attention_mask") if name in read}
    _check_length(model, inputs["input_ids"])
    source = _pieces(tokenizer, inputs["input_ids"])
    with torch.no_grad(), _eager(model):
        if target is not None:
            ids = tokenizer(text_target=target, return_tensors="pt")["input_ids"].to(model.device)
            start = _shifted(model, ids)
            _check_length(model, start)
            outputs = model(**inputs, decoder_input_ids=start, output_attentions=True)
            found = from_outputs(outputs, source, _pieces(tokenizer, start))
            found["writes"] = _pieces(tokenizer, ids)
        elif both or generate is not None:
            outputs = _generate(model, inputs, generate or {})
            sequence = _pieces(tokenizer, outputs.sequences)
            found = from_outputs(outputs, source, sequence) if both else from_outputs(outputs, sequence)
        else:
            found = from_outputs(model(**inputs, output_attentions=True), source)
    return {**found, "model": getattr(model.config, "name_or_path", "") or type(model).__name__}


def from_outputs(outputs: Any, source: Sequence[str], target: Sequence[str] = ()) -> dict[str, Any]:
    """Return the attention in what a model or its `generate` returned for one text, as `from_huggingface` does.

    Of a batch, the first text is taken, and of its beams the one that won.

    Parameters
    ----------
    outputs : with `attentions`, or with `encoder_attentions`, `decoder_attentions` and `cross_attentions`
    source : the pieces that the encoder read, or a decoder alone; of its `generate`, all of `outputs.sequences[0]`
    target : the pieces that the decoder behind an encoder read, from its start piece on; of `generate`, all of
        `outputs.sequences[0]`

    Raises
    ------
    ValueError
        If the outputs hold no weights, or weights and pieces differ in number.
    """
    behind = getattr(outputs, "decoder_attentions", None) is not None
    own = "decoder_attentions" if behind else "attentions"
    read, found = target if behind else source, _Found({}, {}, {})
    if behind:
        found.add("encoder", _whole(outputs, "encoder_attentions"), source, source)
    if getattr(outputs, "sequences", None) is None:
        weights = _whole(outputs, own)
        found.add("decoder" if behind or _is_causal(weights) else "encoder", weights, read, read)
        if behind:
            found.add("cross", _whole(outputs, "cross_attentions"), read, source)
        return vars(found)
    prompt = _layers(outputs, own)[0][0].shape[-2]
    beams = getattr(outputs, "beam_indices", None)
    if beams is not None:  # a beam that ended early is filled up
        read = read[: prompt + int((beams[0] >= 0).sum())]
    rows, keys = read[prompt - 1 : -1], read[:-1]
    found.add("decoder", _of_steps(outputs, own, range(prompt, len(read))), rows, keys)
    if behind:
        found.add("cross", _of_steps(outputs, "cross_attentions", [len(source)] * len(rows)), rows, source)
    return {**vars(found), "writes": list(read[prompt:])}


@dataclass
class _Found:
    """Weights and pieces, a kind at a time."""

    weights: dict[str, NDArray[Any]]
    queries: dict[str, list[str]]
    keys: dict[str, list[str]]

    def add(self, kind: str, weights: NDArray[Any], queries: Sequence[str], keys: Sequence[str]) -> None:
        if weights.shape[2:] != (len(queries), len(keys)):
            raise ValueError(
                f"the {kind} has {weights.shape[2]} queries × {weights.shape[3]} keys, and the pieces are "
                f"{len(queries)} × {len(keys)}: give all pieces that the model read, special ones too"
            )
        self.weights[kind], self.queries[kind], self.keys[kind] = weights, list(queries), list(keys)


def _layers(outputs: Any, name: str) -> Sequence[Any]:
    """A tensor a layer, or of `generate` a step's tensors a step; ValueError where weights are missing."""
    given = getattr(outputs, name, None) or ()
    layers = given[0] if given and isinstance(given[0], (tuple, list)) else given
    missing = [number for number, layer in enumerate(layers) if layer is None]
    if not layers or missing:
        which = f"the layers {missing} have" if missing and len(missing) < len(layers) else "the model returned"
        raise ValueError(
            f"{which} no attention weights ({name}). Only eager attention returns them: load the model with "
            "from_pretrained(..., attn_implementation='eager') and call it with output_attentions=True; "
            "a layer without a softmax over keys has none at all"
        )
    return given


def _whole(outputs: Any, name: str) -> NDArray[Any]:
    """The weights of one pass, (L, H, Q, K)."""
    import numpy as np

    return np.stack([_numbers(layer[0]) for layer in _layers(outputs, name)])


def _of_steps(outputs: Any, name: str, seen: Sequence[int]) -> NDArray[Any]:
    """The weights of each step that wrote a piece, (L, H, T, K), of which step t sees the first `seen[t]` keys.

    A cache of fixed length has more keys, not there yet; one with a window has only the last of those that are seen.
    """
    import numpy as np

    steps = _layers(outputs, name)
    beams = getattr(outputs, "beam_indices", None)
    if len(steps) < len(seen):
        raise ValueError(f"{name} has {len(steps)} steps for {len(seen)} written pieces: generate without an assistant")
    heads = steps[0][0].shape[1]
    weights = np.zeros((len(steps[0]), heads, len(seen), max(seen)), np.float32)
    for step, count in enumerate(seen):
        beam = 0 if beams is None else int(beams[0, step])
        for layer, tensor in enumerate(steps[step]):
            row = _numbers(tensor[beam, :, -1])[:, :count]
            weights[layer, :, step, count - row.shape[1] : count] = row
    return weights


def _numbers(tensor: Tensor) -> NDArray[Any]:
    numbers: NDArray[Any] = tensor.detach().float().cpu().numpy()
    return numbers


def _is_causal(weights: NDArray[Any]) -> bool:
    """Whether no query sees a later key, as in a decoder."""
    import numpy as np

    return weights.shape[2] > 1 and not np.triu(weights, 1).any()


@contextmanager
def _eager(model: Any) -> Iterator[None]:
    """Have a model compute attention eagerly and without dropout, and set it back afterwards.

    Other implementations (SDPA, flash attention) never hold the weights in one piece.
    """
    parts = ["", *(name for name in getattr(model.config, "sub_configs", {}) if getattr(model.config, name, None))]
    before = {
        name: getattr(getattr(model.config, name) if name else model.config, "_attn_implementation", None)
        for name in parts
    }
    trained = model.training
    changes = any(how not in (None, "eager") for how in before.values())
    if changes:
        try:
            model.set_attn_implementation("eager")
        except (AttributeError, ValueError) as error:
            raise ValueError(
                f"{type(model).__name__} cannot be set to eager attention, which alone returns weights: load it with "
                f"from_pretrained(..., attn_implementation='eager') ({error})"
            ) from error
    model.eval()
    try:
        yield
    finally:
        model.train(trained)
        if changes:
            model.set_attn_implementation(before)


def _generate(model: Any, inputs: Mapping[str, Tensor], options: Mapping[str, Any]) -> Any:
    if not getattr(model, "can_generate", lambda: False)():
        raise ValueError(
            f"{type(model).__name__} has no head to write with: load it as AutoModelForSeq2SeqLM or "
            "AutoModelForCausalLM, or give a target"
        )
    return model.generate(**inputs, **{**options, "output_attentions": True, "return_dict_in_generate": True})


def _shifted(model: Any, ids: Tensor) -> Tensor:
    """What the decoder reads to write these ids, (1, T): the start piece, then all but the last."""
    import torch

    prepare = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if prepare is not None:
        return prepare(labels=ids)
    start = getattr(model.config, "decoder_start_token_id", None)
    if start is None:
        raise ValueError(f"{type(model).__name__} names no decoder_start_token_id: set it in model.config")
    return torch.cat([torch.full_like(ids[:, :1], start), ids[:, :-1]], dim=1)


def _check_length(model: Any, ids: Tensor) -> None:
    longest = getattr(model.config, "max_position_embeddings", None)
    if not ids.shape[-1]:
        raise ValueError("there is nothing to read: give a text")
    if longest is not None and ids.shape[-1] > longest:
        raise ValueError(f"the text has {ids.shape[-1]} pieces and the model reads at most {longest}: shorten it")


def _pieces(tokenizer: Any, ids: Tensor) -> list[str]:
    """The pieces of the first text, (1, L), with their word starts marked alike whatever the tokenizer."""
    return readable(
        tokenizer.convert_ids_to_tokens(ids[0].tolist()), tokenizer.get_vocab(), tokenizer.all_special_tokens
    )
