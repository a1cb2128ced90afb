"""A step of a chapter as the page shows it: the message of its picture, the numbers of its text, its code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from app_pages.chapters import chapter
from app_pages.chapters.walk import Walk
from app_pages.i18n import translate_all, translator
from viz.walkthrough import STRINGS
from viz.walkthrough.scene import encode_scene

ROOT = Path(__file__).parents[2]


def show(walk: Walk, number: int, step: int, chosen: tuple[int, ...], language: str) -> tuple[bytes, dict[str, Any]]:
    """Compute a step (counted from 0) with the options chosen, in the order of its choices."""
    shown = chapter(number).steps[step]
    options = {choice.name: option for choice, option in zip(shown.choices, chosen, strict=True)}
    figures = shown.draw(walk, options, translator(language))
    message = encode_scene(
        figures,
        id=f"{number}-{shown.name}",
        about=f"{walk.translator.name} {walk.languages} {walk.text} {walk.translation}",
        lang=language,
        strings=translate_all(STRINGS, language),
    )
    return message, {**model_facts(walk), **shown.facts(walk, options)}


def model_facts(walk: Walk) -> Mapping[str, Any]:
    """Numbers that any lesson may name."""
    sizes, link = walk.config, walk.link
    return {
        "model": walk.translator.name,
        "d_model": sizes.d_model,
        "d_head": sizes.head_size,
        "d_ff": f"{sizes.d_ff:,}",
        "activation": {"relu": "ReLU", "gelu": "GELU", "silu": "SiLU"}[sizes.activation],
        "root": f"{sizes.head_size**0.5:g}",
        "num_heads": sizes.num_heads,
        "encoder_layers": sizes.num_encoder_layers,
        "decoder_layers": sizes.num_decoder_layers,
        "all_heads": sizes.num_heads * sizes.num_encoder_layers,
        "vocab_size": f"{sizes.vocab_size:,}",
        "max_length": sizes.max_length,
        "source_pieces": len(walk.source.pieces),
        "target_pieces": len(walk.writes.pieces),
        "parameters": f"{sum(each.numel() for each in walk.translator.model.parameters()):,}",
        "link_query": walk.source.pieces[link.query].replace("▁", ""),
        "link_key": walk.source.pieces[link.key].replace("▁", ""),
        "link_layer": link.layer + 1,
        "link_head": link.head + 1,
        "link_weight": f"{link.weight:.2f}",
        "link_even": f"{1 / len(walk.source.pieces):.2f}",
    }


def code(reference: str) -> tuple[str, str]:
    """Where the code of a reference of `Step.code` stands, and its very lines, without what it says of itself."""
    module_name, name, *part = reference.split(":", 2)
    found: Any = import_module(module_name)
    for each in name.split("."):
        found = getattr(found, each)
    lines, first = inspect.getsourcelines(found)
    lines = textwrap.dedent("".join(lines)).splitlines()
    file = Path(inspect.getsourcefile(found) or "").relative_to(ROOT)
    if part:
        begin, _, end = part[0].partition(" … ")
        start = next(i for i, line in enumerate(lines) if line.strip().startswith(begin))
        stop = next(i for i, line in enumerate(lines) if i >= start and line.strip().startswith(end)) if end else start
        first, lines = first + start, lines[start : stop + 1]
    else:
        lines = without_docstring(lines)
    return f"{file}:{first}", textwrap.dedent("\n".join(lines))


def without_docstring(lines: list[str]) -> list[str]:
    """The lines of one function or class, without its docstring."""
    (definition,) = ast.parse("\n".join(lines)).body
    assert isinstance(definition, (ast.FunctionDef, ast.ClassDef))
    if ast.get_docstring(definition) is None:
        return lines
    said = definition.body[0]
    after = lines[said.end_lineno :]
    return [*lines[: said.lineno - 1], *(after if after[:1] != [""] else after[1:])]
