/* SPDX-License-Identifier: MIT */
#include "tests/fault/scan.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	NEEDLES = 256,
	NEEDLE_BYTES = 2048,
	HITS = 2048,
	ALIKE = 8, /* of one shape in one process: enough to know */
};

struct needle {
	char name[32];
	size_t width;
	size_t stride;
	size_t n;
	unsigned char bytes[NEEDLE_BYTES];
};

struct mapping {
	uint64_t from;
	uint64_t to;
	bool readable;
	bool guarded; /* MADV_DONTDUMP: libsodium's own pages */
	char name[128];
};

struct hit {
	const char *needle;
	pid_t pid;
	uint64_t at;
	struct mapping in;
	char near[97]; /* what stands before and after it, for finding out whose copy it is */
};

static struct needle needles[NEEDLES];
static size_t needle_count;
static struct hit hits[HITS];
static size_t hit_count;
static size_t processes;
static uint64_t bytes_read;

static bool unhex(struct needle *d, const char *hex)
{
	unsigned value;

	for (d->n = 0; hex[2 * d->n] && hex[2 * d->n + 1] && hex[2 * d->n] != '\n'; d->n++) {
		if (d->n == NEEDLE_BYTES || sscanf(hex + 2 * d->n, "%2x", &value) != 1)
			return false;
		d->bytes[d->n] = (unsigned char)value;
	}
	return d->n > 0 && d->width && d->n % d->width == 0;
}

bool scan_load(const char *path)
{
	static char line[2 * NEEDLE_BYTES + 128];
	FILE *f = fopen(path, "re");
	bool ok = f != NULL;

	while (ok && fgets(line, sizeof(line), f)) {
		struct needle *d = &needles[needle_count];
		int hex = 0;

		ok = needle_count < NEEDLES &&
		     sscanf(line, "%31s %zu %zu %n", d->name, &d->width, &d->stride, &hex) == 3 &&
		     hex && unhex(d, line + hex);
		needle_count++;
	}
	if (f)
		fclose(f);
	return ok && needle_count;
}

static bool here(const struct needle *d, const unsigned char *p, size_t room)
{
	size_t units = d->n / d->width;

	if ((units - 1) * d->stride + d->width > room)
		return false;
	for (size_t i = 0; i < units; i++)
		if (memcmp(p + i * d->stride, d->bytes + i * d->width, d->width) != 0)
			return false;
	return true;
}

static void remember(const struct needle *d, pid_t pid, const struct mapping *m,
	const unsigned char *p, size_t n, size_t at)
{
	struct hit *h = &hits[hit_count];
	size_t from = at > 48 ? at - 48 : 0;
	size_t alike = 0;

	for (size_t i = 0; i < hit_count; i++)
		alike += hits[i].pid == pid && hits[i].needle == d->name;
	if (alike == ALIKE || hit_count == HITS)
		return;
	hit_count++;
	*h = (struct hit){ .needle = d->name, .pid = pid, .at = m->from + at, .in = *m };
	for (size_t i = 0; i < 48 && from + i < at && from + i < n; i++)
		h->near[i] = p[from + i] >= 0x20 && p[from + i] < 0x7f && p[from + i] != '"' &&
					     p[from + i] != '\\'
				     ? (char)p[from + i]
				     : '.';
}

static void search(pid_t pid, const struct mapping *m, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < needle_count; i++) {
		const struct needle *d = &needles[i];
		const unsigned char *at = p;

		while ((at = memchr(at, d->bytes[0], n - (size_t)(at - p)))) {
			if (here(d, at, n - (size_t)(at - p)))
				remember(d, pid, m, p, n, (size_t)(at - p));
			at++;
		}
	}
}

static void search_mapping(pid_t pid, int mem, const struct mapping *m)
{
	size_t n = m->to - m->from;
	unsigned char *p = malloc(n);
	size_t got = 0;

	/* A guard page inside ends the read; the rest of the mapping is read page by page. */
	while (p && got < n) {
		ssize_t r = pread(mem, p + got, n - got, (off_t)(m->from + got));

		if (r <= 0) {
			size_t hole = n - got < 4096 ? n - got : 4096;

			memset(p + got, 0, hole);
			got += hole;
			continue;
		}
		got += (size_t)r;
		bytes_read += (uint64_t)r;
	}
	if (p)
		search(pid, m, p, n);
	free(p);
}

/* smaps: a head line, then "Field: ..." lines, VmFlags last. True at VmFlags. */
static bool smaps_line(const char *line, struct mapping *m)
{
	unsigned long from;
	unsigned long to;
	char mode[8];
	int name = 0;

	if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &from, &to, mode, &name) == 3) {
		*m = (struct mapping){ .from = from, .to = to, .readable = true };
		snprintf(m->name, sizeof(m->name), "%.*s", (int)strcspn(line + name, "\n"),
			line + name);
		if (!m->name[0])
			snprintf(m->name, sizeof(m->name), "anonymous %s", mode);
		return false;
	}
	if (strncmp(line, "VmFlags:", 8) != 0)
		return false;
	m->guarded = strstr(line, " dd") != NULL && strncmp(m->name, "[v", 2) != 0;
	return true;
}

void scan_process(pid_t pid, const char *label)
{
	struct mapping m = { 0 };
	char line[512];
	char path[64];
	FILE *maps;
	int mem;

	(void)label;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	maps = fopen(path, "re");
	if (mem >= 0 && maps)
		processes++;
	while (mem >= 0 && maps && fgets(line, sizeof(line), maps))
		if (smaps_line(line, &m) && m.readable && strncmp(m.name, "[v", 2) != 0)
			search_mapping(pid, mem, &m);
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
}

void scan_print(FILE *report)
{
	fprintf(report, ",\"processes\":%zu,\"bytes\":%llu,\"hits\":[", processes,
		(unsigned long long)bytes_read);
	for (size_t i = 0; i < hit_count; i++) {
		const struct hit *h = &hits[i];

		fprintf(report,
			"%s{\"needle\":\"%s\",\"pid\":%d,\"at\":\"%llx\",\"in\":\"%s\","
			"\"offset\":%llu,\"guarded\":%s,\"near\":\"%s\"}",
			i ? "," : "", h->needle, (int)h->pid, (unsigned long long)h->at, h->in.name,
			(unsigned long long)(h->at - h->in.from), h->in.guarded ? "true" : "false",
			h->near);
	}
	fputc(']', report);
}
