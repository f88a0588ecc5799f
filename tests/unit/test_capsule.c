/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "store/capsule.h"
#include "tests/unit/vault_fixture.h"

#define PASSPHRASE "correct horse battery staple"

/* The lowest that is read: the tests are about bytes, not about time. */
static const struct kdf_cost cheap = { .ops = 2, .mem = UINT64_C(19) << 20 };

static const struct capsule_profile profiles[] = {
	{ "main", "a", "anthropic", "api_key", "", 0 },
	{ "main", "b", "openai", "token", "me@example.org", UINT64_C(1800000000000) },
};
static const struct capsule_line lines[] = { { "ANTHROPIC_API_KEY", "main/a/key" } };

static struct capsule_contents contents_of(const struct vault *v)
{
	return (struct capsule_contents){ .vault = v,
		.profiles = profiles,
		.profile_count = 2,
		.lines = lines,
		.line_count = 1,
		.made_s = 1760000000 };
}

static bool make(struct buf *out, const struct vault *v, const char *passphrase, struct err *e)
{
	const struct capsule_contents in = contents_of(v);
	struct secret p = fixture_secret(passphrase);
	bool ok = capsule_make(out, &in, &p, &cheap, e);

	secret_release(&p);
	return ok;
}

static bool open_with(
	struct capsule *c, const struct buf *file, const char *passphrase, struct err *e)
{
	struct secret p = fixture_secret(passphrase);
	bool ok = capsule_open(c, file->p, file->len, &p, e);

	secret_release(&p);
	return ok;
}

/* A capsule of the three records of the fixture, made once. */
struct world {
	struct fixture *f;
	struct buf file;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { 0 };

	assert_non_null(w);
	assert_int_equal(fixture_setup_three((void **)&w->f), 0);
	fixture_put(&w->f->v, "b", "the-second-value-of-b", true);
	assert_ok(make(&w->file, &w->f->v, PASSPHRASE, &e), e);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	buf_release(&w->file);
	fixture_teardown((void **)&w->f);
	free(w);
	return 0;
}

/* Damage that somebody made on purpose comes with a sum that fits. */
static void fix_sum(struct buf *file)
{
	unsigned char sum[MAC_BYTES];

	hash_of(sum, file->p, file->len - MAC_BYTES);
	memcpy(file->p + file->len - MAC_BYTES, sum, sizeof(sum));
}

static void opens_to_every_record_with_its_metadata(void **state)
{
	struct world *w = *state;
	const struct capsule_record *r;
	struct capsule c;
	struct err e = { 0 };

	assert_ok(open_with(&c, &w->file, PASSPHRASE, &e), e);
	assert_int_equal(c.record_count, 4);
	assert_int_equal(c.head.made_s, 1760000000);
	r = capsule_find(&c, "main/b/key");
	assert_non_null(r);
	assert_string_equal(r->value, "the-second-value-of-b");
	assert_int_equal(r->len, strlen("the-second-value-of-b"));
	assert_int_equal(r->rev, 2);
	assert_string_equal(r->agent, "main");
	assert_string_equal(r->field, "key");
	r = capsule_find(&c, "main/b/key/prev");
	assert_non_null(r);
	assert_string_equal(r->value, "value-of-b");
	assert_string_equal(r->field, "key.prev");
	assert_null(capsule_find(&c, "main/d/key"));
	capsule_release(&c);
}

static void carries_the_profiles_and_lines(void **state)
{
	struct world *w = *state;
	struct capsule c;
	struct err e = { 0 };

	assert_ok(open_with(&c, &w->file, PASSPHRASE, &e), e);
	assert_int_equal(c.profile_count, 2);
	assert_string_equal(c.profiles[1].id, "b");
	assert_string_equal(c.profiles[1].email, "me@example.org");
	assert_int_equal(c.profiles[1].expires_ms, UINT64_C(1800000000000));
	assert_int_equal(c.line_count, 1);
	assert_string_equal(c.lines[0].variable, "ANTHROPIC_API_KEY");
	assert_string_equal(c.lines[0].record, "main/a/key");
	capsule_release(&c);
}

