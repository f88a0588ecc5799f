/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "health/service_impl.h"

/*
 * Who is of the family, told from names and command lines. The entry points are those by which the
 * gateways recognise each other for their own lock (openclaw src/infra/gateway-lock.ts); a running
 * one has rewritten its command line to its title, "moltbot" or "openclaw-gateway".
 */

static const struct family families[] = {
	{ "thinkfleetbot", { "THINKFLEETBOT_STATE_DIR" }, { ".thinkfleetbot" }, false },
	{ "openclaw", { "OPENCLAW_STATE_DIR" }, { ".openclaw" }, false },
	{ "moltbot", { "MOLTBOT_STATE_DIR", "CLAWDBOT_STATE_DIR" }, { ".clawdbot", ".moltbot" },
		true },
	{ "clawdbot", { "MOLTBOT_STATE_DIR", "CLAWDBOT_STATE_DIR" }, { ".clawdbot", ".moltbot" },
		true },
};

size_t family_count(void)
{
	return ARRAY_LEN(families);
}

const struct family *family_at(size_t i)
{
	return &families[i];
}

const struct family *family_of_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		size_t n = strlen(families[i].name);

		if (strncmp(name, families[i].name, n) != 0 || !str_starts(name + n, "-gateway"))
			continue;
		n += strlen("-gateway");
		if (!name[n] || name[n] == '-' || name[n] == '.' || name[n] == '@' ||
			name[n] == ' ')
			return &families[i];
	}
	return NULL;
}

/* "/usr/bin/moltbot", "/usr/lib/node_modules/moltbot/moltbot.mjs", ".../moltbot/dist/entry.js" */
static const struct family *family_of_program(const char *word)
{
	static const char *const entries[] = { "/dist/index.js", "/dist/index.mjs",
		"/dist/entry.js", "/dist/entry.mjs", "/scripts/run-node.mjs", "/src/index.ts" };
	const char *base = fs_basename(word);

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const char *name = families[i].name;
		size_t n = strlen(name);

		if (strncmp(base, name, n) == 0 &&
			(!base[n] || strcmp(base + n, ".mjs") == 0 || strcmp(base + n, ".js") == 0))
			return &families[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		if (!str_ends(word, entries[i]))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(families); k++)
			if (strstr(word, families[k].name))
				return &families[k];
	}
	return NULL;
}

/* The word at *p; moves behind it. NULL at the end. */
static const char *next_word(const char **p, const char *end)
{
	const char *word = *p;

	if (word >= end)
		return NULL;
	*p += strlen(word) + 1;
	return word;
}

/* `thinkfleetbot [--state-dir D] run [--state-dir D] --`: what stands before the command. */
static void judge_run(struct service_command *c, const char **p, const char *end)
{
	const char *at = *p;
	const char *word;
	char state[PATHS_CAP] = "";
	bool run = false;

	while ((word = next_word(&at, end)) && strcmp(word, "--") != 0) {
		if (str_starts(word, "--state-dir="))
			str_copy(state, sizeof(state), strchr(word, '=') + 1);
		else if (strcmp(word, "--state-dir") == 0 && (word = next_word(&at, end)))
			str_copy(state, sizeof(state), word);
		else if (word && strcmp(word, "run") == 0)
			run = true;
	}
	if (!run)
		return;
	c->run = true;
	str_copy(c->state_dir, sizeof(c->state_dir), state);
	*p = at;
}

void command_judge(struct service_command *c, const char *words, size_t n)
{
	const char *end = words + n;
	const char *p = words;
	const char *word = next_word(&p, end);

	*c = (struct service_command){ 0 };
	if (!word)
		return;
	c->family = family_of_name(word); /* a title */
	c->gateway = c->family != NULL;
	if (strcmp(fs_basename(word), "thinkfleetbot") == 0)
		judge_run(c, &p, end);
	if (!c->gateway && !c->run)
		c->family = family_of_program(word);
	while (!c->gateway && (word = next_word(&p, end))) {
		if (!c->family)
			c->family = family_of_program(word);
		else
			c->gateway = strcmp(word, "gateway") == 0;
	}
	if (!c->gateway)
		c->family = NULL;
}

static bool from_variables(char *out, size_t cap, const struct family *f,
	const struct service_vars *vars, const char *home)
{
	for (size_t i = 0; i < ARRAY_LEN(f->state_vars) && f->state_vars[i]; i++) {
		const struct service_var *var = vars_find(vars, f->state_vars[i]);

		if (var && var->value[0])
			return paths_absolute(out, cap, var->value, home, NULL);
	}
	return false;
}

bool family_state(char *out, size_t cap, const struct family *f, const struct service_vars *vars,
	const char *home)
{
	if (from_variables(out, cap, f, vars, home))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(f->folders) && f->folders[i]; i++)
		if (fs_join(out, cap, home, f->folders[i], NULL) && access(out, F_OK) == 0)
			return true;
	return fs_join(out, cap, home, f->folders[0], NULL);
}
