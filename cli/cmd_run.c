/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/hygiene.h"
#include "cli/place.h"
#include "cli/save.h"
#include "cli/say.h"
#include "cli/unlock.h"
#include "store/dotenv.h"

extern char **environ;

static struct {
	const char *agent;
} given;

static const struct opt opts[] = {
	{ "agent", "ID", "prefer the records of this agent", OPT_TEXT, { .text = &given.agent } },
	{ .kind = OPT_END },
};

/* The environment of the target: ours, plus "NAME=secret" strings in guarded memory. */
struct launch {
	char **envp;
	size_t count;
	struct secret *opened;
	size_t opened_count;
};

static bool launch_init(struct launch *l, size_t more, struct err *e)
{
	size_t n = 0;

	while (environ[n])
		n++;
	for (char *const *r = hygiene_removed(); *r; r++)
		n++;
	l->envp = calloc(n + more + 1, sizeof(*l->envp));
	l->opened = calloc(more + 1, sizeof(*l->opened));
	if (!l->envp || !l->opened)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; environ[i]; i++)
		l->envp[l->count++] = environ[i];
	for (char *const *r = hygiene_removed(); *r; r++)
		l->envp[l->count++] = *r;
	return true;
}

static void launch_release(struct launch *l, size_t more)
{
	for (size_t i = 0; l->opened && i <= more; i++)
		secret_release(&l->opened[i]);
	free(l->opened);
	free(l->envp);
}

/* An empty variable must not hide the one we add. */
static void drop_variable(struct launch *l, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < l->count; i++)
		if (strncmp(l->envp[i], name, n) == 0 && l->envp[i][n] == '=')
			l->envp[i--] = l->envp[--l->count];
	l->envp[l->count] = NULL;
}

/* The agent's own record when there is one: "main/anthropic:default/key" -> "work/...". */
static const char *record_for(
	const struct vault *v, const char *record, const char *agent, char *own, size_t cap)
{
	const char *slash = strchr(record, '/');

	if (!agent || !slash)
		return record;
	snprintf(own, cap, "%s%s", agent, slash);
	return vault_find(v, own) ? own : record;
}

static bool add_opened(struct launch *l, const struct vault *v, const char *name,
	const char *record, struct err *e)
{
	struct secret *entry = &l->opened[l->opened_count++];
	struct secret value = { 0 };
	bool ok;

	if (!vault_get(v, record, &value, e))
		return err_wrap(e, "%s", name);
	ok = secret_init(entry, strlen(name) + 1 + value.len, e) &&
	     secret_set(entry, name, strlen(name)) && secret_insert(entry, entry->len, "=", 1) &&
	     secret_insert(entry, entry->len, value.bytes, value.len);
	secret_release(&value);
	if (!ok)
		return false;
	drop_variable(l, name);
	l->envp[l->count++] = entry->bytes;
	l->envp[l->count] = NULL;
	return true;
}

static bool open_line(struct launch *l, const struct vault *v, const struct dotenv *env, uint32_t i,
	const char *agent, struct err *e)
{
	char key[128];
	char record[VAULT_RECORD_ID_CAP];
	char own[VAULT_RECORD_ID_CAP + AGENT_CAP];
	const char *name = key + strlen(SEALED_PREFIX);
	const char *set;

	if (env->entries[i].shadowed || !dotenv_key(env, i, key, sizeof(key)) ||
		!str_starts(key, SEALED_PREFIX) || !*name)
		return true;
	/* As every .env loader of the family: a variable that is set wins over the file. */
	set = getenv(name);
	if (set && set[0]) {
		say_warning(
			"%s is set in the environment and wins over the sealed one; unset it to "
			"use that",
			name);
		return true;
	}
	if (!dotenv_text(env, key, record, sizeof(record)))
		return err_set(e, ERR_DAMAGED, "%s line %u: %s names no record", env->name,
			env->entries[i].line, key);
	return add_opened(l, v, name, record_for(v, record, agent, own, sizeof(own)), e);
}

static bool open_all(
	struct launch *l, const struct place *p, const struct dotenv *env, struct err *e)
{
	struct unlock u = { 0 };
	struct vault v = { 0 };
	bool any = false;
	bool ok = false;

	for (uint32_t i = 0; i < env->count && !any; i++) {
		char key[128];

		any = dotenv_key(env, i, key, sizeof(key)) && str_starts(key, SEALED_PREFIX);
	}
	if (!any)
		return true;
	if (!unlock_begin(&u, &p->paths, e))
		goto out;
	/* A damaged neighbour must not keep a service from starting. */
	u.tolerant = true;
	if (!unlock_open(&u, &v, e))
		goto out;
	for (uint32_t i = 0; i < env->count; i++)
		if (!open_line(l, &v, env, i, given.agent ? p->agent : NULL, e))
			goto out;
	ok = true;
out:
	unlock_release(&u);
	vault_release(&v);
	return ok;
}

/* exec as the shell does: found in PATH unless it has a slash; only returns on failure. */
static bool become(char **argv, char **envp, struct err *e)
{
	int status;

	hygiene_undo();
	environ = envp;
	execvp(argv[0], argv);
	status = errno;
	err_set(e, status == ENOENT ? ERR_NOT_FOUND : ERR_REFUSED, "cannot start %.200s: %s",
		argv[0], strerror(status));
	return err_hint(e, "nothing was started");
}

static bool run(struct cli *c, struct err *e)
{
	struct place p = { 0 };
	struct dotenv env = { 0 };
	struct launch l = { 0 };
	bool ok = false;

	if (!place_find(&p, given.agent, PLACE_READ, "run", e) ||
		!dotenv_load(&env, p.paths.env, NULL, e) || !launch_init(&l, env.count, e))
		goto out;
	if (open_all(&l, &p, &env, e))
		ok = become(c->args.items, l.envp, e);
out:
	launch_release(&l, env.count);
	dotenv_release(&env);
	place_release(&p);
	return ok;
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "[--agent ID] [OPTION...] -- COMMAND [ARGUMENT...]",
	.summary = "become COMMAND, with the sealed variables opened in its environment",
	.detail =
		"Every line THINKFLEETBOT_SEALED_NAME=record of the state folder's .env becomes "
		"the\n"
		"variable NAME. The program is replaced by COMMAND (same process id); no secret "
		"is\n"
		"on a command line or on the disk. A variable that is already set wins.\n"
		"A vault that opens only with a passphrase asks for it on the terminal.",
	.opts = opts,
	.shared = unlock_opts,
	.args_min = 1,
	.own_words = true,
	.run = run,
};
