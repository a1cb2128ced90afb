"""Readers on small files, whole and damaged."""

from __future__ import annotations

import gzip
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transformer.data import multi30k, tatoeba
from transformer.data.tatoeba import Pair


def write(path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def test_tatoeba_is_read_cleaned_and_once(tmp_path):
    write(tmp_path / "en-de.tsv.gz", "Hi.\tHallo.\tCC-BY\nHi.\t Hallo.\u00a0\nGo!\tGeh!\n\u200b\tNichts.\n")
    write(tmp_path / "en-ja.tsv", "Hi.\tか\u3099。\r\n")
    assert tatoeba.read_pairs(tmp_path, ["de", "ja"]) == [
        Pair("Hi.", "Hallo.", "de"),
        Pair("Go!", "Geh!", "de"),
        Pair("Hi.", "が。", "ja"),
    ]


@pytest.mark.parametrize("name", ["en-de.tsv", "en-de.tsv.gz"])
def test_a_broken_line_is_named(tmp_path, name):
    write(tmp_path / name, "Hi.\tHallo.\nno tab here\n")
    with pytest.raises(ValueError, match=rf"{name}, line 2: expected English<TAB>translation, got 'no tab here"):
        tatoeba.read_pairs(tmp_path, ["de"])


LINES = "Hi.\tHallo.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (x)\nGo!\tGeh!\tCC-BY\n"


def write_zip(path, content: bytes, member: str = "deu.txt", method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("_about.txt", "no pairs here")
        archive.writestr(member, content)


def test_tatoeba_is_read_as_manythings_has_it(tmp_path):
    pairs = [Pair("Hi.", "Hallo.", "de"), Pair("Go!", "Geh!", "de")]
    write(tmp_path / "deu.txt", LINES)
    assert tatoeba.read_pairs(tmp_path, ["de"]) == pairs
    write_zip(tmp_path / "deu-eng.zip", LINES.encode())
    (tmp_path / "deu.txt").unlink()
    assert tatoeba.read_pairs(tmp_path, ["de"]) == pairs


def test_a_zip_that_is_not_what_it_should_be_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "deu-eng.zip"

    def refused(message: str) -> None:
        with pytest.raises(ValueError, match=rf"deu-eng\.zip.*{message}"):
            tatoeba.read_pairs(tmp_path, ["de"])

    write_zip(path, LINES.encode(), member="fra.txt")
    refused("has no deu.txt in it")
    write_zip(path, LINES.encode(), method=zipfile.ZIP_BZIP2)
    refused("or packed oddly")
    write_zip(path, LINES.encode() + b"Hi.\t\xff\n")
    refused(r", line 3: no UTF-8 text")
    write_zip(path, LINES.encode())
    monkeypatch.setattr("transformer.data.files.LARGEST_MEMBER", len(LINES) - 1)
    refused(f"deu.txt in it is too large \\({len(LINES)} bytes\\)")


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_archive_gives_its_pairs_or_a_sentence(tmp_path_factory, data):
    directory = tmp_path_factory.getbasetemp()
    name = data.draw(st.sampled_from(["en-de.tsv.gz", "deu-eng.zip"]))
    path = directory / name
    write(path, LINES) if name.endswith(".gz") else write_zip(path, LINES.encode())
    content = bytearray(path.read_bytes())
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)))):
        content[place] = byte
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert len(tatoeba.read_pairs(directory, ["de"])) <= 2
    except ValueError as error:
        assert name in str(error)
    path.unlink()


@pytest.mark.parametrize("part", ["val.de", "val.de.gz"])
def test_captions_that_are_not_text_are_named(tmp_path, part):
    content = b"Ein Hund.\nEine \xff.\n"
    (tmp_path / part).write_bytes(gzip.compress(content) if part.endswith(".gz") else content)
    with pytest.raises(ValueError, match=f"{part}, line 2: no UTF-8 text"):
        multi30k.read_captions(tmp_path, "val", "de")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"no en-fr.tsv in {tmp_path}, nor fra-eng.zip or fra.txt"):
        tatoeba.read_pairs(tmp_path, ["fr"])
    with pytest.raises(FileNotFoundError, match=rf"no val.en.gz and no val.en in {tmp_path}"):
        multi30k.read_pairs(tmp_path, "val", "de")


def test_multi30k_pairs_line_by_line(tmp_path):
    write(tmp_path / "val.en.gz", "A dog.\n\nTwo  cats.\n")
    write(tmp_path / "val.de", "Ein Hund.\nohne Partner\nZwei Katzen.\n")
    assert multi30k.read_pairs(tmp_path, "val", "de") == [
        Pair("A dog.", "Ein Hund.", "de"),
        Pair("Two cats.", "Zwei Katzen.", "de"),
    ]
    write(tmp_path / "val.fr", "Un chien.\n")
    with pytest.raises(ValueError, match="3 English and 1 fr captions in val"):
        multi30k.read_pairs(tmp_path, "val", "fr")
