/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provider/talk.h"

/*
 * The body of an answer, in two pieces and in single bytes: both say the same, or both fail.
 */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool collect(void *ctx, const char *p, size_t n, struct err *e)
{
	return buf_add(ctx, p, n, e);
}

static bool read_in(struct buf *said, enum api_style api, const char *p, size_t n, size_t piece)
{
	struct talk_reader r = { .api = api, .text = collect, .ctx = said };
	struct err e = { 0 };
	bool ok = true;

	for (size_t at = 0; ok && at < n; at += piece)
		ok = talk_read(&r, p + at, n - at < piece ? n - at : piece, &e);
	ok = ok && talk_read_end(&r, &e) && !r.error[0];
	must(ok || e.code != ERR_NONE || r.error[0]);
	talk_reader_release(&r);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	for (int api = API_OPENAI; api <= API_GOOGLE; api++) {
		struct buf a = { 0 };
		struct buf b = { 0 };
		bool first = read_in(&a, (enum api_style)api, (const char *)p, n, n / 2 + 1);
		bool second = read_in(&b, (enum api_style)api, (const char *)p, n, 1);

		must(first == second && a.len == b.len);
		must(!a.len || memcmp(a.p, b.p, a.len) == 0);
		buf_release(&a);
		buf_release(&b);
	}
	return 0;
}
