# SPDX-License-Identifier: LGPL-2.1-or-later
"""The product under test, as one more layer below a world's root.

`make install DESTDIR=stage` gives a tree; the layer is that tree merged over the machine's own
symbolic links (/lib -> usr/lib) plus an ld.so.cache that knows the staged library.
"""

import os
import shutil
import subprocess


def _destination(layer, relative):
    """Where a staged folder goes: links of the machine's root are followed inside the layer."""
    real = os.path.realpath(os.path.join("/", relative))
    return os.path.join(layer, real.lstrip("/"))


def _copy_folder(stage, layer, path, names, files):
    target = _destination(layer, os.path.relpath(path, stage))
    os.makedirs(target, exist_ok=True)
    for name in files + [n for n in names if os.path.islink(os.path.join(path, n))]:
        source, copy = os.path.join(path, name), os.path.join(target, name)
        if os.path.islink(source):
            os.symlink(os.readlink(source), copy)
            continue
        shutil.copy(source, copy)
        os.chmod(copy, os.stat(source).st_mode & 0o7755 & ~0o022)


def copy(stage, layer):
    """Copy the staged tree; owner root, never writable by others, whatever the stage has."""
    os.makedirs(layer, exist_ok=True)
    for path, names, files in os.walk(stage):
        _copy_folder(stage, layer, path, names, files)


def index_libraries():
    """To be called inside a root that has the layer: /usr/local/lib is found by cache only."""
    subprocess.run(["/sbin/ldconfig"], check=False, stderr=subprocess.DEVNULL)


def find(stage, name):
    """The path, below the stage, of the first file of that name; None without it."""
    for path, _names, files in os.walk(stage):
        if name in files:
            return "/" + os.path.relpath(os.path.join(path, name), stage)
    return None