static void shows_no_value_and_no_name(void **state)
{
	static const char *const texts[] = { "value-of", "second-value", "main", "anthropic",
		"example.org", "ANTHROPIC_API_KEY" };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_null(memmem(w->file.p, w->file.len, texts[i], strlen(texts[i])));
}

static void two_of_the_same_vault_share_no_block(void **state)
{
	struct world *w = *state;
	struct buf again = { 0 };
	struct err e = { 0 };

	assert_ok(make(&again, &w->f->v, PASSPHRASE, &e), e);
	assert_int_equal(again.len, w->file.len);
	for (size_t at = CAPSULE_HEAD_BYTES; at + 16 <= again.len; at += 16)
		assert_memory_not_equal(again.p + at, w->file.p + at, 16);
	buf_release(&again);
}

static void hides_the_length_of_a_value(void **state)
{
	struct world *w = *state;
	struct buf longer = { 0 };
	struct err e = { 0 };

	fixture_put(&w->f->v, "a", "a-value-that-is-some-bytes-longer", false);
	assert_ok(make(&longer, &w->f->v, PASSPHRASE, &e), e);
	assert_int_equal(longer.len, w->file.len);
	buf_release(&longer);
}

static void wrong_passphrase_is_not_damage(void **state)
{
	struct world *w = *state;
	struct capsule c;
	struct err e;

	assert_err(open_with(&c, &w->file, "correct horse battery stapl", &e), e, ERR_KEY);
	assert_null(c.body.bytes);
}

static void short_passphrase_is_refused(void **state)
{
	struct world *w = *state;
	struct buf out = { 0 };
	struct err e;

	assert_err(make(&out, &w->f->v, "ninechars", &e), e, ERR_USAGE);
	assert_int_equal(out.len, 0);
}

static void every_damaged_byte_is_found_without_a_passphrase(void **state)
{
	struct world *w = *state;
	struct capsule_head head;

	for (size_t i = 0; i < w->file.len; i++) {
		struct err e = { 0 };

		w->file.p[i] ^= 0x10;
		assert_false(capsule_check(&head, w->file.p, w->file.len, &e));
		assert_int_equal(e.code, ERR_DAMAGED);
		w->file.p[i] ^= 0x10;
	}
	assert_true(capsule_check(&head, w->file.p, w->file.len, NULL));
}

static void every_truncation_is_found(void **state)
{
	struct world *w = *state;
	struct capsule_head head;

	for (size_t n = 0; n < w->file.len; n++) {
		struct err e = { 0 };
		char *cut = malloc(n + 1);

		/* Memory of its own, so that a read beyond the end is seen. */
		assert_non_null(cut);
		memcpy(cut, w->file.p, n);
		cut = realloc(cut, n ? n : 1);
		assert_non_null(cut);
		assert_false(capsule_check(&head, cut, n, &e));
		assert_int_equal(e.code, ERR_DAMAGED);
		free(cut);
	}
}

/* Changed on purpose, with the sum made to fit: the key's own proofs must find it. */
static void changes_with_a_fitting_sum_do_not_open(void **state)
{
	static const struct {
		size_t at;
		enum err_code code;
	} rows[] = {
		{ 0, ERR_DAMAGED },  /* magic */
		{ 10, ERR_DAMAGED }, /* reserved */
		{ 30, ERR_KEY },     /* salt: another key comes out of the passphrase */
		{ 45, ERR_KEY },     /* vault id, by kc */
		{ 62, ERR_KEY },     /* time, by kc */
		{ 70, ERR_KEY },     /* nonce, by kc */
		{ 99, ERR_DAMAGED }, /* length */
		{ 101, ERR_KEY },    /* kc itself */
		{ 131, ERR_KEY },
		{ 132, ERR_DAMAGED }, /* sealed bytes, by the tag */
		{ 700, ERR_DAMAGED },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct capsule c;
		struct err e = { 0 };

		w->file.p[rows[i].at] ^= 0x01;
		fix_sum(&w->file);
		assert_false(open_with(&c, &w->file, PASSPHRASE, &e));
		assert_int_equal(e.code, rows[i].code);
		assert_null(c.records);
		w->file.p[rows[i].at] ^= 0x01;
	}
}

