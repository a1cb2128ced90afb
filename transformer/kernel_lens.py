"""The kernel lens: one head's attention as a kernel smoother, and what other kernels would make of its q and k.

Attention is a smoother (Tsai et al. 2019, section 2): a query's weights are a kernel over the visible keys, divided by
its sum, and its output is the mean of the values under these weights. Everything here is computed from the recorded
vectors of one head, in float64.

Letters: (Q)ueries, (K)eys, (N) points, d = width of a head, D = d_model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from transformer.attention import MultiHeadAttention
from transformer.changes import KINDS, check_head
from transformer.config import KERNELS, Choice
from transformer.kernels import Kernel, LogKernel, make_kernel
from transformer.models import EncoderDecoder
from transformer.projections import merge_heads

SHARED = ("keys", "queries")  # whose map serves both sides of a symmetric kernel: W_k or W_q


@dataclass(frozen=True)
class HeadRecord:
    """What one head computed on a sentence; `factor` is position's part, the logarithm of what multiplies the kernel.

    `symmetric` has the two sides of a kernel with one map for both, by the map's name in `SHARED`.
    """

    kernel: Choice
    q: Tensor  # (Q, d)
    k: Tensor  # (K, d)
    v: Tensor  # (K, d)
    scores: Tensor  # (Q, K)
    factor: Tensor  # (Q, K)
    visible: Tensor  # (Q, K) booleans
    weights: Tensor  # (Q, K)
    outputs: Tensor  # (Q, d)
    layer_output: Tensor  # (Q, D): all heads of the layer, joined
    w_o: Tensor  # (d, D): this head's rows of W_o
    symmetric: Mapping[str, tuple[Tensor, Tensor]]
    same: bool  # queries and keys are the same tokens


@torch.no_grad()
def head_record(model: EncoderDecoder, trace: Mapping[str, Tensor], kind: str, layer: int, head: int) -> HeadRecord:
    """Collect one head of a recorded pass over one sentence; ValueError if there is no such head."""
    config = model.config
    check_head(config, kind, layer, head)
    path = KINDS[kind].format(layer)
    attention = model.get_submodule(path)
    assert isinstance(attention, MultiHeadAttention)  # as all that this project builds are
    q, k, v, scores, content, weights, outputs = (
        trace[f"{path}.{name}"][0, head].double()
        for name in ("q", "k", "v", "scores", "content_scores", "weights", "head_outputs")
    )
    log_scores = (each if isinstance(attention.kernel, LogKernel) else each.log() for each in (scores, content))
    factor = torch.zeros_like(scores) if torch.equal(scores, content) else _difference(*log_scores)
    size = config.value_size
    return HeadRecord(
        getattr(config, f"{kind}_attention").kernel,
        q,
        k,
        v,
        scores,
        factor,
        trace[f"{path}.visible"][0, 0].expand_as(weights),
        weights,
        outputs,
        trace[f"{path}.output"][0].double(),
        attention.w_o.weight[:, head * size : (head + 1) * size].mT.double(),
        _symmetric(attention, trace, path, head, (q, k), kind == "cross"),
        kind != "cross",
    )


def _difference(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).nan_to_num(0.0)


def _symmetric(
    attention: MultiHeadAttention,
    trace: Mapping[str, Tensor],
    path: str,
    head: int,
    recorded: tuple[Tensor, Tensor],
    crosses: bool,
) -> dict[str, tuple[Tensor, Tensor]]:
    """Both sides through one map. In self-attention they read the same states, so that one side is the other."""
    q, k = recorded
    if not crosses:
        return {"keys": (k, k), "queries": (q, q)}
    layer = path.rpartition(".")[0]
    norm = f"{layer}.cross_attention_norm"
    pre = torch.equal(trace[f"{norm}.input"], trace[f"{layer}.residual_mid"])  # pre-norm normalises what it reads
    targets = trace[f"{norm}.output"] if pre else trace[f"{layer}.residual_mid"]
    sources = trace["encoder.output"]
    line = {side: torch.arange(states.size(1)) for side, states in (("targets", targets), ("sources", sources))}
    by_keys = attention.keys_values(targets, targets, line["targets"])[0]
    position = attention.position
    by_queries = attention.projection.queries(position.add(sources, line["sources"]))
    by_queries = position.rotate(by_queries, line["sources"])
    return {"keys": (by_keys[0, head].double(), k), "queries": (q, by_queries[0, head].double())}


def kernel_of(name: str, degree: int | None = None, trained: Choice | None = None) -> Kernel:
    """Make a kernel by its name, with the options that it was trained with where it is the trained one.

    ValueError, with a sentence, for a degree that lets weights be negative.
    """
    if degree is not None and name == "polynomial":
        return make_kernel(Choice(name, {"degree": degree}))
    return make_kernel(trained if trained is not None and trained.name == name else Choice(name))


def smooth(
    kernel: Kernel, q: Tensor, k: Tensor, visible: Tensor, temperature: float = 1.0, factor: Tensor | None = None
) -> Tensor:
    """Return the weights (Q, K) of a kernel smoother: K(q, k) ** (1 / temperature) over its sum.

    `factor` (Q, K) is the logarithm of a second kernel, such as position's, that multiplies the first. For the
    exponential kernel the temperature is softmax's; for RBF it is the square of the bandwidth, in units of d ** (1/4).

    Raises
    ------
    ValueError
        If the temperature is not above 0, or the kernel is signed and has no power but 1.
    """
    if not temperature > 0:
        raise ValueError(f"the bandwidth must be above 0, got {temperature}: at 0 the kernel is no function any more")
    scores = kernel(q, k) if factor is None else kernel.multiply(kernel(q, k), factor)
    return kernel.normalize(kernel.power(scores, 1 / temperature), visible)


# --- the plane that queries and keys are drawn in ---


@dataclass(frozen=True)
class Plane:
    """Two directions (2, d), at right angles, through an origin (d,), and the share of the variance that they hold."""

    origin: Tensor
    axes: Tensor
    share: float

    def project(self, points: Tensor) -> Tensor:
        """(N, d) -> (N, 2)."""
        return (points - self.origin) @ self.axes.mT

    def lift(self, places: Tensor) -> Tensor:
        """(..., 2) -> (..., d): the points of the plane itself."""
        return self.origin + places @ self.axes


def principal_plane(*sets: Tensor) -> Plane:
    """Fit the plane of the largest variance to sets of points (N, d), all together: their common basis (PCA).

    An axis points to where its largest component is positive, so that a picture does not turn over by chance.
    """
    points = torch.cat(sets)
    origin = points.mean(0)
    _, sizes, directions = torch.linalg.svd(points - origin)
    axes = F.pad(directions[:2], (0, 0, 0, max(0, 2 - len(directions))))
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    total = sizes.square().sum()
    return Plane(origin, axes, float(sizes[:2].square().sum() / total) if total > 0 else 1.0)


@dataclass(frozen=True)
class Surface:
    """A smoother of two dimensions: the kernel of one query over a plane, divided by its sum over the keys there.

    `x` (X,) and `y` (Y,) are places along the axes, `values` (Y, X) the surface; `keys` (K, 2) are the places of the
    visible keys and `heights` (K,) their weights there, which lie on the surface.
    """

    x: Tensor
    y: Tensor
    values: Tensor
    keys: Tensor
    heights: Tensor


def surface(record: HeadRecord, kernel: Kernel, plane: Plane, query: int, steps: int = 41) -> Surface:
    """Lay one query's kernel over a plane, with the query itself as it is and its visible keys put into the plane."""
    keys, own = plane.project(record.k[record.visible[query]]), record.q[query : query + 1]
    places = torch.cat((keys, plane.project(own)))
    low, high = places.min(0).values, places.max(0).values
    margin = 0.15 * (high - low).clamp_min(1e-9)
    share = torch.linspace(0, 1, steps, dtype=low.dtype)[:, None]
    x, y = ((low - margin) * (1 - share) + (high + margin) * share).unbind(-1)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)
    scores = kernel(own, plane.lift(torch.cat((grid, keys))))[0]
    counted = torch.arange(len(scores)) >= len(grid)
    if isinstance(kernel, LogKernel):
        values = (scores - scores[counted].logsumexp(0)).exp()
    else:
        values = scores / scores[counted].sum()
    return Surface(x, y, values[~counted].view(steps, steps), keys, values[counted])


