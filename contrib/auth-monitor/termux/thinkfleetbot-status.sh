#!/data/data/com.termux/files/usr/bin/sh
# SPDX-License-Identifier: MIT
# Termux widget (~/.shortcuts/): how the gateway's credentials are, as a toast.
# The host is that of ~/.config/thinkfleetbot-host, one line for ssh: "me@gateway".
set -u
host=$(cat "$HOME/.config/thinkfleetbot-host") || exit 1

text=$(ssh -o BatchMode=yes -o ConnectTimeout=10 -- "$host" thinkfleetbot models status --check 2>&1)
case $? in
0) termux-toast -b green "credentials: good" ;;
1) termux-toast -b red "credentials: EXPIRED or missing" ;;
2) termux-toast -b orange "credentials: expiring soon" ;;
255) termux-toast -b gray "cannot reach $host" ;;
*) termux-toast -b gray "the check failed" ;;
esac
printf '%s\n' "$text"
