# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world of its own for tests that log in for real."""
