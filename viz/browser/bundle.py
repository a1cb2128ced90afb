"""Join the plain ES modules of this folder into one script; no npm, no bundler.

The modules are read in ``MODULES`` order, their import lines and ``export`` keywords are taken away, and
what a bundler would check is checked: every import names an export of an earlier module, and no
top-level name is defined twice. A host module comes last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from viz.browser import STRINGS
from viz.style import css_variables

FOLDER = Path(__file__).parent
MODULES = (
    "color",
    "theme",
    "payload",
    "matrix",
    "text",
    "address",
    "layout",
    "labels",
    "readout",
    "overview",
    "detail",
    "render",
)
HOSTS = ("host_streamlit", "host_html")
"""A notebook host (anywidget: ``export default { render }``) is one more short module here."""

_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_DEFINITION = re.compile(
    r"^(export )?(?:default )?(?:async )?(?:function\*?|class|const|let|var)\s+([\w$]+)", re.MULTILINE
)


def join(sources: Mapping[str, str]) -> str:
    """Join modules (name -> source, in order) into one script.

    Raises ``ValueError`` if a top-level name is defined twice or an import has no earlier export.
    """
    owners: dict[str, str] = {}
    exports: dict[str, set[str]] = {}
    parts = []
    for module, source in sources.items():
        for names, origin in _IMPORT.findall(source):
            _check_import(module, names, origin, exports)
        exports[module] = set()
        for exported, name in _DEFINITION.findall(source):
            if name in owners:
                raise ValueError(f"{name!r} is defined in {owners[name]}.js and in {module}.js; rename one")
            owners[name] = module
            if exported:
                exports[module].add(name)
        body = _EXPORT.sub("", _IMPORT.sub("", source))
        if re.search(r"^import\b", body, re.MULTILINE):
            raise ValueError(f'{module}.js has an import of another form; write import {{ name }} from "./module.js";')
        parts.append(f"// --- {module}.js\n{body.strip()}\n")
    return "\n".join(parts)


@cache
def bundle(host: str | None = None) -> str:
    """Return the whole renderer as one script, with the last lines of a host from ``HOSTS`` if named."""
    table = f"const STRINGS = {json.dumps(STRINGS, indent=2)};\n"
    sources = {name: _read(name) for name in (*MODULES, *([host] if host else []))}
    return join({"strings": table, **sources})


def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``; its ``data`` is the payload's bytes."""
    return bundle("host_streamlit")


@cache
def css() -> str:
    """Return the style sheet of every host: the colours of ``viz.style`` and ``style.css``."""
    return css_variables() + (FOLDER / "style.css").read_text("utf-8")


def _read(module: str) -> str:
    return (FOLDER / f"{module}.js").read_text("utf-8")


def _check_import(module: str, names: str, origin: str, exports: Mapping[str, set[str]]) -> None:
    if origin not in exports:
        raise ValueError(f"{module}.js imports {origin}.js, which does not come before it in MODULES")
    missing = {name.strip() for name in names.split(",") if name.strip()} - exports[origin]
    if missing:
        raise ValueError(f"{module}.js imports {', '.join(sorted(missing))}, which {origin}.js does not export")


def module_files() -> Sequence[str]:
    """Names of all modules in the folder, without the ending."""
    return sorted(path.stem for path in FOLDER.glob("*.js"))
