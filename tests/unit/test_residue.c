/* SPDX-License-Identifier: MIT */
#include "health/residue.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/test.h"

/* Fixed, so that a failure can be repeated. */
static uint32_t seed = 20261122;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525U + 1013904223U;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

#define HITS 4096

struct seen {
	struct residue_hit hits[HITS];
	size_t count;
};

static void take(void *ctx, const struct residue_hit *hit)
{
	struct seen *s = ctx;

	assert_true(s->count < HITS);
	s->hits[s->count++] = *hit;
}

static size_t add(struct residue *r, const char *text)
{
	const struct secret view = {
		.bytes = (char *)text, .len = strlen(text), .cap = strlen(text)
	};
	struct err e = { 0 };
	size_t index;

	assert_ok(residue_add(r, &view, &index, &e), e);
	return index;
}

static size_t scan(struct residue *r, const char *text, struct seen *s)
{
	s->count = 0;
	residue_scan(r, text, strlen(text), take, s);
	return s->count;
}

static int setup(void **state)
{
	struct residue *r = malloc(sizeof(*r));
	struct err e = { 0 };

	assert_non_null(r);
	assert_ok(residue_init(r, &e), e);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	residue_release(*state);
	free(*state);
	return 0;
}

static void a_value_is_found_with_its_line_and_place(void **state)
{
	struct residue *r = *state;
	struct seen s;
	size_t key = add(r, "sk-ant-api03-0123456789abcdefAA");

	assert_int_equal(scan(r, "one\ntwo\nKEY=sk-ant-api03-0123456789abcdefAA\n", &s), 1);
	assert_int_equal(s.hits[0].needle, key);
	assert_int_equal(s.hits[0].line, 3);
	assert_int_equal(s.hits[0].at, 12);
}

static void a_value_that_differs_in_one_byte_is_not(void **state)
{
	struct residue *r = *state;
	const char *key = "sk-ant-api03-0123456789abcdefAA";
	struct seen s;
	char text[64];

	add(r, key);
	for (size_t i = 0; key[i]; i++) {
		snprintf(text, sizeof(text), "%s", key);
		text[i] = '#';
		assert_int_equal(scan(r, text, &s), 0);
	}
	assert_int_equal(scan(r, key, &s), 1);
}

static void values_with_the_same_beginning_or_end_are_told_apart(void **state)
{
	struct residue *r = *state;
	struct seen s;
	size_t a = add(r, "sk-ant-api03-aaaaaaaaaaaaaaaaaaaaAA");
	size_t b = add(r, "sk-ant-api03-baaaaaaaaaaaaaaaaaaaAA");

	assert_int_not_equal(a, b);
	assert_int_equal(
		scan(r, "sk-ant-api03-baaaaaaaaaaaaaaaaaaaAA sk-ant-api03-aaaaaaaaaaaaaaaaaaaaAA",
			&s),
		2);
	assert_int_equal(s.hits[0].needle, b);
	assert_int_equal(s.hits[1].needle, a);
}

static void short_values_have_a_width_of_their_own(void **state)
{
	struct residue *r = *state;
	struct seen s;
	size_t eight = add(r, "12345678");
	size_t fifteen = add(r, "abcdefghijklmno");

	assert_int_equal(add(r, "1234567"), RESIDUE_NONE);
	assert_int_equal(r->too_short, 1);
	assert_int_equal(scan(r, "x12345678y abcdefghijklmno 1234567", &s), 2);
	assert_int_equal(s.hits[0].needle, eight);
	assert_int_equal(s.hits[1].needle, fifteen);
}

static void the_same_value_twice_is_one_needle(void **state)
{
	struct residue *r = *state;
	size_t first = add(r, "the same value twice");

	assert_int_equal(add(r, "the same value twice"), first);
	assert_int_equal(r->count, 1);
}

static void without_needles_nothing_is_found(void **state)
{
	struct seen s;

	assert_int_equal(scan(*state, "anything at all, of any length", &s), 0);
}

/* Keys that have their width of last bytes in common, more of them than slots at first. */
static void thousands_of_values_are_each_found_once(void **state)
{
	struct residue *r = *state;
	struct seen s;
	char key[64];

	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "sk-or-v1-%05d-%0*d", i, i % 30 + 1, i);
		add(r, key);
	}
	for (int i = 0; i < 3000; i += 37) {
		snprintf(key, sizeof(key), "sk-or-v1-%05d-%0*d\n", i, i % 30 + 1, i);
		assert_int_equal(scan(r, key, &s), 1);
		assert_int_equal(s.hits[0].needle, i);
	}
}

