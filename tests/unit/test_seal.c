/* SPDX-License-Identifier: MIT */
#include "crypto/seal.h"

#include <json-c/json.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "crypto/b64.h"
#include "crypto/canon.h"
#include "tests/unit/fake_random.h"
#include "tests/unit/test.h"

static const char wycheproof[] =
	TFB_SOURCE_DIR "/../shared/vectors/wycheproof-xchacha20-poly1305.json";

/* The example secret of vault-format.md, and its record under VMK 00..1f. */
static const char example[] = "sk-ant-EXAMPLE-not-a-real-key-000000000000";
static const char example_c[] =
	"0NrECcAcfdkCSSQT95_T5QsMibC_i8T06TraYcPdtN-dYOFwFq6XgK2rzt5ortPe8_vEgzEaBz9QPlrszdEi2WSOEc"
	"6ItUNGAclra0gX8Lo";

static struct secret key_from(unsigned char first)
{
	struct err e = { 0 };
	unsigned char bytes[SEAL_KEY_BYTES];
	struct secret key;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(first + i);
	assert_ok(secret_from(&key, bytes, sizeof(bytes), &e), e);
	return key;
}

static struct scope example_scope(void)
{
	struct scope scope = { .epoch = 1 };

	for (unsigned i = 0; i < sizeof(scope.vault_id); i++)
		scope.vault_id[i] = (unsigned char)(0xa0 + i);
	return scope;
}

static struct canon example_aad(void)
{
	const struct scope scope = example_scope();
	struct canon aad;

	canon_start(&aad, "tfv1/record", &scope);
	canon_text(&aad, "main/anthropic:default/key");
	canon_text(&aad, "main");
	canon_text(&aad, "anthropic:default");
	canon_text(&aad, "anthropic");
	canon_text(&aad, "key");
	canon_u64(&aad, 1);
	return aad;
}

static struct secret example_key(void)
{
	struct secret vmk = key_from(0);
	struct err e = { 0 };
	struct secret key;

	assert_ok(key_derive(&key, &vmk, 1, "tfvRecrd", &e), e);
	secret_release(&vmk);
	return key;
}

static void record_aad_matches_the_vector(void **state)
{
	static const char want[] =
		"746676312f7265636f726400a0a1a2a3a4a5a6a7a8a9aaabacadaeaf0000000"
		"1001a6d61696e2f616e7468726f7069633a64656661756c742f6b657900046d6"
		"1696e0011616e7468726f7069633a64656661756c740009616e7468726f70696"
		"300036b65790000000000000001";
	struct canon aad = example_aad();
	char hex[2 * CANON_MAX + 1];

	(void)state;
	sodium_bin2hex(hex, sizeof(hex), aad.p, aad.len);
	assert_string_equal(hex, want);
	assert_false(aad.cut);
}

static void bytes_that_do_not_fit_are_noticed(void **state)
{
	const struct scope scope = example_scope();
	char text[CANON_MAX + 1];
	struct canon c;

	(void)state;
	memset(text, 'a', CANON_MAX);
	text[CANON_MAX] = '\0';
	canon_start(&c, "x", &scope);
	canon_text(&c, text);
	assert_true(c.cut);
	canon_start(&c, "x", &scope);
	assert_false(c.cut);
	canon_lp(&c, text, (size_t)UINT16_MAX + 1);
	assert_true(c.cut);
}

static void record_key_matches_the_vector(void **state)
{
	struct secret key = example_key();
	char hex[2 * SEAL_KEY_BYTES + 1];

	(void)state;
	sodium_bin2hex(hex, sizeof(hex), (unsigned char *)key.bytes, key.len);
	assert_string_equal(
		hex, "f536412cc357f9616024ca6682fe50ddea052784c19f106e3964ff1169d5998e");
	secret_release(&key);
}

static void vault_commitment_matches_the_vector(void **state)
{
	const struct scope scope = example_scope();
	struct secret vmk = key_from(0);
	unsigned char kc[MAC_BYTES];
	char text[B64_32 + 1];
	struct err e = { 0 };
	struct secret key;
	struct canon c;

	(void)state;
	assert_ok(key_derive(&key, &vmk, 3, "tfvCommt", &e), e);
	canon_start(&c, "tfv1/commit", &scope);
	assert_true(mac_of(kc, &key, c.p, c.len));
	assert_true(b64_encode(text, sizeof(text), kc, sizeof(kc)));
	assert_string_equal(text, "p_7D_tYLgoQkZquejY7EwaMcwYgSPEB7piHnP8ufGtc");
	secret_release(&key);
	secret_release(&vmk);
}