# --- the gallery: every kernel on the same vectors ---


@dataclass(frozen=True)
class KernelReading:
    """What a kernel makes of a head: its map, and in numbers how it differs from what was trained.

    `entropy` is in bits, a mean over the queries; None where a weight is negative. `distance` is the mean over the
    queries of half the sum of |w - w_trained|. `moved` is the norm of the change of the layer's output, all heads
    joined, over the output's own. `lowest`, `highest` and `outside` say where weights leave [0, 1]; `total` is the
    kernel sum that is nearest to zero among the queries', in units of the sum of the absolute values, and `worst` its
    query. `eigenvalues` are those of the Gram matrix over the largest size, in falling order, and None where there is
    no Gram matrix: it takes a symmetric kernel.
    """

    name: str
    weights: Tensor  # (Q, K)
    entropy: float | None
    distance: float
    moved: float
    lowest: float
    highest: float
    outside: int
    total: float
    worst: int
    eigenvalues: Tensor | None  # (N,)


EXACT = 1e-9  # rounding in float64: weights this far outside [0, 1], and eigenvalues this far below 0, are inside


def gallery(record: HeadRecord, symmetric: str | None = None, degree: int = 2) -> list[KernelReading]:
    """Read every kernel of `KERNELS`, as trained or with one map for both sides, by its name in `SHARED`."""
    sides = (record.q, record.k) if symmetric is None else record.symmetric[symmetric]
    return [_read(record, name, kernel_of(name, degree, record.kernel), *sides, symmetric) for name in KERNELS]


