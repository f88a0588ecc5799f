/* SPDX-License-Identifier: MIT */
#include "cli/look.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/self.h"
#include "cli/opener.h"
#include "cli/say.h"
#include "health/survey.h"
#include "store/vault.h"

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

/* A vault that only a person opens has no profile to refer to it: only a line in .env. */
static const struct credential *find_sealed(const struct snapshot *s, const char *name)
{
	char record[VAULT_RECORD_ID_CAP];
	struct str start = STR_OF(record);

	str_fmt(&start, "%s/%s/", s->agent, name);
	for (size_t i = 0; !start.cut && i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];

		if (c->stored == STORED_SEALED && !c->in_store && str_starts(c->ref, record))
			return c;
	}
	return NULL;
}

const struct credential *look_find(const struct snapshot *s, const char *name)
{
	const struct credential *c = snapshot_find(s, name);

	if (!c && str_starts(name, "env:"))
		c = snapshot_find(s, name + strlen("env:"));
	return c ? c : find_sealed(s, name);
}
