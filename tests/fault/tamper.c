/* SPDX-License-Identifier: MIT */

/*
 * T5 (security.md 5): whatever is done to the text of a vault, it is not accepted and not one byte
 * of plain text comes out.
 *
 *   tamper VAULT KEYFILE [WANTED]
 *
 * Each mutation goes the way the program goes: the file, vault_load(), vault_unlock_keyfile() and
 * vault_get() of every record. A text that differs only in spelling (white space, an escape) is the
 * same vault and is counted apart. Read tolerantly, a damaged vault may serve a record, but only
 * with the value that the record always had.
 */
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/vault_impl.h"

#define SPANS 4096
#define CODES 32U
#define VALUES 64

struct span {
	size_t from;
	size_t to;
};

static struct {
	char dir[64];
	char vault[96];
	char keys[96];
	struct buf text;
	struct buf canonical;
	char *ids[VALUES];
	struct secret values[VALUES];
	size_t count;

	struct span strings[SPANS];
	size_t string_count;
	struct span numbers[SPANS];
	size_t number_count;
	struct span members[SPANS]; /* the objects in "slots" and "records" */
	size_t member_count;

	uint64_t tried;
	uint64_t accepted;
	uint64_t respelled;
	uint64_t wrong_value;
	uint64_t told;
	uint64_t served; /* by the tolerant reader, rightly */
	uint64_t codes[CODES];
} g;

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "tamper: %s: %s\n", what, e ? e->msg : "");
	exit(2);
}

static void put_file(const char *path, const char *p, size_t n, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || !fs_write_all(fd, p, n, NULL))
		die(path, NULL);
	close(fd);
}

static bool same_vault(const struct vault *v)
{
	struct buf text = { 0 };
	bool same;

	if (!vault_format(v, v->gen, v->mac, &text, NULL))
		die("format", NULL);
	same = text.len == g.canonical.len && memcmp(text.p, g.canonical.p, text.len) == 0;
	buf_release(&text);
	return same;
}

/* How many records give a value, and whether one gives another than its own. */
static size_t take_all(const struct vault *v, bool *wrong)
{
	size_t n = 0;

	for (size_t i = 0; i < v->record_count; i++) {
		struct secret s = { 0 };
		bool right = false;

		if (!vault_get(v, v->records[i].id, &s, NULL))
			continue;
		n++;
		for (size_t k = 0; k < g.count && !right; k++)
			right = strcmp(g.ids[k], v->records[i].id) == 0 &&
				secret_equal(&s, &g.values[k]);
		*wrong |= !right;
		secret_release(&s);
	}
	return n;
}

/* An error text that shows eight characters of a value shows too much. */
static bool tells(const struct err *e)
{
	for (size_t k = 0; k < g.count; k++)
		for (size_t at = 0; at + 8 <= g.values[k].len; at++)
			if (memmem(e->msg, strlen(e->msg), g.values[k].bytes + at, 8))
				return true;
	return false;
}

static void try_tolerant(void)
{
	struct vault v;
	bool wrong = false;

	if (!vault_load(&v, g.vault, NULL))
		return;
	vault_tolerate(&v);
	if (vault_unlock_keyfile(&v, g.keys, NULL))
		g.served += take_all(&v, &wrong) > 0;
	g.wrong_value += wrong;
	vault_release(&v);
}

static void try_text(const char *p, size_t n, const char *what, size_t at)
{
	struct err e = { 0 };
	struct vault v;
	bool wrong = false;

	put_file(g.vault, p, n, 0600);
	g.tried++;
	if (vault_load(&v, g.vault, &e)) {
		if (vault_unlock_keyfile(&v, g.keys, &e) || take_all(&v, &wrong)) {
			if (same_vault(&v)) {
				g.respelled++;
			} else if (g.accepted++ < 10 && g.canonical.len) {
				printf("  accepted: %s at %zu\n", what, at);
			}
		}
		vault_release(&v);
		try_tolerant();
	}
	if (e.code < CODES)
		g.codes[e.code]++;
	g.told += e.code != ERR_NONE && tells(&e);
}

