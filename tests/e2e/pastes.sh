#!/usr/bin/env bash
# What people paste, and where keys may come from without a screen.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# What refuses before it reads breaks the pipe of the one that writes.
set +o pipefail
umask 077
token=$(make_token)
key=$(make_key)
other=$(make_openai_key)

# A vault to begin with, so that "nothing was stored" can be seen.
onboard_key anthropic "$(make_token)" --no-verify
ends_with 0 "the first token"

# give PROVIDER METHOD: stdin is handed over as it is
give() {
	status=0
	"$tfb" onboard --non-interactive --provider "$1" ${2:+--method "$2"} --no-verify --key-stdin \
		>"$work/out" 2>"$work/err" || status=$?
}

# sealed_as RECORD VALUE NAME
sealed_as() {
	resolve "$1"
	grep -qF "\"values\":{\"$1\":\"$2\"}" "$work/answer" || fail "$3: not stored as it was meant"
}

# good NAME WANTED [NOTE]: the paste on stdin is the token (or key) and nothing else
good() {
	local record=main/anthropic:default/token method=setup-token
	case $2 in sk-ant-api*) record=main/anthropic:default/key method=api-key ;; esac
	give anthropic $method
	ends_with 0 "$1"
	sealed_as $record "$2" "$1"
	[ -z "${3:-}" ] || says "$3" "$1"
	says_not "${2:14:16}" "$1"
}
filler=$(make_token)
# Every paste is another token than the one before, so that it has to be written.
swap() {
	local was=$token
	token=$filler
	filler=$was
}

padding=$(printf '%70s' '')
swap
wrapped_at 80 "$token" | good "wrapped at 80" "$token" "Joined 2 lines"
swap
wrapped_at 100 "$token" $'\r\n' | good "wrapped at 100, CRLF" "$token" "Joined 2 lines"
swap
printf '  %s%s\n  %s%s\n' "${token:0:60}" "$padding" "${token:60}" "$padding" |
	good "wrapped and padded" "$token" "Joined 2 lines"
swap
wrapped_at 80 "$token" $'\u2028' | good "a line separator of Unicode" "$token"
swap
printf 'export CLAUDE_CODE_OAUTH_TOKEN="%s";\n' "$token" | good "export X=\"...\";" "$token" \
	"Took the value of CLAUDE_CODE_OAUTH_TOKEN"
swap
printf 'ANTHROPIC_OAUTH_TOKEN=%s\n' "$token" | good "KEY=value" "$token" "ANTHROPIC_OAUTH_TOKEN"
swap
printf 'Authorization: Bearer %s\r\n' "$token" | good "a header" "$token" "header"
swap
printf 'Bearer %s' "$token" | good "Bearer" "$token"
swap
printf "'%s'\n" "$token" | good "single quotes" "$token"
swap
printf '"%s",' "$token" | good "double quotes and a comma" "$token"
swap
printf '\u201c%s\u201d' "$token" | good "typographic quotes" "$token"
swap
printf '{"token": "%s"}' "$token" | good "JSON" "$token"
swap
printf '\ufeff%s\u200b%s\u2060' "${token:0:50}" "${token:50}" | good "zero-width characters" "$token" "invisible"
swap
printf '\u00a0%s\u00a0' "$token" | good "blanks that do not break" "$token"
swap
printf '\033[32m%s\033[0m\n' "$token" | good "colour" "$token" "invisible"
swap
printf '%s\033[201~%s' "${token:0:50}" "${token:50}" | good "the end mark of a paste in the middle" "$token"
swap
printf '%s%s' "$token" "$token" | good "twice in a row" "$token" "Pasted twice"
swap
printf '%s\n%s\n' "$token" "$token" | good "twice, on two lines" "$token" "Pasted twice"
swap
printf '%s\0%s' "${token:0:50}" "${token:50}" | good "NUL" "$token" "Removed 1 invisible character"
swap
printf 'Your token (valid for 1 year):\n\n%s\n\nStore this token securely.\n' "$token" |
	good "with the words around it" "$token"

# --- refused -------------------------------------------------------------------------------------------------

