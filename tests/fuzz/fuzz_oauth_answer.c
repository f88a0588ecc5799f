/* SPDX-License-Identifier: MIT */

/*
 * Any answer of a sign-in's servers; the first byte chooses the provider. What must hold: tokens
 * that are taken can travel in a header and have an end, and what is shown cannot harm a terminal.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/oauth_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795336800000)

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void harmless(const char *text)
{
	for (; *text; text++)
		check((unsigned char)*text >= 0x20 && *text != 0x7F);
}

static void sendable(const struct secret *s)
{
	check(strlen(s->bytes) == s->len && s->len <= SECRET_MAX);
	for (size_t i = 0; i < s->len; i++)
		check(s->bytes[i] > ' ' && s->bytes[i] <= '~');
}

static void try_tokens(const struct oauth *o, const struct secret *body)
{
	struct oauth_tokens t;

	if (oauth_take_tokens(&t, o, body, NOW, NULL, NULL)) {
		sendable(&t.access);
		check(t.access.len && (o->token_only || t.refresh.len));
		check(o->token_only || t.expires_ms > NOW);
		check(!o->claim || t.account[0]);
		harmless(t.account);
		harmless(t.base_url);
	}
	oauth_tokens_release(&t);
	if (oauth_take_user(&t, body, NULL)) {
		harmless(t.account);
		harmless(t.user);
	}
	oauth_tokens_release(&t);
}

static void try_device(const struct oauth *o, const struct secret *body)
{
	const struct pkce p = { .state = "0123456789abcdef0123456789abcdef" };
	struct oauth_device d;

	if (oauth_take_device(&d, o, body, &p, NOW, NULL)) {
		check(d.code.len && d.shown[0] && d.page[0]);
		check(d.wait_ms > 0 && d.wait_ms < 60000 && d.until_ms > NOW);
		harmless(d.shown);
		harmless(d.page);
	}
	oauth_device_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret body = { 0 };
	char word[OAUTH_WORD_CAP];
	const struct oauth *o;

	if (!size || !crypto_start(NULL))
		return 0;
	o = oauth_at(data[0] % oauth_count());
	check(secret_from(&body, data + 1, size - 1, NULL));
	if (o->flow != OAUTH_ELSEWHERE) {
		try_tokens(o, &body);
		try_device(o, &body);
	}
	oauth_take_word(word, o, &body);
	harmless(word);
	secret_release(&body);
	return 0;
}