/* The text with [from, to) replaced. */
static void replace_span(size_t from, size_t to, const char *p, size_t n, const char *what)
{
	struct buf out = { 0 };

	if (n == to - from && memcmp(g.text.p + from, p, n) == 0)
		return;
	if (!buf_add(&out, g.text.p, from, NULL) || !buf_add(&out, p, n, NULL) ||
		!buf_add(&out, g.text.p + to, g.text.len - to, NULL))
		die("memory", NULL);
	try_text(out.p, out.len, what, from);
	buf_release(&out);
}

/* The texts of two spans change places. */
static void swap(const struct span *a, const struct span *b, const char *what)
{
	const char *p = g.text.p;
	struct buf out = { 0 };

	if (a->to - a->from == b->to - b->from &&
		memcmp(p + a->from, p + b->from, a->to - a->from) == 0)
		return;
	if (!buf_add(&out, p, a->from, NULL) ||
		!buf_add(&out, p + b->from, b->to - b->from, NULL) ||
		!buf_add(&out, p + a->to, b->from - a->to, NULL) ||
		!buf_add(&out, p + a->from, a->to - a->from, NULL) ||
		!buf_add(&out, p + b->to, g.text.len - b->to, NULL))
		die("memory", NULL);
	try_text(out.p, out.len, what, a->from);
	buf_release(&out);
}

/* --- the mutations ----------------------------------------------------------------------- */

static void bits(void)
{
	for (size_t bit = 0; bit < 8 * g.text.len; bit++) {
		char c = (char)(g.text.p[bit / 8] ^ 1 << bit % 8);

		replace_span(bit / 8, bit / 8 + 1, &c, 1, "bit");
	}
}

static void cuts(void)
{
	for (size_t n = 0; n < g.text.len; n++) {
		try_text(g.text.p, n, "cut", n);
		replace_span(n, n + 1, "", 0, "byte removed");
		try_text(g.text.p + n + 1, g.text.len - n - 1, "cut in front", n);
	}
}

static void insertions(void)
{
	static const char bytes[] = "{}[]\",:\\0aA-_ =.+e\n";

	for (size_t at = 0; at <= g.text.len; at++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			replace_span(at, at, bytes + i, 1, "byte inserted");
		if (at < g.text.len)
			replace_span(at, at, g.text.p + at, 1, "byte doubled");
	}
}

static void string_swaps(void)
{
	for (size_t a = 0; a < g.string_count; a++)
		for (size_t b = a + 1; b < g.string_count; b++)
			swap(&g.strings[a], &g.strings[b], "strings swapped");
}

