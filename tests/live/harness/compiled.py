# SPDX-License-Identifier: LGPL-2.1-or-later
"""C programs that use the installed header and library, as others would."""

import os

TOP = os.path.realpath(__file__).rsplit("/", 4)[0]


def program(world, source):
    """Build one as its author would, in a world that has the product installed; its path."""
    path = "/tmp/" + os.path.basename(source)[:-2]
    flags = world.run(["pkg-config", "--cflags", "--libs", "libpamcontainer"],
                      env={**os.environ, "PKG_CONFIG_PATH": "/usr/local/lib/pkgconfig"})
    assert flags.returncode == 0, flags.stderr
    built = world.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o",
                       path, os.path.join(TOP, source), *flags.stdout.decode().split()])
    assert built.returncode == 0, built.stderr.decode()
    return path
