"""The walkthrough's pictures: what is sent is what is read, every text is used, every module is in the script."""

from __future__ import annotations

import re

import numpy as np
import pytest

from viz.walkthrough import STRINGS, css, streamlit_js
from viz.walkthrough.bundle import FOLDER
from viz.walkthrough.scene import Bars, Figure, Matrix, Piece, Table, Tokens, decode_scene, encode_scene

SOURCES = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


def test_a_scene_is_read_as_it_was_written() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(3, 5)), rng.normal(size=4)
    figures: list[Figure] = [
        Matrix("a", one, "A", rows=Tokens(["▁x", "y", "</s>"], "fr"), link="l"),
        Bars("b", "B", ["p", "q", "r", "s"], two, marked=np.int64(2)),
        Table("c", "C", ["x"], [(Piece("▁é", "fr"), 0.1, None, "text", np.float32(2))]),
    ]
    scene = decode_scene(encode_scene(figures, id="1-x", lang="ja"))
    assert (scene["id"], scene["lang"]) == ("1-x", "ja")
    assert [figure["kind"] for figure in scene["figures"]] == ["matrix", "bars", "table"]
    np.testing.assert_array_equal(scene["figures"][0]["values"], one.astype(np.float32))
    np.testing.assert_array_equal(scene["figures"][1]["values"], two.astype(np.float32))
    assert scene["figures"][0]["rows"] == {"pieces": ["▁x", "y", "</s>"], "lang": "fr"}
    assert scene["figures"][1]["marked"] == 2
    assert scene["figures"][2]["rows"] == [[{"piece": "▁é", "lang": "fr"}, 0.1, None, "text", 2]]


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        encode_scene([Matrix("a", np.array([[np.inf]]), "A")])


def test_every_module_is_in_the_script_once() -> None:
    script = streamlit_js()
    for name in SOURCES:
        assert script.count(f"// --- {name}.js\n") == 1, name
    assert not re.search(r"^import\b", script, re.MULTILINE)
    assert re.findall(r"^export .*", script, re.MULTILINE) == ["export default function (component) {"]


def test_every_text_is_in_the_table_and_every_row_is_used() -> None:
    code = "\n".join(SOURCES.values())
    used = set(re.findall(r'words\("(\w+)"', code)) | set(re.findall(r'choose\("(\w+)"', code))
    used |= set(re.findall(r'numbers\("(\w+)"', code)) | set(re.findall(r'STRINGS\)\("(\w+)"', code))
    built = {f"step_name_{step}" for step in range(1, 7)}
    built |= {f"{side}{rest}" for side in ("encoder", "decoder") for rest in ("s", "_stack", "_number")}
    built |= {f"sublayer_{name}" for name in ("self_attention", "cross_attention", "feed_forward", "norms")}
    assert used | built == STRINGS.keys()


def test_every_kind_of_figure_is_drawn() -> None:
    kinds = {each.kind for each in Figure.__args__}
    drawn = re.search(r"const FIGURES = \{(.*?)\};", SOURCES["stage"], re.DOTALL)
    assert drawn and set(re.findall(r"(\w+): draw", drawn[1])) == kinds


def test_the_style_sheet_uses_only_colours_that_exist() -> None:
    sheet = css()
    assert set(re.findall(r"var\((--atlas-[\w-]+)", sheet)) <= set(re.findall(r"(--atlas-[\w-]+):", sheet))


def test_tokens_never_become_markup() -> None:
    for name, source in SOURCES.items():
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert sink not in source, (name, sink)
