# shellcheck shell=bash disable=SC2034
# What building and testing need, as Debian package names, and how to install what is missing.
# Sourced by scripts/try and scripts/check; not run by itself.

build_packages=(
	gcc libc6-dev cmake ninja-build pkg-config
	libncurses-dev libcurl4-openssl-dev libjson-c-dev libsodium-dev
)

check_packages=(
	clang clang-format clang-tidy libclang-rt-14-dev
	libcmocka-dev mandoc shellcheck tmux python3 openssl curl strace valgrind git gcovr systemd dbus
)

# Commands that some machines have from elsewhere (nodesource, nvm): only a missing command is
# installed, because Debian's own package would conflict with those.
declare -A check_commands=([node]=nodejs [npm]=npm)

installed() {
	dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

# install_missing PACKAGE...: asks only when a person is there to answer.
install_missing() {
	local missing=() package sudo=()

	for package in "$@"; do
		installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	if ! command -v apt-get >/dev/null; then
		echo "These packages are missing, and this is no Debian to install them on: ${missing[*]}" >&2
		return 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "Run as root: apt-get install ${missing[*]}" >&2
			return 1
		fi
		sudo=(sudo)
	fi
	echo "Needed and not installed: ${missing[*]}"
	if [ -t 0 ] && [ -t 1 ] && [ -z "${CI:-}" ]; then
		read -r -p "Install them with ${sudo[*]:+sudo }apt-get? [Y/n] " answer
		case "$answer" in
		[nN]*) return 1 ;;
		esac
	fi
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
		"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# missing_commands: the packages of check_commands whose command is not there.
missing_commands() {
	local command

	for command in "${!check_commands[@]}"; do
		command -v "$command" >/dev/null || echo "${check_commands[$command]}"
	done
}
