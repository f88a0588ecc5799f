/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "store/dotenv.h"

/*
 * The ways to write a value, the simplest first (security.md 2.5). The bare one
 * means the same to dotenv, sh, systemd and docker.
 */
struct form {
	const char *quote; /* on both sides */
	const char *only;  /* the bytes it can carry, or NULL: any but `never` */
	const char *never;
};

/* clang-format off */
static const struct form forms[] = {
	{ "",   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+=:@,~-", NULL },
	{ "'",  NULL, "'\n\r" },
	{ "\"", NULL, "\"\\\n\r" },
	{ "`",  NULL, "`" },
};
/* clang-format on */

static bool carries(const struct form *f, const char *value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (f->only ? !strchr(f->only, value[i]) : strchr(f->never, value[i]) != NULL)
			return false;
	}
	return !f->only || n > 0;
}

static bool is_key(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return n && !key[n];
}

static bool is_text(const char *p, size_t n)
{
	for (size_t i = 0, used; i < n; i += used) {
		if (p[i] == '\0' || (text_next(p + i, n - i, &used) == TEXT_BAD && used == 1))
			return false;
	}
	return true;
}

static uint32_t next_other(const struct dotenv *env, uint32_t i, const char *key)
{
	while (i < env->count && dotenv_key_is(env, i, key))
		i++;
	return i;
}

static bool same_entry(const struct dotenv *was, uint32_t a, const struct dotenv *is, uint32_t b)
{
	const struct dotenv_entry *x = &was->entries[a];
	const struct dotenv_entry *y = &is->entries[b];

	return x->key_len == y->key_len && x->value_len == y->value_len &&
	       x->exported == y->exported &&
	       memcmp(was->text.p + x->key_at, is->text.p + y->key_at, x->key_len) == 0 &&
	       memcmp(was->text.p + x->value_at, is->text.p + y->value_at, x->value_len) == 0;
}

/* Every variable but this one is what it was. */
static bool others_same(const struct dotenv *was, const struct dotenv *is, const char *key)
{
	uint32_t a = next_other(was, 0, key);
	uint32_t b = next_other(is, 0, key);

	while (a < was->count && b < is->count && same_entry(was, a, is, b)) {
		a = next_other(was, a + 1, key);
		b = next_other(is, b + 1, key);
	}
	return a >= was->count && b >= is->count;
}

/* Has the variable this value? False only when there was no memory to look. */
static bool reads_as(const struct dotenv *env, const char *key, const char *value, size_t n,
	bool *same, struct err *e)
{
	struct secret s = { 0 };

	*same = false;
	if (dotenv_find(env, key) == DOTENV_NONE)
		return true;
	if (!dotenv_get(env, key, &s, e))
		return false;
	*same = s.len == n && (!n || memcmp(s.bytes, value, n) == 0);
	secret_release(&s);
	return true;
}

static void adopt(struct dotenv *env, struct dotenv *next)
{
	dotenv_release(env);
	*env = *next;
	*next = (struct dotenv){ 0 };
}

/* The text with `insert` instead of the n bytes at `at`, parsed. */
static bool with_splice(struct dotenv *next, const struct dotenv *env, size_t at, size_t n,
	const struct buf *insert, struct err *e)
{
	struct buf text = { 0 };

	if (!buf_reserve(&text, env->text.len + insert->len, e) ||
		(at && !buf_add(&text, env->text.p, at, e)) ||
		(insert->len && !buf_add(&text, insert->p, insert->len, e)) ||
		(env->text.len > at + n &&
			!buf_add(&text, env->text.p + at + n, env->text.len - at - n, e))) {
		buf_release(&text);
		return false;
	}
	return dotenv_parse(next, &text, env->name, e);
}

static const char *newline_of(const struct dotenv *env)
{
	const char *lf = env->text.len ? memchr(env->text.p, '\n', env->text.len) : NULL;

	return lf && lf > env->text.p && lf[-1] == '\r' ? "\r\n" : "\n";
}

/* A line of its own at the end, or the value of `entry` alone. */
static bool write_insert(struct buf *out, const struct dotenv *env, uint32_t entry, const char *key,
	const struct buf *value, struct err *e)
{
	size_t end = env->text.len;
	size_t after;

	if (entry != DOTENV_NONE) {
		after = (size_t)env->entries[entry].value_at + env->entries[entry].value_len;
		return buf_add(out, value->p, value->len, e) &&
		       (after >= end || env->text.p[after] != '#' || buf_text(out, " ", e));
	}
	if (end && env->text.p[end - 1] != '\n' &&
		!(end == 3 && memcmp(env->text.p, "\xEF\xBB\xBF", 3) == 0) &&
		!buf_text(out, newline_of(env), e))
		return false;
	return buf_text(out, key, e) && buf_text(out, "=", e) &&
	       buf_add(out, value->p, value->len, e) && buf_text(out, newline_of(env), e);
}

