/* SPDX-License-Identifier: MIT */
#include "cli/status_watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/out_base.h"
#include "cli/session.h"
#include "wizard/answers.h"

/* Time alone changes a state, too: a token expires, a pause is over. */
#define LOOK_EVERY_MS 30000

/* What was said of a credential last. */
struct said {
	char id[ID_CAP];
	const char *word;
};

struct said_list {
	struct said *rows;
	size_t count;
};

static bool said_take(struct said_list *to, const struct snapshot *s, struct err *e)
{
	to->rows = calloc(s->credential_count ? s->credential_count : 1, sizeof(*to->rows));
	if (!to->rows)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < s->credential_count; i++) {
		struct said *row = &to->rows[to->count++];

		str_copy(row->id, sizeof(row->id), s->credentials[i].id);
		credential_state(&s->credentials[i], s->now_ms, &row->word);
	}
	return true;
}

static const struct said *said_find(const struct said_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->rows[i].id, id) == 0)
			return &list->rows[i];
	return NULL;
}

static void tell(int64_t now_ms, const char *id, const char *word)
{
	time_t t = (time_t)(now_ms / 1000);
	struct tm local = { 0 };
	char when[16] = "";

	if (localtime_r(&t, &local))
		strftime(when, sizeof(when), "%H:%M:%S", &local);
	printf("%s ", when);
	out_text(stdout, id);
	printf(" %s\n", word);
}

static void compare(const struct said_list *was, const struct said_list *is, int64_t now_ms)
{
	for (size_t i = 0; i < is->count; i++) {
		const struct said *before = said_find(was, is->rows[i].id);

		if (!before || strcmp(before->word, is->rows[i].word) != 0)
			tell(now_ms, is->rows[i].id, is->rows[i].word);
	}
	for (size_t i = 0; i < was->count; i++)
		if (!said_find(is, was->rows[i].id))
			tell(now_ms, was->rows[i].id, "removed");
}

/* Who reads along in a pipe is told at once. *was becomes what is so now. */
static bool look_again(struct session *s, struct said_list *was, struct err *e)
{
	struct said_list is = { 0 };

	if (!session_look(s, e) || !said_take(&is, &s->now, e))
		return false;
	compare(was, &is, s->now.now_ms);
	free(was->rows);
	*was = is;
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the output");
	return true;
}

bool status_watch(const char *agent, struct err *e)
{
	struct session s = { .probe = CLIENT_NONE, .watch = -1, .epoll = -1, .probe_fd = -1 };
	struct said_list was = { 0 };
	bool ok = session_open(&s, agent, PLACE_READ, "status", e) && said_take(&was, &s.now, e);

	if (ok)
		fprintf(stderr, "Watching %zu credential%s; ^C ends it.\n", was.count,
			was.count == 1 ? "" : "s");
	while (ok) {
		struct pollfd watch = { .fd = s.watch, .events = POLLIN };

		poll(&watch, 1, LOOK_EVERY_MS);
		session_changed(&s);
		ok = look_again(&s, &was, e);
	}
	free(was.rows);
	session_close(&s);
	return false;
}
