"""Linear maps of few rows, which take another way through the matrix, against those of many."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from transformer.projections import Linear


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_map_is_the_same_for_few_rows_and_for_many(count, bias):
    linear = Linear(24, 40, bias).double()
    x = torch.randn(3, 8, 24, dtype=torch.double)
    together = linear(x).flatten(0, 1)[:count]
    few = linear(x.flatten(0, 1)[:count, None])
    assert few.shape == (count, 1, 40)
    assert few.is_contiguous()
    assert_close(few[:, 0], together)
