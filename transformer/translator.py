"""The translator: text in, text out, and everything that was computed on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from transformer.beam_record import BeamRecord, record_beam
from transformer.changes import Change, check, given_pieces
from transformer.checkpoints import load_checkpoint
from transformer.data.batches import by_length, pad
from transformer.decoding import MAX_EXTRA, BeamStep, Decoding, Hypothesis, Step, beam_search, follow, given
from transformer.edits import applied
from transformer.model_files import DEFAULT_MODEL, CheckpointError, bundled
from transformer.models import EncoderDecoder
from transformer.next_tokens import next_tokens
from transformer.tokenizers import END, START, Tokenizer, clean
from transformer.trace import Trace


@dataclass(frozen=True)
class TranslationStep:
    """One written piece: the likeliest pieces with their probabilities, likeliest first, and the one chosen."""

    candidates: list[tuple[str, float]]
    piece: str
    log_probability: float


@dataclass(frozen=True)
class Translation:
    """A translation: its text, its ids and pieces up to `</s>`, and the record of each step.

    `score` is the natural logarithm of the probability of all pieces together. A translation that ran into the
    limit of input + 50 pieces has no `</s>`.
    """

    text: str
    ids: list[int]
    pieces: list[str]
    score: float
    steps: list[TranslationStep]


@dataclass(frozen=True)
class Translator:
    """A trained encoder-decoder with its tokenizer. It holds no state: threads may share it."""

    model: EncoderDecoder
    tokenizer: Tokenizer
    card: Mapping[str, Any]
    path: Path

    @property
    def name(self) -> str:
        """The model's name: `small` for `checkpoints/small.safetensors`."""
        return self.path.stem

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Languages it translates into."""
        return self.tokenizer.languages

    def source(self, text: str, target: str) -> list[int]:
        """Ids that the encoder reads: target tag, text, end.

        Raises
        ------
        ValueError
            If there is no text, it is longer than the model allows, or the target is unknown.
        """
        if not clean(text):
            raise ValueError("there is nothing to translate: type a sentence")
        ids = self.tokenizer.source(text, target)
        longest = self.model.config.max_length
        if len(ids) > longest:
            raise ValueError(f"the text has {len(ids)} pieces and the model reads at most {longest}: shorten it")
        return ids

    def translate(
        self, text: str, target: str = "de", *, changes: Sequence[Change] = (), **decoding: Any
    ) -> Translation:
        """Translate one text, greedily unless `beam_size`, `temperature` and so on (see `Decoding`) say otherwise.

        `changes` are what it runs under: heads switched off, tokens hidden, pieces given (see `changes`). A given
        piece replaces the one that stands at its place in the translation under all other changes, and what stands
        before it stays, of a beam or a draw too; of several, the first comes first. ValueError if there is no such
        place, or the translation ends before the piece's.

        Examples
        --------
        >>> load_translator().translate("Je suis étudiant.", target="en").text
        "I am a student."
        >>> load_translator().translate("Je suis étudiant.", target="en", beam_size=4).text
        "I am a student."
        """
        return self.translate_all([text], target, changes=changes, **decoding)[0]

    @torch.no_grad()
    def beam(
        self,
        text: str,
        target: str = "de",
        *,
        beam_size: int = 4,
        length_penalty: float = 0.6,
        changes: Sequence[Change] = (),
    ) -> BeamRecord:
        """Search with a beam as `translate` does, and return all its hypotheses, beside what greedy search writes.

        Examples
        --------
        >>> load_translator().beam("Je suis étudiant.", target="en").best.text
        "I am a student."
        """
        how, source = Decoding(beam_size=beam_size, length_penalty=length_penalty), self.source(text, target)
        check(changes, self.model.config, len(source))
        (found,), steps = self._search(torch.tensor([source]), [self._most(source)], how, changes)
        alone = self.translate(text, target, changes=changes)
        greedy = alone.ids, [step.log_probability for step in alone.steps]
        return record_beam(found[0], steps, greedy, self.tokenizer, beam_size=beam_size, length_penalty=length_penalty)

    @torch.no_grad()
    def translate_all(
        self,
        texts: Sequence[str],
        target: str = "de",
        *,
        batch_size: int = 64,
        changes: Sequence[Change] = (),
        **decoding: Any,
    ) -> list[Translation]:
        """Translate many texts, in batches of like length; the results are in the order of the texts."""
        how = Decoding(**decoding)
        sources = {i: self.source(text, target) for i, text in enumerate(texts)}
        for source in sources.values():
            check(changes, self.model.config, len(source))
        done: dict[int, Translation] = {}
        for rows in by_length(sources, batch_size):
            most = [self._most(sources[i]) for i in rows]
            write = self._by_beam if how.beam_size > 1 else self._by_choice
            done |= zip(rows, write(pad([sources[i] for i in rows]), most, how, changes), strict=True)
        return [done[i] for i in range(len(texts))]

    def _most(self, source: Sequence[int]) -> int:
        """How many pieces an output has at most."""
        return min(len(source) + MAX_EXTRA, self.model.config.max_length)

    def _by_choice(
        self, batch: Tensor, most: Sequence[int], how: Decoding, changes: Sequence[Change]
    ) -> list[Translation]:
        pieces = given_pieces(changes)
        step = next_tokens(self.model, batch, changes=applied(changes, self.model.config))
        choose = given(pieces, how.chooser()) if pieces else how.chooser()
        steps = list(follow(step, choose, len(batch), max(most)))
        done = [self._chosen(steps[:limit], row) for row, limit in enumerate(most)]
        for translation, position in product(done, pieces):
            _check_reached(position, translation.ids)
        return done

    def _by_beam(
        self, batch: Tensor, most: Sequence[int], how: Decoding, changes: Sequence[Change]
    ) -> list[Translation]:
        outputs, steps = self._search(batch, most, how, changes)
        return [self._best(steps, row, outputs[row][0]) for row in range(len(batch))]

    def _search(
        self, batch: Tensor, most: Sequence[int], how: Decoding, changes: Sequence[Change]
    ) -> tuple[list[list[Hypothesis]], list[BeamStep]]:
        edits = applied(changes, self.model.config)

        def search(prefix: Tensor | None = None) -> tuple[list[list[Hypothesis]], list[BeamStep]]:
            step, beam = next_tokens(self.model, batch, width=how.beam_size, changes=edits), how.beam_size
            return beam_search(step, len(batch), most, beam_size=beam, length_penalty=how.length_penalty, prefix=prefix)

        outputs, steps = search()
        for position, piece in given_pieces(changes).items():
            for best, *_ in outputs:
                _check_reached(position, best.ids)
            outputs, steps = search(torch.tensor([[*best.ids[:position], piece] for best, *_ in outputs]))
        return outputs, steps

    def trace(
        self,
        text: str,
        target: str = "de",
        output: str | Translation | None = None,
        *,
        edits: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
        changes: Sequence[Change] = (),
    ) -> Trace:
        """Record one whole pass over the text and its translation.

        The translation is decoded first, or given as `output` (a text of one's own, or what `translate` returned);
        then one teacher-forced pass computes every map whole. Both run under the `changes`, whose given pieces count
        where the translation is decoded; `edits` act on the pass alone. `trace.tokens` has the pieces of "source" and
        "target" (what each side reads) and "output" (what each target position writes).
        """
        source = self.source(text, target)
        if isinstance(output, str):
            written: Sequence[int] = [*self.tokenizer.encode(output), END]
        else:
            written = (output or self.translate(text, target, changes=changes)).ids
        return self.trace_ids(source, written, edits=edits, changes=changes)

    def trace_ids(
        self,
        source: Sequence[int],
        written: Sequence[int],
        *,
        edits: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
        changes: Sequence[Change] = (),
    ) -> Trace:
        """Record one teacher-forced pass over the ids of a source and of the output written for it."""
        check(changes, self.model.config, len(source))
        longest = self.model.config.max_length
        if len(written) > longest:
            raise ValueError(f"the output has {len(written)} pieces and the model writes at most {longest}: shorten it")
        target = [START, *written[:-1]]
        pieces = self.tokenizer.pieces
        trace = Trace(
            edits=edits,
            changes=applied(changes, self.model.config),
            tokens={"source": [pieces(source)], "target": [pieces(target)], "output": [pieces(written)]},
        )
        with torch.no_grad():
            self.model(torch.tensor([source]), torch.tensor([target]), trace)
        if trace.unused_edits():
            raise ValueError(f"nothing is computed at {trace.unused_edits()}: see the paths that the trace has")
        return trace

    def _chosen(self, steps: Iterable[Step], row: int) -> Translation:
        written = []
        for step in steps:
            candidates = step.candidates[row], step.log_probabilities[row]
            written.append((int(step.chosen[row]), step.chosen_log_probability[row].item(), *candidates))
            if step.finished[row]:
                break
        return self._translation(written)

    def _best(self, steps: Sequence[BeamStep], row: int, output: Hypothesis) -> Translation:
        written = []
        steps_taken = zip(steps, output.path, output.ids, output.log_probabilities, strict=False)
        for step, place, token, log_probability in steps_taken:
            candidates = step.candidates[row, place], step.log_probabilities[row, place]
            written.append((token, log_probability, *candidates))
        return self._translation(written)

    def _translation(self, written: Sequence[tuple[int, float, Tensor, Tensor]]) -> Translation:
        """Put the tokens, their log-probabilities, and each step's candidates (C,) into words."""
        records = [
            TranslationStep(
                list(zip(self.tokenizer.pieces(candidates.tolist()), logs.exp().tolist(), strict=True)),
                self.tokenizer.pieces([token])[0],
                log_probability,
            )
            for token, log_probability, candidates, logs in written
        ]
        ids = [token for token, *_ in written]
        total = math.fsum(record.log_probability for record in records)
        return Translation(self.tokenizer.decode(ids), ids, [record.piece for record in records], total, records)


def _check_reached(position: int, written: Sequence[int]) -> None:
    if position >= len(written):
        raise ValueError(
            f"the translation has {len(written)} pieces, so there is no piece {position}, counted from 0, to replace: "
            "give an earlier one"
        )


def load_translator(name: str | Path | None = None) -> Translator:
    """Load a bundled translator by its name (see `python -m transformer models`), or any checkpoint by its path.

    Raises
    ------
    CheckpointError
        If there is no such model, or its file cannot be used.
    """
    path = bundled(DEFAULT_MODEL if name is None else name)
    checkpoint = load_checkpoint(path)
    if not isinstance(checkpoint.model, EncoderDecoder):
        raise CheckpointError(
            f"{path} holds no translator but the architecture {checkpoint.model.config.architecture!r}"
        )
    return Translator(checkpoint.model, checkpoint.tokenizer, checkpoint.card, path)
