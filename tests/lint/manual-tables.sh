#!/usr/bin/env bash
# thinkfleetbot.1, thinkfleetbot-vault.5 and README.md say what the program's tables say:
# commands, options with their arguments, keys, exit statuses, the example of the format.
#   manual-tables.sh [TREE [PROGRAM]]     with a built program its own help is compared, too
set -u
tree=${1:-.}
program=${2:-}
cd "$tree" || exit 1
page=man/thinkfleetbot.1
bad=0
export LC_ALL=C.UTF-8

# one_line FILE...: without line breaks, so that the layout of a row does not matter
one_line() {
	cat "$@" | tr '\n\t' '  ' | sed 's/  */ /g'
}

# --- what the tables say ------------------------------------------------------------------

# option_rows FILE: "TABLE NAME ARG" of every row, ARG in lower case or -
option_rows() {
	one_line "$1" | awk '{
		while (match($0, /const struct opt [a-z_]+\[\] = \{/)) {
			split(substr($0, RSTART, RLENGTH), word, /[ \[]/)
			$0 = substr($0, RSTART + RLENGTH)
			end = index($0, "OPT_END")
			rows = substr($0, 1, end)
			$0 = substr($0, end)
			while (match(rows, /\{ "[a-z-]+", (NULL|"[A-Z]+"),/)) {
				split(substr(rows, RSTART, RLENGTH), part, /"/)
				print word[4], part[2], part[4] == "" ? "-" : tolower(part[4])
				rows = substr(rows, RSTART + RLENGTH)
			}
		}
	}'
}

# "STRUCT|FILE|NAME|OPTIONS|SHARED|SUMMARY" of every command's row
command_rows() {
	local file
	for file in cli/cmd_*.c; do
		one_line "$file" | awk -v file="$file" '
		function member(name) {
			if (!match(text, "\\." name " = (\"[^\"]*\"|[^,]+),"))
				return ""
			value = substr(text, RSTART, RLENGTH - 1)
			gsub(/^[^=]*= "?|"$/, "", value)
			return value
		}
		{
			while (match($0, /const struct cmd cmd_[a-z_]+ = \{/)) {
				split(substr($0, RSTART, RLENGTH), word, / /)
				text = substr($0, RSTART)
				text = substr(text, 1, index(text, "};"))
				$0 = substr($0, RSTART + RLENGTH)
				print word[4] "|" file "|" member("name") "|" member("opts") "|" \
					member("shared") "|" member("summary")
			}
		}'
	done
}

titles() { # the headings that help gives to the tables which several commands have
	case "$1" in
	keysource_opts) echo "Where the key comes from" ;;
	unlock_opts) echo "What opens the vault" ;;
	global_opts) echo "Options of every command" ;;
	*) echo "manual-tables.sh knows no heading for $1" >&2 ;;
	esac
}

# print_options TITLE FILE TABLE: "TITLE --name arg"
print_options() {
	option_rows "$2" | sed -n "s/^$3 /$1 --/p" | sed 's/ -$//'
}

# print_command STRUCT
print_command() {
	local file name opts shared
	IFS='|' read -r _ file name opts shared _ < <(grep "^$1|" <<<"$all_commands") || {
		echo "$1: no such row in cli/cmd_*.c"
		return
	}
	echo "$name"
	[ -z "$shared" ] || echo "$name [$(titles "$shared")]"
	print_options "$name" "$file" "$opts"
}

rows_of_tables() {
	local row
	sed -n 's/^\t&\(cmd_[a-z_]*\),$/\1/p' cli/cmd.c | while read -r row; do
		print_command "$row"
	done
	titles keysource_opts
	print_options "$(titles keysource_opts)" cli/keysource.c keysource_opts
	titles unlock_opts
	print_options "$(titles unlock_opts)" cli/unlock.c unlock_opts
	titles global_opts
	print_options "$(titles global_opts)" cli/cmd.c global_opts
}

# A row that is "the same as" another one refers to it in the manual.
rows_for_page() {
	local name summary rows=$1
	while IFS='|' read -r _ _ name _ _ summary; do
		rows=$(grep -v "^$name --" <<<"$rows"
			echo "$name [${summary#the same as }]")
	done < <(grep '|the same as [^|]*$' <<<"$all_commands")
	echo "$rows"
}

# --- what the page says -------------------------------------------------------------------

# section NAME: the lines of that .Sh
section() {
	awk -v name="$1" '/^\.Sh /{ on = substr($0, 5) == name; next } on' "$page"
}

rows_of_page() {
	section COMMANDS | awk '
		/^\.Ss /{ title = substr($0, 5); print title }
		/^\.It Fl -/{ print title, "-" $3, $5 }
		/^\.Sx /{ sub(/^\.Sx /, ""); sub(/ [.,;]$/, ""); print title, "[" $0 "]" }' |
		grep -v ' \[Durations\]$' | sed 's/ *$//'
}

