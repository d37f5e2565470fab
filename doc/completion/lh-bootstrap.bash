# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of lh-build, lh-verify and lh-bisect.  The programs say what there is: --words
# prints their own tables, in fields KIND, OF, NAME, VALUE, WHAT with tabs between them.

# _lh_words PROGRAM KIND OF: the names of that kind; of an option's choices, OF is COMMAND OPTION
_lh_words() {
	"$1" --words 2>/dev/null | awk -F '\t' -v kind="$2" -v of="$3" '
		$1 != kind { next }
		kind == "choice" && ($2 " " $3) == of { print $4 }
		kind != "choice" && $2 == of && !seen[$3]++ { print $3 }'
}

# _lh_of PROGRAM KIND OF NAME FIELD: one field of one line
_lh_of() {
	"$1" --words 2>/dev/null | awk -F '\t' -v kind="$2" -v of="$3" -v name="$4" -v n="$5" '
		$1 == kind && $2 == of && $3 == name { print $n; exit }'
}

_lh_files() {
	compopt -o filenames 2>/dev/null
	COMPREPLY=($(compgen -f -- "$1"))
}

# _lh_value PROGRAM COMMAND OPTION CUR: status 1 when the option has no value
_lh_value() {
	local program=$1 command=$2 option=$3 cur=$4 long value names=

	long=$(_lh_of "$program" letter "$command" "$option" 4)
	option=${long:-$option}
	value=$(_lh_of "$program" option "$command" "$option" 4)
	case $value in
	'') return 1 ;;
	DIR | FILE | FOLDER) _lh_files "$cur" ;;
	NAME) names=$(lh-verify list 2>/dev/null | cut -d ' ' -f 1) ;;
	*) names=$(_lh_words "$program" choice "$command $option") ;;
	esac
	COMPREPLY+=($(compgen -W "${names-}" -- "$cur"))
}

_lh_bootstrap() {
	local program=${1/#\~/$HOME} cur=${COMP_WORDS[COMP_CWORD]} command= commands word at
	local before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	commands=$(_lh_words "$program" command -)
	[ -n "$commands" ] || command=-
	for ((at = 1; at < COMP_CWORD; at++)); do
		word=${COMP_WORDS[at]}
		if [ -z "$command" ] && grep -qxF -e "$word" <<<"$commands"; then command=$word; fi
	done
	# readline makes three words of --until=image
	if [ "$cur" = = ]; then
		cur=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $before in
	-*) if _lh_value "$program" "${command:--}" "$before" "$cur"; then return; fi ;;
	esac
	case $cur in
	-*)
		COMPREPLY=($(compgen -W "$(_lh_words "$program" option "${command:-none}")
			--help --version" -- "$cur" | sort -u))
		return
		;;
	esac
	if [ -z "$command" ]; then
		COMPREPLY=($(compgen -W "$commands" -- "$cur"))
		return
	fi
	COMPREPLY=($(compgen -S = -W "$(_lh_words "$program" variable -)" -- "$cur"))
	if [ -n "$cur" ] && [ ${#COMPREPLY[@]} != 0 ]; then
		compopt -o nospace 2>/dev/null
	else
		_lh_files "$cur"
	fi
}

complete -F _lh_bootstrap lh-build lh-verify lh-bisect
