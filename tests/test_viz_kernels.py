"""The pictures of the kernel lens: every module is in the script, every text is used, every colour exists."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np

from viz.kernels import STRINGS, css, streamlit_js
from viz.kernels.bundle import FOLDER
from viz.kernels.surface import CUT, surface_figure
from viz.kernels.surface_svg import surface_svg

SOURCES = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


def test_every_module_is_in_the_script_once() -> None:
    script = streamlit_js()
    for name in SOURCES:
        assert script.count(f"// --- {name}.js\n") == 1, name
    assert not re.search(r"^import\b", script, re.MULTILINE)
    assert re.findall(r"^export .*", script, re.MULTILINE) == ["export default function (component) {"]


def test_every_text_is_in_the_table_and_every_row_is_used() -> None:
    code = "\n".join(SOURCES.values())
    begun = set(re.findall(r"words\(`(\w+)\$\{", code)) | set(re.findall(r"`(column_)\$\{", code))
    named = set(re.findall(r'"([a-z][a-z0-9_]+)"', code))
    assert set(re.findall(r'words\("(\w+)"', code)) <= STRINGS.keys()
    assert {key for key in STRINGS if key not in named and not key.startswith(tuple(begun))} == set()
    assert {start for start in begun if not any(key.startswith(start) for key in STRINGS)} == set()


def test_the_style_sheet_uses_only_colours_that_exist_and_styles_the_lens_only() -> None:
    sheet = css()
    assert set(re.findall(r"var\((--atlas-[\w-]+)", sheet)) <= set(re.findall(r"(--atlas-[\w-]+):", sheet))
    bare = re.sub(r"/\*.*?\*/|\([^()]*\)", "", (FOLDER / "style.css").read_text("utf-8"), flags=re.DOTALL)
    selectors = [part.strip() for rule in re.findall(r"([^{};]+)\{", bare) for part in rule.split(",")]
    assert [part for part in selectors if not re.match(r"\.atlas\b", part)] == []


def test_tokens_never_become_markup() -> None:
    for name, source in SOURCES.items():
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert sink not in source, (name, sink)


def test_the_surface_has_the_keys_and_is_cut() -> None:
    x, y = np.linspace(-1, 1, 4), np.linspace(0, 2, 3)
    values = np.arange(12.0).reshape(3, 4)
    names = {name: name for name in ("kernel", "keys", "first", "second", "height")}
    keys, heights = np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([0.75, 0.25])
    figure = surface_figure(x, y, values, keys, heights, ["it", "</s>"], names, "dark")
    surface, points = figure.data
    np.testing.assert_array_equal(surface.z, np.minimum(values, CUT * 0.75))
    np.testing.assert_array_equal(points.z, heights)
    assert list(points.text) == ["it", "</s>"]


def test_the_surface_as_svg_is_the_same_picture() -> None:
    """Near faces hide far ones, all of it is in the frame, the keys lie on the surface, and a token is never markup."""
    x, y = np.linspace(-1, 1, 5), np.linspace(0, 2, 4)
    values = 0.5 - x[None] * 0.05 - y[:, None] * 0.1
    names = {name: name for name in ("kernel", "keys", "first", "second", "height")}
    place = np.array([[x[2], y[1]]])
    document = surface_svg(x, y, values, place, values[1:2, 2], ["<s>"], names, "light")
    root = ElementTree.fromstring(document)
    ns = "{http://www.w3.org/2000/svg}"
    paths = [each for each in root.iter(f"{ns}path") if each.get("fill") != "none"]
    assert len(paths) == 4 * 3
    corners = [np.array(re.findall(r"[-\d.]+", each.get("d", "")), float).reshape(-1, 2) for each in paths]
    lowest = [points[:, 1].max() for points in corners]
    assert lowest.index(max(lowest)) == len(paths) - 1  # the nearest face is drawn last
    size = np.array([float(root.get(name, "0")) for name in ("width", "height")])
    assert all(((points >= 0) & (points <= size)).all() for points in corners)
    circle = next(root.iter(f"{ns}circle"))
    key = np.array([float(circle.get(name, "0")) for name in ("cx", "cy")])
    assert min(np.linalg.norm(points - key, axis=1).min() for points in corners) < 0.2  # a corner of the grid
    assert "<s>" in [each.text for each in root.iter(f"{ns}text")]
