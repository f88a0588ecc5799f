/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/service_vars.h"

/*
 * EnvironmentFile= of systemd: a machine of ten states, one character at a time, after
 * parse_env_file_internal() of systemd 252 (Debian 12). A comment whose line ends in a backslash
 * goes on in the next line there (systemd issue 27975; 254 ended that).
 */

enum state {
	PRE_KEY,
	KEY,
	PRE_VALUE,
	VALUE,
	VALUE_ESCAPE,
	SINGLE,
	DOUBLE,
	DOUBLE_ESCAPE,
	COMMENT,
	COMMENT_ESCAPE,
};

#define NO_BLANK SIZE_MAX

struct reader {
	struct service_vars *vars;
	const char *file;
	enum state state;
	struct buf text; /* "NAME=VALUE" so far */
	size_t blank_at; /* where trailing white space began, or NO_BLANK */
	unsigned line;   /* of this character */
	unsigned key_line;
	struct err *e;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static bool add(struct reader *r, char c)
{
	return buf_add(&r->text, &c, 1, r->e);
}

/* A character that counts unless only white space follows. */
static bool add_trimmed(struct reader *r, char c)
{
	if (!is_space(c))
		r->blank_at = NO_BLANK;
	else if (r->blank_at == NO_BLANK)
		r->blank_at = r->text.len;
	return add(r, c);
}

static bool start_key(struct reader *r, char c)
{
	if (c == '#' || c == ';') {
		r->state = COMMENT;
		return true;
	}
	if (is_space(c))
		return true;
	r->state = KEY;
	r->text.len = 0;
	r->blank_at = NO_BLANK;
	r->key_line = r->line;
	return add(r, c);
}

static bool in_key(struct reader *r, char c)
{
	if (is_newline(c)) {
		r->state = PRE_KEY;
		return true;
	}
	if (c != '=')
		return add_trimmed(r, c);
	r->state = PRE_VALUE;
	if (r->blank_at != NO_BLANK)
		r->text.len = r->blank_at;
	r->blank_at = NO_BLANK;
	return add(r, '=');
}

/* The end of an assignment. What is no name ("export X") is left out, as systemd does. */
static bool finish(struct reader *r)
{
	const struct service_place at = { r->file, r->key_line };
	size_t n = r->state == VALUE && r->blank_at != NO_BLANK ? r->blank_at : r->text.len;

	r->state = PRE_KEY;
	return vars_put(r->vars, r->text.p, n, &at, r->e);
}

static bool before_value(struct reader *r, char c)
{
	if (is_newline(c))
		return finish(r);
	if (c == '\'' || c == '"' || c == '\\') {
		r->state = c == '\'' ? SINGLE : c == '"' ? DOUBLE : VALUE_ESCAPE;
		return true;
	}
	if (is_space(c))
		return true;
	r->state = VALUE;
	return add(r, c);
}

static bool in_value(struct reader *r, char c)
{
	if (is_newline(c))
		return finish(r);
	if (c != '\\')
		return add_trimmed(r, c);
	r->state = VALUE_ESCAPE;
	r->blank_at = NO_BLANK;
	return true;
}

static bool in_value_escape(struct reader *r, char c)
{
	r->state = VALUE;
	return is_newline(c) || add(r, c);
}

static bool in_single(struct reader *r, char c)
{
	if (c != '\'')
		return add(r, c);
	r->state = PRE_VALUE;
	return true;
}

static bool in_double(struct reader *r, char c)
{
	if (c != '"' && c != '\\')
		return add(r, c);
	r->state = c == '"' ? PRE_VALUE : DOUBLE_ESCAPE;
	return true;
}

static bool in_double_escape(struct reader *r, char c)
{
	r->state = DOUBLE;
	if (c == '\n')
		return true;
	return (strchr("\"\\`$", c) || add(r, '\\')) && add(r, c);
}

static bool in_comment(struct reader *r, char c)
{
	if (c == '\\')
		r->state = COMMENT_ESCAPE;
	else if (is_newline(c))
		r->state = PRE_KEY;
	return true;
}

static bool in_comment_escape(struct reader *r, char c)
{
	(void)c;
	r->state = COMMENT;
	return true;
}

static bool (*const steps[])(struct reader *r, char c) = {
	[PRE_KEY] = start_key,
	[KEY] = in_key,
	[PRE_VALUE] = before_value,
	[VALUE] = in_value,
	[VALUE_ESCAPE] = in_value_escape,
	[SINGLE] = in_single,
	[DOUBLE] = in_double,
	[DOUBLE_ESCAPE] = in_double_escape,
	[COMMENT] = in_comment,
	[COMMENT_ESCAPE] = in_comment_escape,
};

bool vars_envfile(struct service_vars *v, const char *p, size_t n, const char *file, struct err *e)
{
	struct reader r = { .vars = v, .file = file, .blank_at = NO_BLANK, .line = 1, .e = e };
	bool ok = true;

	for (size_t i = 0; ok && i < n && p[i]; i++) {
		ok = steps[r.state](&r, p[i]);
		r.line += p[i] == '\n';
	}
	if (ok && r.state >= PRE_VALUE && r.state <= DOUBLE_ESCAPE)
		ok = finish(&r);
	buf_release(&r.text);
	return ok;
}
