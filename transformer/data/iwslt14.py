"""IWSLT'14 German-English: talks of TED (WIT3; Cettolo et al. 2012), as released or as fairseq's script leaves them.

Released (`de-en.tgz`, unpacked): `train.tags.de-en.de` and `.en`, and the sets `IWSLT14.TED.dev2010.de-en.de.xml` and
so on. Prepared (`prepare-iwslt14.sh`): `train.de`, `valid.en`, `test.de` ..., with or without BPE's marks. Both ways
give the script's parts: every 23rd sentence validates, the five sets together are the test, all is in lower case. A
pair of the training part has 1 to 175 words on either side, and none has more than 1.5 times as many as the other; the
script counts them after Moses's tokeniser, and here they are what spaces part.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from transformer.data.files import read_lines
from transformer.data.tatoeba import Pair
from transformer.tokenizers import clean

PARTS = ("train", "valid", "test")
TEST_SETS = ("TED.dev2010", "TEDX.dev2012", "TED.tst2010", "TED.tst2011", "TED.tst2012")
VALIDATION_EVERY = 23
LONGEST, LARGEST_RATIO = 175, 1.5
NO_SPEECH = ("<url>", "<keywords>", "<talkid>", "<speaker>", "<reviewer", "<translator")
JOINT = "@@ "  # subword-nmt's mark of a piece that the next one continues


def read_pairs(directory: Path, part: str) -> list[Pair]:
    """Read the pairs of one part.

    Raises
    ------
    FileNotFoundError
        If the directory has neither form, naming what was looked for.
    ValueError
        If the part is unknown, a file is broken, or the two sides have not as many lines.
    """
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r}: choose one of {', '.join(PARTS)}")
    directory = Path(directory)
    if (directory / f"{part}.de").exists():
        return _pairs(directory / f"{part}.de", directory / f"{part}.en", _prepared)
    if part == "test":
        names = [f"IWSLT14.{name}.de-en" for name in TEST_SETS]
        present = [name for name in names if (directory / f"{name}.de.xml").exists()]
        if not present:
            raise FileNotFoundError(
                f"no test.de and no {names[0]}.de.xml in {directory}: is this IWSLT'14 German-English?"
            )
        return [
            pair
            for name in present
            for pair in _pairs(directory / f"{name}.de.xml", directory / f"{name}.en.xml", _segments)
        ]
    german = directory / "train.tags.de-en.de"
    if not german.exists():
        raise FileNotFoundError(f"no {part}.de and no {german.name} in {directory}: is this IWSLT'14 German-English?")
    pairs = [pair for pair in _pairs(german, directory / "train.tags.de-en.en", _talks) if _even(pair)]
    validates = [number % VALIDATION_EVERY == 0 for number in range(1, len(pairs) + 1)]
    return [pair for pair, chosen in zip(pairs, validates, strict=True) if chosen == (part == "valid")]


def _pairs(german: Path, english: Path, read: Callable[[Path], Iterator[str]]) -> list[Pair]:
    """Pair the sentences of two files line by line; those with an empty side are left out."""
    others, ours = list(read(german)), list(read(english))
    if len(others) != len(ours):
        raise ValueError(f"{german} has {len(others)} sentences and {english.name} {len(ours)}: get both anew")
    return [Pair(english, other, "de") for english, other in zip(ours, others, strict=True) if english and other]


def _even(pair: Pair) -> bool:
    """Whether a pair is one that translators are trained on: not too long, nor one side much longer."""
    shorter, longer = sorted((len(pair.english.split()), len(pair.other.split())))
    return longer <= LONGEST and longer <= LARGEST_RATIO * shorter


def _prepared(path: Path) -> Iterator[str]:
    for _, line in read_lines(path):
        yield clean(line.replace(JOINT, ""))


def _talks(path: Path) -> Iterator[str]:
    """Sentences, titles and descriptions of talks; the other tagged lines are no speech."""
    for _, line in read_lines(path):
        if not line.lstrip().startswith(NO_SPEECH):
            yield clean(re.sub(r"</?(title|description)>", "", line)).lower()


def _segments(path: Path) -> Iterator[str]:
    """The text of every `<seg id="...">`, each on a line of its own."""
    for _, line in read_lines(path):
        if found := re.search(r"<seg id=[^>]*>(.*)</seg>", line):
            yield clean(html.unescape(found[1])).lower()
