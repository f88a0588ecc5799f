/* SPDX-License-Identifier: MIT */

/*
 * Our side of the comparison with dotenv: reads lines of hexadecimal text from
 * stdin and answers each with one line.
 *
 *   FILE            -> KEY=VALUE KEY=VALUE ... (hexadecimal, in force only), or "damaged"
 *   FILE KEY VALUE  -> the file after setting KEY, or "refused"
 *   FILE KEY        -> the file after removing KEY, or "refused"
 */
#include <stdio.h>
#include <string.h>

#include "store/dotenv.h"

#define LINE_MAX_BYTES 65536

static void put_hex(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", (unsigned)(unsigned char)p[i]);
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "-" is empty. */
static bool from_hex(struct buf *out, const char *word)
{
	if (strcmp(word, "-") == 0)
		return buf_reserve(out, 0, NULL);
	for (; word[0] && word[1]; word += 2) {
		char c = (char)(digit(word[0]) << 4 | digit(word[1]));

		if (!buf_add(out, &c, 1, NULL))
			return false;
	}
	return true;
}

static void dump(const struct dotenv *env)
{
	for (uint32_t i = 0; i < env->count; i++) {
		struct secret value = { 0 };

		if (env->entries[i].shadowed || !dotenv_value(env, i, &value, NULL))
			continue;
		put_hex(env->text.p + env->entries[i].key_at, env->entries[i].key_len);
		putchar('=');
		put_hex(value.bytes, value.len);
		putchar(' ');
		secret_release(&value);
	}
	putchar('\n');
}

static void answer(struct buf words[3], int n)
{
	struct dotenv env = { 0 };
	struct err e = { 0 };
	bool ok = true;

	if (!dotenv_parse(&env, &words[0], "stdin", &e)) {
		puts("damaged");
		return;
	}
	if (n == 1) {
		dump(&env);
	} else {
		ok = n == 2 ? dotenv_remove(&env, words[1].p, &e)
			    : dotenv_set(&env, words[1].p, words[2].p, words[2].len, &e);
		if (ok)
			put_hex(env.text.p, env.text.len);
		puts(ok ? "" : "refused");
	}
	dotenv_release(&env);
}

int main(void)
{
	static char line[LINE_MAX_BYTES];
	static char parts[3][LINE_MAX_BYTES];
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		struct buf words[3] = { 0 };
		int n = sscanf(line, "%65535s %65535s %65535s", parts[0], parts[1], parts[2]);

		for (int i = 0; i < n; i++) {
			if (!from_hex(&words[i], parts[i]))
				return 2;
		}
		if (n < 1)
			return 2;
		answer(words, n);
		for (int i = 0; i < n; i++)
			buf_release(&words[i]);
	}
	return 0;
}
