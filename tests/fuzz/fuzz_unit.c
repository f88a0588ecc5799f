/* SPDX-License-Identifier: MIT */

/*
 * The input as a unit file, as an EnvironmentFile= and as a property list. Whatever it is: each
 * ends, an assignment that is given is inside of the text, every name is one that systemd accepts,
 * and words and specifiers of each value are read to their end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "health/service_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool truth)
{
	if (!truth)
		abort();
}

struct parsed {
	struct buf word, text;
	unsigned line, lines;
};

static void expand(struct parsed *p, const char *word)
{
	static const struct unit_specifiers spec = {
		.name = "a-b@c.service", .user = "u", .home = "/h", .uid = "1", .runtime = "/run"
	};

	p->text.len = 0;
	unit_expand(&p->text, word, &spec, NULL);
}

static bool take(void *ctx, const struct unit_setting *s, struct err *e)
{
	struct parsed *p = ctx;
	const char *at = s->value;
	const char *end = at + strlen(at);

	(void)e;
	need(s->line >= p->line && s->line <= p->lines && s->section[0]);
	p->line = s->line;
	for (;;) {
		const char *before = at;
		enum unit_word r = unit_word(&at, &p->word);

		need(at >= before && at <= end && r != UNIT_MEMORY);
		if (r != UNIT_WORD)
			return true;
		need(at > before && strlen(p->word.p) == p->word.len);
		expand(p, p->word.p);
	}
}

static void names_are_valid(const struct service_vars *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct service_var *var = &v->list[i];

		need(var->name[0] && !strchr(var->name, '=') && !strchr(var->name, ' '));
		need(var->blank == !var->fingerprint[0]);
		need(vars_find(v, var->name) == var);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct parsed parsed = { .lines = 1 };
	struct service_vars vars = { 0 };
	struct service service = { 0 };

	if (!crypto_start(NULL) || size > 8192)
		return 0;
	for (size_t i = 0; i < size; i++)
		parsed.lines += text[i] == '\n';
	need(unit_parse(text, size, take, &parsed, NULL));
	need(vars_envfile(&vars, text, size, "/f", NULL));
	names_are_valid(&vars);
	need(launchd_parse(&service, text, size, "/p", NULL));
	names_are_valid(&service.vars);
	vars_release(&vars);
	service_release(&service);
	buf_release(&parsed.word);
	buf_release(&parsed.text);
	return 0;
}
