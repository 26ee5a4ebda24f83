"""Batches packed by length: texts of like length together, each batch within a token budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TOKEN_BUDGET = 2048
"""Padded tokens in one batch; the fastest of 1,024 to 16,384 on two CPU cores (benchmarks/README.md)."""

CHARACTERS_PER_TOKEN = 20
"""A text is cut to this many characters a token before tokenizing. English runs at 4 to 5, so the cut
falls far beyond the window; it keeps a text of megabytes from taking minutes."""


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