static void sealed_record_matches_the_vector(void **state)
{
	unsigned char c[80 + 16];
	unsigned char nonce[SEAL_NONCE_BYTES];
	struct secret key = example_key();
	struct canon aad = example_aad();
	struct buf text = { 0 };
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_from(&s, example, strlen(example), &e), e);
	assert_int_equal(seal_length(s.len), 80);
	fake_random_begin();
	fake_random_queue(0x40, SEAL_NONCE_BYTES);
	assert_ok(seal_secret(c, nonce, &s, &key, &aad, &e), e);
	assert_int_equal(fake_random_end(), 1);
	assert_ok(b64_add(&text, c, seal_length(s.len), &e), e);
	assert_string_equal(text.p, example_c);
	buf_release(&text);
	secret_release(&s);
	secret_release(&key);
}

/* Every length around the padding's edges comes back, and hides in the same block. */
static void every_length_opens_to_itself(void **state)
{
	static const size_t lengths[] = { 1, 2, 62, 63, 64, 65, 127, 128, 129, SECRET_MAX };
	struct canon aad = example_aad();
	struct secret key = example_key();
	unsigned char *c = test_malloc(seal_length(SECRET_MAX));
	unsigned char nonce[SEAL_NONCE_BYTES];
	struct secret out = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct sealed sealed = { .nonce = nonce, .c = c, .len = seal_length(lengths[i]) };
		struct secret s;

		assert_ok(secret_init(&s, lengths[i], &e), e);
		memset(s.bytes, 'k', lengths[i]);
		s.len = lengths[i];
		assert_ok(seal_secret(c, nonce, &s, &key, &aad, &e), e);
		assert_ok(open_secret(&out, &sealed, &key, &aad, &e), e);
		assert_true(secret_equal(&s, &out));
		assert_int_equal(out.bytes[out.len], '\0');
		secret_release(&s);
	}
	assert_int_equal(seal_length(1), seal_length(63));
	assert_int_not_equal(seal_length(63), seal_length(64));
	test_free(c);
	secret_release(&out);
	secret_release(&key);
}

static void any_flipped_bit_is_damage(void **state)
{
	struct canon aad = example_aad();
	struct secret key = example_key();
	unsigned char c[80];
	unsigned char nonce[SEAL_NONCE_BYTES];
	struct sealed sealed = { .nonce = nonce, .c = c, .len = sizeof(c) };
	struct secret out = { 0 };
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_from(&s, example, strlen(example), &e), e);
	assert_ok(seal_secret(c, nonce, &s, &key, &aad, &e), e);
	for (size_t bit = 0; bit < 8 * sizeof(c); bit++) {
		c[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_err(open_secret(&out, &sealed, &key, &aad, &e), e, ERR_DAMAGED);
		assert_int_equal(out.len, 0);
		c[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * aad.len; bit++) {
		aad.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_err(open_secret(&out, &sealed, &key, &aad, &e), e, ERR_DAMAGED);
		aad.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	for (sealed.len = 0; sealed.len < sizeof(c); sealed.len++)
		assert_err(open_secret(&out, &sealed, &key, &aad, &e), e, ERR_DAMAGED);
	assert_ok(open_secret(&out, &sealed, &key, &aad, &e), e);
	secret_release(&out);
	secret_release(&s);
	secret_release(&key);
}

static void refused_text_leaves_nothing_behind(void **state)
{
	static const unsigned char zeros[42];
	struct secret key = key_from(0);
	unsigned char nonce[SEAL_NONCE_BYTES] = { 0 };
	unsigned char c[sizeof(example) - 1 + SEAL_TAG_BYTES];
	unsigned char p[sizeof(example) - 1];
	struct aead a = { .key = &key, .nonce = nonce };

	(void)state;
	_Static_assert(sizeof(zeros) == sizeof(p), "all of it");
	assert_true(aead_seal(&a, c, example, sizeof(p)));
	assert_true(aead_open(&a, p, c, sizeof(c)));
	assert_memory_equal(p, example, sizeof(p));
	c[sizeof(c) - 1] ^= 1;
	assert_false(aead_open(&a, p, c, sizeof(c)));
	assert_memory_equal(p, zeros, sizeof(p));
	assert_false(aead_open(&a, p, c, SEAL_TAG_BYTES - 1));
	secret_release(&key);
}

static void keys_of_another_length_are_refused(void **state)
{
	struct canon aad = example_aad();
	unsigned char c[80] = { 0 };
	unsigned char nonce[SEAL_NONCE_BYTES] = { 0 };
	struct sealed sealed = { .nonce = nonce, .c = c, .len = sizeof(c) };
	struct secret out = { 0 };
	struct err e = { 0 };
	struct secret key;
	struct mac m;

	(void)state;
	assert_ok(secret_from(&key, "short", 5, &e), e);
	assert_err(seal_secret(c, nonce, &key, &key, &aad, &e), e, ERR_KEY);
	assert_err(open_secret(&out, &sealed, &key, &aad, &e), e, ERR_KEY);
	assert_err(key_derive(&out, &key, 1, "tfvRecrd", &e), e, ERR_KEY);
	assert_false(mac_begin(&m, &key));
	secret_release(&key);
}

static void names_that_were_cut_are_never_sealed(void **state)
{
	struct canon aad = example_aad();
	struct secret key = key_from(0);
	unsigned char c[80] = { 0 };
	unsigned char nonce[SEAL_NONCE_BYTES] = { 0 };
	struct sealed sealed = { .nonce = nonce, .c = c, .len = sizeof(c) };
	struct secret out = { 0 };
	struct err e = { 0 };

	(void)state;
	aad.cut = true;
	assert_err(seal_secret(c, nonce, &key, &key, &aad, &e), e, ERR_USAGE);
	assert_err(open_secret(&out, &sealed, &key, &aad, &e), e, ERR_DAMAGED);
	secret_release(&key);
}

static void streamed_mac_equals_the_one_at_once(void **state)
{
	struct secret key = key_from(7);
	unsigned char once[MAC_BYTES];
	unsigned char streamed[MAC_BYTES];
	struct mac m;

	(void)state;
	assert_true(mac_of(once, &key, example, strlen(example)));
	assert_true(mac_begin(&m, &key));
	for (size_t i = 0; i < strlen(example); i++)
		mac_add(&m, example + i, 1);
	mac_end(&m, streamed);
	assert_true(bytes_equal(once, streamed, sizeof(once)));
	streamed[31] ^= 1;
	assert_false(bytes_equal(once, streamed, sizeof(once)));
	secret_release(&key);
}

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, SEAL_NONCE_BYTES);
}

