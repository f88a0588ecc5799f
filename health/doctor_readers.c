/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/doctor_impl.h"
#include "provider/provider.h"

/*
 * One .env, four readers (user-pains.md P50). Gateways read it as dotenv does; the same file is
 * also given to systemd (EnvironmentFile=), to a shell (`. ./.env`) and to docker (--env-file), and
 * each of them reads quotes, comments, blanks and `export` in a way of its own.
 *
 * Every reader here walks the line as its program does and compares what it would get with dotenv's
 * value, one byte at a time: no second copy of a key is made.
 */

enum reader {
	READER_SYSTEMD,
	READER_SHELL,
	READER_DOCKER,
};

struct comparison {
	const char *want; /* dotenv's value */
	size_t n;
	size_t at;
	bool differs;
	const char *p;   /* what is left of the file, from behind the sign */
	const char *end; /* of the file */
};

static void got(struct comparison *c, char byte)
{
	c->differs |= c->at >= c->n || c->want[c->at] != byte;
	c->at++;
}

static bool same(const struct comparison *c)
{
	return !c->differs && c->at == c->n;
}

static bool is_newline(char b)
{
	return b == '\n' || b == '\r';
}

static bool is_blank(char b)
{
	return b == ' ' || b == '\t';
}

/* The sign is '=', with these blanks on its sides; dotenv also takes "NAME: value". */
struct line {
	bool equals;
	bool blank_before;
	bool blank_after;
	const char *value; /* behind the sign */
};

static void split(struct line *l, const struct dotenv *env, const struct dotenv_entry *entry)
{
	const char *p = env->text.p + entry->key_at + entry->key_len;
	const char *end = env->text.p + env->text.len;

	l->blank_before = p < end && *p != '=' && *p != ':';
	while (p < end && (is_blank(*p) || is_newline(*p)))
		p++;
	l->equals = p < end && *p == '=';
	l->value = p < end ? p + 1 : end;
	l->blank_after = l->value < end && is_blank(*l->value);
}

/* --- docker: everything behind the sign, to the end of the line ---------------------------------
 */

static const char *read_docker(
	struct comparison *c, const struct dotenv_entry *entry, const struct line *l)
{
	if (entry->exported || !l->equals || l->blank_before)
		return "refuses the whole file for it";
	for (; c->p < c->end && *c->p != '\n'; c->p++)
		if (*c->p != '\r' || (c->p + 1 < c->end && c->p[1] != '\n'))
			got(c, *c->p);
	if (same(c))
		return NULL;
	return entry->quote ? "keeps the quotes" : "keeps blanks and comments";
}

/* --- systemd: parse_env_file_internal() of 252, without its keys --------------------------------
 */

static void systemd_single(struct comparison *c)
{
	for (c->p++; c->p < c->end && *c->p != '\''; c->p++)
		got(c, *c->p);
}

static void systemd_double(struct comparison *c)
{
	for (c->p++; c->p < c->end && *c->p != '"'; c->p++) {
		if (*c->p != '\\' || c->p + 1 >= c->end) {
			got(c, *c->p);
			continue;
		}
		c->p++;
		if (*c->p == '\n')
			continue;
		if (!strchr("\"\\`$", *c->p))
			got(c, '\\');
		got(c, *c->p);
	}
}

/* To the end of the line; a backslash takes the next byte as it is, and a line break away. */
static void systemd_bare(struct comparison *c)
{
	const char *blanks = NULL; /* they count only when something follows */

	for (; c->p < c->end && !is_newline(*c->p); c->p++) {
		if (is_blank(*c->p)) {
			blanks = blanks ? blanks : c->p;
			continue;
		}
		for (; blanks && blanks < c->p; blanks++)
			got(c, *blanks);
		blanks = NULL;
		if (*c->p == '\\' && c->p + 1 < c->end)
			c->p++;
		if (!is_newline(*c->p))
			got(c, *c->p);
	}
}

/* A comment above that ends in a backslash goes on here (systemd issue 27975, up to 253). */
static bool in_comment(const struct dotenv *env, const struct dotenv_entry *entry)
{
	const char *text = env->text.p;
	size_t end = entry->at;
	size_t from;

	if (end < 2 || text[end - 1] != '\n' || text[end - 2] != '\\')
		return false;
	for (from = end - 1; from > 0 && text[from - 1] != '\n'; from--)
		;
	while (is_blank(text[from]))
		from++;
	return text[from] == '#' || text[from] == ';';
}

static const char *read_systemd(
	struct comparison *c, const struct dotenv_entry *entry, const struct line *l)
{
	if (entry->exported || !l->equals)
		return "ignores the line";
	for (; c->p < c->end && !is_newline(*c->p); c->p++) {
		if (*c->p == '\'') {
			systemd_single(c);
		} else if (*c->p == '"') {
			systemd_double(c);
		} else if (!is_blank(*c->p)) {
			systemd_bare(c);
			break;
		}
		if (c->p >= c->end)
			break;
	}
	return same(c) ? NULL : "reads another value";
}

/* --- a shell that sources it: one word, and what follows is a command ----------------------------
 */