# compare WHAT WANTED FOUND
compare() {
	local difference
	difference=$(diff <(sort -u <<<"$2") <(sort -u <<<"$3") |
		sed -n 's/^</  missing in the manual:/p; s/^>/  not in the tables:/p')
	[ -n "$2" ] && [ -z "$difference" ] && return
	echo "$1:"
	echo "${difference:-  nothing found in the tables}"
	bad=1
}

all_commands=$(command_rows)
tables=$(rows_of_tables)
compare "commands and options" "$(rows_for_page "$tables")" "$(rows_of_page)"

# --- exit statuses ------------------------------------------------------------------------

statuses=$(sed -n 's/^\tX([A-Z_]*, \([0-9]*\),.*/\1/p' base/err.h
	sed -n 's/^#define STATUS_LEFT \([0-9]*\)$/\1/p' cli/screen.c
	echo 2) # models status --check, expiring
compare "exit statuses" "$statuses" "$(section 'EXIT STATUS' | sed -n 's/^\.It \([0-9]*\)$/\1/p')"

# --- keys ---------------------------------------------------------------------------------

# How many rows can be picked by number differs from screen to screen.
digits='s/^1\(-[2-9]\)\{0,1\}$/1-9/'

# key_names FILE...: the names that the binding rows show, also those inside macros
key_names() {
	one_line "$@" | sed 's/ \\ / /g' | awk '{
		while (match($0, /\{ KEYS_[A-Z0-9_]+(\(.[A-Z].\))?, [^,]+, [A-Z0-9_]+, "[^"]*"/)) {
			split(substr($0, RSTART, RLENGTH), part, /"/)
			$0 = substr($0, RSTART + RLENGTH)
			print part[2] == "↑↓" ? "Up\nDown" : part[2]
		}
	}' | sed "$digits"
}

page_keys() { # SUBSECTION
	section KEYS | awk -v name="$1" '/^\.Ss /{ on = substr($0, 5) == name } on && /^\.It Ic /' |
		sed 's/^\.It Ic //; s/\\&//g; s/ , /\n/g' | sed "$digits"
}

shopt -s extglob
compare "keys of the wizard" "$(key_names wizard/!(panel*).c)" "$(page_keys 'The wizard')"
compare "keys of the panel" "$(key_names wizard/panel*.c)" "$(page_keys 'The panel')"

# --- the example of the format ------------------------------------------------------------

example=$(sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' man/thinkfleetbot-vault.5 |
	awk '/^           /{ sub(/^ +/, ""); printf "%s", $0; next } { printf "\n%s", $0 }')
vectors=$(grep -oE '"(kc|w|c|mac)":"[^"]*"' tests/vectors/example.vault.json | cut -d'"' -f4
	cat tests/vectors/example.key)
[ -n "$vectors" ] || bad=1
for value in $vectors; do
	grep -qF -- " $value" <<<"$example" || {
		echo "thinkfleetbot-vault.5 lacks the value $value"
		bad=1
	}
done

# --- README.md names only what exists -----------------------------------------------------

# Code blocks and `code`: "thinkfleetbot WORD..." must begin with a command.
# shellcheck disable=SC2016
code=$(awk '/^```/{ on = !on; next } on' README.md
	grep -oE '`[^`]+`' README.md | tr -d '`')
commands=$(grep -vE ' --| \[|^[A-Z]' <<<"$tables")
while read -r words; do
	known=$(while read -r name; do
		[[ "$words " == "$name "* ]] && echo yes
	done <<<"$commands")
	[ -n "$known" ] || {
		echo "README.md: there is no command \"$words\""
		bad=1
	}
done < <(grep -oE '(^|[ (/])thinkfleetbot (--state-dir [^ ]+ )?[a-z][a-z -]*' <<<"$code" |
	sed -E 's/^.?thinkfleetbot (--state-dir [^ ]+ )?//; s/ -.*//; s/ *$//')
while read -r option; do
	grep -qE -- " $option( |\$)" <<<"$tables" || {
		echo "README.md: there is no option $option"
		bad=1
	}
done < <(grep -E 'thinkfleetbot|^ +--' <<<"$code" | grep -oE ' --[a-z][a-z-]*')

# --- the program's own help ---------------------------------------------------------------

rows_of_help() {
	local name
	"$program" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p' | while read -r name; do
		echo "$name"
		# shellcheck disable=SC2086
		"$program" help $name | awk -v name="$name" '
			/^[A-Z].*:$/{ title = substr($0, 1, length($0) - 1) }
			title == "Options" && /^  --/{ print name, $1, tolower($2) == $2 ? "" : tolower($2) }
			title != "Options" && /^  --/{ print title, $1, tolower($2) == $2 ? "" : tolower($2) }
			/^(Where the key comes from|What opens the vault):$/{ print name, "[" title "]" }' | sed 's/ *$//'
	done
	titles keysource_opts
	titles unlock_opts
	titles global_opts
}
if [ -n "$program" ] && [ -x "$program" ]; then
	compare "what this test reads, and the program's help" "$(rows_of_help)" "$tables"
fi
exit $bad