static int file_of(const char *p, size_t n)
{
	int fd = memfd_create("residue", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Across the edges of the reader's window, with lines counted on. */
static void a_file_is_searched_across_every_edge(void **state)
{
	enum {
		SIZE = 800000
	};
	static const char key[] = "AIza-a-key-that-lies-on-an-edge-0123456789";
	struct residue *r = *state;
	char *text = malloc(SIZE);
	struct err e = { 0 };
	size_t planted = 0;
	struct residue_read what = { .max = UINT64_MAX };
	struct seen s = { .count = 0 };
	int fd;

	assert_non_null(text);
	add(r, key);
	add(r, "the longest of them, which sets how much stays at the front of the window");
	memset(text, '\n', SIZE);
	for (size_t at = 262144 - 60; at < 262144 + 60; at += 61)
		memcpy(text + at, key, strlen(key)), planted++;
	for (size_t at = 524288 - 20; at < SIZE - 100; at += 65536)
		memcpy(text + at, key, strlen(key)), planted++;
	fd = file_of(text, SIZE);
	assert_ok(residue_scan_fd(r, fd, &what, take, &s, &e), e);
	assert_int_equal(s.count, planted);
	for (size_t i = 0; i < s.count; i++) {
		unsigned line = 1;

		assert_memory_equal(text + s.hits[i].at, key, strlen(key));
		for (size_t k = 0; k < s.hits[i].at; k++)
			line += text[k] == '\n';
		assert_int_equal(s.hits[i].line, line);
	}
	assert_int_equal(what.bytes, SIZE);
	assert_false(what.binary);
	assert_false(what.cut);
	close(fd);
	free(text);
}

static void a_binary_file_is_searched_and_said_to_be_one(void **state)
{
	static const char bytes[] = "SQLite format 3\0....a stored secret 42....";
	struct residue *r = *state;
	struct err e = { 0 };
	struct residue_read what = { .max = UINT64_MAX };
	struct seen s = { .count = 0 };
	int fd = file_of(bytes, sizeof(bytes));

	add(r, "a stored secret 42");
	assert_ok(residue_scan_fd(r, fd, &what, take, &s, &e), e);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.hits[0].at, 20);
	assert_true(what.binary);
	close(fd);
}

static void a_limit_on_the_size_is_told(void **state)
{
	struct residue *r = *state;
	struct err e = { 0 };
	struct residue_read what = { .max = 4 };
	struct seen s = { .count = 0 };
	int fd = file_of("0123456789", 10);

	assert_ok(residue_scan_fd(r, fd, &what, take, &s, &e), e);
	assert_true(what.cut);
	close(fd);
}

/* An independent count, by memcmp at every place. */
static size_t count_plainly(const char *text, size_t n, char (*keys)[40], size_t keys_n)
{
	size_t found = 0;

	for (size_t k = 0; k < keys_n; k++)
		for (size_t i = 0; i + strlen(keys[k]) <= n; i++)
			found += memcmp(text + i, keys[k], strlen(keys[k])) == 0;
	return found;
}

/* A small alphabet, so that near misses, overlaps and chance hits abound. */
static void random_texts_give_the_count_of_a_plain_search(void **state)
{
	size_t total = 0;

	(void)state;
	for (int round = 0; round < 300; round++) {
		char keys[8][40];
		char text[2000];
		struct residue r;
		struct err e = { 0 };
		struct seen s = { .count = 0 };

		assert_ok(residue_init(&r, &e), e);
		for (size_t k = 0; k < 8; k++) {
			size_t n = 8 + draw(20);

			for (size_t i = 0; i < n; i++)
				keys[k][i] = (char)('a' + draw(2));
			keys[k][n] = '\0';
			for (size_t i = 0; i < k; i++)
				if (strcmp(keys[i], keys[k]) == 0)
					keys[k][0] = (char)('c' + k); /* all different */
			add(&r, keys[k]);
		}
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)('a' + draw(2));
		for (int i = 0; i < 20; i++) {
			const char *key = keys[draw(8)];

			memcpy(text + draw((uint32_t)(sizeof(text) - strlen(key))), key,
				strlen(key));
		}
		residue_scan(&r, text, sizeof(text), take, &s);
		assert_int_equal(s.count, count_plainly(text, sizeof(text), keys, 8));
		total += s.count;
		residue_release(&r);
	}
	assert_true(total > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_value_is_found_with_its_line_and_place, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_value_that_differs_in_one_byte_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(
			values_with_the_same_beginning_or_end_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(
			short_values_have_a_width_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_same_value_twice_is_one_needle, setup, teardown),
		cmocka_unit_test_setup_teardown(without_needles_nothing_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(
			thousands_of_values_are_each_found_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_is_searched_across_every_edge, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_binary_file_is_searched_and_said_to_be_one, setup, teardown),
		cmocka_unit_test_setup_teardown(a_limit_on_the_size_is_told, setup, teardown),
		cmocka_unit_test(random_texts_give_the_count_of_a_plain_search),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests_name("residue", tests, NULL, NULL);
}
