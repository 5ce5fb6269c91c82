# SPDX-License-Identifier: LGPL-2.1-or-later
"""The integration tests of libcontainer and its successors, by their names (docs/LIBCONTAINER.md)."""

import os
import re

from harness import compiled

CONTAINED = True
PROGRAMS = ("api_lcinit", "api_lcexec", "api_lcmounts", "api_lcusers")


def _source(program):
    return f"tests/live/{program}.c"


def _names(program):
    with open(os.path.join(compiled.TOP, _source(program))) as file:
        return re.findall(r'^\t    {"(\w+)", test_', file.read(), re.M)


def test_all(world, names):
    for program in PROGRAMS:
        wanted = [name for name in _names(program) if name in names]
        if wanted:
            done = world.run([compiled.program(world, _source(program)), *wanted], timeout=100)
            print(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"),
                  sep="", flush=True)


test_all.family = [name for program in PROGRAMS for name in _names(program)]
