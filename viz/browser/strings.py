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
    "view_lines": "Lines",
    "view_matrix": "Matrix",
    "view_neuron": "Query × key",
    "view_meaning": "What it means",
    "view_decoding": "Decoding",
    "mean_of": "mean of {count} heads",
    "changed": "changed",
    "not_offered": "This can only be computed where the model runs.",
    "cell_read": "weight of this cell",
    "cell_strongest": "strongest weight",
    "cell_strongest_off_diagonal": "strongest weight between two different words",
    "writes": "then writes “{token}”",
    "strongest_keys": "Strongest keys of this query",
    "scale_sqrt": "weight (square-root colour scale)",
    "scale_linear": "weight (linear colour scale)",
    "scale_difference": "difference: this minus {other}",
    "hint": "Point at a cell, or use the arrow keys. Click to pin a cell; Esc unpins it.",
    "empty": "There is no attention to show.",
    "unreadable": "This attention data cannot be read here: {reason}",
    # --- lines
    # --- matrix
    "cell_difference": "difference in this cell",
    "cell_largest": "largest difference",
    "largest_differences": "Largest differences of this query",
    "before_changes": "the same head, unchanged",
    "in_other_text": "the same head in the other text",
    "another_head": "another head",
    # --- neuron
    # --- meaning
    # --- facts and measures
    "sort_by": "Sort heads by",
    "by_layers": "layer and head",
    "sort": "sort",
    "at_least": "at least",
    "scan": "Switch off each head in turn",
    "cancel": "Cancel",
    "importance_about": "How much less likely the translation becomes without the head (natural logarithm).",
    "fact_importance": "importance",
    # --- changes
    "what_if": "What if",
    "this_head": "this head",
    "hide_word": "nobody sees",
    "head_as_is": "works as learned",
    "head_off": "is switched off",
    "head_uniform": "looks everywhere alike",
    "head_token": "looks only at",
    "no_word": "no word hidden",
    "undo": "Undo",
    "redo": "Redo",
    "reset": "Reset",
    "undo_one": "Take back: {change}",
    "says_off": "{head} is switched off",
    "says_uniform": "{head} looks everywhere alike",
    "says_token": "{head} looks only at “{token}”",
    "says_mask": "nobody sees “{token}”",
    "says_force": "step {step} writes “{token}”",
    # --- decoding
    # --- reading aids
    "reading_aids": "Reading aids",
    "whole_words": "whole words",
    "hide_marks": "without marks such as </s>",
    "strongest_count": "lines a query",
    "all_keys": "all",
    "least_weight": "lines from weight",
    "scale_choice": "colour scale",
    "choice_sqrt": "square root",
    "choice_linear": "linear",
    "minus": "minus",
    "nothing": "nothing",
    "several_heads": "a click adds a head",
    "several_hint": "Or hold Ctrl, Shift or ⌘ while you click another head.",
    "whole_layer": "All heads of this layer",
    "one_head": "This head alone",
    "average": "averaged into one",
    "share": "share of {head}",
    "take_away_head": "Take {head} away",
    # --- take away
    # --- hosts and channel
    "pooled": "Long text: a dot is the largest of {queries} × {keys} weights; "
    "in the large picture too, while it shows “…”.",
    "old_browser": "This browser is too old for this page. A current Firefox, Chrome, Edge or Safari shows it.",
    "kernel_silent": "The kernel does not answer. Wait until it is idle, or run the cell again.",
    "not_in_file": "Not in this file: open the app, or the notebook that made the file, to see this.",
}
