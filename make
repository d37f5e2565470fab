#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The entry point the README promises: GNU make, with every argument handed on.
cd "$(dirname "$0")" || exit 111
exec "${GNUMAKE:-make}" "$@"
