/* SPDX-License-Identifier: MIT */

/*
 * The positive controls: programs that do on purpose what the product must not.
 * A harness that does not find the fault of its control cannot see faults.
 *
 *   torn FILE       truncates and writes in place: killed half-way, the file is torn
 *   nosync FILE     writes a temporary file and renames it, and never syncs
 *   swallow FILE    does not look at what write, fsync and rename return; leaves its temporary file
 *   nomem           uses what malloc() returned without looking
 *   leak            copies the secret on standard input in all encodings, frees them, ends
 *   unlocked FILE N adds 1 to the number in the file N times, with no lock
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 1000
#define CUT 64

static char text[4 * WORDS];

static void make_text(void)
{
	for (size_t i = 0; i < WORDS; i++)
		memcpy(text + 4 * i, "new ", 4);
}

static int torn(char **args)
{
	int fd = open(args[0], O_WRONLY | O_TRUNC | O_CLOEXEC);

	make_text();
	for (size_t at = 0; at < sizeof(text); at += sizeof(text) / 4)
		if (fd < 0 || write(fd, text + at, sizeof(text) / 4) < 0)
			return 1;
	return close(fd) == 0 ? 0 : 1;
}

static int replace(const char *path, bool sync)
{
	char temp[4096];
	int fd;

	make_text();
	snprintf(temp, sizeof(temp), "%s.tmp", path);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return 1;
	(void)!write(fd, text, sizeof(text));
	if (sync)
		(void)!fsync(fd);
	close(fd);
	(void)!rename(temp, path);
	return 0;
}

static int nosync(char **args)
{
	return replace(args[0], false);
}

static int swallow(char **args)
{
	return replace(args[0], true);
}

static int nomem(char **args)
{
	char *volatile p = malloc(100);

	(void)args;
	p[0] = 'x';
	puts(p[0] == 'x' ? "used" : "");
	free(p);
	return 0;
}

/* All copies are made before the first is freed: a freed one would be used again for the next. */
static char *volatile copies[32];
static size_t copy_count;

static char *copy_space(size_t n)
{
	char *p = calloc(1, n);

	if (copy_count < sizeof(copies) / sizeof(copies[0]))
		copies[copy_count++] = p;
	return p;
}

static void hex(const unsigned char *p, size_t n)
{
	char *out = copy_space(2 * n + CUT);

	for (size_t i = 0; out && i < n; i++)
		snprintf(out + CUT / 2 + 2 * i, 3, "%02x", (unsigned)p[i]);
}

static void base64(const unsigned char *p, size_t n, const char *last)
{
	char set[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char *out = copy_space(2 * n + CUT);
	size_t w = CUT / 2;

	memcpy(set + 62, last, 2);
	for (size_t i = 0; out && i + 2 < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			out[w++] = set[v >> shift & 63];
	}
}

static void spread(const unsigned char *p, size_t n, size_t stride, bool backwards)
{
	char *out = copy_space((n + CUT) * stride);

	for (size_t i = 0; out && i < n; i++)
		out[CUT / 2 + i * stride] = (char)p[backwards ? n - 1 - i : i];
}

static int leak(char **args)
{
	unsigned char secret[512];
	ssize_t n = read(0, secret, sizeof(secret));

	(void)args;
	if (n <= 0)
		return 1;
	hex(secret, (size_t)n);
	for (size_t skip = 0; skip < 3; skip++) {
		base64(secret + skip, (size_t)n - skip, "+/");
		base64(secret + skip, (size_t)n - skip, "-_");
	}
	spread(secret, (size_t)n, 1, true);
	spread(secret, (size_t)n, 2, false);
	spread(secret, (size_t)n, 4, false);
	spread(secret, (size_t)n, 28, false);
	while (copy_count)
		free(copies[--copy_count]);
	_exit(0);
}

static int unlocked(char **args)
{
	long n = strtol(args[1], NULL, 10);

	while (n-- > 0) {
		char number[32] = "";
		int fd = open(args[0], O_RDWR | O_CLOEXEC);

		if (fd < 0 || read(fd, number, sizeof(number) - 1) < 0)
			return 1;
		usleep(200);
		snprintf(number, sizeof(number), "%010ld", strtol(number, NULL, 10) + 1);
		if (pwrite(fd, number, strlen(number), 0) < 0)
			return 1;
		close(fd);
	}
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **args);
} controls[] = {
	{ "torn", 1, torn },
	{ "nosync", 1, nosync },
	{ "swallow", 1, swallow },
	{ "nomem", 0, nomem },
	{ "leak", 0, leak },
	{ "unlocked", 2, unlocked },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(controls) / sizeof(controls[0]); i++)
		if (strcmp(controls[i].name, argv[1]) == 0 && argc == 2 + controls[i].args)
			return controls[i].run(argv + 2);
	fputs("usage: fault_control NAME [ARGUMENT...]\n", stderr);
	return 64;
}
