# SPDX-License-Identifier: LGPL-2.1-or-later
"""The arguments of the module's lines: timeout=, conf=, debug, and what is none of them."""

from harness.world import DEFINITION, write

CONTAINED = True


def _host_name(world, user="alice"):
    return world.ssh(user, "hostname").stdout.decode().strip()


def test_wrong_arguments(world):
    """MUST-1, MUST-2: what is misspelt refuses the login, but root's."""
    for argument in ("timeuot=5", "timeout=0", "timeout=61", "timeout=", "conf=relative", "Debug"):
        world.session_line("sshd", argument)
        assert world.ssh("alice", "true").returncode == 254, argument
        assert _host_name(world, "root"), argument
        world.until(lambda: any(f"unknown argument {argument}" in line for line in world.log),
                    f"{argument} is logged")
    world.session_line("sshd", "timeout=60")
    assert _host_name(world) == "box"


def test_conf(world):
    """Policy, drop-ins and definitions are those beside it."""
    write("/etc/site/policy.conf", "[Match all]\nContainer=other\n")
    write("/etc/site/containers/other.conf", DEFINITION.replace("=box", "=elsewhere"))
    world.session_line("sshd", "conf=/etc/site/policy.conf")
    assert _host_name(world) == "elsewhere"
    write("/etc/site/policy.d/1.conf", "[Global]\nMode=off\n")
    assert _host_name(world) not in ("elsewhere", "box", "")


def test_debug(world):
    """The way through the rules is logged, and only then."""
    def traces():
        return [line for line in world.log if "event=trace" in line and "user=alice" in line]
    assert _host_name(world) == "box"
    assert not traces()
    world.session_line("sshd", "debug")
    assert _host_name(world) == "box"
    world.until(traces, "the trace is logged")
    assert any("[Match students]  match  Group=students" in line for line in traces()), traces()
