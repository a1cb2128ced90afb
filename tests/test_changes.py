"""Changes as data: what is refused, and a spelling that leads back to them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transformer import tokenizers
from transformer.changes import (
    HOWS,
    KINDS,
    PAD,
    START,
    ForceToken,
    HeadChange,
    MaskToken,
    check,
    given_pieces,
    read,
    write,
)

counts = st.integers(0, 10**9 - 1)
heads = st.builds(
    lambda kind, layer, head, how, token: HeadChange(kind, layer, head, how, token if how == "token" else None),
    st.sampled_from(list(KINDS)),
    counts,
    counts,
    st.sampled_from(HOWS),
    counts,
)
pieces = st.builds(ForceToken, counts, counts.filter(lambda piece: piece not in (PAD, START)))
some = st.lists(st.one_of(heads, st.builds(MaskToken, counts), pieces), unique_by=lambda change: change.place).map(
    tuple
)


@given(some)
def test_reading_gives_back_what_was_written(changes):
    text = write(changes)
    assert read(text) == changes
    assert all(character.isascii() and (character.isalnum() or character in ".~") for character in text)


spelled = st.lists(
    st.one_of(
        st.from_regex(r"(off|uniform|token|mask|force)(\.[edcx])?(\.[0-9]{1,3}){0,3}", fullmatch=True),
        st.text(alphabet="ofmask.~0123e ٣\n", max_size=12),
    ),
    max_size=3,
).map("~".join)


@given(spelled)
def test_there_is_one_spelling(text):
    """What reads at all is spelled as it would be written."""
    try:
        changes = read(text)
    except ValueError as error:
        assert " " in str(error)
    else:
        assert write(changes) == text


def test_how_it_is_spelled():
    text = "off.e.3.5~uniform.c.2.6~token.d.1.2.3~mask.4~force.2.1234"
    assert read(text) == (
        HeadChange("encoder", 3, 5, "off"),
        HeadChange("cross", 2, 6, "uniform"),
        HeadChange("decoder", 1, 2, "token", 3),
        MaskToken(4),
        ForceToken(2, 1234),
    )
    assert read("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "off.e.3",
        "off.e.03.5",
        "off.e.3.5.1",
        "off.x.3.5",
        "OFF.e.3.5",
        "token.d.1.2",
        "mask.-1",
        "mask.٣",
        "mask.4\n",
        "mask.4~",
        "~",
        " mask.4",
        "force.2",
        "force.2.0",
        "mask.1234567890",
        "mask.4~mask.4",
        "off.e.3.5~uniform.e.3.5",
        "force.1.7~force.1.8",
        "x" * 10_000,
    ],
)
def test_nonsense_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\w+ \w+ .*") as refused:
        read(text)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HeadChange("middle", 0, 0, "off"), "unknown kind of attention 'middle': choose one of encoder,"),
        (lambda: HeadChange("cross", 0, 0, "on"), "unknown change of a head 'on': choose one of off,"),
        (lambda: HeadChange("cross", 0, 0, "token"), "a position goes with 'token'"),
        (lambda: HeadChange("cross", 0, 0, "off", 3), "a position goes with 'token'"),
        (lambda: HeadChange("cross", -1, 0, "off"), "layer must be at least 0, got -1"),
        (lambda: MaskToken(-2), "position must be at least 0, got -2"),
        (lambda: ForceToken(3, -1), "piece must be at least 0, got -1"),
        (lambda: ForceToken(3, START), "the piece 2 is padding or the start"),
    ],
)
def test_what_no_model_has(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("off.e.3.0", "there is no encoder layer 3: the model has 3, counted from 0"),
        ("off.d.2.0", "there is no decoder layer 2: the model has 2"),
        ("off.c.2.0", "there is no cross layer 2: the model has 2"),
        ("off.c.1.2", "there is no head 2: a layer has 2"),
        ("token.e.0.0.5", "there is no position 5 to look at: there are 5"),
        ("token.c.0.0.5", "there is no position 5 to look at: there are 5"),
        ("token.d.0.0.40", "there is no position 40 to look at: there are 40"),
        ("mask.5", "there is no position 5 to hide: there are 5"),
        ("mask.0~mask.1~mask.2~mask.3~mask.4", "every token of the sentence is hidden"),
        ("force.40.5", "there is no piece 40 to give"),
        ("force.0.13", "there is no piece 13: the vocabulary has 13"),
    ],
)
def test_what_this_model_or_sentence_has_not(text, message, tiny_config):
    config = replace(tiny_config, num_encoder_layers=3)
    with pytest.raises(ValueError, match=message):
        check(read(text), config, 5)
    check(read("off.e.2.1~token.d.1.1.39~token.c.1.0.4~mask.0~mask.1~mask.2~mask.3~force.39.12"), config, 5)


def test_two_changes_of_one_thing_are_refused_also_where_they_were_not_read(tiny_config):
    with pytest.raises(ValueError, match=r"off\.e\.0\.0 and uniform\.e\.0\.0 change the same thing"):
        check([HeadChange("encoder", 0, 0, "off"), HeadChange("encoder", 0, 0, "uniform")], tiny_config, 5)


def test_given_pieces_come_in_the_order_of_the_output():
    assert list(given_pieces(read("force.3.7~mask.1~force.1.5")).items()) == [(1, 5), (3, 7)]


def test_the_marks_are_the_tokenizers():
    assert (PAD, START) == (tokenizers.PAD, tokenizers.START)


def test_reading_an_address_does_not_wait_for_torch():
    code = "import sys, transformer.changes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
