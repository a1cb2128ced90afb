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
    "matrix": "Weights of {title}. Rows are queries, columns are keys. Arrow keys read the cells. {links}",
    "attends": "“{query}” attends {weight} to “{key}”",
    "view_lines": "Lines",
    "view_matrix": "Matrix",
    "view_neuron": "Query × key",
    "view_meaning": "What it means",
    "view_facts": "Facts",
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
    "answer_waiting": "Computing …",
    "answer_failed": "This could not be computed: {reason}",
    "answer_again": "Try again",
    "neuron_pair": "“{query}” looks at “{key}”",
    "neuron_spoken": "“{query}” attends {weight} to “{key}”: {steps}",
    "neuron_table": "One query against all keys: up and down choose the key, left and right the query",
    "neuron_hint": "Point at a row or a component. Arrow keys: ↑ ↓ key, ← → query, Shift + ← → component; Esc lets go.",
    "neuron_q": "q",
    "neuron_k": "k",
    "neuron_products": "q × k",
    "neuron_dot_product": "q · k",
    "neuron_divided": "÷ {scale}",
    "neuron_score": "score",
    "neuron_weight": "weight",
    "neuron_hidden": "hidden",
    "neuron_sum": "q · k = Σ q × k = {dot}",
    "neuron_scaled": "÷ {scale} = {score}",
    "neuron_kernel": "score = kernel(q, k) = {score}, kernel: {kernel}",
    "neuron_kernel_position": (
        "score = {score}, of kernel(q, k) and the positions; kernel: {kernel}, positions: {position}"
    ),
    "neuron_log_kernel": "score = log kernel(q, k) = {score}, kernel: {kernel}",
    "kernel_exponential": "exponential",
    "kernel_rbf": "RBF",
    "kernel_polynomial": "polynomial",
    "kernel_linear": "linear",
    "kernel_linear_nonnegative": "linear, never negative",
    "neuron_softmax": "softmax: exp({score} − max {highest}) / Σ exp = {exponential} / {total} = {weight}",
    "neuron_ratio": "score / Σ scores = {score} / {total} = {weight}",
    "neuron_normalised": "normalised over the keys = {weight}",
    "neuron_overruled": "but a change of yours sets the weight to {weight}",
    "neuron_hidden_step": "hidden: this query may not look there, so the weight is {weight}",
    "neuron_largest": "Largest component, {index}: q {q} × k {k} = {product}",
    "neuron_component": "Component {index}: q {q} × k {k} = {product}",
    "neuron_components": "All {count} components of this pair as numbers",
    "neuron_scale_vectors": "components of q and k (square-root colour scale)",
    "neuron_scale_products": "components of q × k (square-root colour scale)",
    "neuron_strip_q": "The {count} components of q of “{query}” as colours",
    "neuron_strips": "For each key the {count} components of k, and of q × k, as colours",
    # --- meaning
    "meaning_honest": (
        "A weight says how much of a key's value this head mixes in, not why the model answers as it does: quite "
        "other weights can lead to the same answer (Jain and Wallace 2019), yet that alone does not make them "
        "meaningless, so how much they explain has to be tested case by case (Wiegreffe and Pinter 2019)."
    ),
    "meaning_title": "How much each key matters to {query}",
    "meaning_table": "How much each key matters to “{query}”, by each method",
    "meaning_source_table": "Over the tokens of the source",
    "meaning_source_token": "source",
    "meaning_largest": "longest: {size}",
    "meaning_explains": "Gradient and occlusion explain {what}.",
    "meaning_agreement_table": "Rank correlation of the methods (Spearman's ρ)",
    "meaning_agreement": (
        "{count} of {all} pairs of methods rank the keys alike (ρ of {threshold} or more). Closest: {best}; farthest:"
        " {worst}."
    ),
    "meaning_pair": "{a} and {b} ({rho})",
    "meaning_few_keys": "This query sees too few keys ({count}) for a comparison of ranks to say much.",
    "meaning_definitions": "What each method measures",
    "method_raw": "weight",
    "method_raw_means": (
        "The attention weight itself: how much of the key's value this head mixes into the query's position."
    ),
    "method_norm": "norm",
    "method_norm_means": (
        "The length of what the key adds to the query's state, weight times v W_o: a large weight on a short value "
        "moves little (Kobayashi et al. 2020)."
    ),
    "method_rollout": "rollout",
    "method_rollout_means": (
        "How much of each source token has come to the query's position through all layers up to this one, if every "
        "layer keeps half and takes half from what its heads look at on average (Abnar and Zuidema 2020)."
    ),
    "method_gradient": "gradient",
    "method_gradient_means": (
        "Weight × the slope of the explained log-probability in that weight. Below zero, a little more weight here "
        "would make the answer less likely."
    ),
    "method_occlusion": "occlusion",
    "method_occlusion_means": (
        "By how much the explained log-probability falls when no head may see this token. Below zero, the answer "
        "becomes more likely without it."
    ),
    # --- facts and measures
    "sort_by": "Sort heads by",
    "by_layers": "layer and head",
    "sort": "sort",
    "at_least": "at least",
    "scan": "Switch off each head in turn",
    "cancel": "Cancel",
    "importance_about": "How much less likely the translation becomes without the head (natural logarithm).",
    "fact_importance": "importance",
    "fact_entropy": "entropy",
    "fact_breadth": "breadth",
    "fact_distance": "distance",
    "fact_self": "the token itself",
    "fact_previous": "previous token",
    "fact_next": "next token",
    "fact_first": "first token",
    "fact_end": "end mark",
    "fact_punctuation": "punctuation",
    "fact_alignment": "alignment",
    "fact_written": "source of the word to come",
    "fact_read": "source of the last word",
    "about_entropy": "in bits; 0 where all weight of a query is on one key",
    "about_breadth": "0 for one key a query, 1 for all keys that it sees alike",
    "about_distance": "from query to key, in tokens",
    "about_self": "share of the weight on the query's own position",
    "about_previous": "share of the weight on the position before",
    "about_next": "share of the weight on the position after",
    "about_first": "share of the weight on the tag or <s> at the beginning",
    "about_end": "share of the weight on </s>",
    "about_punctuation": "share of the weight on punctuation and apostrophes",
    "about_alignment": "1 where each query has a word of its own, right or wrong",
    "about_written": "share of the weight on the word that the next piece translates",
    "about_read": "share of the weight on the word that the query's own piece translates",
    "role_previous": "Looks at the previous token: {value} of its weight.",
    "role_next": "Looks at the next token: {value} of its weight.",
    "role_self": "Looks at the token itself: {value} of its weight.",
    "role_first": "Rests on the first token: {value} of its weight.",
    "role_end": "Rests on the end mark: {value} of its weight.",
    "role_punctuation": "Looks at punctuation: {value} of its weight.",
    "role_breadth": "Looks at most of the sentence at once: breadth {value}.",
    "role_written": "Looks at the source of the word to come: {value} of its weight.",
    "role_read": "Looks back at the source of the last word: {value} of its weight.",
    "role_measured": "The mean of {sentences} held-out sentences; on {steady} % of them it is {threshold} or more.",
    "no_role": "No clear role.",
    "no_role_measured": (
        "Nothing that would name one reaches {threshold}, in the mean of {sentences} held-out sentences and on "
        "{steady} % of them."
    ),
    "role_unknown": "Its role is not known: this model was not measured on other sentences.",
    "this_sentence": "this sentence",
    "held_out": "{sentences} held-out sentences",
    "even_head": "even head",
    "mean_and_range": "{mean} ({low}–{high})",
    "range_about": (
        "Of the held-out sentences: the mean, and from where to where eight in ten lie. An even head looks at all keys "
        "alike."
    ),
    "alignment_check": (
        "The alignment score does not know which words belong together. A statistical alignment of {links} words does; "
        "over the heads, the two agree with a rank correlation of {correlation}."
    ),
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
    "as_table": "The numbers as a table",
    "table_caption": "{head}: rows are queries, columns are keys",
    # --- take away
    "take_away": "Take away",
    "save_png": "This picture, PNG",
    "save_svg": "This picture, SVG",
    "save_overview": "All heads, PNG",
    "save_csv": "The numbers, CSV",
    "save_json": "The numbers, JSON",
    "save_html": "A page that works offline",
    "copy_link": "Copy the link to this view",
    "copy_python": "Copy the Python for this number",
    "working": "…",
    "saved": "Saved as {name}.",
    "copied": "Copied.",
    # --- hosts and channel
    "pooled": "Long text: a dot is the largest of {queries} × {keys} weights; "
    "in the large picture too, while it shows “…”.",
    "old_browser": "This browser is too old for this page. A current Firefox, Chrome, Edge or Safari shows it.",
    "kernel_silent": "The kernel does not answer. Wait until it is idle, or run the cell again.",
    "not_in_file": "Not in this file: open the app, or the notebook that made the file, to see this.",
}
