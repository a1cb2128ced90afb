"""WikiText-103 (Merity et al. 2016): articles of Wikipedia, word by word, in `wiki.train.tokens` and so on.

Words stand between spaces, rare ones are `<unk>` already. As in Transformer-XL (Dai et al. 2019) every line, an empty
one too, ends with `<eos>`, and the vocabulary is every word of the training part: 267,735 with that mark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from transformer.data.files import read_lines
from transformer.tokenizers import MARKS, UNKNOWN

PARTS = ("train", "valid", "test")
LINE_END = "<eos>"
RARE = "<unk>"


def read_words(directory: Path, part: str) -> Iterator[str]:
    """Words of one part, in order, one at a time: the training part has 103 million.

    Raises
    ------
    FileNotFoundError
        If there is no such file, naming where it was looked for.
    ValueError
        If it is not UTF-8, naming the line.
    """
    path = Path(directory) / f"wiki.{part}.tokens"
    if not path.exists():
        raise FileNotFoundError(f"no {path.name} in {directory}: is this where WikiText-103 is unpacked?")
    for _, line in read_lines(path):
        yield from line.split()
        yield LINE_END


def vocabulary(words: Iterator[str]) -> dict[str, int]:
    """Ids of the distinct words, the most frequent first, after those that mark padding and so on."""
    counts = Counter(words)
    counts.pop(RARE, None)
    return {RARE: UNKNOWN} | {word: id for id, (word, _) in enumerate(counts.most_common(), start=len(MARKS))}


def encode(words: Iterator[str], ids: Mapping[str, int]) -> np.ndarray:
    """Ids of the words; one that is not in the vocabulary is rare."""
    return np.fromiter((ids.get(word, UNKNOWN) for word in words), dtype=np.int32)
