# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures against their targets, as a table, as JSON, or as lines for tools/check."""

import json
import os
import platform
import statistics


class Figure:
    """One promise: a number, how it was got, and what it must reach.

    slack widens the target in quick mode, where few samples on a busy machine must not fail for
    nothing; a limit of 0 (no growth) stays 0.
    """

    def __init__(self, name, value, unit, relation, target, parts, slack=1.0):
        self.name, self.value, self.unit = name, value, unit
        self.relation, self.target, self.parts = relation, target, parts
        self.slack = slack

    def reached(self, quick=False):
        slack = self.slack if quick else 1.0
        if self.relation == "<=":
            return self.value <= self.target * slack
        return self.value >= self.target / slack

    def as_dict(self):
        return {"name": self.name, "value": round(self.value, 4), "unit": self.unit,
                "relation": self.relation, "target": self.target, "reached": self.reached(),
                "parts": self.parts}


class Unmeasured:
    """A promise that this machine cannot be asked about."""

    def __init__(self, name, reason):
        self.name, self.reason = name, reason

    @staticmethod
    def reached(_quick=False):
        return True

    def as_dict(self):
        return {"name": self.name, "unmeasured": self.reason}


def spread(samples):
    """Median and quartiles of a list of samples."""
    low, middle, high = statistics.quantiles(samples, n=4)
    return {"n": len(samples), "median": round(middle, 3), "p25": round(low, 3),
            "p75": round(high, 3)}


def _part(value):
    if isinstance(value, dict) and "median" in value:
        return f"{value['median']:.2f} ({value['p25']:.2f} to {value['p75']:.2f})"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def line(figure):
    if isinstance(figure, Unmeasured):
        return f"{figure.name:34} not measured: {figure.reason}"
    parts = "; ".join(f"{key} {_part(value)}" for key, value in figure.parts.items())
    return (f"{figure.name:34} {figure.value:8.2f} {figure.unit:4} {figure.relation} "
            f"{figure.target:<5g} {'ok' if figure.reached() else 'MISSED':6}  {parts}")


def tap(figure):
    if isinstance(figure, Unmeasured):
        return f"skip bench.{figure.name.replace(' ', '_')} {figure.reason}"
    word = "ok" if figure.reached(quick=True) else "not ok"
    return f"{word} bench.{figure.name.replace(' ', '_')}\n# {line(figure)}"


def machine():
    with open("/proc/cpuinfo") as file:
        names = [x.split(":")[1].strip() for x in file if x.startswith("model name")]
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) >> 10
    return {"kernel": platform.release(), "cpu": names[0] if names else platform.machine(),
            "cpus": os.cpu_count(), "memory_mib": memory, "load": os.getloadavg()}


def as_json(figures, about):
    return json.dumps({"version": 1, "machine": about,
                       "figures": [figure.as_dict() for figure in figures]}, indent=2)
