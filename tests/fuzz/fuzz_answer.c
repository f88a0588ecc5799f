/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a provider's answer: style, status (2 bytes), body; header lines
 * before a blank line, if there is one. What must hold: only a 2xx, a 401 or a
 * 403 is ever "accepted", and no text carries a control character or a piece of
 * the key.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provider/check.h"

#define KEY "sk-4vT9Qw7eXz1Lb8Kc2Rm5"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void text_is_harmless(const char *text)
{
	for (const char *p = text; *p; p++)
		check((unsigned char)*p >= 0x20 && *p != 0x7F);
	for (size_t i = 0; i + 8 <= strlen(KEY); i++) {
		char piece[9];

		str_copy(piece, sizeof(piece), &KEY[i]);
		check(!strstr(text, piece));
	}
}

/* Header lines, a blank line, the body; or all of it is the body. */
static void split(struct check_answer *a, const char *p, size_t n)
{
	const char *blank = memmem(p, n, "\n\n", 2);

	while (blank && p < blank) {
		const char *end = memchr(p, '\n', (size_t)(blank - p) + 1);

		check_take_header(&a->headers, p, (size_t)(end - p));
		n -= (size_t)(end - p) + 1;
		p = end + 1;
	}
	a->body = p;
	a->body_len = n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct check_result r;
	struct check_request rq = { 0 };
	struct check_answer a = { 0 };
	struct secret key = { 0 };
	struct str text;
	char words[300];

	if (size < 3 || !crypto_start(NULL))
		return 0;
	rq.judge = (enum judge_style)(data[0] % JUDGE_STYLES);
	a.status = (data[1] << 8 | data[2]) % 1000;
	split(&a, (const char *)data + 3, size - 3);
	check(secret_from(&key, KEY, strlen(KEY), NULL));
	check_judge(&r, &rq, &a, &key);
	check(r.verdict != VERDICT_NONE);
	check(r.verdict != VERDICT_ACCEPTED || a.status / 100 == 2 || a.status == 403 ||
		a.status == 401);
	text_is_harmless(r.text);
	text_is_harmless(r.account);
	text_is_harmless(r.credit);
	text_is_harmless(r.limits);
	for (size_t i = 0; i < r.model_count && i < CHECK_MODELS; i++)
		text_is_harmless(r.models[i]);
	text = STR_OF(words);
	check_headline(&text, &r, provider_at(0), &provider_at(0)->methods[0]);
	check(text.len > 0);
	secret_release(&key);
	return 0;
}
