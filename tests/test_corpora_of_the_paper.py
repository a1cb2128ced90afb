"""IWSLT'14 and WikiText-103 from small files of their formats, and a model with memory that reads streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from experiments.kernels.recipes import Sources, load
from experiments.kernels.variants import AT_INPUT, PRODUCT, TRANSFORMER_XL
from transformer.cache import Memory
from transformer.data import iwslt14, wikitext
from transformer.data.windows import StreamCorpus
from transformer.losses import RememberingLoss, cross_entropy
from transformer.models import build

TALK = {
    "de": """<url>http://www.ted.com/talks/lang/de/x.html</url>
<keywords>talks, Klima</keywords>
<talkid>1</talkid>
<title>Al Gore: Die Klimakrise</title>
<description>Mit Humor & Verstand.</description>
 Vielen Dank, Chris.
Zu lang ist dieser Satz doch wirklich, ja, sehr.

""",
    "en": """<url>http://www.ted.com/talks/x.html</url>
<keywords>talks, climate</keywords>
<talkid>1</talkid>
<title>Al Gore: The climate crisis</title>
<description>With humor & sense.</description>
 Thank you, Chris.
Short.
Nothing there.
""",
}


def xml(language: str, *sentences: str) -> str:
    body = "\n".join(f'<seg id="{number}"> {text} </seg>' for number, text in enumerate(sentences, 1))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<mteval>\n<doc docid="1">\n{body}\n</doc>\n</mteval>\n'


def released(directory, talks: int = 1):
    for language in ("de", "en"):
        (directory / f"train.tags.de-en.{language}").write_text(TALK[language] * talks, encoding="utf-8")
        for name, text in (("TED.tst2010", f"Zwei {language}"), ("TED.dev2010", f"Eins &amp; eins {language}")):
            (directory / f"IWSLT14.{name}.de-en.{language}.xml").write_text(xml(language, text, "Ja"), encoding="utf-8")
    return directory


def test_iwslt_as_released(tmp_path):
    released(tmp_path)
    pairs = iwslt14.read_pairs(tmp_path, "train")
    assert [(pair.other, pair.english) for pair in pairs] == [
        ("al gore: die klimakrise", "al gore: the climate crisis"),
        ("mit humor & verstand.", "with humor & sense."),
        ("vielen dank, chris.", "thank you, chris."),  # one was too uneven, one had an empty side
    ]
    test = iwslt14.read_pairs(tmp_path, "test")
    assert [pair.other for pair in test] == ["eins & eins de", "ja", "zwei de", "ja"]
    assert {pair.language for pair in test} == {"de"}


def test_every_23rd_pair_of_iwslt_validates(tmp_path):
    released(tmp_path, talks=20)
    train, valid = (iwslt14.read_pairs(tmp_path, part) for part in ("train", "valid"))
    every = [("al gore: die klimakrise", "mit humor & verstand.", "vielen dank, chris.")[i % 3] for i in range(60)]
    assert [pair.other for pair in valid] == [every[22], every[45]]
    assert [pair.other for pair in train] == [each for number, each in enumerate(every, 1) if number % 23]


def test_iwslt_as_prepared_loses_the_marks_of_its_pieces(tmp_path):
    (tmp_path / "valid.de").write_text("viel@@ en dank , ch@@ ris .\n\nja\n", encoding="utf-8")
    (tmp_path / "valid.en").write_text("thank you , ch@@ ris .\nno\nyes\n", encoding="utf-8")
    pairs = iwslt14.read_pairs(tmp_path, "valid")
    assert [(pair.other, pair.english) for pair in pairs] == [
        ("vielen dank , chris .", "thank you , chris ."),
        ("ja", "yes"),
    ]


def test_what_iwslt_lacks_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no train.de and no train.tags.de-en.de in"):
        iwslt14.read_pairs(tmp_path, "train")
    with pytest.raises(FileNotFoundError, match=r"no test.de and no IWSLT14.TED.dev2010.de-en.de.xml in"):
        iwslt14.read_pairs(tmp_path, "test")
    with pytest.raises(ValueError, match="there is no part 'dev': choose one of train, valid, test"):
        iwslt14.read_pairs(tmp_path, "dev")
    (tmp_path / "train.de").write_text("eins\nzwei\n")
    (tmp_path / "train.en").write_text("one\n")
    with pytest.raises(ValueError, match=r"has 2 sentences and train\.en 1"):
        iwslt14.read_pairs(tmp_path, "train")


ARTICLE = " \n = Robert <unk> = \n \n Robert is an actor . He is <unk> . \n"


def wikitext_files(directory, times: int = 1):
    for part in wikitext.PARTS:
        text = ARTICLE * times if part == "train" else " Robert is a star . \n"
        (directory / f"wiki.{part}.tokens").write_text(text, encoding="utf-8")
    return directory


def test_wikitext_is_read_word_by_word_and_every_line_ends(tmp_path):
    wikitext_files(tmp_path)
    words = list(wikitext.read_words(tmp_path, "train"))
    assert " ".join(words) == "<eos> = Robert <unk> = <eos> <eos> Robert is an actor . He is <unk> . <eos>"
    ids = wikitext.vocabulary(iter(words))
    assert len(ids) == len(set(words))
    assert sorted(ids.values()) == [1, *range(4, 4 + len(ids) - 1)]  # 1 is rare; 0, 2 and 3 are no words
    assert ids["<eos>"] == 4  # the most frequent
    back = {id: word for word, id in ids.items()}
    test = wikitext.encode(wikitext.read_words(tmp_path, "test"), ids)
    assert " ".join(back[id] for id in test.tolist()) == "Robert is <unk> <unk> . <eos>"
    with pytest.raises(FileNotFoundError, match=r"no wiki\.valid\.tokens in"):
        list(wikitext.read_words(tmp_path / "elsewhere", "valid"))


def test_streams_go_on_where_they_were():
    text = np.arange(5, 5 + 31)
    corpus = StreamCorpus(text, length=4, streams=3)
    batches = list(corpus.once(device="cpu"))
    assert [bool(batch.first) for batch in batches] == [True, False, False]
    inputs = torch.cat([batch.inputs for batch in batches], 1)
    outputs = torch.cat([batch.outputs for batch in batches], 1)
    assert inputs.tolist() == text[:30].reshape(3, 10).tolist()
    assert torch.equal(outputs, inputs + 1)
    with pytest.raises(ValueError, match="3 tokens is too short for 3 streams"):
        StreamCorpus(text[:3], length=4, streams=3)


@pytest.mark.parametrize("smoother", [TRANSFORMER_XL, PRODUCT])
def test_a_memory_as_long_as_the_text_gives_the_loss_of_the_whole_text(smoother, tiny_config, randomize):
    """With all that came before in memory, segments predict what one pass over the text does, one layer deep."""
    config = replace(tiny_config, architecture="decoder", num_decoder_layers=1)
    model = randomize(build(smoother.configure(config)).double())
    text = torch.randint(4, 13, (25,))
    whole, count = cross_entropy(model(text[None, :-1]), text[None, 1:], 0.0)
    loss = RememberingLoss(40)
    for _ in range(2):  # and a stream that begins again has forgotten
        parts = [loss(model, batch, 0.0) for batch in StreamCorpus(text.numpy(), 6, 1).once(device="cpu")]
        assert sum(int(number) for _, number in parts) == int(count)
        torch.testing.assert_close(sum(part for part, _ in parts), whole)
    assert isinstance(loss.memory, Memory)


def test_wikitext_has_the_size_of_transformer_xls_base_model(tmp_path):
    task = load(Sources(wikitext103=wikitext_files(tmp_path)))["wikitext103"]
    assert (task.length, task.memory, task.metrics) == (150, 150, ("bits per word",))
    assert task.model.vocab_size == 4 + 8  # the words of the article, `<eos>` among them, `<unk>` not
    with torch.device("meta"):
        model = build(TRANSFORMER_XL.configure(task.model))
    attention = 5 * 410 * 410 + 2 * 410 + 4 * 410  # q, k, v, o and positions; two biases of theirs, four of ours
    feed_forward = 2 * 410 * 2100 + 2100 + 410
    expected = 12 * 410 + 16 * (attention + feed_forward + 2 * 2 * 410)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


def test_iwslt_has_the_size_of_fairseqs_model(tmp_path):
    task = load(Sources(iwslt14=released(tmp_path, talks=20)))["iwslt14"]
    assert (len(task.train), len(task.test), task.beam_size) == (58, 4, 5)
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in build(AT_INPUT.configure(task.model)).parameters())
    attention, feed_forward, norm = 4 * (512 * 512 + 512), 2 * 512 * 1024 + 1024 + 512, 2 * 512
    assert parameters == 10_000 * 512 + 6 * (3 * attention + 2 * feed_forward + 5 * norm)
