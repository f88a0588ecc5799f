/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a paste. What must hold: the result is made of printable ASCII,
 * is a subsequence of what was pasted, and cleaning it again changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "provider/paste.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void result_is_part_of(const struct secret *s, const char *raw, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < s->len; i++)
		check(s->bytes[i] >= 0x21 && s->bytes[i] <= 0x7E);
	for (size_t i = 0; i < n && at < s->len; i++)
		at += raw[i] == s->bytes[at];
	check(at == s->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct provider *want = NULL, *which;
	struct secret out = { 0 }, again = { 0 };
	struct paste_report r, r2;
	char lines[3][80];
	const char *raw = (const char *)data + 1;

	check(crypto_start(NULL));
	if (!size)
		return 0;
	size--;
	if (data[0] < provider_count())
		want = provider_at(data[0]);
	check(paste_clean(&out, raw, size, want, want ? &want->methods[0] : NULL, &r, NULL));
	check(!paste_blocks(r.verdict) || r.verdict == PASTE_OTHER || !out.len);
	result_is_part_of(&out, raw, size);
	check(paste_clean(
		&again, out.bytes, out.len, want, want ? &want->methods[0] : NULL, &r2, NULL));
	check(secret_equal(&out, &again));
	paste_notes(&r, lines, 3);
	if (data[0] == 255)
		paste_looks_secret(raw, size, &which);
	secret_release(&out);
	secret_release(&again);
	return 0;
}