static void ten_thousand_seals_have_ten_thousand_nonces(void **state)
{
	enum {
		COUNT = 10000
	};
	unsigned char(*nonces)[SEAL_NONCE_BYTES] = test_malloc(sizeof(*nonces) * COUNT);
	struct canon aad = example_aad();
	struct secret key = key_from(0);
	struct err e = { 0 };
	unsigned char c[80];
	struct secret s;

	(void)state;
	assert_ok(secret_from(&s, "x", 1, &e), e);
	for (size_t i = 0; i < COUNT; i++)
		assert_ok(seal_secret(c, nonces[i], &s, &key, &aad, &e), e);
	qsort(nonces, COUNT, sizeof(*nonces), compare_nonces);
	for (size_t i = 1; i < COUNT; i++)
		assert_memory_not_equal(nonces[i - 1], nonces[i], SEAL_NONCE_BYTES);
	test_free(nonces);
	secret_release(&s);
	secret_release(&key);
}

static void base64_has_one_text_per_value(void **state)
{
	static const char *const wrong[] = {
		"AA==", /* padding */
		"AA=",
		"AB", /* tail bits */
		"AAB",
		"A", /* no whole byte */
		"AAAAA",
		"AA AA", /* blanks */
		"AAAA\n",
		" AAAA",
		"AAA+", /* the other alphabet */
		"AAA/",
		"AAAA*",
		"AAA\xad", /* what libsodium alone takes for - and _ */
		"AAA\xdf",
	};
	struct secret secret = { 0 };
	unsigned char out[16];
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (b64_decode_upto(out, sizeof(out), &len, wrong[i], strlen(wrong[i])) ||
			b64_decode_secret(&secret, wrong[i], strlen(wrong[i]), NULL))
			fail_msg("\"%s\" was accepted", wrong[i]);
	}
	assert_true(b64_decode_upto(out, sizeof(out), &len, "_-8", 3));
	assert_int_equal(len, 2);
	assert_memory_equal(out, "\xff\xef", 2);
	assert_false(b64_decode_upto(out, 1, &len, "_-8", 3));
	assert_false(b64_decode(out, 3, "_-8", 3));
	assert_true(b64_decode(out, 2, "_-8", 3));
}

/* Both decoders, on every one-byte change of texts of every length: the same verdict and value. */
static void decoder_agrees_with_libsodium(void **state)
{
	unsigned char bytes[7];
	unsigned char ours[16];
	char text[32];

	(void)state;
	random_bytes(bytes, sizeof(bytes));
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		size_t chars = b64_length(n);

		assert_true(b64_encode(text, sizeof(text), bytes, n));
		for (size_t i = 0; i < 256 * chars; i++) {
			struct secret theirs = { 0 };
			char kept = text[i / 256];
			size_t len;
			bool ok;

			text[i / 256] = (char)(i % 256);
			ok = b64_decode_upto(ours, sizeof(ours), &len, text, chars);
			assert_int_equal(ok, b64_decode_secret(&theirs, text, chars, NULL));
			if (ok) {
				assert_int_equal(len, theirs.len);
				assert_memory_equal(ours, theirs.bytes, len);
			}
			secret_release(&theirs);
			text[i / 256] = kept;
		}
	}
}

