#!/usr/bin/env bash
# Files that are not as they should be: each has an error of its own that names the file, with the exit status
# of its kind, and nothing is changed.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

umask 077
env_file=$state/.env
first=$(make_token)
onboard_key anthropic "$first" --no-verify --model anthropic/claude-opus-4-5
ends_with 0 "the first token"
key_file=$(echo "$HOME"/.local/share/thinkfleetbot/keys/*.key)
cp -a "$HOME" "$work/good"
second=$(make_openai_key) # every one of the files has to change for it

restore() {
	is_root && chattr -R -i "$HOME" 2>/dev/null || true
	rm -rf "$HOME"
	cp -a "$work/good" "$HOME"
}

# refused NAME FILE STATUS TEXT: saving a key in the home as it is now
refused() {
	local before
	before=$(home_state | grep -v '\.lock')
	onboard_key openai "$second" --no-verify --model openai/gpt-5.2
	ends_with "$3" "$1"
	says "$4" "$1"
	[ "$2" = - ] || grep -qF -- "$(basename "$2")" "$work/err" || { show_output; fail "$1: $2 is not named"; }
	grep -q '^thinkfleetbot: error: ' "$work/err" || fail "$1: no error line"
	[ "$(home_state | grep -v '\.lock')" = "$before" ] || {
		diff <(echo "$before") <(home_state | grep -v '\.lock') >&2 || true
		fail "$1: something was changed"
	}
	says_not "${second:14:16}" "$1"
	restore
}

# --- content ---------------------------------------------------------------------------------------------

for file in "$vault" "$config" "$profiles"; do
	name=$(basename "$file")
	if [ "$file" = "$vault" ]; then # an empty one of the others says nothing, and loses nothing
		: >"$file"
		refused "$name, empty" "$file" 65 "empty"
	fi
	size=$(stat -c %s "$file")
	truncate -s $((size / 2)) "$file"
	refused "$name, cut off" "$file" 65 ""
	head -c 4096 /dev/urandom >"$file"
	refused "$name, random" "$file" 65 ""
	printf '<html>not ours</html>\n' >"$file"
	refused "$name, not ours" "$file" 65 ""
	printf '\xff\xfe{\x00}\x00' >"$file"
	refused "$name, UTF-16" "$file" 65 ""
done
sed -i 's/"v":1/"v":2/' "$vault"
refused "vault of a newer version" "$vault" 76 "format version 2, this program knows 1"
sed -i 's/"gen":1/"gen":1,"extra":true/' "$vault"
refused "vault with an unknown member" "$vault" 65 ""
sed -i 's/"gen":1/"gen":2/' "$vault"
refused "vault that was edited" - 65 "changed"
printf 'tfkey1_short\n' >"$work/bad"
chmod u+w "$key_file"
cp "$work/bad" "$key_file"
refused "key file, cut off" "$key_file" 65 "cut off"
rm -f "$key_file"
refused "key file, missing" "$key_file" 66 "is missing"
# Another vault's key, whole and well-formed.
THINKFLEETBOT_KEY_DIR=$work/otherkeys onboard_key anthropic "$(make_token)" --no-verify --state-dir "$work/other"
ends_with 0 "another vault"
rm -f "$key_file"
cp "$work"/otherkeys/*.key "$key_file"
refused "key file of another vault" "$key_file" 77 "does not open"

# Missing ones are made anew; the vault's absence does not cost what it held: it is simply not there.
for file in "$config" "$profiles" "$env_file"; do
	rm "$file"
	onboard_key openai "$second" --no-verify
	ends_with 0 "$(basename "$file"), missing"
	[ -s "$file" ] && [ "$(mode_of "$file")" = 600 ] || fail "$file was not made again"
	run_tfb run -- sh -c 'printf %s "$OPENAI_API_KEY"'
	[ "$(cat "$work/out")" = "$second" ] || fail "$(basename "$file"), missing: run"
	restore
done

# --- kinds of files, owners, modes -----------------------------------------------------------------------

for file in "$vault" "$config" "$profiles" "$env_file"; do
	name=$(basename "$file")
	mv "$file" "$work/moved"
	mkdir "$file"
	refused "$name, a folder" "$file" 77 ""
	rm -f "$work/moved"
	ln "$file" "$HOME/second-name"
	refused "$name, two names" "$file" 77 "name"
	mv "$file" "$work/moved"
	ln -s "$work/nowhere" "$file"
	refused "$name, a link to nothing" "$file" 77 "symbolic link"
	rm -f "$work/moved"
	rm "$file"
	mkfifo "$file"
	refused "$name, a pipe" "$file" 77 "not a regular file"
done

# A link to a file of ours is followed, and stays a link.
mkdir "$HOME/dotfiles"
mv "$config" "$HOME/dotfiles/bot.json"
ln -s ../dotfiles/bot.json "$config"
onboard_key openai "$second" --no-verify --model openai/gpt-5.2
ends_with 0 "a linked configuration"
[ -L "$config" ] || fail "the linked configuration became a file"
grep -q gpt-5.2 "$HOME/dotfiles/bot.json" || fail "the linked configuration was not changed"
restore

if is_root; then
	for file in "$vault" "$config" "$profiles" "$env_file"; do
		chown nobody "$file"
		refused "$(basename "$file"), of another user" "$file" 77 "belongs to uid"
	done
	chown nobody "$HOME"
	onboard_key openai "$second" --no-verify
	ends_with 77 "the home of another user"
	says "belongs to nobody, not to you" "the home of another user"
	restore
	SUDO_UID=1000 onboard_key openai "$second" --no-verify
	ends_with 77 "through sudo"
	says "without sudo" "through sudo"
fi
chmod 644 "$key_file"
refused "key file that others can read" "$key_file" 77 "can be read by others"
chmod 777 "$state/agents/main/agent"
refused "a folder that others can write in" "$state/agents/main/agent" 77 "others can write"

# --- what cannot be read or written ----------------------------------------------------------------------

if ! is_root; then
	for file in "$vault" "$config" "$profiles" "$env_file"; do
		chmod 0 "$file"
		refused "$(basename "$file"), unreadable" "$file" 77 "ermission"
	done
	chmod 500 "$state/secrets"
	refused "a read-only folder" "$vault" 77 "ermission"
fi

# No room: not a byte more fits into any file. The sanitizers' own files do not care.
# no_room NAME LIMIT-IN-KIB
no_room() {
	local before rc=0
	before=$(home_state | grep -vE '\.lock| d ')
	printf %s "$second" >"$work/key"
	(
		ulimit -f "$2"
		trap '' XFSZ
		exec "$tfb" onboard --non-interactive --provider openai --no-verify --key-file "$work/key"
	) >"$work/out" 2>"$work/err" || rc=$?
	status=$rc
	ends_with 74 "$1"
	[ "$(home_state | grep -vE '\.lock| d ')" = "$before" ] || {
		diff <(echo "$before") <(home_state | grep -vE '\.lock| d ') >&2 || true
		fail "$1: something was changed"
	}
	restore
}
is_sanitized || no_room "no file may grow" 0

if is_root && mkdir "$work/small" && mount -t tmpfs -o size=64k,mode=700 none "$work/small" 2>/dev/null; then
	# The state folder on a disk with room for nothing more.
	# Without the resolver's copy, which alone may fill it.
	tar -C "$work/good/.thinkfleetbot" --exclude=./bin -cf - . | tar -C "$work/small" -xf -
	dd if=/dev/zero of="$work/small/filler" bs=1k count=64 2>/dev/null || true
	[ -s "$work/small/secrets/vault.json" ] || fail "the small disk is too small for the test"
	was=$(cd "$work/small" && find . -type f ! -name .lock -exec sha256sum {} + | sort)
	onboard_key openai "$second" --no-verify --state-dir "$work/small"
	ends_with 74 "a full disk"
	says "No space left on device" "a full disk"
	now=$(cd "$work/small" && find . -type f ! -name .lock -exec sha256sum {} + | sort)
	[ "$was" = "$now" ] || { diff <(echo "$was") <(echo "$now") >&2 || true; fail "a full disk: something was changed"; }
	umount "$work/small"
	mount -t tmpfs -o size=1m,mode=700,ro none "$work/small"
	onboard_key openai "$second" --no-verify --state-dir "$work/small"
	ends_with 73 "a read-only disk"
	says "Read-only file system" "a read-only disk"
	umount "$work/small"
fi

# After all that the first token is still there.
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_OAUTH_TOKEN"'
[ "$(cat "$work/out")" = "$first" ] || fail "the first token is lost"
