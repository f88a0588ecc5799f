/* SPDX-License-Identifier: MIT */
#include "cli/diff.h"

#include <stdlib.h>
#include <string.h>

#include "provider/paste.h"

/* Beyond this many lines on both sides the middle is shown as replaced as a whole. */
#define DIFF_TABLE_MAX ((size_t)1500)
#define DIFF_CONTEXT 2

struct line {
	const char *p;
	size_t n;
};

struct lines {
	struct line *at;
	size_t count;
};

static bool split(struct lines *l, const char *p, size_t n, struct err *e)
{
	size_t cap = 1;

	for (size_t i = 0; i < n; i++)
		cap += p[i] == '\n';
	l->at = calloc(cap, sizeof(*l->at));
	l->count = 0;
	if (!l->at)
		return err_set(e, ERR_MEMORY, "out of memory for %zu lines", cap);
	while (n) {
		const char *end = memchr(p, '\n', n);
		size_t len = end ? (size_t)(end - p) : n;

		l->at[l->count++] = (struct line){ p, len };
		p += end ? len + 1 : len;
		n -= end ? len + 1 : len;
	}
	return true;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* Members whose text value is a credential, and the part of a .env line after '='. */
static const char *const hidden_members[] = { "key", "token", "access", "refresh", "apiKey",
	"idToken", "password", "secret" };

static bool is_hidden_member(const char *p, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(hidden_members); i++)
		if (strlen(hidden_members[i]) == n && memcmp(p, hidden_members[i], n) == 0)
			return true;
	return false;
}

static bool is_name_char(char c)
{
	return c == '_' || c == '$' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9');
}

/* "NAME=" at the start of a line, with an optional export; bytes up to the '=', or 0. */
static size_t assignment(const struct line *l)
{
	size_t i = 0;
	size_t name;

	while (i < l->n && (l->p[i] == ' ' || l->p[i] == '\t'))
		i++;
	if (l->n - i > 7 && memcmp(l->p + i, "export ", 7) == 0)
		i += 7;
	name = i;
	while (i < l->n && is_name_char(l->p[i]))
		i++;
	return i > name && i < l->n && l->p[i] == '=' ? i : 0;
}

enum piece {
	PIECE_WORD,
	PIECE_QUOTED,
	PIECE_OTHER
};

/* The next piece of a JSON line at *i: a name, a quoted text with its quotes, or one character. */
static enum piece next_piece(const struct line *l, size_t *i)
{
	char quote = l->p[*i];

	if (quote == '"' || quote == '\'') {
		for (++*i; *i < l->n && l->p[*i] != quote; ++*i)
			*i += l->p[*i] == '\\' && *i + 1 < l->n;
		*i += *i < l->n;
		return PIECE_QUOTED;
	}
	if (!is_name_char(quote)) {
		++*i;
		return PIECE_OTHER;
	}
	while (*i < l->n && is_name_char(l->p[*i]))
		++*i;
	return PIECE_WORD;
}

/* Shaped like a credential although its member's name stands elsewhere. */
static bool looks_hidden(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_name_char(p[i]) && !strchr("-+=.", p[i]))
			return paste_looks_secret(p, n, NULL);
	return n >= 20;
}

/* `"key": "value"` keeps the member's name and loses its value. */
static void put_json(struct str *out, const struct line *l)
{
	struct line name = { 0 };
	bool colon = false;

	for (size_t i = 0; i < l->n;) {
		size_t from = i;
		enum piece kind = next_piece(l, &i);
		size_t trim = kind == PIECE_QUOTED;
		struct line inside = { l->p + from + trim,
			i - from - trim - (trim && i - from > 1) };

		if (kind == PIECE_OTHER) {
			colon = l->p[from] == ':' || (colon && l->p[from] == ' ');
			str_addn(out, l->p + from, 1);
			continue;
		}
		if (inside.n && ((colon && is_hidden_member(name.p, name.n)) ||
					looks_hidden(inside.p, inside.n)))
			str_add(out, kind == PIECE_QUOTED ? "\"...\"" : "...");
		else
			str_addn(out, l->p + from, i - from);
		name = inside;
		colon = false;
	}
}

static void put_redacted(struct str *out, const struct line *l)
{
	size_t equals = assignment(l);
	static const char sealed[] = "THINKFLEETBOT_SEALED_";

	if (l->n > 400)
		str_add(out, "(a very long line)");
	else if (equals &&
		 !(l->n > sizeof(sealed) && memcmp(l->p, sealed, sizeof(sealed) - 1) == 0))
		str_fmt(out, "%.*s=...", (int)equals, l->p);
	else if (equals)
		str_addn(out, l->p, l->n);
	else
		put_json(out, l);
}

/* '-', '+' or ' ' for each line of the edit script, in order. */
struct script {
	char *op;
	const struct line **line;
	size_t count;
};

static void emit(struct script *s, char op, const struct line *l)
{
	s->op[s->count] = op;
	s->line[s->count++] = l;
}

