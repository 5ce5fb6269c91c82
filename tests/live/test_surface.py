# SPDX-License-Identifier: LGPL-2.1-or-later
"""What libcontainer hands to a process: extra files, a console, an environment, its errors."""

import test_api as api

CONTAINED = True


def test_pass_extra_files(world):
    api._group(world, "api_surface", "extra")


def test_console_socket(world):
    api._group(world, "api_surface", "console")


def test_exec_in_environment(world):
    api._group(world, "api_surface", "environment")


def test_exec_in_error(world):
    api._group(world, "api_surface", "missing")


def test_factory(world):
    api._group(world, "api_surface", "factory")
