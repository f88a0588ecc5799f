#!/usr/bin/env bash
# The layer rule of design.md ("Folders"), read off the #include lines: arrows never point up, and each
# outside library has one door. With an argument, another tree is checked (layers-control.sh does that).
set -u
root=${1:-.}
bad=0

# folder (or one of its files): the folders it may include
declare -A may=(
	[base]="base"
	[crypto]="crypto base"
	[store]="store crypto base"
	[provider]="provider crypto base"
	[net]="net provider crypto base"
	[health]="health provider crypto store base"
	[chat]="chat health provider crypto base"
	[tui]="tui crypto base"
	[wizard]="wizard tui health provider crypto base"
	[cli]="cli chat wizard tui health net provider store crypto base"
)
# header: the only place that may include it (an extended regular expression over paths)
declare -A door=(
	['curses.h|ncurses[^>]*|term.h']='^tui/term(info)?\.c$'
	['curl/[^>]*']='^net/'
	['sodium.h|sodium/[^>]*']='^crypto/'
	['json-c/[^>]*|json.h']='^(cli/|provider/|health/survey)'
)
# health's rules and the wizard know nothing of files
declare -A never=(
	['^health/(facts|order|wording|mask)']='store/'
	['^wizard/']='store/|net/|cli/'
	['^chat/']='health/survey|store/'
)

complain() {
	echo "$1"
	bad=1
}

while IFS=: read -r file include; do
	folder=${file%%/*}
	[ -n "${may[$folder]:-}" ] || continue
	header=${include#*[<\"]}
	header=${header%%[>\"]*}
	if [[ $include == *\<* ]]; then
		for rule in "${!door[@]}"; do
			[[ $header =~ ^($rule)$ && ! $file =~ ${door[$rule]} ]] &&
				complain "$file includes <$header>: its door is ${door[$rule]}"
		done
		continue
	fi
	target=${header%%/*}
	case " ${may[$folder]} " in
	*" $target "*) ;;
	*) [ -n "${may[$target]:-}" ] && complain "$file includes $header: $folder may not use $target" ;;
	esac
	for rule in "${!never[@]}"; do
		[[ $file =~ $rule && $header =~ ^(${never[$rule]}) ]] &&
			complain "$file includes $header: not from there"
	done
done < <(cd "$root" && find . -mindepth 2 -maxdepth 2 -name '*.[ch]' -exec grep -E '^#include ["<]' /dev/null {} + | sed 's|^\./||')
exit $bad
