# SPDX-License-Identifier: LGPL-2.1-or-later
"""How samples are taken."""

import statistics


def interleave(count, *functions):
    """Samples of each function in turn, so that a drift of the machine meets all alike."""
    results = [[] for _ in functions]
    for function in functions:
        function()  # caches
    for _ in range(count):
        for result, function in zip(results, functions):
            result.append(function())
    return results


def median(samples):
    return statistics.median(samples)
