"""What is taken away: pictures with the numbers, tables that read back exactly, Python that gives a number again."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.scenes import HOSTILE, as_shown, payload_of, scene_page
from viz.browser import decode_header, decode_weights, with_reference
from viz.style import HEADS, PAGE

SVG = "{http://www.w3.org/2000/svg}"
SELECTION = {"kind": "cross", "layer": 1, "head": 2}
CHANGES = [{"type": "head", **SELECTION, "how": "off"}, {"type": "mask", "position": 2}]
FIGURES = {
    "lines": "pictures.linesFigure(scene)",
    "matrix": "pictures.matrixFigure(scene)",
    "numbers": "pictures.matrixFigure(scene, {numbers: true})",
    "overview": "pictures.overviewFigure(atlas, {title: 'Every head', caption: ['Below'], lang: 'en'})",
}
HEAD = """const {atlas} = document.getElementById("atlas").attentionBrowser; const {scene} = atlas.panel;"""


@pytest.fixture
def show(page, tmp_path: Path):
    """Open a payload's page at an address; any error on the page fails the test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    def open_page(payload, query="?view=lines&weight=0"):
        path = tmp_path / "page.html"
        path.write_text(scene_page(payload), "utf-8")
        page.goto(f"{path.as_uri()}{query}")
        page.wait_for_selector("button.head[aria-selected=true]")
        return page

    yield open_page
    assert problems == []


def take(page, expression):
    """The value of an expression of `scene`, `atlas` and `pictures`."""
    return page.evaluate(f"async () => {{ {HEAD} return {expression}; }}")


def svg(page, name):
    return ElementTree.fromstring(take(page, f"pictures.figureSvg({FIGURES[name]})"))


def png(page, name, ratio=1):
    data = take(
        page,
        f"""await pictures.figurePngBlob({FIGURES[name]}, {ratio}).then((blob) => new Promise((done) => {{
            const reader = new FileReader(); reader.onload = () => done(reader.result); reader.readAsDataURL(blob);
        }}))""",
    )
    return np.asarray(Image.open(io.BytesIO(b64decode(data.partition(",")[2]))).convert("RGB"), dtype=float)


def texts(tree):
    return [element.text for element in tree.iter(f"{SVG}text")]


@pytest.mark.parametrize("changes", [[], CHANGES], ids=["plain", "changed"])
@pytest.mark.parametrize("name", FIGURES)
def test_both_papers_show_the_same_picture(show, page, tmp_path, name, changes):
    show(payload_of(selection=SELECTION, changes=changes), "?view=lines&weight=0&pins=q3&heads=1.8")
    painted = png(page, name)
    (tmp_path / "figure.svg").write_text(take(page, f"pictures.figureSvg({FIGURES[name]})"), "utf-8")
    height, width, _ = painted.shape
    page.set_viewport_size({"width": width, "height": height})
    page.goto((tmp_path / "figure.svg").as_uri())
    drawn = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), dtype=float)
    assert drawn.shape == painted.shape
    assert np.ptp(painted) > 100  # there is something
    assert np.abs(drawn - painted).mean() < 2.5
    assert (np.abs(drawn - painted).max(-1) > 100).mean() < 0.01  # edges of letters at most


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_has_the_page_of_its_theme_and_says_what_it_shows(show, page, scheme):
    page.emulate_media(color_scheme=scheme)
    show(payload_of(selection=SELECTION))
    background = PAGE["background"].of(scheme)
    assert "#{:02x}{:02x}{:02x}".format(*png(page, "matrix")[0, 0].astype(int)) == background
    for name in ("lines", "matrix"):
        tree = svg(page, name)
        found = texts(tree)
        assert tree.find(f"{SVG}title").text == found[0] == "Cross-attention · layer 2 · head 3"
        assert {"query", "key", "guide"} <= set(found)
        assert "The animal didn't cross it → Das Tier kreuzte." in " ".join(found)


def test_a_picture_of_lines_has_the_lines(show, page):
    payload = payload_of(selection=SELECTION)
    show(payload, "?view=lines&top=2&weight=0.05")
    weights = decode_weights(payload, "cross")[1, 2].astype(np.float32)
    expected = sum((np.sort(row)[-2:] >= 0.05).sum() for row in weights)
    paths = [path for path in svg(page, "lines").iter(f"{SVG}path") if "C" in path.get("d")]
    assert {path.get("stroke") for path in paths} == {HEADS[2].light}
    assert sum(path.get("d").count("C") for path in paths) == expected