static void string_edits(void)
{
	static const char *const texts[] = { "\"\"", "\"file\"", "\"argon2id\"", "\"s1\"", "\"s2\"",
		"\"AAAAAAAAAAAAAAAAAAAAAA\"", "null", "true", "0", "[]", "{}",
		"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "\"key\"", "\"main\"" };

	for (size_t i = 0; i < g.string_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			replace_span(g.strings[i].from, g.strings[i].to, texts[k], strlen(texts[k]),
				"string edited");
}

/* Lowered KDF parameters, older generations, numbers that readers disagree about. */
static void number_edits(void)
{
	static const char *const texts[] = { "0", "1", "2", "3", "-1", "41", "43", "8192", "8",
		"19922944", "268435455", "1073741825", "9007199254740991", "9007199254740993",
		"18446744073709551616", "1e0", "1.0", "01", "+1", "1e400", "NaN", "\"1\"", "null" };

	for (size_t i = 0; i < g.number_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			replace_span(g.numbers[i].from, g.numbers[i].to, texts[k], strlen(texts[k]),
				"number edited");
}

/* The comma of a member goes or comes with it. */
static void members(void)
{
	const char *p = g.text.p;

	for (size_t a = 0; a < g.member_count; a++) {
		const struct span *m = &g.members[a];
		struct buf twice = { 0 };

		if (p[m->to] == ',')
			replace_span(m->from, m->to + 1, "", 0, "member removed");
		else
			replace_span(
				m->from - (p[m->from - 1] == ','), m->to, "", 0, "member removed");
		if (!buf_add(&twice, p + m->from, m->to - m->from, NULL) ||
			!buf_add(&twice, ",", 1, NULL))
			die("memory", NULL);
		for (size_t b = 0; b < g.member_count; b++)
			replace_span(g.members[b].from, g.members[b].from, twice.p, twice.len,
				"member doubled");
		buf_release(&twice);
		for (size_t b = a + 1; b < g.member_count; b++)
			swap(m, &g.members[b], "members swapped");
	}
}

static void structure(void)
{
	static const char *const extra[] = { "\"x\":1,", "\"v\":1,", "\"v\":2,", "\"gen\":1,",
		"\"epoch\":1,", "\"type\":\"file\",", "\"ops\":1,", "\"mem\":8192,",
		"\"id\":\"s9\",", "\"records\":[],", "\"slots\":[],", "\"mac\":\"\",",
		"\"rev\":1," };
	char deep[4096];

	for (size_t at = 0; at < g.text.len; at++)
		if (g.text.p[at] == '{' || g.text.p[at] == ',')
			for (size_t k = 0; k < ARRAY_LEN(extra); k++)
				replace_span(
					at + 1, at + 1, extra[k], strlen(extra[k]), "key added");
	for (size_t n = 1; n < sizeof(deep); n *= 2) {
		memset(deep, '[', n);
		try_text(deep, n, "nesting", n);
		replace_span(1, 1, deep, n, "nesting");
	}
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Two to five changes at once, until there are enough. */
static void mixtures(uint64_t wanted)
{
	uint64_t x = 0x9e3779b97f4a7c15;
	struct buf out = { 0 };

	while (g.tried < wanted) {
		out.len = 0;
		if (!buf_add(&out, g.text.p, g.text.len, NULL))
			die("memory", NULL);
		for (uint64_t n = 2 + next_random(&x) % 4; n; n--) {
			const struct span *a = &g.strings[next_random(&x) % g.string_count];
			size_t at = a->from + next_random(&x) % (a->to - a->from);

			out.p[at] = g.text.p[next_random(&x) % g.text.len];
		}
		if (memcmp(out.p, g.text.p, out.len) != 0)
			try_text(out.p, out.len, "mixture", 0);
	}
	buf_release(&out);
}

/* ----------------------------------------------------------------------------------------- */

static void find_spans(void)
{
	const char *p = g.text.p;
	size_t depth = 0;
	size_t open[64] = { 0 };

	for (size_t i = 0; i < g.text.len; i++) {
		size_t from = i;

		if (p[i] == '"') {
			for (i++; p[i] != '"'; i++)
				i += p[i] == '\\';
			if (g.string_count < SPANS)
				g.strings[g.string_count++] = (struct span){ from, i + 1 };
		} else if (isdigit((unsigned char)p[i])) {
			while (isdigit((unsigned char)p[i + 1]))
				i++;
			if (g.number_count < SPANS)
				g.numbers[g.number_count++] = (struct span){ from, i + 1 };
		} else if (p[i] == '{' || p[i] == '[') {
			open[++depth % 64] = i;
		} else if (p[i] == '}' || p[i] == ']') {
			if (depth == 3 && g.member_count < SPANS)
				g.members[g.member_count++] = (struct span){ open[depth], i + 1 };
			depth--;
		}
	}
}

static void set_up(const char *vault, const char *keyfile)
{
	struct buf key = { 0 };
	struct err e = { 0 };
	struct vault v;
	char path[FS_PATH_MAX];

	snprintf(g.dir, sizeof(g.dir), "%s/tfb-tamper-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(g.dir))
		die(g.dir, NULL);
	snprintf(g.vault, sizeof(g.vault), "%s/vault.json", g.dir);
	snprintf(g.keys, sizeof(g.keys), "%s/keys", g.dir);
	if (!crypto_start(&e) || !fs_read(vault, VAULT_TEXT_MAX, &g.text, NULL, &e) ||
		!fs_read(keyfile, 0, &key, NULL, &e) || !vault_load(&v, vault, &e) ||
		mkdir(g.keys, 0700) != 0 || !keyfile_path(path, sizeof(path), g.keys, v.id, &e))
		die("cannot start", &e);
	put_file(path, key.p, key.len, 0400);
	if (!vault_unlock_keyfile(&v, g.keys, &e) ||
		!vault_format(&v, v.gen, v.mac, &g.canonical, &e))
		die("the vault does not open", &e);
	for (; g.count < VALUES && g.count < v.record_count; g.count++) {
		g.ids[g.count] = strdup(v.records[g.count].id);
		if (!g.ids[g.count] || !vault_get(&v, g.ids[g.count], &g.values[g.count], &e))
			die("a record does not open", &e);
	}
	buf_release(&key);
	vault_release(&v);
	find_spans();
}

/* The two counters that must stay zero can move: an untouched vault, and a reader that forgives. */
static bool controls(void)
{
	struct buf canonical;
	uint64_t served;
	bool ok;

	try_text(g.text.p, g.text.len, "nothing", 0);
	ok = g.respelled == 1;
	served = g.served;
	replace_span(g.text.len - 20, g.text.len - 19, "!", 1, "mac");
	replace_span(g.numbers[2].from, g.numbers[2].to, "7", 1, "gen");
	ok = ok && g.served > served && !g.accepted;
	canonical = g.canonical;
	g.canonical = (struct buf){ 0 };
	try_text(g.text.p, g.text.len, "nothing", 0);
	ok = ok && g.accepted == 1;
	g.accepted = g.respelled = g.served = g.tried = 0;
	memset(g.codes, 0, sizeof(g.codes));
	g.canonical = canonical;
	return ok;
}

static void clean_up(void)
{
	char path[FS_PATH_MAX];
	struct vault v;

	put_file(g.vault, g.text.p, g.text.len, 0600);
	if (vault_load(&v, g.vault, NULL) && keyfile_path(path, sizeof(path), g.keys, v.id, NULL))
		unlink(path);
	vault_release(&v);
	for (size_t i = 0; i < g.count; i++) {
		free(g.ids[i]);
		secret_release(&g.values[i]);
	}
	buf_release(&g.text);
	buf_release(&g.canonical);
	unlink(g.vault);
	rmdir(g.keys);
	rmdir(g.dir);
}

int main(int argc, char **argv)
{
	static void (*const kinds[])(void) = { members, number_edits, bits, structure, string_edits,
		cuts, insertions, string_swaps };
	uint64_t wanted = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;

	if (argc < 3)
		return 64;
	set_up(argv[1], argv[2]);
	if (!controls()) {
		puts("control: an accepted vault was not noticed");
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds) && (!wanted || g.tried < wanted); i++)
		kinds[i]();
	mixtures(wanted ? wanted : 100000);
	clean_up();
	printf("tamper: %" PRIu64 " mutations, %" PRIu64 " accepted, %" PRIu64
	       " same vault in another spelling, %" PRIu64 " wrong values, %" PRIu64
	       " texts told, %" PRIu64 " where single records still opened\n",
		g.tried, g.accepted, g.respelled, g.wrong_value, g.told, g.served);
	for (size_t i = 0; i < CODES; i++)
		if (g.codes[i])
			printf("  %s: %" PRIu64 "\n", err_text((enum err_code)i), g.codes[i]);
	return g.accepted || g.wrong_value || g.told ? 1 : 0;
}
