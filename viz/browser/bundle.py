"""Join plain ES modules into one script; no npm, no bundler. They lie in this folder, or in one beside it too.

The modules come in the order of their imports. Each becomes a function of its own that returns what it exports, so
that names inside are its own; an import takes from there. What a bundler would check is checked: every import names
an export of an earlier module. A host module comes last and stays as it is, for its own exports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from viz.browser import STRINGS
from viz.style import css_variables

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"\.(?:\./browser)?/(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_COMMENT = re.compile(r"^[ ]*(?:/\*\*.*?\*/|//(?! ---)[^\n]*)\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^ +", re.MULTILINE)  # no template of ours goes over a line's end, a test says
_EXPORTED = re.compile(r"^export (?:async )?(?:function\*?|class|const)\s+([\w$]+)", re.MULTILINE)


def join(sources: Mapping[str, str]) -> str:
    """Join modules (name -> source, in order) into one script, without comments; the last one's own exports stay.

    Raises ``ValueError`` if an import has no earlier export.
    """
    exports: dict[str, set[str]] = {}
    parts = []
    for number, (module, source) in enumerate(sources.items(), 1):
        for names, origin in _IMPORT.findall(source):
            _check_import(module, names, origin, exports)
        body = _IMPORT.sub(r"const {\1} = $\2;\n", source)
        if re.search(r"^import\b", body, re.MULTILINE):
            raise ValueError(f'{module}.js has an import of another form; write import {{ name }} from "./module.js";')
        exports[module] = set(_EXPORTED.findall(source))
        body = _INDENT.sub("", _COMMENT.sub("", _EXPORT.sub("", body))).strip()
        if number < len(sources):
            returned = ", ".join(sorted(exports[module]))
            body = f"const ${module} = (() => {{\n{body}\nreturn {{ {returned} }};\n}})();"
        parts.append(f"// --- {module}.js\n{body}\n")
    return "\n".join(parts)


@cache
def bundle(host: str | None = None) -> str:
    """Return the whole renderer as one script, with the last lines of a host (``host_*.js``) if named."""
    table = f"const STRINGS = {json.dumps(STRINGS, indent=2)};\n"
    return table + join(in_order(host or "render"))


def in_order(last: str, folder: Path = FOLDER) -> dict[str, str]:
    """Return a module's source after those of all that it imports, by name; what `folder` lacks comes from this one.

    Raises ``ValueError`` where modules import each other in a circle.
    """
    imports: dict[str, list[str]] = {}
    sources: dict[str, str] = {}
    waiting = [last]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        sources[name] = _read(name, folder)
        imports[name] = [origin for _, origin in _IMPORT.findall(sources[name])]
        waiting += imports[name]
    try:
        return {name: sources[name] for name in TopologicalSorter(imports).static_order()}
    except CycleError as error:
        raise ValueError(f"modules import each other in a circle: {' -> '.join(error.args[1])}") from error


def streamlit_js() -> str:
    """Return the script for ``st.components.v2.component(js=...)``; its ``data`` is the payload's bytes."""
    return bundle("host_streamlit")


def reply_js() -> str:
    """Return the script of the component that hands answers to the browser; its ``data`` is a reply's bytes."""
    return bundle("host_reply")


@cache
def css() -> str:
    """Return the style sheet of every host: the colours of ``viz.style``, ``style.css``, then each view's sheet."""
    return css_variables() + "\n".join((FOLDER / f"{name}.css").read_text("utf-8") for name in sheet_files())


def _read(module: str, folder: Path) -> str:
    own = folder / f"{module}.js"
    return (own if own.exists() else FOLDER / own.name).read_text("utf-8")


def _check_import(module: str, names: str, origin: str, exports: Mapping[str, set[str]]) -> None:
    if origin not in exports:
        raise ValueError(f"{module}.js imports {origin}.js, which does not come before it")
    missing = {name.strip() for name in names.split(",") if name.strip()} - exports[origin]
    if missing:
        raise ValueError(f"{module}.js imports {', '.join(sorted(missing))}, which {origin}.js does not export")


def sheet_files() -> Sequence[str]:
    """Names of all style sheets in the folder, without the ending: first the one that the others refine."""
    return sorted((path.stem for path in FOLDER.glob("*.css")), key=lambda name: (name != "style", name))


def module_files() -> Sequence[str]:
    """Names of all modules in the folder, without the ending."""
    return sorted(path.stem for path in FOLDER.glob("*.js"))
