# SPDX-License-Identifier: LGPL-2.1-or-later
"""Find the tests, give each a world of its own, report."""

import importlib.util
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback

from . import census, cgroup, layer, sandbox
from .world import World

LIMIT = 120


class Skip(Exception):
    """Raised by a test with the reason why it cannot run here."""


class _Family:
    """Many small tests in one world: function(world, names) prints "case ok|not ok|skip NAME ..."."""

    def __init__(self, function, names):
        self.function, self.names = function, names

    def __call__(self, world):
        self.function(world, self.names)

    def verdicts(self, prefix, status, text):
        """A result for each name, whatever became of the world, and one more when that went wrong."""
        said = {m[2]: (m[1], m[3]) for m in re.finditer(r"^case (ok|not ok|skip) (\S+) ?(.*)$", text,
                                                        re.M)}
        for name in self.names:
            verdict, reason = said.get(name, ("not ok", ""))
            yield (f"{prefix}.{name}", {"ok": 0, "skip": 77}.get(verdict, 1), reason,
                   _about(name, text))
        if status:
            yield prefix, status, "", text


def _about(name, text):
    """What was printed since the case before."""
    end = re.search(rf"^case (?:not )?ok {name}$", text, re.M)
    return text[text.rfind("\ncase ", 0, end.start()) + 1:end.start()] if end else text


def discover(folder, words, contained):
    """contained: also what only a container can pass (CONTAINED of a file, .contained of a test).

    A test with .family, names, is one of these for each; `words` may pick some.
    """
    found = []
    for name in sorted(os.listdir(folder)):
        if not (name.startswith("test_") and name.endswith(".py")):
            continue
        spec = importlib.util.spec_from_file_location(name[:-3], os.path.join(folder, name))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if getattr(module, "CONTAINED", False) and not contained:
            continue
        for key, function in vars(module).items():
            title = f"{name[5:-3]}.{key[5:]}"
            wanted = contained or not getattr(function, "contained", False)
            family = [member for member in getattr(function, "family", ())
                      if all(w.removeprefix("test_") in f"{name[5:-3]}.{member}" for w in words)]
            if family:
                found.append((name[5:-3], _Family(function, family)))
                continue
            named = all(word.removeprefix("test_") in title for word in words)
            if wanted and key.startswith("test_") and named:
                found.append((title, function))
    return found


def _inside(function, product, reasons):
    world = World(product)
    try:
        world.start_sshd(*getattr(function, "sshd_lines", ()))
        before = census.take()
        function(world)
        world.close_terminals()
        left = census.left_behind(before)
        assert not left, "left behind:\n  " + "\n  ".join(left)
        return 0
    except Skip as skip:
        os.write(reasons, str(skip).encode())
        return 77
    except BaseException:
        traceback.print_exc()
        print("log:", *world.log[-20:], sep="\n  ", file=sys.stderr)
        return 1


def _quiet(function, output):
    os.dup2(output, 1)
    os.dup2(output, 2)
    return function()


class _Job:
    """One test in its world."""

    def __init__(self, number, test, context):
        self.title, self.function = test
        work, stage = context
        self.output = tempfile.TemporaryFile(dir=work)
        self.reasons = tempfile.TemporaryFile(dir=work)
        self.deadline = time.monotonic() + getattr(self.function, "limit", LIMIT)
        self.status = None
        self.box = sandbox.Sandbox(work, f"{os.getpid()}.{number}", stage)
        self.box.start(lambda: _quiet(lambda: _inside(self.function, bool(stage),
                                                      self.reasons.fileno()),
                                      self.output.fileno()))

    def is_over(self):
        self.status = self.box.poll()
        return self.status is not None or time.monotonic() > self.deadline

    def finish(self):
        """End the world; returns (title, status, reason of a skip, output) of each test."""
        left = self.box.stop()
        text, reason = _contents(self.output), _contents(self.reasons)
        if self.status is None:
            text += "time limit exceeded\n"
        if left:
            text += f"groups that would not go: {left}\n"
            self.status = self.status or 1
        if isinstance(self.function, _Family):
            return list(self.function.verdicts(self.title, self.status, text))
        return [(self.title, self.status, reason, text)]


def _contents(file):
    with file:
        file.seek(0)
        return file.read().decode(errors="replace")


def _results(tests, context, width):
    """Run that many worlds at a time; yields each result when it is there."""
    waiting, running = list(enumerate(tests)), []
    try:
        while waiting or running:
            while waiting and len(running) < width:
                running.append(_Job(*waiting.pop(0), context))
            for job in [job for job in running if job.is_over()]:
                running.remove(job)
                yield from job.finish()
            time.sleep(0.01)
    finally:
        for job in running:
            job.finish()


def _report(title, status, reason, text):
    if status == 0:
        print(f"ok {title}")
    elif status == 77:
        print(f"skip {title} {reason}")
    else:
        print(f"not ok {title}", *("  # " + line for line in text.splitlines()), sep="\n")
    sys.stdout.flush()


def run(folder, words, prefix, width):
    """prefix: a staged install tree, or None for the baseline; width: worlds at a time."""
    if os.geteuid() != 0:
        print("needs root", file=sys.stderr)
        return 2
    if prefix and not layer.find(prefix, "pam_container.so"):
        print(f"{prefix}: holds no pam_container.so; stage it with `make install DESTDIR={prefix}`",
              file=sys.stderr)
        return 2
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        # who was started by nohup or behind an & ignores them, and so would the shells of logins
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    tests = discover(folder, words, bool(prefix))
    cgroup.remove_stale()
    work = sandbox.work_place()
    sandbox.private_mounts(work)
    stage = os.path.join(work, "layer") if prefix else None
    if prefix:
        layer.copy(prefix, stage)
    counts = {0: 0, 1: 0, 77: 0}
    for title, status, reason, text in _results(tests, (work, stage), width):
        counts[status if status in (0, 77) else 1] += 1
        _report(title, status, reason, text)
    if stage:
        shutil.rmtree(stage)
    print(f"{counts[0]} passed, {counts[1]} failed, {counts[77]} skipped")
    return 1 if counts[1] or not tests else 0
