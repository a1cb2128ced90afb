"""The attention browser in a notebook: arrays and strings in, a widget out. Needs anywidget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from viz.browser.answers import answer_weights
from viz.browser.bundle import bundle, css
from viz.browser.codes import FILE, NOTEBOOK, Room
from viz.browser.html import to_html
from viz.browser.inputs import Tokens, read_inputs
from viz.browser.payload import decode_header, encode_attention
from viz.browser.translations import strings_in

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        "attention_browser is a notebook widget and needs anywidget: run `pip install anywidget`, restart the kernel"
    ) from error


class AttentionBrowser(anywidget.AnyWidget):
    """Every head of one pass, to look at in a notebook; made by ``attention_browser``.

    ``selection`` is the head that is open, ``{"kind", "layer", "head"}``, counted from 0: it follows the reader, and
    the reader's view follows it. ``weights`` are the numbers of that head.
    """

    _esm = bundle("host_widget")
    _css = css()
    payload = traitlets.Bytes().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)

    def __init__(self, maps: Sequence[Any], axes: Mapping[str, Any], title: str, **header: Any) -> None:
        self._maps, self._axes, self._title, self._header = maps, axes, title, header
        first = {"kind": maps[0].kind, "layer": 0, "head": 0}
        super().__init__(
            payload=self._encode(NOTEBOOK, offers=["weights"], address=False),
            selection=header.get("selection") or first,
        )
        self.on_msg(self._answer)

    @property
    def weights(self) -> Any:
        """The weights of the open head, (queries, keys), as they were given."""
        item = next(item for item in self._maps if item.kind == self.selection["kind"])
        return item.weights[self.selection["layer"], self.selection["head"]]

    @traitlets.validate("selection")
    def _is_a_head(self, proposal: Mapping[str, Any]) -> Any:
        chosen = dict(proposal["value"])
        sizes = {item.kind: item.weights.shape[:2] for item in self._maps}
        layers, heads = sizes.get(chosen.get("kind"), (0, 0))
        if not (chosen.get("layer") in range(layers) and chosen.get("head") in range(heads)):
            known = ", ".join(
                f"{kind!r} has {layers} layers of {heads} heads" for kind, (layers, heads) in sizes.items()
            )
            raise ValueError(f"there is no head {chosen}; {known}, counted from 0")
        return {name: chosen[name] for name in ("kind", "layer", "head")}

    def to_html(self, path: str | Path) -> Path:
        """Write a page that shows the same offline, by double-click; return its path.

        It holds every number where that takes less than 20 MB. Of longer texts it holds pooled maps, and every number
        of the head that is open.
        """
        payload = self._encode(FILE, selection=dict(self.selection))
        replies = []
        if any(kind["pool"] != [1, 1] for kind in decode_header(payload)["kinds"]):
            request = {"what": "weights", **self.selection}
            replies.append((request, answer_weights(self._maps, request)))
            payload = self._encode(FILE, selection=dict(self.selection), offers=["weights"])
        path = Path(path)
        path.write_text(to_html(payload, self._title, replies), "utf-8")
        return path

    def _encode(self, room: Room, **header: Any) -> bytes:
        return encode_attention(self._maps, axes=self._axes, room=room, **{**self._header, **header})

    def _answer(self, _: Any, message: Any, buffers: Any) -> None:
        """Answer what the page asks; it waits for the message with the same id."""
        if isinstance(message, Mapping) and "request" in message:
            reply = answer_weights(self._maps, message["request"])
            self.send({"id": message.get("id")}, [reply])


def attention_browser(
    weights: Any,
    queries: Tokens,
    keys: Tokens | None = None,
    *,
    writes: Sequence[str] | None = None,
    query_lang: str = "",
    key_lang: str | None = None,
    model: str = "",
    title: str = "Attention",
    language: str = "en",
    selection: Mapping[str, Any] | None = None,
) -> AttentionBrowser:
    """Show every head of every layer in a notebook.

    Parameters
    ----------
    weights
        Attention weights between 0 and 1, of NumPy, PyTorch or any library that NumPy reads: (layers, heads, queries,
        keys), (heads, queries, keys), (queries, keys), or a list with an array a layer. A dict of such shows several
        kinds, ``{"encoder": ..., "decoder": ..., "cross": ...}``, of any depths and lengths.
    queries
        The tokens that look, one text a row. With a dict of kinds: the target's tokens, or a dict of lists.
    keys
        The tokens that are looked at, one text a column; the queries if left out. With a dict of kinds: the source's
        tokens, or a dict of lists.
    writes
        What the model goes on to write at each position of the target, where it writes.
    query_lang, key_lang
        Languages of the tokens, such as ``"de"``; fonts and screen readers follow them.
    model, title
        Names of the model, and of the page that ``to_html`` writes.
    language
        Language of the labels: ``"en"`` or ``"ja"``.
    selection
        The head that is open at first: ``{"kind": "cross", "layer": 2, "head": 0}``, counted from 0.

    Returns
    -------
    AttentionBrowser
        Shows itself as the last line of a cell. ``.to_html(path)`` writes an offline page of it.

    Raises
    ------
    ValueError, TypeError
        If shapes, tokens or weights do not fit together; the message says what to give instead.

    Examples
    --------
    >>> attention_browser(weights, ["The", "animal", "slept"])
    >>> attention_browser({"encoder": e, "decoder": d, "cross": c}, target_tokens, source_tokens).to_html("heads.html")
    """
    maps, axes = read_inputs(weights, queries, keys, writes=writes, query_lang=query_lang, key_lang=key_lang)
    header = {"model": {"name": model, "hash": ""}, "strings": strings_in(language), "lang": language}
    return AttentionBrowser(maps, axes, title, selection=selection, **header)