/* A dollar sign alone is one; before these (and quotes, in bash) it is something else. */
static bool expands(const struct comparison *c)
{
	static const char starts[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_{(*@#?!$-'\"";

	return *c->p == '`' ||
	       (*c->p == '$' && c->p + 1 < c->end && memchr(starts, c->p[1], sizeof(starts) - 1));
}

/* False: the shell would put something else there. */
static bool shell_double(struct comparison *c)
{
	for (c->p++; c->p < c->end && *c->p != '"'; c->p++) {
		if (expands(c) && !(*c->p == '$' && c->p[1] == '"'))
			return false;
		if (*c->p == '\\' && c->p + 1 < c->end && strchr("$`\"\\\n", c->p[1]))
			c->p++;
		got(c, *c->p);
	}
	return c->p < c->end;
}

static bool shell_single(struct comparison *c)
{
	for (c->p++; c->p < c->end && *c->p != '\''; c->p++)
		got(c, *c->p);
	return c->p < c->end;
}

/* One step in the word; false at what no word of a key should hold. */
static bool shell_step(struct comparison *c)
{
	if (*c->p == '"')
		return shell_double(c);
	if (*c->p == '\'')
		return shell_single(c);
	if (expands(c) || strchr(";&|<>()", *c->p))
		return false;
	if (*c->p == '\\' && c->p + 1 < c->end)
		c->p++;
	got(c, *c->p);
	return true;
}

static const char *read_shell(
	struct comparison *c, const struct dotenv_entry *entry, const struct line *l)
{
	(void)entry;
	if (!l->equals || l->blank_before || (l->blank_after && c->n))
		return "runs it as a command";
	if (c->p < c->end && *c->p == '~')
		return "reads another value";
	for (; c->p < c->end && *c->p != '\n' && !is_blank(*c->p); c->p++)
		if (!shell_step(c))
			return "replaces a part of it";
	if (!same(c))
		return "reads another value";
	while (c->p < c->end && is_blank(*c->p))
		c->p++;
	return c->p >= c->end || *c->p == '\n' || *c->p == '#' ? NULL
							       : "runs the rest as a command";
}

/* ------------------------------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	const char *(*read)(struct comparison *, const struct dotenv_entry *, const struct line *);
} readers[] = {
	[READER_SYSTEMD] = { "systemd", read_systemd },
	[READER_SHELL] = { "a shell", read_shell },
	[READER_DOCKER] = { "docker", read_docker },
};

/* NAME=value and nothing else, in letters that mean themselves everywhere. */
static bool is_common(const struct dotenv *env, const struct dotenv_entry *entry)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_./+=:@,-";
	const char *text = env->text.p;
	size_t end = (size_t)entry->value_at + entry->value_len;

	if (entry->at != entry->key_at || entry->key_at + entry->key_len + 1 != entry->value_at ||
		text[entry->value_at - 1] != '=')
		return false;
	for (size_t i = entry->value_at; i < end; i++)
		if (!memchr(plain, text[i], sizeof(plain) - 1))
			return false;
	return (end == env->text.len || text[end] == '\n') && !in_comment(env, entry);
}

static bool is_credential(const char *name)
{
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t k = 0; k < ARRAY_LEN(p->vars) && p->vars[k]; k++)
			if (strcmp(p->vars[k], name) == 0)
				return true;
	}
	return false;
}

/* Which readers differ, in words; the worst of them decides. */
static enum severity judge(
	const struct dotenv *env, uint32_t i, const struct secret *want, struct str *said)
{
	const struct dotenv_entry *entry = &env->entries[i];
	enum severity worst = SEVERITY_OK;
	struct line l;

	split(&l, env, entry);
	for (size_t r = 0; r < ARRAY_LEN(readers); r++) {
		struct comparison c = { .want = want->bytes,
			.n = want->len,
			.p = l.value,
			.end = env->text.p + env->text.len };
		const char *why = readers[r].read(&c, entry, &l);

		if (r == READER_SYSTEMD && in_comment(env, entry))
			why = "takes it for a part of the comment above";
		if (!why)
			continue;
		str_fmt(said, "%s%s %s", said->len ? ", " : "", readers[r].name, why);
		if (r != READER_DOCKER)
			worst = SEVERITY_WARN;
		else if (worst == SEVERITY_OK)
			worst = SEVERITY_INFO;
	}
	return worst;
}

static void check_entry(struct survey *v, const struct check *c, uint32_t i)
{
	const struct dotenv *env = &v->dotenv;
	struct secret want = { 0 };
	char words[160];
	struct str said = STR_OF(words);
	enum severity severity;
	struct finding *f;
	struct err e = { 0 };
	char name[80];

	if (!dotenv_key(env, i, name, sizeof(name)))
		return;
	if (!dotenv_value(env, i, &want, &e)) {
		v->failed |= e.code == ERR_MEMORY; /* else it is too long for a key */
		return;
	}
	severity = judge(env, i, &want, &said);
	secret_release(&want);
	if (severity == SEVERITY_OK)
		return;
	if (!is_credential(name))
		severity = SEVERITY_INFO;
	f = finding_add(v, c, severity, "%.40s is right for a gateway, but %s", name, words);
	finding_evidence(v, f, v->paths->env, env->entries[i].line);
	finding_edit(f, v->paths->env, env->entries[i].line);
}

/* The family's reader skips it with the blanks of the line; a shell reads it as a letter. */
static void check_mark(struct survey *v, const struct check *c)
{
	static const char mark[] = "\xef\xbb\xbf";
	const struct buf *text = &v->dotenv.text;
	struct finding *f;

	if (text->len < strlen(mark) || memcmp(text->p, mark, strlen(mark)) != 0)
		return;
	f = finding_add(v, c, SEVERITY_INFO,
		"the first line begins with a byte order mark: right for a gateway, but a shell "
		"and "
		"systemd do not see that line's variable");
	finding_evidence(v, f, v->paths->env, 1);
	finding_edit(f, v->paths->env, 1);
}

bool check_readers(struct survey *v, const struct check *c)
{
	check_mark(v, c);
	for (uint32_t i = 0; i < v->dotenv.count; i++)
		if (!v->dotenv.entries[i].shadowed && !is_common(&v->dotenv, &v->dotenv.entries[i]))
			check_entry(v, c, i);
	return v->s->env_exists && !v->dotenv_error.code;
}
