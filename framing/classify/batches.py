"""Batches packed by length: texts of like length together, each batch within a token budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TOKEN_BUDGET = 4096
"""Padded tokens in one batch; measured best of 1,024 to 16,384 on two CPU cores (benchmarks/throughput.py)."""


def pack_batches(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> list[NDArray[np.intp]]:
    """Return index arrays that cover `lengths` once, longest texts first.

    Within a batch, its size times its longest length is at most `budget`; a text longer than the
    budget gets a batch of its own. The order depends on `lengths` alone, so equal inputs are
    always batched alike.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    batches = []
    start = 0
    while start < len(order):
        longest = max(1, int(lengths[order[start]]))
        size = max(1, budget // longest)
        batches.append(order[start : start + size])
        start += size
    return batches