def opacities(page, color):
    paths = [path for path in svg(page, "lines").iter(f"{SVG}path") if path.get("stroke") == color]
    return np.array([float(path.get("stroke-opacity", 1)) for path in paths])


INK = """() => {
  const canvas = document.querySelector(".lines-all");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value, i) => (i % 4 === 3 ? sum + value : sum), 0);
}"""


def test_of_several_heads_the_one_that_is_switched_off_is_paler_in_the_picture_and_on_the_page(show, page):
    colors = [HEADS[2].light, HEADS[7].light]
    found = []
    for changes in ([], CHANGES):
        show(payload_of(selection=SELECTION, changes=changes), "?view=lines&weight=0&heads=1.8")
        painted = page.evaluate(INK)
        found.append(([opacities(page, color) for color in colors], painted))
    (plain, ink), (changed, less) = found
    assert len(plain[0]) > 8 and np.allclose(changed[0], 0.45 * plain[0], atol=0.011)
    assert np.array_equal(changed[1], plain[1])
    assert 0.5 * ink < less < 0.9 * ink  # half of the lines lost half of their ink
    assert page.locator(".view.silent").count() == 0
    page.get_by_role("tab", name="Matrix").click()
    assert page.locator(".view.silent").count() == 1


def test_a_picture_of_a_matrix_is_as_pale_as_the_head_is_off(show, page):
    pictures = []
    for changes in ([], CHANGES[:1]):
        show(payload_of(selection=SELECTION, changes=changes), "?view=matrix")
        pictures.append(png(page, "matrix")[60:-70])
    plain, pale = pictures
    assert np.ptp(plain) > 200
    assert np.abs(pale - (255 - 0.45 * (255 - plain))).max() < 3


@pytest.mark.parametrize("name", ["lines", "matrix"])
def test_a_hidden_word_is_struck_out_in_the_picture(show, page, name):
    show(payload_of(selection=SELECTION, changes=CHANGES))
    struck = [text.text for text in svg(page, name).iter(f"{SVG}text") if text.get("text-decoration")]
    assert struck == ["animal"] == page.locator(".token.masked:visible").all_inner_texts()


def test_pins_are_in_the_picture_with_their_weights(show, page):
    payload = payload_of(selection=SELECTION)
    show(payload, "?view=lines&pins=q3")
    weights = decode_weights(payload, "cross")[1, 2].astype(np.float32)
    shown = [text for text in texts(svg(page, "lines")) if re.fullmatch(r"<?\d\.\d\d|0", text)]
    assert shown == [as_shown(weight, 2) for weight in weights[2]]


