#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The entry point the README promises: GNU make, with every argument handed on.  make itself
# fails with 2 whatever happened; our programs say more (1, 100, 111, 125: see doc/make.md), so the
# recipes leave their status where it is read here.
case $0 in */*) cd "${0%/*}/" || exit 111 ;; esac
refuse() {
	printf 'make: %s\n' "$1" >&2
	exit 100
}
plain='ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+/-'
line='
'
# Everybody on this machine can read the words of a process, and nobody its environment: what may
# be, or have, a password goes there, and then we have other words.  So does what make would run
# itself as it hands it on, and what has several lines.
hidden='' last=''
for word; do
	shift
	case $word in
	ROOT_PASSWORD=* | GUEST_PASSWORD=* | MIRRORS=* | CACHE_URL=*)
		export "$word" && hidden=yes
		continue
		;;
	O= | O=/ | O=*[!$plain]*)
		refuse "O ${word#O=}: a folder of letters, digits and . _ + - /; name another"
		;;
	*=*'$('* | *=*'${'* | *=*"$line"*)
		name=${word%%=*}
		case $name in
		*[!A-Z_]* | OVERRIDE_* | VERSION_* | HEAD_*)
			refuse "$name: \$(, \${ and line breaks have no place in its value"
			;;
		esac
		export "$word" && hidden=yes
		continue
		;;
	-* | *=*) ;;
	*[!$plain]*)
		case $last in
		-[CfIloW]) ;; # of which it is the value
		*) refuse "$word: no target; see doc/make.md" ;;
		esac
		;;
	esac
	last=$word
	set -- "$@" "$word"
done
[ -z "$hidden" ] || exec ./make "$@"
LH_STATUS=$(mktemp) || exit 111
export LH_STATUS
trap 'rm -f "$LH_STATUS"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"${GNUMAKE:-make}" "$@"
status=$?
if [ "$status" != 0 ] && [ -s "$LH_STATUS" ]; then
	read -r status <"$LH_STATUS"
elif [ "$status" != 0 ]; then
	# not even our programs could be compiled: there is no verdict
	case " $* " in
	*' verify '* | *' check-broken '* | *' bisect '*) status=125 ;;
	esac
fi
exit "$status"
