"""Tables 1 and 3 of Vaswani et al. 2017 (arXiv 1706.03762v7), as printed."""

from __future__ import annotations

COMPLEXITY = (
    ("O(n² d)", "O(1)", "O(1)"),
    ("O(n d²)", "O(n)", "O(n)"),
    ("O(k n d²)", "O(1)", "O(log_k n)"),
    ("O(r n d)", "O(1)", "O(n / r)"),
)

HEADS_OF_TABLE_3 = ("N", "d_model", "d_ff", "h", "d_k", "d_v", "dropout", "ε")
# Group, N, d_model, d_ff, h, d_k, d_v, dropout, label smoothing, perplexity, BLEU, million parameters.
TABLE_3: tuple[
    tuple[
        str,
        int | None,
        int | None,
        int | None,
        int | None,
        int | None,
        int | None,
        float | None,
        float | None,
        float,
        float,
        int | None,
    ],
    ...,
] = (
    ("base", 6, 512, 2048, 8, 64, 64, 0.1, 0.1, 4.92, 25.8, 65),
    ("A", None, None, None, 1, 512, 512, None, None, 5.29, 24.9, None),
    ("A", None, None, None, 4, 128, 128, None, None, 5.00, 25.5, None),
    ("A", None, None, None, 16, 32, 32, None, None, 4.91, 25.8, None),
    ("A", None, None, None, 32, 16, 16, None, None, 5.01, 25.4, None),
    ("B", None, None, None, None, 16, None, None, None, 5.16, 25.1, 58),
    ("B", None, None, None, None, 32, None, None, None, 5.01, 25.4, 60),
    ("C", 2, None, None, None, None, None, None, None, 6.11, 23.7, 36),
    ("C", 4, None, None, None, None, None, None, None, 5.19, 25.3, 50),
    ("C", 8, None, None, None, None, None, None, None, 4.88, 25.5, 80),
    ("C", None, 256, None, None, 32, 32, None, None, 5.75, 24.5, 28),
    ("C", None, 1024, None, None, 128, 128, None, None, 4.66, 26.0, 168),
    ("C", None, None, 1024, None, None, None, None, None, 5.12, 25.4, 53),
    ("C", None, None, 4096, None, None, None, None, None, 4.75, 26.2, 90),
    ("D", None, None, None, None, None, None, 0.0, None, 5.77, 24.6, None),
    ("D", None, None, None, None, None, None, 0.2, None, 4.95, 25.5, None),
    ("D", None, None, None, None, None, None, None, 0.0, 4.67, 25.3, None),
    ("D", None, None, None, None, None, None, None, 0.2, 5.47, 25.7, None),
    ("E", None, None, None, None, None, None, None, None, 4.92, 25.7, None),
    ("big", 6, 1024, 4096, 16, None, None, 0.3, None, 4.33, 26.4, 213),
)
