#!/data/data/com.termux/files/usr/bin/sh
# SPDX-License-Identifier: MIT
# Termux widget (~/.shortcuts/): sends the token in the phone's clipboard to the gateway host, where it is
# checked and sealed, and empties the clipboard. The token travels on standard input: it is in no command
# line and in no file on the way. The host is that of ~/.config/thinkfleetbot-host.
set -u
host=$(cat "$HOME/.config/thinkfleetbot-host") || exit 1
provider=${1:-anthropic}
case $provider in
'' | *[!a-z0-9-]*)
	echo "not the name of a provider" >&2
	exit 64
	;;
esac

if termux-clipboard-get | ssh -o BatchMode=yes -o ConnectTimeout=10 -- "$host" \
	thinkfleetbot models auth paste-token --provider "$provider" --key-stdin; then
	termux-clipboard-set ''
	termux-toast -b green "$provider: checked and sealed"
else
	termux-toast -b red "$provider: nothing was saved; the terminal says why"
	exit 1
fi
