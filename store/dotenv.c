/* SPDX-License-Identifier: MIT */
#include "store/dotenv.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/*
 * dotenv 17 is one regular expression (lib/main.js, LINE); this is what it
 * matches, in linear time:
 *
 *   ^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)
 *     (\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?
 *     \s*(?:#.*)?$          flags g, m; CR LF and CR are LF before it
 *
 * \s matches newlines, so a value may begin on the line after its key.
 */

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

/* Bytes of the blank at `at` as \s knows blanks; 0 when there is none. CR LF is one. */
static size_t blank_at(const struct buf *t, size_t at)
{
	uint32_t cp;
	size_t used;

	if (at >= t->len)
		return 0;
	if (t->p[at] == '\r' && at + 1 < t->len && t->p[at + 1] == '\n')
		return 2;
	if (t->p[at] == ' ' || (t->p[at] >= '\t' && t->p[at] <= '\r'))
		return 1;
	if ((unsigned char)t->p[at] < 0x80)
		return 0;
	cp = text_next(t->p + at, t->len - at, &used);
	if (cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 ||
		cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000 || cp == 0xFEFF)
		return used;
	return 0;
}

static size_t skip_blanks(const struct buf *t, size_t at)
{
	size_t used;

	while ((used = blank_at(t, at)))
		at += used;
	return at;
}

/* Bytes of the line break at `at`, or 0. JavaScript's ^ and $ also know U+2028 and U+2029. */
static size_t break_at(const struct buf *t, size_t at)
{
	if (at >= t->len)
		return 0;
	if (is_newline(t->p[at]))
		return blank_at(t, at);
	if (t->len - at >= 3 && t->p[at] == '\xE2' && t->p[at + 1] == '\x80' &&
		(t->p[at + 2] == '\xA8' || t->p[at + 2] == '\xA9'))
		return 3;
	return 0;
}

/* The beginning of the next line after `at`; the end when there is none. */
static size_t next_line(const struct buf *t, size_t at)
{
	size_t used;

	for (; at < t->len; at++) {
		if ((used = break_at(t, at)))
			return at + used;
	}
	return t->len;
}

/* What may follow a value: blanks, then a comment or the end of the line. */
static bool ends_well(const struct buf *t, size_t at)
{
	size_t used;

	while (!break_at(t, at) && (used = blank_at(t, at)))
		at += used;
	return at >= t->len || t->p[at] == '#' || break_at(t, at);
}

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

/*
 * Past the quoted text at `at`, or `at` when it is none. A quote behind a
 * backslash is part of the text, unless nothing else can end it: then the
 * last one that can, does.
 */
static size_t quoted_end(const struct buf *t, size_t at)
{
	char quote = t->p[at];
	size_t fallback = at;
	size_t i;

	for (i = at + 1; i < t->len && t->p[i] != quote; i++) {
		if (t->p[i] != '\\' || i + 1 >= t->len || t->p[i + 1] != quote)
			continue;
		i++;
		if (ends_well(t, i + 1))
			fallback = i + 1;
	}
	return i < t->len && ends_well(t, i + 1) ? i + 1 : fallback;
}

static void trim(const struct buf *t, size_t *from, size_t *to)
{
	size_t used;
	size_t end;

	while (*from < *to && (used = blank_at(t, *from)))
		*from += used;
	for (size_t i = end = *from; i < *to; i += used) {
		size_t blank = blank_at(t, i);

		text_next(t->p + i, t->len - i, &used);
		if (blank)
			used = blank;
		else
			end = i + used;
	}
	*to = end;
}

static void read_value(const struct buf *t, size_t at, struct dotenv_entry *out)
{
	size_t from = skip_blanks(t, at);
	size_t to = from;

	if (from < t->len && strchr("'\"`", t->p[from]))
		to = quoted_end(t, from);
	if (to == from) {
		from = to = at;
		while (to < t->len && t->p[to] != '#' && !is_newline(t->p[to]))
			to++;
		trim(t, &from, &to);
		/* Nothing but blanks: a new value goes right behind the sign. */
		if (from == to)
			from = to = at;
	}
	out->value_at = (uint32_t)from;
	out->value_len = (uint32_t)(to - from);
	if (to - from >= 2 && t->p[from] == t->p[to - 1] && strchr("'\"`", t->p[from]))
		out->quote = t->p[from];
}

/* KEY, its sign and its value, with the key at `at`. */
static bool read_entry(const struct buf *t, size_t at, struct dotenv_entry *out)
{
	size_t end = at;
	size_t sign;

	while (end < t->len && is_key_char(t->p[end]))
		end++;
	if (end == at)
		return false;
	*out = (struct dotenv_entry){ .key_at = (uint32_t)at, .key_len = (uint32_t)(end - at) };
	sign = skip_blanks(t, end);
	if (sign < t->len && t->p[sign] == '=') {
		read_value(t, sign + 1, out);
		return true;
	}
	if (end < t->len && t->p[end] == ':' && blank_at(t, end + 1)) {
		read_value(t, end + 1 + blank_at(t, end + 1), out);
		return true;
	}
	return false;
}

static bool read_line(const struct buf *t, size_t at, struct dotenv_entry *out)
{
	size_t key;

	if (t->len - at > 6 && memcmp(t->p + at, "export", 6) == 0 && blank_at(t, at + 6)) {
		key = skip_blanks(t, at + 6);
		if (read_entry(t, key, out)) {
			out->exported = true;
			return true;
		}
	}
	return read_entry(t, at, out);
}

static bool append(struct dotenv *env, const struct dotenv_entry *entry, struct err *e)
{
	if (env->count == env->cap) {
		uint32_t cap = env->cap ? env->cap * 2 : 32;
		struct dotenv_entry *grown = realloc(env->entries, cap * sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_MEMORY, "out of memory for %s", env->name);
		env->entries = grown;
		env->cap = cap;
	}
	env->entries[env->count++] = *entry;
	return true;
}

static uint32_t hash(const char *p, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 16777619u;
	return h;
}

static bool same_key(const struct dotenv *env, uint32_t a, uint32_t b)
{
	const struct dotenv_entry *x = &env->entries[a];
	const struct dotenv_entry *y = &env->entries[b];

	return x->key_len == y->key_len &&
	       memcmp(env->text.p + x->key_at, env->text.p + y->key_at, x->key_len) == 0;
}

/* From the back: a key that is known already is set again further down. */
static bool mark_shadowed(struct dotenv *env, struct err *e)
{
	uint32_t size = 64;
	uint32_t *table;

	while (size < env->count * 2)
		size *= 2;
	table = calloc(size, sizeof(*table));
	if (!table)
		return err_set(e, ERR_MEMORY, "out of memory for %s", env->name);
	for (uint32_t i = env->count; i-- > 0;) {
		const struct dotenv_entry *entry = &env->entries[i];
		uint32_t at = hash(env->text.p + entry->key_at, entry->key_len) & (size - 1);

		while (table[at] && !same_key(env, table[at] - 1, i))
			at = (at + 1) & (size - 1);
		env->entries[i].shadowed = table[at] != 0;
		if (!table[at])
			table[at] = i + 1;
	}
	free(table);
	return true;
}

static bool check_text(const struct dotenv *env, struct err *e)
{
	const struct buf *t = &env->text;
	unsigned line = 1;

	if (t->len > FS_FILE_MAX)
		return err_set(
			e, ERR_DAMAGED, "%s: larger than %zu MiB", env->name, FS_FILE_MAX >> 20);
	for (size_t i = 0, used; i < t->len; i += used) {
		used = 1;
		if (t->p[i] == '\0')
			return err_set(e, ERR_DAMAGED, "%s: line %u: a NUL byte", env->name, line);
		if ((unsigned char)t->p[i] >= 0x80 &&
			text_next(t->p + i, t->len - i, &used) == TEXT_BAD && used == 1)
			return err_set(e, ERR_DAMAGED, "%s: line %u: a byte that is not UTF-8",
				env->name, line);
		line += t->p[i] == '\n';
	}
	return true;
}

static bool scan(struct dotenv *env, struct err *e)
{
	const struct buf *t = &env->text;
	unsigned line = 1;
	size_t counted = 0;

	for (size_t at = skip_blanks(t, 0); at < t->len; at = skip_blanks(t, at)) {
		struct dotenv_entry entry;
		size_t start = at;

		if (!read_line(t, at, &entry)) {
			at = next_line(t, at);
			continue;
		}
		while (start > 0 && !is_newline(t->p[start - 1]))
			start--;
		if (start == 0 && t->len >= 3 && memcmp(t->p, "\xEF\xBB\xBF", 3) == 0)
			start = 3;
		for (; counted < entry.key_at; counted++)
			line += t->p[counted] == '\n';
		entry.at = (uint32_t)start;
		entry.line = line;
		if (!append(env, &entry, e))
			return false;
		at = next_line(t, (size_t)entry.value_at + entry.value_len);
	}
	return mark_shadowed(env, e);
}

bool dotenv_parse(struct dotenv *env, struct buf *text, const char *name, struct err *e)
{
	size_t n = strlen(name);

	*env = (struct dotenv){ .text = *text };
	*text = (struct buf){ 0 };
	str_copy(env->name, sizeof(env->name),
		n < sizeof(env->name) ? name : name + n + 1 - sizeof(env->name));
	if (check_text(env, e) && scan(env, e))
		return true;
	dotenv_release(env);
	return false;
}

bool dotenv_load(struct dotenv *env, const char *path, struct fs_stamp *st, struct err *e)
{
	struct buf text = { 0 };
	struct fs_stamp own;

	if (!st)
		st = &own;
	if (!fs_read(path, 0, &text, st, e)) {
		buf_release(&text);
		if (st->exists || !e || e->code != ERR_NOT_FOUND)
			return false;
		*e = (struct err){ 0 };
	}
	return dotenv_parse(env, &text, path, e);
}

void dotenv_release(struct dotenv *env)
{
	buf_release(&env->text);
	free(env->entries);
	*env = (struct dotenv){ 0 };
}

/* --- reading --- */

bool dotenv_key_is(const struct dotenv *env, uint32_t entry, const char *key)
{
	size_t n = strlen(key);

	return entry < env->count && env->entries[entry].key_len == n &&
	       memcmp(env->text.p + env->entries[entry].key_at, key, n) == 0;
}

uint32_t dotenv_find(const struct dotenv *env, const char *key)
{
	for (uint32_t i = env->count; i-- > 0;) {
		if (dotenv_key_is(env, i, key))
			return i;
	}
	return DOTENV_NONE;
}

bool dotenv_key(const struct dotenv *env, uint32_t entry, char *out, size_t cap)
{
	struct str s = str_on(out, cap);

	if (entry >= env->count)
		return false;
	str_addn(&s, env->text.p + env->entries[entry].key_at, env->entries[entry].key_len);
	return !s.cut;
}

/* Writes the value into room for value_len bytes; how many it took. */
static size_t decode(const struct dotenv *env, const struct dotenv_entry *entry, char *out)
{
	const char *p = env->text.p + entry->value_at;
	const char *end = p + entry->value_len;
	bool escapes = p < end && *p == '"';
	size_t n = 0;

	if (entry->quote) {
		p++;
		end--;
	}
	for (; p < end; p++) {
		char c = *p;

		if (c == '\r') {
			c = '\n';
			p += p + 1 < end && p[1] == '\n';
		} else if (escapes && c == '\\' && p + 1 < end && (p[1] == 'n' || p[1] == 'r')) {
			c = (char)(*++p == 'n' ? '\n' : '\r');
		}
		out[n++] = c;
	}
	return n;
}

bool dotenv_blank(const struct dotenv *env, uint32_t entry)
{
	size_t from;
	size_t to;

	if (entry >= env->count)
		return true;
	from = env->entries[entry].value_at + (env->entries[entry].quote ? 1u : 0u);
	to = from + env->entries[entry].value_len - (env->entries[entry].quote ? 2u : 0u);
	trim(&env->text, &from, &to);
	return from == to;
}

bool dotenv_value(const struct dotenv *env, uint32_t entry, struct secret *out, struct err *e)
{
	struct secret s = { 0 };

	if (entry >= env->count)
		return err_set(e, ERR_NOT_FOUND, "%s: no such line", env->name);
	if (!secret_init(&s, env->entries[entry].value_len, e))
		return false;
	s.len = decode(env, &env->entries[entry], s.bytes);
	s.bytes[s.len] = '\0';
	secret_move(out, &s);
	return true;
}

bool dotenv_get(const struct dotenv *env, const char *key, struct secret *out, struct err *e)
{
	uint32_t entry = dotenv_find(env, key);

	if (entry == DOTENV_NONE)
		return err_set(e, ERR_NOT_FOUND, "%s: %s is not set there", env->name, key);
	return dotenv_value(env, entry, out, e);
}

bool dotenv_text(const struct dotenv *env, const char *key, char *out, size_t cap)
{
	uint32_t entry = dotenv_find(env, key);

	if (cap)
		out[0] = '\0';
	if (entry == DOTENV_NONE || env->entries[entry].value_len >= cap)
		return false;
	out[decode(env, &env->entries[entry], out)] = '\0';
	return true;
}
