/* SPDX-License-Identifier: MIT */
#include "cli/reveal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/ask.h"
#include "crypto/recovery.h"
#include "tui/term_names.h"

#define TRIES 5

/* What moves and clears; all of it empty on a terminal that can do neither. */
struct moves {
	const char *enter, *wipe, *leave;
	size_t leave_len; /* the handler must not call strlen() on what changes */
	const char *warning;
};

#define LEAVE "\033[2J\033[H\033[?1049l"

static const struct moves cleared = {
	.enter = "\033[?1049h\033[2J\033[H",
	.wipe = "\033[2J\033[H",
	.leave = LEAVE,
	.leave_len = sizeof(LEAVE) - 1,
	.warning = "",
};
static const struct moves plain = {
	.enter = "",
	.wipe = "",
	.leave = "",
	.warning = "This terminal cannot be cleared: the code stays on it and in its scrollback.\n",
};
static const struct moves *moves = &cleared;

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

/* For the handler: the terminal on which something is shown. */
static volatile sig_atomic_t shown_on = -1;

/* ask.c hands on a signal that came during a question: nothing may stay on the screen. */
static void clear_and_end(int number)
{
	if (shown_on >= 0 && write(shown_on, moves->leave, moves->leave_len) < 0)
		shown_on = -1;
	signal(number, SIG_DFL);
	raise(number);
}

struct screen {
	int fd;
	struct sigaction old[ARRAY_LEN(ends)];
};

static bool screen_open(struct screen *s, const char *instead, struct err *e)
{
	struct sigaction sa = { .sa_handler = clear_and_end };

	s->fd = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (s->fd < 0) {
		err_set(e, ERR_REFUSED, "there is no terminal to show the recovery code on");
		return err_hint(e, "%s", instead);
	}
	moves = term_name_is_plain(getenv("TERM")) ? &plain : &cleared;
	shown_on = s->fd;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		sigaction(ends[i], &sa, &s->old[i]);
	return fs_write_all(s->fd, moves->enter, strlen(moves->enter), e);
}

static void screen_close(struct screen *s)
{
	fs_write_all(s->fd, moves->leave, moves->leave_len, NULL);
	shown_on = -1;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		sigaction(ends[i], &s->old[i], NULL);
	close(s->fd);
}

static bool say(const struct screen *s, const char *text, struct err *e)
{
	return fs_write_all(s->fd, text, strlen(text), e);
}

static bool show(const struct screen *s, const struct secret *code, struct err *e)
{
	static const char step = RECOVERY_GROUP_CHARS + 1;

	if (!say(s, moves->wipe, e) || !say(s, moves->warning, e) ||
		!say(s,
			"The recovery code opens the vault when its key file or passphrase is "
			"lost.\nWrite it on paper. It is shown only now; whoever has it opens the "
			"vault.\n\n",
			e))
		return false;
	for (int g = 0; g < RECOVERY_GROUPS; g++) {
		const char number[] = { ' ', ' ', ' ', ' ', (char)('1' + g), ' ', ' ', '\0' };

		if (!say(s, number, e) ||
			!fs_write_all(s->fd, code->bytes + (ptrdiff_t)g * step,
				RECOVERY_GROUP_CHARS, e) ||
			!say(s, "\n", e))
			return false;
	}
	return true;
}

static bool wait_until_written(const char *instead, struct err *e)
{
	struct secret line = { 0 };
	bool ok = ask_shown(&line,
		"\nPress Enter when all seven groups are on paper; the screen is cleared then. ",
		instead, e);

	secret_release(&line);
	return ok;
}

enum typed {
	TYPED_RIGHT,
	TYPED_WRONG,
	TYPED_AGAIN, /* to be shown once more */
	TYPED_FAILED,
};

static enum typed ask_back(
	const struct screen *s, const struct secret *code, const char *instead, struct err *e)
{
	struct secret line = { 0 };
	struct secret back = { 0 };
	struct err why = { 0 };
	enum typed result = TYPED_WRONG;

	if (!ask_shown(&line, "Type it back from the paper (an empty line shows it again):\n> ",
		    instead, e))
		return TYPED_FAILED;
	if (!line.len) {
		result = TYPED_AGAIN;
	} else if (recovery_read(&back, line.bytes, line.len, &why)) {
		if (secret_equal(&back, code))
			result = TYPED_RIGHT;
		else
			err_set(&why, ERR_USAGE, "this is a recovery code, but not the new one");
	}
	secret_release(&line);
	secret_release(&back);
	if (result == TYPED_WRONG && !(say(s, why.msg, e) && say(s, ".\n\n", e)))
		return TYPED_FAILED;
	return result;
}

static bool dialogue(
	const struct screen *s, const struct secret *code, const char *instead, struct err *e)
{
	bool again = true;

	for (int i = 0; i < TRIES; i++) {
		if (again && !(show(s, code, e) && wait_until_written(instead, e) &&
				     say(s, moves->wipe, e)))
			return false;
		again = false;
		switch (ask_back(s, code, instead, e)) {
		case TYPED_RIGHT:
			return true;
		case TYPED_FAILED:
			return false;
		case TYPED_AGAIN:
			again = true;
			break;
		case TYPED_WRONG:
			break;
		}
	}
	return err_set(e, ERR_REFUSED, "the recovery code was not typed back; nothing was changed");
}

bool reveal_recovery(const struct secret *code, const char *instead, struct err *e)
{
	struct screen s;
	bool ok;

	if (!screen_open(&s, instead, e)) {
		if (s.fd >= 0)
			screen_close(&s);
		return false;
	}
	ok = dialogue(&s, code, instead, e);
	screen_close(&s);
	return ok;
}