/* Tries one form; *done when it reads back as it should and was kept. */
static bool try_form(struct dotenv *env, const char *key, const struct form *f,
	const struct secret *value, bool *done, struct err *e)
{
	uint32_t entry = dotenv_find(env, key);
	size_t at = entry == DOTENV_NONE ? env->text.len : env->entries[entry].value_at;
	size_t n = entry == DOTENV_NONE ? 0 : env->entries[entry].value_len;
	struct buf written = { 0 };
	struct buf insert = { 0 };
	struct dotenv next = { 0 };
	bool ok = buf_text(&written, f->quote, e) &&
		  (!value->len || buf_add(&written, value->bytes, value->len, e)) &&
		  buf_text(&written, f->quote, e) &&
		  write_insert(&insert, env, entry, key, &written, e) &&
		  with_splice(&next, env, at, n, &insert, e) &&
		  reads_as(&next, key, value->bytes, value->len, done, e);

	*done = ok && *done && others_same(env, &next, key);
	if (*done)
		adopt(env, &next);
	dotenv_release(&next);
	buf_release(&insert);
	buf_release(&written);
	return ok;
}

bool dotenv_set(struct dotenv *env, const char *key, const char *value, size_t n, struct err *e)
{
	struct secret copy = { 0 };
	bool done = false;
	bool tried = false;
	bool ok = true;

	if (!is_key(key))
		return err_set(e, ERR_USAGE, "\"%.80s\" cannot be a variable's name", key);
	if (!is_text(value, n))
		return err_set(e, ERR_REFUSED, "%s: the value of %s is not text", env->name, key);
	if (!reads_as(env, key, value, n, &done, e) || done)
		return done;
	/* The value may point into the text that is about to be replaced. */
	if (!secret_from(&copy, value, n, e))
		return false;
	for (size_t i = 0; ok && !done && i < ARRAY_LEN(forms); i++) {
		if (!carries(&forms[i], copy.bytes, copy.len))
			continue;
		tried = true;
		ok = try_form(env, key, &forms[i], &copy, &done, e);
	}
	secret_release(&copy);
	if (!ok || done)
		return ok;
	if (!tried)
		return err_set(
			e, ERR_REFUSED, "%s: no quoting can carry the value of %s", env->name, key);
	err_set(e, ERR_REFUSED, "%s: %s cannot be set without changing another line", env->name,
		key);
	return err_hint(e, "look for a quote that is not closed, or a key without a value, above");
}

static void line_span(const struct dotenv *env, uint32_t entry, size_t *at, size_t *n)
{
	size_t end = (size_t)env->entries[entry].value_at + env->entries[entry].value_len;

	while (end < env->text.len && env->text.p[end] != '\n' && env->text.p[end] != '\r')
		end++;
	if (end < env->text.len)
		end += env->text.p[end] == '\r' && end + 1 < env->text.len &&
				       env->text.p[end + 1] == '\n'
			       ? 2
			       : 1;
	*at = env->entries[entry].at;
	*n = end - *at;
}

static bool remove_one(struct dotenv *env, uint32_t entry, struct err *e)
{
	const struct buf nothing = { 0 };
	struct dotenv next = { 0 };
	size_t at;
	size_t n;

	line_span(env, entry, &at, &n);
	if (!with_splice(&next, env, at, n, &nothing, e))
		return false;
	adopt(env, &next);
	return true;
}

bool dotenv_remove(struct dotenv *env, const char *key, struct err *e)
{
	const struct buf nothing = { 0 };
	struct dotenv next = { 0 };
	uint32_t entry;
	bool ok;

	if (dotenv_find(env, key) == DOTENV_NONE)
		return true;
	ok = with_splice(&next, env, 0, 0, &nothing, e);
	while (ok && (entry = dotenv_find(&next, key)) != DOTENV_NONE)
		ok = remove_one(&next, entry, e);
	if (ok && !others_same(env, &next, key)) {
		err_set(e, ERR_REFUSED, "%s: %s cannot be removed without changing another line",
			env->name, key);
		err_hint(e, "edit the file by hand: a value spreads over several lines there");
		ok = false;
	}
	if (ok)
		adopt(env, &next);
	dotenv_release(&next);
	return ok;
}
