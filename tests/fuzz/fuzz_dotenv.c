/* SPDX-License-Identifier: MIT */

/*
 * The first line is a value, the rest a .env file. Setting and removing must
 * either refuse or do exactly that.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool truth)
{
	if (!truth)
		abort();
}

static bool load(struct dotenv *env, const void *p, size_t n)
{
	struct buf text = { 0 };

	need(buf_reserve(&text, n, NULL) && (!n || buf_add(&text, p, n, NULL)));
	return dotenv_parse(env, &text, "fuzz", NULL);
}

static void spans_are_inside(const struct dotenv *env)
{
	size_t end = 0;

	for (uint32_t i = 0; i < env->count; i++) {
		const struct dotenv_entry *e = &env->entries[i];

		need(e->at >= end && e->at <= e->key_at && e->key_len);
		need(e->value_at > e->key_at + e->key_len - 1);
		end = (size_t)e->value_at + e->value_len;
		need(end <= env->text.len);
	}
}

static void set(struct dotenv *env, const char *value, size_t n)
{
	struct secret s = { 0 };
	uint32_t count = env->count;
	bool there = dotenv_find(env, "K") != DOTENV_NONE;

	if (!dotenv_set(env, "K", value, n, NULL))
		return;
	spans_are_inside(env);
	need(env->count == count + !there);
	need(dotenv_get(env, "K", &s, NULL) && s.len == n && (!n || !memcmp(s.bytes, value, n)));
	secret_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	const char *file = line ? (const char *)line + 1 : (const char *)data;
	size_t file_n = line ? size - (size_t)(line + 1 - data) : size;
	struct dotenv env = { 0 };

	if (!crypto_start(NULL) || size > 4096 || !load(&env, file, file_n))
		return 0;
	spans_are_inside(&env);
	set(&env, line ? (const char *)data : "v", line ? (size_t)(line - data) : 1);
	if (dotenv_remove(&env, "K", NULL)) {
		spans_are_inside(&env);
		need(dotenv_find(&env, "K") == DOTENV_NONE);
	}
	dotenv_release(&env);
	return 0;
}
