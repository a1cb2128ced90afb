"""Every text the browser can show, in English; a host passes the same keys in the header's ``strings``.

One section a view, so that a text is found where it is used.
"""

from __future__ import annotations

STRINGS: dict[str, str] = {
    # --- overview, title and readout
    "kind_encoder": "Encoder",
    "kind_decoder": "Decoder",
    "kind_cross": "Cross",
    "kind_other": "{kind}",
    "title_encoder": "Encoder self-attention",
    "title_decoder": "Decoder self-attention",
    "title_cross": "Cross-attention",
    "overview": "Every head: rows are layers, columns are heads",
    "layer": "layer {layer}",
    "head_title": "{kind} · layer {layer} · head {head}",
    "head_tip": "layer {layer} · head {head}",
    "query": "query",
    "key": "key",
    "matrix": "Weights of {title}. Rows are queries, columns are keys. Arrow keys read the cells.",
    "cell_read": "weight of this cell",
    "cell_strongest": "strongest weight",
    "cell_strongest_off_diagonal": "strongest weight between two different words",
    "writes": "then writes “{token}”",
    "strongest_keys": "Strongest keys of this query",
    "scale": "weight (square-root colour scale)",
    "hint": "Point at a cell, or use the arrow keys. Click to pin a cell; Esc unpins it.",
    "empty": "There is no attention to show.",
    "unreadable": "This attention data cannot be read here: {reason}",
    # --- lines
    # --- matrix
    # --- neuron
    # --- meaning
    # --- facts and measures
    # --- changes
    # --- decoding
    # --- reading aids
    # --- take away
    # --- hosts and channel
    "not_in_file": "Not in this file: open the app, or the notebook that made the file, to see this.",
}
