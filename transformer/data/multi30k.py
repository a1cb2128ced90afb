"""Image captions in English, German and French, line by line (Multi30k, task 1 raw; Elliott et al. 2016).

Files are named `train.en.gz`, `val.de.gz`, `test_2016_flickr.fr.gz` (or without `.gz`). The images are for
non-commercial use, so a model trained on the captions is for teaching and research.
"""

from __future__ import annotations

from pathlib import Path

from transformer.data.files import read_lines
from transformer.data.tatoeba import Pair
from transformer.tokenizers import clean

PARTS = ("train", "val", "test_2016_flickr")


def read_captions(directory: Path, part: str, language: str) -> list[str]:
    """Read the cleaned captions of one part in one language, in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file, naming where it was looked for.
    ValueError
        If the file is broken, naming it and the line.
    """
    name = f"{part}.{language}"
    for path in (Path(directory) / f"{name}.gz", Path(directory) / name):
        if path.exists():
            return [clean(line) for _, line in read_lines(path)]
    raise FileNotFoundError(f"no {name}.gz and no {name} in {directory}: is this the Multi30k directory?")


def read_pairs(directory: Path, part: str, language: str) -> list[Pair]:
    """Pair the English captions of one part with those of another language; ValueError if they are not as many."""
    english, other = read_captions(directory, part, "en"), read_captions(directory, part, language)
    if len(english) != len(other):
        raise ValueError(f"{directory}: {len(english)} English and {len(other)} {language} captions in {part}")
    return [Pair(e, o, language) for e, o in zip(english, other, strict=True) if e and o]
