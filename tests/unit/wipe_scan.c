/* SPDX-License-Identifier: MIT */

/*
 * Runs one use of a library on a canary, then counts the copies that are left in
 * this process's memory (security.md 3.2). Built twice, with base/wipe.c and
 * without it, and without sanitizers: their allocator is not the one in question.
 *
 *     wipe_scan USE      prints the number of copies
 *
 * The canary is never stored as such: it is made from its complement into a
 * buffer that is wiped, and the scanner compares with the complement.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANARY 40
#define HEAD 32 /* a free block's first bytes become the allocator's own */

static unsigned char inverse[CANARY];

static void make_inverse(void)
{
	uint32_t x = (uint32_t)getpid() * 2654435761U;

	for (size_t i = 0; i < CANARY; i++) {
		x = x * 1664525U + 1013904223U;
		inverse[i] = (unsigned char)~('A' + (x >> 24) % 26);
	}
}

static void reveal(char out[CANARY + 1])
{
	for (size_t i = 0; i < CANARY; i++)
		out[i] = (char)~inverse[i];
	out[CANARY] = '\0';
}

static void use_json(const char *secret)
{
	struct json_object *root = json_object_new_object();
	struct json_object *back;

	json_object_object_add(root, "key", json_object_new_string(secret));
	back = json_tokener_parse(json_object_to_json_string(root));
	json_object_put(back);
	json_object_put(root);
}

static void use_stdio(const char *secret)
{
	char name[] = "/tmp/tfb-wipe-XXXXXX";
	char line[CANARY + 8];
	int fd = mkstemp(name);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!f)
		return;
	unlink(name);
	fprintf(f, "%s\n", secret);
	rewind(f);
	if (!fgets(line, sizeof(line), f))
		abort();
	fclose(f);
	explicit_bzero(line, sizeof(line));
}

static void use_getline(const char *secret)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fmemopen(NULL, 4096, "w+");

	if (!f)
		return;
	for (int i = 0; i < 40; i++)
		fputs(secret, f);
	rewind(f);
	if (getline(&line, &cap, f) < 0)
		abort();
	free(line);
	fclose(f);
}

static void use_growth(const char *secret)
{
	char *grown = NULL;

	for (size_t n = 1; n <= 200; n++) {
		/* Another block behind it, so that it cannot grow in place. */
		void *fence = malloc(n * CANARY);
		char *more = reallocarray(grown, n, CANARY);

		if (!more)
			abort();
		memcpy(more + (n - 1) * CANARY, secret, CANARY);
		grown = more;
		free(fence);
	}
	grown = realloc(grown, 1);
	free(grown);
}

static void use_aligned(const char *secret)
{
	void *blocks[3] = { aligned_alloc(64, 128), memalign(64, 128), NULL };

	if (posix_memalign(&blocks[2], 64, 128) != 0)
		abort();
	for (size_t i = 0; i < 3; i++)
		memcpy((char *)blocks[i] + HEAD, secret, CANARY);
	for (size_t i = 0; i < 3; i++)
		free(blocks[i]);
}

static void use_many(const char *secret)
{
	char *copies[500];

	for (size_t i = 0; i < 500; i++) {
		copies[i] = malloc(HEAD + CANARY);
		memcpy(copies[i] + HEAD, secret, CANARY);
	}
	for (size_t i = 0; i < 500; i += 2)
		free(copies[i]);
	for (size_t i = 1; i < 500; i += 2)
		free(copies[i]);
}

/* Never freed: the scanner must find it, with and without the interposer. */
static void use_leak(const char *secret)
{
	static char *volatile kept;

	kept = strdup(secret);
}

static const struct {
	const char *name;
	void (*run)(const char *secret);
} uses[] = {
	{ "json", use_json },
	{ "stdio", use_stdio },
	{ "getline", use_getline },
	{ "growth", use_growth },
	{ "aligned", use_aligned },
	{ "many", use_many },
	{ "leak", use_leak },
};

/* In a frame of its own, so that nothing of it is left on the scanner's stack. */
__attribute__((noinline)) static void run(void (*use)(const char *))
{
	char secret[CANARY + 1];

	reveal(secret);
	use(secret);
	explicit_bzero(secret, sizeof(secret));
}

/* Below run()'s frame: what called functions left there is stack, not heap. */
__attribute__((noinline)) static void clear_stack(void)
{
	volatile char frame[65536];

	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = 0;
}

static size_t count_in(const unsigned char *p, size_t n)
{
	size_t hits = 0;

	for (size_t i = 0; i + CANARY <= n; i++) {
		size_t k = 0;

		while (k < CANARY && (p[i + k] ^ inverse[k]) == 0xff)
			k++;
		hits += k == CANARY;
	}
	return hits;
}

/* Every readable mapping, through the kernel; the window overlaps by a canary. */
static size_t count_range(int mem, uintptr_t from, uintptr_t to)
{
	static unsigned char window[1 << 16];
	size_t hits = 0;

	while (from < to) {
		size_t want = to - from < sizeof(window) ? to - from : sizeof(window);
		ssize_t n = pread(mem, window, want, (off_t)from);

		if (n <= CANARY)
			break;
		hits += count_in(window, (size_t)n);
		explicit_bzero(window, sizeof(window));
		if ((size_t)n < want || want < sizeof(window))
			break;
		from += (uintptr_t)n - CANARY + 1;
	}
	return hits;
}

/* Without stdio, whose buffers would take the place of what is looked for. */
static void read_maps(char *text, size_t cap)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t n = 0;
	ssize_t got;

	while (fd >= 0 && n + 1 < cap && (got = read(fd, text + n, cap - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(fd);
}

static size_t count_copies(void)
{
	static char maps[1 << 16];
	int mem = open("/proc/self/mem", O_RDONLY);
	size_t hits = 0;

	read_maps(maps, sizeof(maps));
	if (mem < 0 || !maps[0])
		abort();
	for (char *line = maps; *line; line = strchr(line, '\n') + 1) {
		char *end;
		uintptr_t from = strtoul(line, &end, 16);
		uintptr_t to = strtoul(end + 1, &end, 16);
		char *stop = strchr(line, '\n');

		*stop = '\0';
		if (end[1] == 'r' && !strstr(line, "[v"))
			hits += count_range(mem, from, to);
		*stop = '\n';
	}
	close(mem);
	return hits;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (strcmp(argv[1], uses[i].name) != 0)
			continue;
		make_inverse();
		run(uses[i].run);
		clear_stack();
		printf("%zu\n", count_copies());
		return 0;
	}
	fprintf(stderr, "usage: wipe_scan USE\n");
	return 64;
}
