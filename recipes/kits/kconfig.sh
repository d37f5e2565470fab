# SPDX-License-Identifier: GPL-2.0-or-later
# For packages configured by Kconfig: the kernel, busybox.

# kconfig_check FRAGMENT...: every symbol the fragments name must have got into
# .config with the value they give; the last fragment that names it decides.
# Kconfig drops one whose dependencies are not met without a word.
kconfig_check() {
	awk '
		/^CONFIG_/ {
			symbol = $0
			sub(/=.*/, "", symbol)
			value = substr($0, length(symbol) + 2)
		}
		!/^CONFIG_/ { next }
		FILENAME == ".config" { is[symbol] = value; next }
		{ want[symbol] = value; from[symbol] = FILENAME }
		END {
			for (symbol in want) {
				got = symbol in is ? is[symbol] : "n"
				if (got == want[symbol])
					continue
				sub(/.*\//, "", from[symbol])
				print from[symbol] ": " symbol "=" want[symbol] " became " got \
					"; see what it depends on in the Kconfig files of this version"
				lost = 1
			}
			exit lost
		}
	' .config "$@" >&2
}
