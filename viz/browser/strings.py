"""Every text of the browser's pictures, in English; ``more_strings`` has the others, ``viz.browser.STRINGS`` all.

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
    "matrix_first": "The matrix shows {head}, the first of the {count} chosen heads; “{lines}” shows them all.",
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
    "lines_picture": "Lines from each query on the left to the keys on the right, {heads}. Strongest: {links}.",
    "lines_shown": "{shown} of {all} lines shown",
    "link": "“{query}” attends {weight} to “{key}”",
    "link_of_head": "“{query}” attends {weight} to “{key}” ({head})",
    "difference_link": "{weight} from “{query}” to “{key}”",
    "difference_of_head": "{weight} from “{query}” to “{key}” ({head})",
    "partner": "“{token}” {weight}",
    "partner_of_head": "“{token}” {weight} ({head})",
    "query_partners": "{token}, attends to {partners}",
    "key_partners": "{token}, attended to by {partners}",
    "no_partners": "{token}, no weight above 0",
    # --- matrix
    "title_minus": "minus {other}",
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
    "neuron_squares": "(q − k)²",
    "neuron_features": "φ(q) × φ(k)",
    "neuron_dot_product": "q · k",
    "neuron_distance": "‖q − k‖²",
    "neuron_feature_product": "φ(q) · φ(k)",
    "neuron_divided": "÷ {scale}",
    "neuron_score": "score",
    "neuron_weight": "weight",
    "neuron_hidden": "hidden",
    "neuron_sum": "q · k = Σ q × k = {dot}",
    "neuron_scaled": "÷ {scale} = {score}",
    "neuron_kernel_name": "kernel: {kernel}",
    "neuron_sum_squares": "‖q − k‖² = Σ (q − k)² = {dot}",
    "neuron_scaled_log": "÷ {scale} = {score}, the kernel's logarithm",
    "neuron_powered": "kernel = {power} = {score}",
    "neuron_sum_features": "kernel = φ(q) · φ(k) = Σ φ(q) × φ(k) = {score}, with φ(x) = elu(x) + 1",
    "neuron_log_ratio": (
        "kernel / Σ kernels: exp({score} − max {highest}) / Σ exp = {exponential} / {total} = {weight}"
    ),
    "neuron_kernel": "score = kernel(q, k) = {score}, kernel: {kernel}",
    "neuron_kernel_position": (
        "score = {score}, of kernel(q, k) and the positions; kernel: {kernel}, positions: {position}"
    ),
    "kernel_exponential": "exponential",
    "kernel_rbf": "RBF",
    "kernel_polynomial": "polynomial",
    "kernel_linear": "linear",
    "kernel_linear_nonnegative": "linear, never negative",
    "neuron_softmax": "softmax: exp({score} − max {highest}) / Σ exp = {exponential} / {total} = {weight}",
    "neuron_ratio": "kernel / Σ kernels = {score} / {total} = {weight}",
    "neuron_normalised": "normalised over the keys = {weight}",
    "neuron_overruled": "but a change of yours sets the weight to {weight}",
    "neuron_hidden_step": "hidden: this query may not look there, so the weight is {weight}",
    "neuron_largest": "Largest component, {index}: {reading}",
    "neuron_component": "Component {index}: {reading}",
    "neuron_reading": "q {q} × k {k} = {product}",
    "neuron_reading_squares": "(q {q} − k {k})² = {product}",
    "neuron_reading_features": "φ(q {q}) × φ(k {k}) = {product}",
    "neuron_components": "All {count} components of this pair as numbers",
    "neuron_scale_vectors": "components of q and k (square-root colour scale)",
    "neuron_scale_products": "components of {product} (square-root colour scale)",
    "neuron_strip_q": "The {count} components of q of “{query}” as colours",
    "neuron_strips": "For each key the {count} components of k, and of {product}, as colours",
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
}
