/* SPDX-License-Identifier: MIT */
#include "health/service_vars.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\r\n", p[i]))
			return false;
	return true;
}

/* env_name_is_valid() of systemd, and short enough to be one of ours. */
static bool is_name(const char *p, size_t n)
{
	if (!n || n >= sizeof(((struct service_var *)0)->name) || (*p >= '0' && *p <= '9'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_",
			    p[i]))
			return false;
	return true;
}

/* Names whose values are paths, accounts and switches. Everything else may be a secret. */
static bool is_open(const char *name)
{
	static const char *const whole[] = { "HOME", "USER", "LOGNAME", "SHELL", "XDG_DATA_HOME",
		"XDG_CONFIG_HOME", "XDG_RUNTIME_DIR" };
	static const char *const ends[] = { "_STATE_DIR", "_CONFIG_PATH", "_KEY_DIR",
		"_LOAD_SHELL_ENV", "CLAW_HOME" };

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (strcmp(name, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(name, ends[i]))
			return true;
	return false;
}

static void fingerprint(char out[FINGERPRINT_CAP], const char *p, size_t n)
{
	const struct secret view = { .bytes = (char *)p, .len = n, .cap = n };

	secret_fingerprint(out, &view);
}

static void var_release(struct service_var *var)
{
	free(var->file);
	*var = (struct service_var){ 0 };
}

void vars_release(struct service_vars *v)
{
	for (size_t i = 0; i < v->count; i++)
		var_release(&v->list[i]);
	free(v->list);
	*v = (struct service_vars){ 0 };
}

static struct service_var *find(const struct service_vars *v, const char *p, size_t n)
{
	for (size_t i = 0; i < v->count; i++)
		if (strncmp(v->list[i].name, p, n) == 0 && !v->list[i].name[n])
			return &v->list[i];
	return NULL;
}

const struct service_var *vars_find(const struct service_vars *v, const char *name)
{
	return find(v, name, strlen(name));
}

const char *vars_value(void *vars, const char *name)
{
	const struct service_var *var = vars_find(vars, name);

	return var && var->value[0] ? var->value : NULL;
}

static bool grow(struct service_vars *v, struct err *e)
{
	size_t cap = v->cap ? 2 * v->cap : 32;
	struct service_var *list;

	if (v->count < v->cap)
		return true;
	list = realloc(v->list, cap * sizeof(*list));
	if (!list)
		return err_set(e, ERR_MEMORY, "out of memory");
	v->list = list;
	v->cap = cap;
	return true;
}

/* The place of this name, emptied. NULL: no memory, or v->full. */
static struct service_var *place(struct service_vars *v, const char *p, size_t n, struct err *e)
{
	struct service_var *var = find(v, p, n);

	if (!var) {
		v->full |= v->count == SERVICE_VARS_MAX;
		if (v->full || !grow(v, e))
			return NULL;
		var = &v->list[v->count++];
		*var = (struct service_var){ 0 };
	}
	var_release(var);
	memcpy(var->name, p, n);
	return var;
}

bool vars_put(struct service_vars *v, const char *assignment, size_t n,
	const struct service_place *at, struct err *e)
{
	const char *equals = memchr(assignment, '=', n);
	size_t name_n = equals ? (size_t)(equals - assignment) : 0;
	struct service_var *var;
	size_t value_n;

	if (!equals || !is_name(assignment, name_n))
		return true;
	var = place(v, assignment, name_n, e);
	if (!var)
		return v->full;
	value_n = n - name_n - 1;
	var->blank = is_blank(equals + 1, value_n);
	var->line = at->line;
	if (!var->blank)
		fingerprint(var->fingerprint, equals + 1, value_n);
	if (is_open(var->name) && value_n < sizeof(var->value))
		memcpy(var->value, equals + 1, value_n);
	var->file = at->file ? strdup(at->file) : NULL;
	return !at->file || var->file || err_set(e, ERR_MEMORY, "out of memory");
}

void vars_drop(struct service_vars *v, const char *word, size_t n)
{
	const char *equals = memchr(word, '=', n);
	struct service_var *var = find(v, word, equals ? (size_t)(equals - word) : n);
	char print[FINGERPRINT_CAP] = "";

	if (!var)
		return;
	if (equals) {
		size_t value_n = (size_t)(word + n - equals - 1);

		if (!is_blank(equals + 1, value_n))
			fingerprint(print, equals + 1, value_n);
		if (strcmp(print, var->fingerprint) != 0)
			return;
	}
	var_release(var);
	*var = v->list[--v->count];
}

bool vars_merge(struct service_vars *v, const struct service_vars *more, struct err *e)
{
	for (size_t i = 0; i < more->count; i++) {
		const struct service_var *from = &more->list[i];
		struct service_var *to = place(v, from->name, strlen(from->name), e);

		if (!to && v->full)
			break;
		if (!to)
			return false;
		*to = *from;
		to->file = from->file ? strdup(from->file) : NULL;
		if (from->file && !to->file)
			return err_set(e, ERR_MEMORY, "out of memory");
	}
	return true;
}

bool vars_block(struct service_vars *v, const char *p, size_t n, struct err *e)
{
	const struct service_place nowhere = { 0 };
	const char *end = p + n;

	while (p < end) {
		const char *stop = memchr(p, '\0', (size_t)(end - p));

		stop = stop ? stop : end;
		if (!vars_put(v, p, (size_t)(stop - p), &nowhere, e))
			return false;
		p = stop + 1;
	}
	return true;
}