static void lowered_or_raised_cost_is_refused_before_memory_is_asked_for(void **state)
{
	static const struct {
		size_t at;
		unsigned char byte;
	} rows[] = {
		{ 19, 1 },    /* one pass */
		{ 19, 17 },   /* too many passes */
		{ 24, 0x80 }, /* half a TiB */
		{ 25, 0x00 }, /* hardly any memory: 19 MiB is 01 30 00 00 from 24 */
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf copy = { 0 };
		struct capsule c;
		struct err e = { 0 };

		assert_true(buf_add(&copy, w->file.p, w->file.len, NULL));
		copy.p[rows[i].at] = (char)rows[i].byte;
		if (i == 3)
			copy.p[24] = 0;
		fix_sum(&copy);
		assert_err(open_with(&c, &copy, PASSPHRASE, &e), e, ERR_DAMAGED);
		buf_release(&copy);
	}
}

static void another_version_is_its_own_error(void **state)
{
	struct world *w = *state;
	struct capsule c;
	struct err e;

	w->file.p[9] = 2;
	fix_sum(&w->file);
	assert_err(open_with(&c, &w->file, PASSPHRASE, &e), e, ERR_NEWER);
}

static void a_foreign_or_empty_file_is_no_capsule(void **state)
{
	struct capsule_head head;
	struct err e;

	(void)state;
	assert_err(capsule_check(&head, "", 0, &e), e, ERR_DAMAGED);
	assert_err(capsule_check(&head, "{\"format\":\"tfv\"}", 16, &e), e, ERR_DAMAGED);
}

static void text_mode_transfer_is_found(void **state)
{
	struct world *w = *state;
	struct capsule_head head;
	struct buf crlf = { 0 };
	struct err e;

	/* What ftp in text mode does to the magic. */
	assert_true(buf_add(&crlf, w->file.p, 4, NULL));
	assert_true(buf_add(&crlf, w->file.p + 5, w->file.len - 5, NULL));
	assert_err(capsule_check(&head, crlf.p, crlf.len, &e), e, ERR_DAMAGED);
	buf_release(&crlf);
}

static void a_record_that_does_not_open_stops_the_making(void **state)
{
	struct world *w = *state;
	struct buf out = { 0 };
	struct err e;

	w->f->v.records[1].c[0] ^= 1;
	assert_err(make(&out, &w->f->v, PASSPHRASE, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, w->f->v.records[1].id));
	assert_int_equal(out.len, 0);
}

static void a_locked_vault_makes_none(void **state)
{
	struct vault locked = { 0 };
	struct world *w = *state;
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_ok(vault_load(&locked, w->f->path, &e), e);
	assert_err(make(&out, &locked, PASSPHRASE, &e), e, ERR_KEY);
	vault_release(&locked);
}

static void comparing_tells_same_other_and_missing(void **state)
{
	struct world *w = *state;
	struct secret key = fixture_key(7);
	struct capsule c;
	struct err e = { 0 };

	assert_ok(open_with(&c, &w->file, PASSPHRASE, &e), e);
	for (size_t i = 0; i < c.record_count; i++)
		assert_int_equal(capsule_compare(&c.records[i], &w->f->v, &key), CAPSULE_SAME);
	fixture_put(&w->f->v, "a", "value-of-A", false);
	assert_int_equal(
		capsule_compare(capsule_find(&c, "main/a/key"), &w->f->v, &key), CAPSULE_DIFFERS);
	assert_ok(vault_remove(&w->f->v, "main/c/key", &e), e);
	assert_int_equal(
		capsule_compare(capsule_find(&c, "main/c/key"), &w->f->v, &key), CAPSULE_MISSING);
	w->f->v.records[1].c[3] ^= 1;
	assert_int_equal(capsule_compare(capsule_find(&c, w->f->v.records[1].id), &w->f->v, &key),
		CAPSULE_UNREADABLE);
	secret_release(&key);
	capsule_release(&c);
}

