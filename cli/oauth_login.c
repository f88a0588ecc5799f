/* SPDX-License-Identifier: MIT */
#include "cli/oauth_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "cli/oauth_listen.h"

#define TURN_MS 200
#define OFFLINE_WAIT_MS 10000

struct login {
	struct oauth_attempt *a;
	struct lineio *io;
	struct oauth_tokens *tokens;
	struct oauth_listener listener;
	struct oauth_device device;
	struct oauth_grant grant;
	struct err failed; /* what ended the wait, when no one wanted it to end */
	bool done;         /* the tokens are here */
	int64_t until_ms;  /* of the monotonic clock, as the next */
	int64_t next_ms;
	int wait_ms;
	bool offline;
	bool still;          /* lines only: the time is told once a minute */
	int64_t shown;       /* what the prompt says is left, in seconds; or minutes told */
	char prompts[2][96]; /* the one that is shown, and the next */
	unsigned prompt;
};

/* --- the time --------------------------------------------------------------------------------- */

static bool by_browser(const struct login *l)
{
	return l->a->row->flow == OAUTH_BROWSER;
}

/* Always as long as before: it is written over the last one. */
static const char *make_prompt(struct login *l, int64_t left_s)
{
	char *text = l->prompts[++l->prompt % 2];
	const char *what =
		by_browser(l) ? "paste the address here (hidden), Esc cancels" : "Esc cancels";

	if (l->still)
		snprintf(text, sizeof(l->prompts[0]), "Waiting - %s: ", what);
	else
		snprintf(text, sizeof(l->prompts[0]),
			"Waiting %02lld:%02lld - %s: ", (long long)(left_s / 60 % 100),
			(long long)(left_s % 60), what);
	return text;
}

static void tell_time(struct login *l, int64_t now)
{
	int64_t left_s = (l->until_ms - now + 999) / 1000;

	if (l->still && left_s / 60 < l->shown) {
		l->shown = left_s / 60;
		lineio_raw(l->io, "");
		lineio_say(l->io, "Still waiting, %lld min left.", (long long)l->shown + 1);
		lineio_reprompt(l->io, make_prompt(l, left_s));
	} else if (!l->still && left_s != l->shown) {
		l->shown = left_s;
		lineio_reprompt(l->io, make_prompt(l, left_s));
	}
}

/* --- what goes on meanwhile ------------------------------------------------------------------- */

/* A host that is offline for a while is no reason to end; that it is, is said once. */
static void say_offline(struct login *l, const struct err *why)
{
	char now[32];
	struct str s = STR_OF(now);

	l->wait_ms = l->wait_ms < OFFLINE_WAIT_MS / 2 ? l->wait_ms * 2 : OFFLINE_WAIT_MS;
	if (l->offline)
		return;
	l->offline = true;
	clock_local(&s, clock_now_ms());
	lineio_raw(l->io, "");
	lineio_say(l->io, "! No answer since %s, still trying: %s.", now, why->msg);
}

/* False when the provider has said its last word. */
static bool poll_once(struct login *l)
{
	enum oauth_poll poll = OAUTH_POLL_PENDING;
	struct err why = { 0 };

	if (!oauth_ask_poll(l->a, &l->device, &poll, l->tokens, &why)) {
		if (why.code != ERR_UNREACHABLE) {
			l->failed = why;
			return false;
		}
		say_offline(l, &why);
	} else {
		l->offline = false;
		l->done = poll == OAUTH_POLL_DONE;
		l->wait_ms = oauth_next_wait(l->a->row, l->wait_ms, poll);
	}
	l->next_ms = clock_mono_ms() + l->wait_ms;
	return !l->done;
}

static void too_late(struct login *l)
{
	if (by_browser(l))
		err_set(&l->failed, ERR_FAILED,
			"nobody signed in to %s within %d minutes; nothing was changed",
			l->a->row->label, l->a->row->wait_s / 60);
	else
		err_set(&l->failed, ERR_FAILED, "the code of %s expired; nothing was changed",
			l->a->row->label);
	err_hint(&l->failed, "run the command again for a new one");
}

static bool turn(void *ctx)
{
	struct login *l = ctx;
	int64_t now = clock_mono_ms();

	if (oauth_listen_turn(&l->listener, &l->a->pkce, &l->grant))
		return false;
	if (now >= l->until_ms) {
		too_late(l);
		return false;
	}
	if (!by_browser(l) && now >= l->next_ms && !poll_once(l))
		return false;
	tell_time(l, clock_mono_ms());
	return true;
}

/* --- the wait --------------------------------------------------------------------------------- */

/* Something was pasted. False, having said why, when the wait goes on. */
static bool take_paste(struct login *l, const struct secret *text, size_t total)
{
	struct err why = { 0 };

	if (!by_browser(l) || !total)
		return false;
	if (total > text->cap)
		err_set(&why, ERR_USAGE, "what was pasted is longer than %zu bytes", text->cap);
	else if (oauth_read_paste(&l->grant, text->bytes, text->len, &why) &&
		 !oauth_state_fits(&l->grant, &l->a->pkce, true))
		err_set(&why, ERR_USAGE, "this answer belongs to another sign-in attempt");
	if (!why.code)
		return true;
	oauth_grant_release(&l->grant);
	lineio_say(l->io, "Error: %s.%s%s", why.msg, why.hint[0] ? " Hint: " : "", why.hint);
	return false;
}

static bool cancelled(struct err *e)
{
	return err_set(e, ERR_REFUSED, "the sign-in was cancelled; nothing was changed");
}

