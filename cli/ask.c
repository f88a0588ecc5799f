/* SPDX-License-Identifier: MIT */
#include "cli/ask.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/lineio.h"

#define TRIES 3

/* A signal that came meanwhile does now, with the terminal as it was, what it would have done. */
static bool take_answer(
	struct lineio *io, const char *prompt, bool hidden, struct secret *out, struct err *e)
{
	size_t total = 0;
	enum heard heard = lineio_ask(io, prompt, hidden, out, &total);
	int number = lineio_close(io);

	if (number)
		raise(number);
	if (heard == HEARD_SIGNAL)
		return err_set(e, ERR_REFUSED, "interrupted; nothing was changed");
	return total <= ASK_MAX ||
	       err_set(e, ERR_USAGE, "what was typed is longer than %d bytes", ASK_MAX);
}

static bool ask_line(
	struct secret *out, const char *prompt, bool hidden, const char *instead, struct err *e)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct lineio io;
	bool ok;

	if (tty < 0) {
		err_set(e, ERR_REFUSED, "there is no terminal to ask on");
		return err_hint(e, "%s", instead);
	}
	ok = secret_init(out, ASK_MAX, e) && lineio_open(&io, tty, tty, e) &&
	     take_answer(&io, prompt, hidden, out, e);
	close(tty);
	if (!ok)
		secret_release(out);
	return ok;
}

bool ask_typed(const char *prompt, const char *want, const char *instead, struct err *e)
{
	struct secret line = { 0 };
	bool same;

	if (!ask_line(&line, prompt, false, instead, e))
		return false;
	same = line.bytes && line.len == strlen(want) && memcmp(line.bytes, want, line.len) == 0;
	secret_release(&line);
	return same || err_set(e, ERR_REFUSED, "something else was typed; nothing was changed");
}

bool ask_shown(struct secret *out, const char *prompt, const char *instead, struct err *e)
{
	return ask_line(out, prompt, false, instead, e);
}

bool ask_hidden(struct secret *out, const char *prompt, const char *instead, struct err *e)
{
	if (!ask_line(out, prompt, true, instead, e))
		return false;
	if (out->len)
		return true;
	secret_release(out);
	return err_set(e, ERR_USAGE, "nothing was typed");
}

bool ask_hidden_twice(struct secret *out, const char *prompt, const char *again,
	const char *instead, struct err *e)
{
	struct secret second = { 0 };

	for (int i = 0; i < TRIES; i++) {
		bool same;

		if (!ask_hidden(out, prompt, instead, e))
			return false;
		if (!ask_hidden(&second, again, instead, e)) {
			secret_release(out);
			return false;
		}
		same = secret_equal(out, &second);
		secret_release(&second);
		if (same)
			return true;
		secret_release(out);
	}
	return err_set(e, ERR_USAGE, "the two were different each time");
}
