#!/usr/bin/env bash
# A setup-token that is pasted with the line ends of a terminal, by a user of a fresh home: the panel
# says accepted, and the files are what the format's description says, to the byte.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

use_fresh_user
key_dir_words=()
start_provider

# check_files TOKEN: everything that was written
check_files() {
	local token=$1 id keys=$HOME/.local/share/thinkfleetbot/keys path

	no_secret "$token"
	[ "$(cat "$state/.env")" = \
		"THINKFLEETBOT_SEALED_ANTHROPIC_OAUTH_TOKEN=main/anthropic:default/token" ] ||
		fail ".env holds: $(cat "$state/.env")"
	cat >"$work/profiles.wanted" <<-'EOF'
		{
		  "version": 1,
		  "profiles": {
		    "anthropic:default": {
		      "type": "token",
		      "provider": "anthropic",
		      "token": "",
		      "tokenRef": {
		        "source": "exec",
		        "provider": "thinkfleetbot",
		        "id": "main/anthropic:default/token"
		      }
		    }
		  }
		}
	EOF
	cmp "$work/profiles.wanted" "$profiles" || fail "auth-profiles.json differs"
	id=$(python3 "$source_dir/tests/e2e/check_token_files.py" "$state" "$port") ||
		fail "the configuration or the vault is not as described"
	for path in "$HOME" "$state" "$state/secrets" "$state/bin" "$state/agents/main/agent" "$keys" \
		"$state/bin/thinkfleetbot-resolve"; do
		[ "$(mode_of "$path")" = 700 ] || fail "$path has mode $(mode_of "$path")"
	done
	for path in "$state/.env" "$config" "$profiles" "$vault" "$keys/$id.anchor"; do
		[ "$(mode_of "$path")" = 600 ] || fail "$path has mode $(mode_of "$path")"
	done
	[ "$(mode_of "$keys/$id.key")" = 400 ] || fail "the key file has mode $(mode_of "$keys/$id.key")"
	grep -qE '^tfkey1_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{8}$' "$keys/$id.key" || fail "the key file's form"
	[ "$(cat "$keys/.gitignore")" = "*" ] && [ -e "$keys/.nobackup" ] || fail "the key folder's marks"
	[ "$(cat "$state/secrets/.gitignore")" = "*" ] || fail "secrets/.gitignore"
	[ -z "$(find "$HOME" ! -user "$test_user")" ] || fail "files of another user"
	[ -z "$(find "$HOME" -perm /077 ! -type l)" ] || fail "open to others: $(find "$HOME" -perm /077)"
	[ -z "$(find "$HOME" -name '*.tmp*' -o -name '.tfb*')" ] || fail "temporary files are left"
}

# A copy of the state folder alone, as a backup has it, opens nothing.
check_copy() {
	local token=$1 copy=$work/copy
	cp -a "$state" "$copy"
	mkdir -m 700 "$work/nokeys"
	chown "$test_user:" "$work/nokeys"
	! grep -rqaF -- "${token:14:20}" "$copy" || fail "the copy holds the token"
	THINKFLEETBOT_KEY_DIR=$work/nokeys run_tfb --state-dir "$copy" run -- env
	[ "$status" != 0 ] || fail "run opened the copy"
	says "the key file" "run on the copy"
	says_not "$token" "run on the copy"
	printf '{"protocolVersion":1,"provider":"t","ids":["main/anthropic:default/token"]}' |
		env -i "${runner[@]}" "$copy/bin/thinkfleetbot-resolve" --state-dir "$copy" \
			--key-dir "$work/nokeys" >"$work/answer"
	json_true 'd["values"] == {} and d["errors"]["main/anthropic:default/token"]["code"] == "LOCKED"' \
		"$work/answer" "resolver on the copy"
	status=0
	THINKFLEETBOT_KEY_DIR=$work/nokeys run_tfb --state-dir "$copy" status --json
	ends_with 0 "status of the copy"
	says_not "$token" "status of the copy"
	json_true '[p["facts"]["opens"] for p in d["auth"]["oauth"]["profiles"]] == ["no-key"]' \
		"$work/out" "status of the copy"
	rm -rf "$copy" "$work/nokeys"
}

# onboard PASTED TOKEN LINES
onboard() {
	fresh_home
	use_provider anthropic
	open_screen 80 24 xterm-256color "$tfb" onboard
	walk "" secret
	paste "$1"
	see "Anthropic setup-token, 108 characters, ends ${2: -4}" "Joined $3 lines"
	unseen "${2:20:8}"
	keys Enter
	walk "" panel check
	see "anthropic:default" "✓ ok" "accepted"
	keys q
	ended 0
	check_files "$2"
}

padding=$(printf '%70s' '')
token=$(make_token)
[ ${#token} = 108 ] || fail "the test's token has ${#token} characters"
onboard "$(wrapped_at 80 "$token")"$'\n' "$token" 2
check_copy "$token"
token=$(make_token)
onboard "$(wrapped_at 100 "$token" $'\r\n')"$'\r\n' "$token" 2
token=$(make_token)
# A window of 120 columns that indents what it shows, and pads every line to its end.
onboard "  ${token:0:60}$padding"$'\n'"  ${token:60}$padding"$'\n' "$token" 2