static void base64_of_a_secret_comes_back(void **state)
{
	struct secret key = key_from(0xf0);
	struct secret back = { 0 };
	struct err e = { 0 };
	struct secret text;

	(void)state;
	assert_ok(b64_encode_secret(&text, &key, &e), e);
	assert_int_equal(text.len, B64_32);
	assert_ok(b64_decode_secret(&back, text.bytes, text.len, &e), e);
	assert_true(secret_equal(&key, &back));
	secret_release(&back);
	text.bytes[42] = '=';
	assert_err(b64_decode_secret(&back, text.bytes, text.len, &e), e, ERR_DAMAGED);
	assert_null(back.bytes);
	secret_release(&text);
	secret_release(&key);
}

struct bytes {
	unsigned char p[1024];
	size_t n;
};

static struct bytes hex_member(struct json_object *o, const char *name)
{
	const char *hex = json_object_get_string(json_object_object_get(o, name));
	struct bytes out = { .n = 0 };

	assert_int_equal(
		sodium_hex2bin(out.p, sizeof(out.p), hex, strlen(hex), NULL, &out.n, NULL), 0);
	return out;
}

/* Our wrapper's verdict on one vector: it seals to the expected bytes and opens them again. */
static bool vector_holds(struct json_object *test)
{
	struct bytes key = hex_member(test, "key");
	struct bytes iv = hex_member(test, "iv");
	struct bytes aad = hex_member(test, "aad");
	struct bytes msg = hex_member(test, "msg");
	struct bytes ct = hex_member(test, "ct");
	struct bytes tag = hex_member(test, "tag");
	struct bytes out = { .n = 0 };
	struct secret k = { 0 };
	struct err e = { 0 };
	struct aead a = { .key = &k, .nonce = iv.p, .aad = aad.p, .aad_len = aad.n };
	bool ok = false;

	assert_ok(secret_from(&k, key.p, key.n, &e), e);
	/* Nonces of other lengths cannot even be said: the type holds 24 bytes. */
	if (iv.n == SEAL_NONCE_BYTES) {
		memcpy(ct.p + ct.n, tag.p, tag.n);
		ok = aead_open(&a, out.p, ct.p, ct.n + tag.n) && memcmp(out.p, msg.p, msg.n) == 0 &&
		     aead_seal(&a, out.p, msg.p, msg.n) && memcmp(out.p, ct.p, ct.n + tag.n) == 0;
	}
	secret_release(&k);
	return ok;
}

static void wycheproof_vectors_all_hold(void **state)
{
	struct json_object *root;
	struct json_object *groups;
	unsigned valid = 0;
	unsigned invalid = 0;

	(void)state;
	if (access(wycheproof, R_OK) != 0) {
		print_message("skipped: %s is not here\n", wycheproof);
		skip();
	}
	root = json_object_from_file(wycheproof);
	assert_non_null(root);
	groups = json_object_object_get(root, "testGroups");
	for (size_t g = 0; g < json_object_array_length(groups); g++) {
		struct json_object *tests =
			json_object_object_get(json_object_array_get_idx(groups, g), "tests");

		for (size_t t = 0; t < json_object_array_length(tests); t++) {
			struct json_object *test = json_object_array_get_idx(tests, t);
			const char *result =
				json_object_get_string(json_object_object_get(test, "result"));
			bool want = strcmp(result, "valid") == 0;

			if (vector_holds(test) != want)
				fail_msg("vector %d is %s",
					json_object_get_int(json_object_object_get(test, "tcId")),
					result);
			valid += want;
			invalid += !want;
		}
	}
	assert_int_equal(valid, 246);
	assert_int_equal(invalid, 69);
	json_object_put(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_aad_matches_the_vector),
		cmocka_unit_test(bytes_that_do_not_fit_are_noticed),
		cmocka_unit_test(record_key_matches_the_vector),
		cmocka_unit_test(vault_commitment_matches_the_vector),
		cmocka_unit_test(sealed_record_matches_the_vector),
		cmocka_unit_test(every_length_opens_to_itself),
		cmocka_unit_test(any_flipped_bit_is_damage),
		cmocka_unit_test(refused_text_leaves_nothing_behind),
		cmocka_unit_test(keys_of_another_length_are_refused),
		cmocka_unit_test(names_that_were_cut_are_never_sealed),
		cmocka_unit_test(streamed_mac_equals_the_one_at_once),
		cmocka_unit_test(ten_thousand_seals_have_ten_thousand_nonces),
		cmocka_unit_test(base64_has_one_text_per_value),
		cmocka_unit_test(decoder_agrees_with_libsodium),
		cmocka_unit_test(base64_of_a_secret_comes_back),
		cmocka_unit_test(wycheproof_vectors_all_hold),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