static bool wait_for_answer(struct login *l, struct secret *text, struct err *e)
{
	const struct lineio_meanwhile m = {
		.fd = l->listener.fd, .every_ms = TURN_MS, .turn = turn, .ctx = l
	};
	size_t total = 0;
	enum heard heard;

	do {
		int64_t left_ms = l->until_ms - clock_mono_ms();

		l->shown = l->still ? left_ms / 60000 : left_ms / 1000;
		l->io->meanwhile = &m;
		heard = lineio_ask(l->io, make_prompt(l, l->shown), true, text, &total);
		l->io->meanwhile = NULL;
	} while (heard == HEARD_LINE && !take_paste(l, text, total));
	if (l->failed.code) {
		*e = l->failed;
		return false;
	}
	return heard == HEARD_LINE || heard == HEARD_ELSEWHERE || cancelled(e);
}

static bool wait_quietly(struct login *l, struct err *e)
{
	const char *term = getenv("TERM");
	struct secret text = { 0 };
	bool ok;

	l->still = globals.plain || !term || !*term || strcmp(term, "dumb") == 0;
	ok = secret_init(&text, OAUTH_PASTE_MAX, e) && wait_for_answer(l, &text, e);
	secret_release(&text);
	return ok;
}

/* --- with a browser --------------------------------------------------------------------------- */

/* gateway-family.md 14: is the browser on another machine? */
static bool is_remote(void)
{
	static const char *const far[] = { "SSH_CLIENT", "SSH_TTY", "SSH_CONNECTION",
		"REMOTE_CONTAINERS", "CODESPACES" };

	for (size_t i = 0; i < ARRAY_LEN(far); i++)
		if (getenv(far[i]))
			return true;
	return !getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY") && !getenv("WSL_DISTRO_NAME");
}

static void say_way_back(struct login *l, unsigned port)
{
	char host[65] = "this-host";

	gethostname(host, sizeof(host) - 1);
	if (!is_remote()) {
		lineio_item(l->io, "2  ",
			"Approve there. This goes on by itself; or paste the address that the "
			"browser ends on.");
		return;
	}
	lineio_item(l->io, "2  ", "Approve there. The browser ends on an address that starts with");
	lineio_item(l->io, "   ", l->a->client.redirect_uri);
	lineio_item(l->io, "   ", "and may say that the page cannot be opened: that is fine.");
	lineio_item(l->io, "3  ", "Copy that whole address and paste it here. It is not shown.");
	if (l->listener.fd < 0)
		return;
	lineio_say(l->io, "Also listening on 127.0.0.1:%u; from your computer, for example:", port);
	lineio_say(l->io, "   ssh -L %u:127.0.0.1:%u %s", port, port, host);
}

static void open_listener(struct login *l, unsigned port, const char *path)
{
	struct err why = { 0 };

	if (oauth_listen(&l->listener, port, path, &why))
		return;
	lineio_say(l->io, "! %s; pasting the address works all the same.", why.msg);
}

static bool fetch(struct login *l, struct err *e)
{
	if (l->grant.error[0] && !l->grant.code.len)
		return err_set(e, ERR_REFUSED,
			"the sign-in was refused in the browser (%s); nothing was changed",
			l->grant.error);
	lineio_say(l->io, "Fetching the tokens ...");
	return oauth_ask_tokens(l->a, &l->grant.code, l->tokens, e);
}

static bool browser_login(struct login *l, struct err *e)
{
	struct oauth page = *l->a->row;
	char url[OAUTH_URL_CAP], path[128];
	unsigned port;

	if (!oauth_redirect(l->a->client.redirect_uri, &port, path))
		return err_set(
			e, ERR_CONFIG, "the redirect address is no http address of this machine");
	page.ask_url = l->a->at.ask;
	if (!oauth_page(url, &page, &l->a->client, &l->a->pkce))
		return err_set(e, ERR_CONFIG, "the address of the sign-in page is too long");
	open_listener(l, port, path);
	lineio_item(l->io, "1  ", "Open this address in a browser, on any computer:");
	lineio_raw(l->io, "");
	lineio_raw(l->io, url);
	lineio_raw(l->io, "");
	say_way_back(l, port);
	l->until_ms = clock_mono_ms() + (int64_t)l->a->row->wait_s * MS_SECOND;
	return wait_quietly(l, e) && fetch(l, e);
}

/* --- with a code ------------------------------------------------------------------------------ */

static bool device_login(struct login *l, struct err *e)
{
	int64_t now = clock_mono_ms();

	if (!oauth_ask_device(l->a, &l->device, e))
		return false;
	lineio_item(l->io, "1  ", "Open this page on any computer or phone:");
	lineio_raw(l->io, "");
	lineio_raw(l->io, l->device.page);
	lineio_raw(l->io, "");
	lineio_say(l->io, "2  Enter this code:  %s", l->device.shown);
	lineio_item(l->io, "3  ", "Come back here. This goes on by itself.");
	l->wait_ms = l->device.wait_ms;
	l->next_ms = now + l->wait_ms;
	l->until_ms = now + (l->device.until_ms - clock_now_ms());
	return wait_quietly(l, e);
}

bool oauth_login(struct oauth_attempt *a, struct lineio *io, struct oauth_tokens *t, struct err *e)
{
	struct login l = { .a = a, .io = io, .tokens = t, .listener = OAUTH_LISTENER_NONE };
	bool ok;

	a->cancel_fd = lineio_signal_fd();
	ok = pkce_init(&a->pkce, e) &&
	     (by_browser(&l) ? browser_login(&l, e) : device_login(&l, e));
	oauth_listen_close(&l.listener);
	oauth_device_release(&l.device);
	oauth_grant_release(&l.grant);
	return ok;
}