static void an_empty_vault_makes_an_empty_capsule(void **state)
{
	struct capsule_contents in = { 0 };
	struct secret p = fixture_secret(PASSPHRASE);
	struct secret kek = fixture_key(1);
	struct vault v = { 0 };
	struct buf out = { 0 };
	struct capsule c;
	struct err e = { 0 };

	(void)state;
	assert_ok(vault_create_with_key(&v, &kek, &e), e);
	in.vault = &v;
	assert_ok(capsule_make(&out, &in, &p, &cheap, &e), e);
	assert_ok(capsule_open(&c, out.p, out.len, &p, &e), e);
	assert_int_equal(c.record_count, 0);
	assert_int_equal(c.profile_count, 0);
	capsule_release(&c);
	buf_release(&out);
	vault_release(&v);
	secret_release(&kek);
	secret_release(&p);
}

#define WITH_CAPSULE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Written by the second implementation, and committed: what opens it today opens it for ever. */
static void the_committed_capsule_opens(void **state)
{
	struct buf file = { 0 };
	struct capsule c = { 0 };
	const struct capsule_record *r;
	struct err e = { 0 };

	(void)state;
	assert_ok(fs_read(TFB_SOURCE_DIR "/tests/vectors/example.capsule", 0, &file, NULL, &e), e);
	assert_ok(open_with(&c, &file, PASSPHRASE, &e), e);
	assert_int_equal(c.record_count, 3);
	assert_int_equal(c.head.made_s, 1760000000);
	r = capsule_find(&c, "main/anthropic:default/key");
	assert_non_null(r);
	assert_string_equal(r->value, "sk-ant-EXAMPLE-not-a-real-key-000000000000");
	assert_string_equal(r->provider, "anthropic");
	assert_int_equal(r->rev, 3);
	r = capsule_find(&c, "main/anthropic:default/key/prev");
	assert_non_null(r);
	assert_string_equal(r->value, "the one before");
	assert_string_equal(r->field, "key.prev");
	r = capsule_find(&c, "main/openai:default/key");
	assert_non_null(r);
	assert_string_equal(r->value, "x");
	assert_int_equal(c.profile_count, 2);
	assert_string_equal(c.profiles[1].email, "me@example.org");
	assert_int_equal(c.profiles[1].expires_ms, INT64_C(1800000000000));
	assert_int_equal(c.line_count, 1);
	assert_string_equal(c.lines[0].record, "main/anthropic:default/key");
	capsule_release(&c);
	buf_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CAPSULE(opens_to_every_record_with_its_metadata),
		WITH_CAPSULE(carries_the_profiles_and_lines),
		WITH_CAPSULE(shows_no_value_and_no_name),
		WITH_CAPSULE(two_of_the_same_vault_share_no_block),
		WITH_CAPSULE(hides_the_length_of_a_value),
		WITH_CAPSULE(wrong_passphrase_is_not_damage),
		WITH_CAPSULE(short_passphrase_is_refused),
		WITH_CAPSULE(every_damaged_byte_is_found_without_a_passphrase),
		WITH_CAPSULE(every_truncation_is_found),
		WITH_CAPSULE(changes_with_a_fitting_sum_do_not_open),
		WITH_CAPSULE(lowered_or_raised_cost_is_refused_before_memory_is_asked_for),
		WITH_CAPSULE(another_version_is_its_own_error),
		cmocka_unit_test(a_foreign_or_empty_file_is_no_capsule),
		WITH_CAPSULE(text_mode_transfer_is_found),
		WITH_CAPSULE(a_record_that_does_not_open_stops_the_making),
		WITH_CAPSULE(a_locked_vault_makes_none),
		WITH_CAPSULE(comparing_tells_same_other_and_missing),
		cmocka_unit_test(an_empty_vault_makes_an_empty_capsule),
		cmocka_unit_test(the_committed_capsule_opens),
	};

	if (!crypto_start(NULL))
		return 1;
	return cmocka_run_group_tests_name("capsule", tests, NULL, NULL);
}
