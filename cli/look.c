/* SPDX-License-Identifier: MIT */
#include "cli/look.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/self.h"
#include "cli/opener.h"
#include "cli/say.h"
#include "health/survey.h"

bool look_take(struct snapshot *out, const struct place *p, const struct look *how, struct err *e)
{
	char resolver[FS_PATH_MAX];
	bool installed = self_program(resolver, sizeof(resolver), "thinkfleetbot-resolve", NULL);
	struct survey_options o = { .paths = &p->paths,
		.agent = p->agent,
		.resolver = installed ? resolver : NULL,
		.want_findings = how->findings,
		.deep = how->deep,
		.now_ms = clock_now_ms(),
		.warn_ms = how->warn_ms,
		.ask_systemd = how->ask_systemd,
		.shell_max_ms = how->shell_max_ms };

	return survey_take(out, &o, e);
}

bool look_complete(const struct snapshot *s, struct err *e)
{
	for (size_t i = 1; i < s->unread_count; i++)
		say_warning("%s", s->unread[i].msg);
	if (s->unread_count && e)
		*e = s->unread[0];
	else if (memory_ran_out())
		err_set(e, ERR_MEMORY, "out of memory: the answer may lack something");
	return !s->unread_count && !memory_ran_out();
}

bool look_warn(const char *text, int64_t *ms, struct err *e)
{
	*ms = MS_DAY;
	return !text || clock_parse_duration(text, "d", ms, e) || err_wrap(e, "--warn-within");
}

bool look_secret(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	struct opener o;
	bool ok;

	opener_init(&o, p);
	ok = opener_get(&o, out, c, e);
	opener_release(&o);
	return ok;
}