/* t[i][j]: length of the longest common subsequence of a[i..] and b[j..]. */
static void fill_table(
	unsigned short *t, const struct line *a, size_t n, const struct line *b, size_t m)
{
	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			unsigned short down = t[(i + 1) * (m + 1) + j];
			unsigned short right = t[i * (m + 1) + j + 1];

			if (same(&a[i], &b[j]))
				t[i * (m + 1) + j] =
					(unsigned short)(t[(i + 1) * (m + 1) + j + 1] + 1);
			else
				t[i * (m + 1) + j] = down > right ? down : right;
		}
}

static bool middle(struct script *s, const struct line *a, size_t n, const struct line *b, size_t m,
	struct err *e)
{
	bool table = n && m && n <= DIFF_TABLE_MAX && m <= DIFF_TABLE_MAX;
	unsigned short *t = calloc(table ? (n + 1) * (m + 1) : 1, sizeof(*t));
	size_t i = 0;
	size_t j = 0;

	if (!t)
		return err_set(e, ERR_MEMORY, "out of memory for a diff");
	if (table)
		fill_table(t, a, n, b, m);
	while (table && i < n && j < m) {
		if (same(&a[i], &b[j])) {
			emit(s, ' ', &a[i++]);
			j++;
		} else if (t[(i + 1) * (m + 1) + j] >= t[i * (m + 1) + j + 1]) {
			emit(s, '-', &a[i++]);
		} else {
			emit(s, '+', &b[j++]);
		}
	}
	while (i < n)
		emit(s, '-', &a[i++]);
	while (j < m)
		emit(s, '+', &b[j++]);
	free(t);
	return true;
}

static bool near_change(const struct script *s, size_t at)
{
	size_t from = at > DIFF_CONTEXT ? at - DIFF_CONTEXT : 0;

	for (size_t i = from; i < s->count && i <= at + DIFF_CONTEXT; i++)
		if (s->op[i] != ' ')
			return true;
	return false;
}

static bool print_script(const struct script *s, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < s->count; i++) {
		char text[440];
		struct str line = STR_OF(text);

		if (!near_change(s, i))
			continue;
		str_fmt(&line, "%c ", s->op[i]);
		put_redacted(&line, s->line[i]);
		if (line.len && text[line.len - 1] == '\r')
			text[--line.len] = '\0';
		if (!buf_text(out, text, e) || !buf_text(out, "\n", e))
			return false;
	}
	return true;
}

static bool build(struct script *s, const struct lines *a, const struct lines *b, struct err *e)
{
	size_t head = 0;
	size_t tail = 0;

	while (head < a->count && head < b->count && same(&a->at[head], &b->at[head]))
		head++;
	while (tail < a->count - head && tail < b->count - head &&
		same(&a->at[a->count - 1 - tail], &b->at[b->count - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		emit(s, ' ', &a->at[i]);
	if (!middle(s, a->at + head, a->count - head - tail, b->at + head, b->count - head - tail,
		    e))
		return false;
	for (size_t i = a->count - tail; i < a->count; i++)
		emit(s, ' ', &a->at[i]);
	return true;
}

static void count(const struct script *s, struct diff_counts *counts)
{
	*counts = (struct diff_counts){ 0 };
	for (size_t i = 0; i < s->count; i++) {
		counts->added += s->op[i] == '+';
		counts->removed += s->op[i] == '-';
	}
}

bool diff_lines(const struct buf *old, const struct buf *new, struct diff_counts *counts,
	struct buf *out, struct err *e)
{
	struct lines a = { 0 };
	struct lines b = { 0 };
	struct script s = { 0 };
	bool ok = false;

	if (!split(&a, old->p, old->len, e) || !split(&b, new->p, new->len, e))
		goto out;
	s.op = calloc(a.count + b.count + 1, 1);
	s.line = calloc(a.count + b.count + 1, sizeof(struct line *));
	if (!s.op || !s.line) {
		err_set(e, ERR_MEMORY, "out of memory for a diff");
		goto out;
	}
	if (!build(&s, &a, &b, e))
		goto out;
	count(&s, counts);
	ok = !out || print_script(&s, out, e);
out:
	free(s.op);
	free(s.line);
	free(a.at);
	free(b.at);
	return ok;
}

void diff_summary(struct str *out, const struct diff_counts *c, bool is_new)
{
	unsigned changed = c->added < c->removed ? c->added : c->removed;
	const char *blank = "";

	if (is_new) {
		str_add(out, "new");
		return;
	}
	if (c->added > changed) {
		str_fmt(out, "+%u", c->added - changed);
		blank = " ";
	}
	if (changed) {
		str_fmt(out, "%s~%u", blank, changed);
		blank = " ";
	}
	if (c->removed > changed)
		str_fmt(out, "%s-%u", blank, c->removed - changed);
	str_add(out, c->added <= 1 && c->removed <= 1 ? " line" : " lines");
}
