"""The bundle: every module once, every name once, every text in one table."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from viz.browser import STRINGS
from viz.browser.bundle import FOLDER, bundle, css, join, module_files, sheet_files, streamlit_js
from viz.browser.codes import FILE
from viz.browser.html import to_html
from viz.browser.payload import AttentionMap, Axis, decode_header, encode_attention


def sources():
    return {name: (FOLDER / f"{name}.js").read_text("utf-8") for name in module_files()}


def test_every_module_of_the_folder_is_in_the_bundle_of_a_host():
    bundles = "".join(bundle(name) for name in module_files() if name.startswith("host_"))
    for name in module_files():
        assert f"// --- {name}.js\n" in bundles, name


def test_the_bundle_has_no_import_and_only_the_hosts_of_others_an_export():
    for script in (bundle(), bundle("host_html")):
        assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    assert re.findall(r"^export .*", streamlit_js(), re.MULTILINE) == ["export default function (component) {"]
    assert re.findall(r"^export .*", bundle("host_widget"), re.MULTILINE) == ["export default { render: showWidget };"]


def test_no_template_goes_over_the_end_of_a_line():
    """The bundle drops indentation, which would change such a text."""
    for name, source in sources().items():
        assert [line for line in source.splitlines() if line.count("`") % 2] == [], name


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ('import { gone } from "./a.js";\n', "gone, which a.js does not export"),
        ('import { here } from "./later.js";\n', "does not come before"),
        ('import * as a from "./a.js";\n', "another form"),
    ],
)
def test_an_import_that_cannot_be_joined_is_refused(source, match):
    with pytest.raises(ValueError, match=match):
        join({"a": "export const here = 1;\n", "b": source})


def test_every_text_is_in_the_table_and_every_row_is_used():
    """Texts are asked for by a key, or by the beginning of one that data completes: ``words(`view_${name}`)``."""
    code = "\n".join(sources().values())
    begun = set(re.findall(r"words\(`(\w+)\$\{", code)) | {"kind_", "title_"}
    named = set(re.findall(r'"([a-z][a-z0-9_]+)"', code))
    assert set(re.findall(r'words\("(\w+)"', code)) <= STRINGS.keys()
    assert {key for key in STRINGS if key not in named and not key.startswith(tuple(begun))} == set()
    assert {start for start in begun if not any(key.startswith(start) for key in STRINGS)} == set()


def test_the_style_sheet_uses_only_colours_that_exist():
    sheet = css()
    assert set(re.findall(r"var\((--atlas-[\w-]+)", sheet)) <= set(re.findall(r"(--atlas-[\w-]+):", sheet))


def test_every_style_sheet_is_in_and_styles_the_browser_only(tmp_path, monkeypatch):
    texts = {name: (FOLDER / f"{name}.css").read_text("utf-8") for name in sheet_files()}
    assert all(text in css() for text in texts.values())
    for name, text in texts.items():
        bare = re.sub(r"/\*.*?\*/|\([^()]*\)", "", text, flags=re.DOTALL)  # no comments, no :is(a, b)
        rules = [rule for rule in re.findall(r"([^{};]+)\{", bare) if "@" not in rule]
        selectors = [part.strip() for rule in rules for part in rule.split(",")]
        assert [part for part in selectors if not re.match(r"\.atlas\b|from$|to$|[\d.]+%$", part)] == [], name
    for name in ("zoo", "alpha", "style"):
        (tmp_path / f"{name}.css").touch()
    monkeypatch.setattr("viz.browser.bundle.FOLDER", tmp_path)
    assert sheet_files() == ["style", "alpha", "zoo"]


def test_files_stay_short():
    for path in FOLDER.iterdir():
        if path.is_file():
            assert len(path.read_text("utf-8").splitlines()) <= 300, path.name


def test_tokens_never_become_markup():
    for name, source in sources().items():
        for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert sink not in source, (name, sink)


class Scripts(HTMLParser):
    """Collects the page's elements."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def test_a_page_escapes_its_title_and_holds_only_our_scripts():
    axes = {"source": Axis(["</script><script>alert(1)</script>"], 'x"><script>')}
    maps = [AttentionMap("encoder", np.ones((1, 1, 1, 1)), "source", "source")]
    payload = encode_attention(maps, axes=axes, model={"name": "m", "hash": "0"}, lang='"><script>alert(2)</script>')
    page = to_html(payload, "</title><script>alert(3)</script>")
    parser = Scripts()
    parser.feed(page)
    assert [attributes.get("type") for tag, attributes in parser.elements if tag == "script"] == [
        "text/plain",
        "text/plain",
        "module",
    ]
    assert "<script>alert" not in page
    policy = next(attributes["content"] for _, attributes in parser.elements if "http-equiv" in attributes)
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not [attributes for _, attributes in parser.elements if {"src", "href"} & attributes.keys()]
    names = page.replace("http://www.w3.org/2000/svg", "")  # a namespace; nothing is fetched from there
    assert not re.search(r"""url\(|https?://""", names)


def test_bytes_that_are_no_payload_make_no_page():
    with pytest.raises(ValueError, match="cut off"):
        to_html(b"nonsense", "title")


@pytest.mark.parametrize(("tokens", "most"), [(64, 1.72e6), (128, 6.9e6)])
def test_a_page_of_twelve_layers_of_twelve_heads_stays_small(tokens, most):
    """A fifteenth of BertViz's page of the same maps, whatever the weights are: here no two are alike."""
    weights = np.random.default_rng(0).dirichlet(np.full(tokens, 0.3), (12, 12, tokens)).astype(np.float32)
    maps = [AttentionMap("encoder", weights, "source", "source")]
    axes = {"source": Axis([f"▁word{i}" for i in range(tokens)])}
    payload = encode_attention(maps, axes=axes, model={"name": "m", "hash": "0"}, room=FILE)
    assert decode_header(payload)["kinds"][0]["bits"] == 16
    assert len(to_html(payload, "title").encode()) <= most