before=$(home_state | grep -v '\.lock')
# refused NAME STATUS TEXT [PROVIDER METHOD]: and nothing is changed
refused() {
	give "${4:-anthropic}" "${5-setup-token}"
	ends_with "$2" "$1"
	says "$3" "$1"
	says_not "${token:14:16}" "$1"
	says_not "${other:14:16}" "$1"
	[ "$(home_state | grep -v '\.lock')" = "$before" ] || fail "$1: something was stored"
}
printf '' | refused "nothing" 64 "nothing was stored"
printf ' \r\n\t\n' | refused "blanks" 64 "nothing was stored"
printf '%s' "$other" | refused "another provider's key" 64 "This is an OpenAI project key, not an Anthropic setup-token"
printf '%s' "$key" | refused "another kind of key" 64 "Anthropic API key"
printf '%s\n%s\n' "$token" "$(make_token)" | refused "two tokens" 64 "wo different secrets"
printf 'https://console.anthropic.com/settings/keys' | refused "an address" 64 "address"
printf 'sk-ant-oat01-xxxxxxxxxxxxxxxx' | refused "a placeholder" 64 "placeholder"
printf 'sk-ant-oat01-...%s' "${token: -8}" | refused "a shortened one" 64 "shortened"
printf 'sk-ant-oat01-\u00e9%s' "${token:20}" | refused "a letter with an accent" 64 "cannot be part of a key"
head -c 1048576 /dev/zero | tr '\0' a | refused "1 MiB" 64 "nothing was stored"
head -c 3000000 /dev/zero | tr '\0' a | refused "3 MB" 65 "more than"
printf '%s' "$token" | refused "an unknown provider" 64 "unknown provider" nobody ""
printf '%s' "$token" | refused "a provider that is signed in elsewhere" 64 "cannot be set up here" \
	github-copilot ""
printf '%s' "$token" | refused "an endpoint without an address" 64 "needs a name and an address" \
	custom-openai ""
printf '%s' "$token" | refused "an unknown method" 64 "unknown method" anthropic telepathy

# --- where it may come from -----------------------------------------------------------------------------------

# from NAME STATUS TEXT OPTION...: 0 means that $token was stored
from() {
	local name=$1 wanted=$2 text=$3
	shift 3
	printf %s "$filler" | give anthropic setup-token
	run_tfb onboard --non-interactive --provider anthropic --no-verify "$@"
	ends_with "$wanted" "$name"
	[ -z "$text" ] || says "$text" "$name"
	says_not "${token:14:16}" "$name"
	if [ "$wanted" = 0 ]; then
		sealed_as main/anthropic:default/token "$token" "$name"
	else
		sealed_as main/anthropic:default/token "$filler" "$name"
	fi
}
printf '%s\n' "$token" >"$work/key.file"
from "--key-file" 0 "" --key-file "$work/key.file"
chmod 644 "$work/key.file"
from "--key-file that others can read" 77 "$work/key.file can be read by others (mode 0644)" --key-file "$work/key.file"
says "chmod go-rwx $work/key.file" "--key-file that others can read"
from "--key-file that is missing" 66 "$work/none does not exist" --key-file "$work/none"
from "--key-file that is a folder" 77 "$work" --key-file "$work"
from "--key-fd" 0 "" --key-fd 7 7<<<"$token"
from "--key-fd of a pipe" 0 "" --key-fd 7 7< <(printf %s "$token")
from "--key-fd that is closed" 64 "--key-fd 77 is not an open descriptor" --key-fd 77
from "--key-fd that is no number" 64 "--key-fd x" --key-fd x
MY_TOKEN=$token from "--key-env" 0 "" --key-env MY_TOKEN
from "--key-env that is not set" 66 "the variable NO_SUCH is not set" --key-env NO_SUCH
from "none" 64 "no key was given"
from "two" 64 "choose one of --key-stdin, --key-fd, --key-file and --key-env" --key-stdin --key-fd 7 7<<<"$token"
printf %s "$filler" | give anthropic setup-token
printf '%s\n' "$token" | "$tfb" models auth paste-token --provider anthropic --profile-id anthropic:default \
	--no-verify >"$work/out" 2>"$work/err" || fail "paste-token: $(cat "$work/err")"
sealed_as main/anthropic:default/token "$token" "paste-token from a pipe"

# Never from the command line, and never echoed.
for words in "--token $token" "--token=$token" "--api-key $token" "--anthropic-api-key $key" "--key=$key" \
	"--key-file $token" "--profile-id $key" "$token"; do
	# shellcheck disable=SC2086
	run_tfb onboard --non-interactive --provider anthropic $words
	ends_with 64 "on the command line: ${words%%[ =]*}"
	says "rotate that key" "on the command line"
	says_not "${token:14:16}" "on the command line: ${words%%[ =]*}"
	says_not "${key:14:16}" "on the command line: ${words%%[ =]*}"
done
no_secret "$token"
no_secret "$key"