def _read(record: HeadRecord, name: str, kernel: Kernel, q: Tensor, k: Tensor, symmetric: str | None) -> KernelReading:
    trained = symmetric is None and name == record.kernel.name
    weights = smooth(kernel, q, k, record.visible, factor=record.factor if trained else None)
    shares = _shares(kernel, q, k, record.visible)
    worst = int(shares.abs().argmin())
    inside = weights.clamp_min(0)
    whole = weights.min() >= -EXACT
    change = merge_heads((weights - record.weights)[None] @ record.v) @ record.w_o
    points = None if symmetric is None else k if symmetric == "keys" else q
    return KernelReading(
        name,
        weights,
        float(mean_entropy(inside)) if whole else None,
        float((weights - record.weights).abs().sum(-1).mean() / 2),
        float(change.norm() / record.layer_output.norm()),
        float(weights.min()),
        float(weights.max()),
        int(((weights < -EXACT) | (weights > 1 + EXACT)).sum()),
        float(shares[worst]),
        worst,
        None if points is None else gram_eigenvalues(kernel, points),
    )


def mean_entropy(weights: Tensor) -> Tensor:
    """Entropy of weights (..., Q, K), none negative, in bits: a mean over the queries, (...)."""
    return torch.special.entr(weights).sum(-1).mean(-1) / math.log(2)


def _shares(kernel: Kernel, q: Tensor, k: Tensor, visible: Tensor) -> Tensor:
    """Sum of each query's kernel over its keys, over the sum of the absolute values (Q,): 1 where none is negative."""
    if isinstance(kernel, LogKernel):
        return torch.ones(len(q), dtype=q.dtype)
    values = torch.where(visible, kernel(q, k), 0.0)
    return values.sum(-1) / values.abs().sum(-1).clamp_min(torch.finfo(values.dtype).tiny)


def gram_eigenvalues(kernel: Kernel, points: Tensor) -> Tensor:
    """Eigenvalues (N,) of the matrix of a kernel between all points (N, d), over the largest size, falling.

    None is negative beyond rounding where the kernel is positive semi-definite on these points (Mercer).
    """
    scores = kernel(points, points)
    matrix = (scores - scores.max()).exp() if isinstance(kernel, LogKernel) else scores
    values = torch.linalg.eigvalsh((matrix + matrix.mT) / 2).flip(0)
    return values / values.abs().max().clamp_min(torch.finfo(values.dtype).tiny)


@dataclass(frozen=True)
class NormPenalty:
    """RBF beside its other form, exponential with a penalty on a key's length: the largest difference of two weights.

    softmax(-||q - k||^2 / sqrt(d)) = softmax(2 <q, k> / sqrt(d) - ||k||^2 / sqrt(d)), as ||q||^2 is the same for all
    keys of a query and goes out. `penalty` is ||k||^2 / sqrt(d).
    """

    error: float
    penalty: Tensor  # (K,)


def norm_penalty(record: HeadRecord) -> NormPenalty:
    """Compute RBF's weights both ways."""
    root = record.q.size(-1) ** 0.5
    penalty = record.k.square().sum(-1) / root
    exponential = kernel_of("exponential")
    weights = exponential.normalize(2 * record.q @ record.k.mT / root - penalty, record.visible)
    rbf = smooth(kernel_of("rbf"), record.q, record.k, record.visible)
    return NormPenalty(float((weights - rbf).abs().max()), penalty)


def queries_without_key(visible: Tensor) -> Sequence[int]:
    """Queries (Q, K) that see no key: their weights would be 0 / 0."""
    return [int(query) for query in (~visible.any(-1)).nonzero()[:, 0]]
