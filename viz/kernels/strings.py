"""Every text the pictures of the kernel lens can show, in English; a host passes the same keys in the header."""

from __future__ import annotations

STRINGS: dict[str, str] = {
    # --- all views
    "query": "query",
    "key": "key",
    "title_encoder": "Encoder self-attention",
    "title_decoder": "Decoder self-attention",
    "title_cross": "Cross-attention",
    "lens_head": "{kind} · layer {layer} · head {head}",
    "kernel": "Kernel",
    "degree": "Degree",
    "kernel_exponential": "exponential",
    "kernel_rbf": "RBF",
    "kernel_polynomial": "polynomial",
    "kernel_linear": "linear",
    "kernel_linear_nonnegative": "linear, never negative",
    "as_trained": "{kernel} (as trained)",
    "take_away": "Take away",
    "take_png": "These pictures, PNG",
    "take_svg": "These pictures, SVG",
    "take_csv": "The numbers, CSV",
    "bad_degree": (
        "The degree must be even and at least 2: an odd power keeps the sign, and weights would be negative."
    ),
    "no_degree": "The degree is empty: give an even number, at least 2.",
    "picture_stays": "The picture stays as it was.",
    "picture_trained": "The picture shows the model as it was trained.",
    # --- one query
    "choose_query": "Query: the word that looks",
    "bandwidth": "Bandwidth (temperature)",
    "bandwidth_number": "Bandwidth as a number",
    "bad_bandwidth": (
        "A bandwidth must be above 0: at 0 the kernel would be divided by nothing. Towards 0 all weight goes to the "
        "key whose kernel is largest."
    ),
    "no_bandwidth": (
        "The linear kernel is negative in places, so it has no root and no power: there is no bandwidth to change."
    ),
    "lens_kernel": "query “{query}”, kernel: {kernel}, bandwidth: {bandwidth}",
    "line_title": "The kernel along its axis, and the weight of each key",
    "line_note": "Each stem is a key that this query sees; its height is its weight. Hollow: hidden from this query.",
    "line_note_position": (
        "Each stem is a key; its height is its weight. This model multiplies the kernel by one of position, so "
        "weights stand off the curve."
    ),
    "axis_weight": "kernel over its sum = weight",
    "axis_exponential": "q · k ÷ {scale}",
    "axis_rbf": "distance ‖q − k‖",
    "axis_polynomial": "q · k, of which the power {degree} is the kernel",
    "axis_linear": "q · k",
    "axis_linear_nonnegative": "φ(q) · φ(k), φ(x) = elu(x) + 1",
    "plane_title": "The same in the plane of queries and keys",
    "plane_note": (
        "PCA of all queries and keys together: this plane holds {share} of their variance. Each line: {factor} "
        "times the kernel of the one before, for a key that lies in this plane; a stronger shade is a larger kernel. A "
        "disc's area is its key's true weight: a heavy key may lie in the pale part, by the directions that the plane "
        "does not show. Small dots: other queries."
    ),
    "plane_note_signed": (
        "PCA of all queries and keys together: this plane holds {share} of their variance. The lines are evenly "
        "spaced, the thick one is zero: keys beyond it get negative weights, drawn as rings. Small dots: other queries."
    ),
    "values_title": "The output is the weighted mean of the values",
    "values_note": (
        "PCA of the values: this plane holds {share} of their variance. Each value pulls by its weight; the grey ring "
        "is the output that the model recorded."
    ),
    "output": "output",
    "table_title": "Keys of this query with their weights",
    "column_exponential": "q · k ÷ √d",
    "column_rbf": "‖q − k‖",
    "column_polynomial": "q · k",
    "column_linear": "q · k",
    "column_linear_nonnegative": "φ(q) · φ(k)",
    "column_weight": "kernel ÷ sum",
    "column_recorded": "recorded weight",
    "agrees": (
        "This is exactly the model's attention: the largest difference to a recorded weight is {weights}, to a "
        "component of the recorded output {output}."
    ),
    "differs": (
        "The model has another kernel or bandwidth: the largest difference to a recorded weight is {weights}, to a "
        "component of the recorded output {output}."
    ),
    "spoken_keys": "“{query}” gives most to “{key}”, {weight}, of {count} keys.",
    # --- the running model
    "filters": "Set filters: which keys each query may see",
    "filter_trained": "as trained",
    "filter_everything": "everything",
    "filter_causal": "causal",
    "filter_window": "window",
    "filter_strided": "strided",
    "filter_padding": "padding",
    "filter_memory": "extra memories",
    "filter_spoken": "{seen} of the pairs of query and key are seen",
    "running_summary": (
        "Log-probability of the translation: {before} as it stands, {after} now ({change}). The next-piece "
        "distributions move by {divergence} nats a step (Kullback–Leibler)."
    ),
    "map_visible": "Who sees whom",
    "map_before": "Weights as they stand",
    "map_after": "Weights now",
    "map_spoken": "“{query}” gives most to “{key}”, {weight}.",
    "map_hint": (
        "Rows are queries, columns are keys; the stronger the colour, the larger the weight, up to 1. Point at a cell "
        "of any map, or use the arrow keys."
    ),
    "map_axes": "Rows are queries, columns are keys; the stronger the colour, the larger the weight.",
    "map_read": "{query} → {key}: weight {before} as it stands, {after} now.",
    "map_read_hidden": "{query} → {key}: not seen; weight {before} as it stands, {after} now.",
    "steps_title": "Each piece of the translation, given those before it",
    "step_piece": "piece",
    "step_before": "log-probability, nats",
    "step_after": "now",
    "step_divergence": "divergence, nats",
    # --- the gallery
    "gallery_map": "Weights",
    "gallery_map_signed": "Weights, signed, cut at ±1",
    "gallery_difference": "Minus the recorded weights",
    "gallery_eigenvalues": "Eigenvalues of the Gram matrix",
    "gallery_eigenvalues_spoken": "the smallest is {smallest} of the largest size",
    "gallery_entropy": "entropy, bits",
    "gallery_distance": "share of weight moved",
    "gallery_moved": "layer's output moves",
    "gallery_smallest": "smallest eigenvalue",
    "gallery_psd": "positive semi-definite",
    "yes": "yes",
    "no": "no",
    "no_gram": "not symmetric",
    "gallery_spoken": "{distance} of the weight moved, the layer's output by {moved}",
    "gallery_outside": (
        "Weights outside [0, 1]: {outside} of {count}, from {lowest} to {highest}. Positive and negative kernel values "
        "cancel: those of “{query}” add up to {total} of their sizes together, and everything is divided by that."
    ),
    "gallery_legend": (
        "Differences are coloured from −1 to 1. The output moves by the norm of its change over its norm, all heads "
        "of the layer joined. A Gram matrix holds the kernel of each two of the points: if it is symmetric and none "
        "of its eigenvalues is below zero (positive semi-definite), the kernel is an inner product of features, a "
        "proper measure of likeness. Eigenvalues are over the largest size."
    ),
    "rbf_penalty": (
        "RBF is the exponential kernel of 2 q · k with a penalty on the length of the key, ‖k‖² ÷ √d: computed both "
        "ways, no weight differs by more than {error}."
    ),
    "recorded": "recorded",
    # --- the zoo
    "zoo_models": "Eight translators, each trained with its own kernel: choose one",
    "zoo_failed": "training failed",
    "zoo_nothing": "It wrote nothing.",
    "zoo_score": "log-probability {score} · {pieces} pieces · entropy {entropy} bits",
    "zoo_score_signed": "log-probability {score} · {pieces} pieces · weights from {lowest} to {highest}",
    "zoo_map": "weights of this head",
    "zoo_hint": "Point at a cell to read its weight; in the encoder, where all read the same pieces, in all.",
    "zoo_legend": (
        "Rows are queries, columns are keys. Blue: weight, from 0 to 1. Where weights are signed: red below zero, blue "
        "above, cut at ±1. Layer and head have the same number in each model, but nothing makes them alike: each model "
        "learned its own. The log-probability is of what the model wrote itself."
    ),
}