def test_a_picture_of_a_matrix_has_every_cell_in_its_colour(show, page):
    payload = payload_of(selection={"kind": "decoder", "layer": 0, "head": 0})
    show(payload, "?view=matrix")
    weights = decode_weights(payload, "decoder")[0, 0].astype(np.float32)
    tree = svg(page, "numbers")
    frame = tree.find(f"{SVG}g/{SVG}g")
    cells = {}
    for path in frame.iter(f"{SVG}path"):
        for x, y, width, _ in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)", path.get("d")):
            cells[round(float(y) / float(width)), round(float(x) / float(width))] = path.get("fill")
    assert cells.keys() == set(np.ndindex(weights.shape))
    scale = take(page, "scene.theme.scale")
    for place, color in cells.items():
        share = np.sqrt(weights[place])
        near = [scale[int(np.clip(np.round(255 * share) + step, 0, 255))] for step in (-1, 0, 1)]
        assert [int(color[i : i + 2], 16) for i in (1, 3, 5)] in near
    assert cells[0, 5] == PAGE["background"].light  # what is masked disappears
    numbers = [text.text for text in frame.iter(f"{SVG}text")]
    assert numbers == [as_shown(weight, 2).replace("0.", ".") for weight in weights.ravel()]
    assert [text for text in texts(tree) if text in ("0", "0.25", "1")][-3:] == ["0", "0.25", "1"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("minus", ["", "&minus=2.4"])
def test_numbers_on_cells_can_be_read(show, page, scheme, minus):
    page.emulate_media(color_scheme=scheme)
    show(payload_of(source=[f"▁{i}" for i in range(20)], selection=SELECTION), f"?view=matrix{minus}")
    frame = svg(page, "numbers").find(f"{SVG}g/{SVG}g")
    fills = {}
    for path in frame.iter(f"{SVG}path"):
        for x, y, width in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path.get("d")):
            fills[int(float(x) // float(width)), int(float(y) // float(width))] = path.get("fill")
    cell = float(re.search(r"h([\d.]+)v", next(frame.iter(f"{SVG}path")).get("d"))[1])
    for text in frame.iter(f"{SVG}text"):
        ground = fills[int(float(text.get("x")) // cell), int(float(text.get("y")) // cell)]
        assert contrast(text.get("fill"), ground) >= 4.5, (text.get("fill"), ground)


def contrast(first, second):
    """WCAG 2 contrast ratio of two #rrggbb colours."""

    def luminance(color):
        channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted(map(luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["lines", "matrix"])
def test_tokens_in_svg_are_text(show, page, name):
    show(
        payload_of(
            source=HOSTILE, writes=[*HOSTILE, "</s>"], selection=SELECTION, text="<b>&\x00", translation="\u202e"
        )
    )
    tree = svg(page, name)
    assert {element.tag.removeprefix(SVG) for element in tree.iter()} <= {"svg", "title", "path", "text", "g"}
    tokens = {text.removeprefix("·") for text in texts(tree)}  # the mark of a piece that goes on a word
    assert any(token.startswith("</script>") for token in tokens)
    assert {"=1+1", 'a"b,c', "&amp;"} <= tokens
    assert not [name for element in tree.iter() for name in element.attrib if name.startswith("on")]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_reads_back_as_the_same_floats(show, page):
    payload = payload_of(selection=SELECTION)
    show(payload, "?view=lines&heads=1.8")
    text = take(page, "pictures.weightsCsv(scene)")
    assert text.count("\r\n") == text.count("\n")
    rows = rows_of(text)
    weights = decode_weights(payload, "cross").astype(np.float32)
    axes = decode_header(payload)["axes"]
    assert len(rows) == 2 * weights[0, 0].size
    seen = set()
    for row in rows:
        layer, head, query, key = (int(row[name]) - 1 for name in ("layer", "head", "query_position", "key_position"))
        seen.add((layer, head))
        assert np.float32(row["weight"]) == weights[layer, head, query, key]
        assert row["kind"] == "cross"
        assert (row["query"], row["key"]) == (axes["target"]["tokens"][query], axes["source"]["tokens"][key])
    assert seen == {(1, 2), (0, 7)}
    objects = json.loads(take(page, "pictures.weightsJson(scene)"))
    assert objects["about"]["model"] == {"name": "guide", "hash": "0" * 64}
    assert [{name: str(value) for name, value in item.items()} for item in objects["weights"]] == [
        {**row, "weight": str(float(row["weight"]))} for row in rows
    ]


def test_numbers_of_a_difference_say_minus_what_and_are_those_on_the_screen(show, page):
    payload = payload_of(selection=SELECTION)
    show(payload, "?view=matrix&heads=1.8.3&mean=1&minus=2.5")
    page.locator("details.numbers summary").click()
    expect(page.locator("table.weights").first).to_be_visible()  # the tables are written once they are opened
    shown = [
        float(value) for value in page.locator("table.weights data").evaluate_all("all => all.map((e) => e.value)")
    ]
    rows = rows_of(take(page, "pictures.weightsCsv(scene)"))
    assert {row["minus"] for row in rows} == {"layer 2 · head 5"}
    weights = decode_weights(payload, "cross").astype(np.float32)
    places = {
        ("2", "3"): weights[1, 2],
        ("1", "8"): weights[0, 7],
        ("", "mean"): (weights[1, 2] + 3 * weights[0, 7]) / 4,
    }
    for (layer, head), expected in places.items():
        found = [float(row["difference"]) for row in rows if (row["layer"], row["head"]) == (layer, head)]
        np.testing.assert_allclose(found, (expected - weights[1, 4]).ravel(), atol=1e-6)
    np.testing.assert_allclose(found, shown, atol=1e-6)
    about = json.loads(take(page, "pictures.weightsJson(scene)"))
    assert about["about"]["minus"] == "layer 2 · head 5" and len(about["weights"]) == len(rows)
    name = take(page, "pictures.fileName(scene, 'weights', 'csv')")
    assert name == "guide-cross-layer2-head3-minus-layer2-head5-weights.csv"


def test_each_head_is_compared_with_itself_before_the_changes(show, page):
    payload = payload_of(selection=SELECTION)
    show(with_reference(payload, payload), "?view=lines&heads=1.8&minus=before")
    assert take(page, "scene.maps.map(({ values }) => Math.max(...values.map(Math.abs)))") == [0, 0]
    assert take(page, "scene.signed")


def test_every_float_is_written_in_the_fewest_digits(show, page):
    show(payload_of())
    values = np.random.default_rng(0).random(2000, dtype=np.float32) ** 8
    values = np.concatenate([values, np.float32([0, 1, 0.1, -0.3, 1e-38, 3e-45, 16777216])])
    written = page.evaluate("values => values.map((value) => pictures.floatText(value))", [float(x) for x in values])
    assert [np.float32(text) for text in written] == list(values)
    assert [float(text) for text in written] == [float(str(value)) for value in values]  # numpy's shortest


def test_a_spreadsheet_computes_nothing(show, page):
    tokens = ["=1+1", "+1", "-1", "@SUM(A1)", '"', "a,b", "a\nb", "\tx"]
    show(payload_of(source=tokens, selection=SELECTION))
    rows = rows_of(take(page, "pictures.weightsCsv(scene)"))
    keys = [row["key"] for row in rows[: len(tokens)]]
    assert keys == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", '"', "a,b", "a\nb", "'\tx"]


def test_eight_bits_are_no_table(show, page):
    show(payload_of(bits=8, selection=SELECTION))
    for name in ("weightsCsv", "weightsJson"):
        message = take(
            page, f"(() => {{ try {{ return pictures.{name}(scene); }} catch (error) {{ return error.message; }} }})()"
        )
        assert message.startswith("This page holds these numbers only roughly")


def test_a_file_is_downloaded_under_a_plain_name(show, page):
    show(payload_of(selection=SELECTION))
    with page.expect_download() as waiting:
        take(
            page,
            """pictures.saveFile(pictures.fileName({...scene, header: {model: {name: "../my model"}}}, "lines", "csv"),
               pictures.textBlob(pictures.weightsCsv(scene), "text/csv"))""",
        )
    assert waiting.value.suggested_filename == "my_model-cross-layer2-head3-lines.csv"
    data = Path(waiting.value.path()).read_bytes()
    assert data.decode("utf-8-sig") == take(page, "pictures.weightsCsv(scene)")
    assert data.startswith(b"\xef\xbb\xbf")  # without it, spreadsheets take Japanese for something else


def python_of(page, header, selection, cell, changes=None):
    expression = f"pictures.pythonCode({json.dumps(header)}, {json.dumps(selection)}, {json.dumps(cell)}"
    return take(page, f"{expression}{', ' + json.dumps(changes) if changes is not None else ''})")


@pytest.mark.parametrize(
    ("changes", "decoding"),
    [("", {}), ("", {"beam_size": 3, "length_penalty": 1.0}), ("off.c.1.2~token.e.0.3.2~mask.2~force.1.9", {}),
     ("uniform.d.0.1", {"temperature": 0.8, "top_k": 5, "top_p": 0.9, "seed": 3})],
)  # fmt: skip
def test_the_python_gives_the_number_again(show, page, capsys, changes, decoding):
    import torch

    from app_pages.analysis import analyse
    from transformer import load_translator

    torch.set_num_threads(1)
    payload = analyse(load_translator("small"), "A cat is black.", "en", "de", changes=changes, **decoding)
    show(payload)
    header = decode_header(payload)
    for kind, layer, head, query, key in (("encoder", 1, 3, 2, 4), ("decoder", 0, 1, 2, 1), ("cross", 1, 0, 1, 3)):
        code = python_of(page, header, {"kind": kind, "layer": layer, "head": head}, {"query": query, "key": key})
        exec(compile(code, "shown", "exec"), {})
        printed = float(capsys.readouterr().out)
        assert printed == pytest.approx(decode_weights(payload, kind)[layer, head, query, key], abs=2e-5)


@pytest.mark.parametrize(
    "text",
    [
        "He said \"no\" \\ ''' {x} $a `b`",
        "a\nb\tc\r\x07",
        "日本語の文。\u2028\u202egnp\u00a0",
        "\U0001f600 %s",
        "\\u0041",
    ],
)
def test_any_sentence_is_safe_python(show, page, text):
    show(payload_of())
    header = {**decode_header(payload_of()), "text": text, "direction": "en-ja"}
    code = python_of(page, header, SELECTION, None, [])
    tree = ast.parse(code)
    found = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(found["text"]) == text
    assert ast.unparse(found["trace"]) == "translator.trace(text, 'ja')"
    assert len(code.splitlines()) == 7
    assert ast.unparse(tree.body[-1]) == "print(trace['decoder.layers.1.cross_attention.weights'][0, 2])"


@pytest.mark.parametrize("missing", ["text", "direction", "model"])
def test_numbers_from_elsewhere_have_no_python(show, page, missing):
    show(payload_of())
    header = {name: value for name, value in decode_header(payload_of()).items() if name != missing}
    assert python_of(page, header, SELECTION, None, []) is None
