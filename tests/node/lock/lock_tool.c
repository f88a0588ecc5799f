/* SPDX-License-Identifier: MIT */

/*
 * Our side of tests/node/lock: the real lock, driven from Node.
 *
 *   lock_tool add KIND FILE TIMES    n + 1 in {"n":N}, under the lock, that often; says each
 *   lock_tool hold KIND FILE MS      takes it, says "held", waits, says whether it held
 *   lock_tool try KIND FILE          "taken" or "busy", within 300 ms
 *
 * KIND is auto, file, dir, or none: the control, which must lose additions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "store/doc.h"
#include "store/peerlock.h"

static int64_t longest_ms;
static bool locks = true;

static void nap(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static bool add_one(const char *file, struct err *e)
{
	static const char *const path[] = { "n", NULL };
	struct doc d = { 0 };
	int64_t n = 0;
	bool ok;

	ok = doc_load(&d, file, DOC_JSON, NULL, NULL, e) && doc_int(&d, doc_find(&d, path), &n) &&
	     doc_put_int(&d, path, n + 1, e);
	nap(1); /* so that the control fails */
	ok = ok && fs_replace(file, d.text.p, d.text.len, NULL, e);
	doc_release(&d);
	return ok;
}

static bool add(const char *file, const struct peerlock_how *how, long times, struct err *e)
{
	while (times > 0) {
		struct peerlock l = { 0 };
		bool ok;

		if (locks && !peerlock_take(&l, file, how, e)) {
			if (e->code != ERR_BUSY)
				return false;
			continue;
		}
		ok = (!locks || peerlock_holds(&l, e)) && add_one(file, e);
		if (locks && clock_mono_ms() - l.since_ms > longest_ms)
			longest_ms = clock_mono_ms() - l.since_ms;
		peerlock_release(&l);
		if (!ok)
			return false;
		puts("added");
		fflush(stdout);
		times--;
	}
	printf("longest hold %d ms\n", (int)longest_ms);
	return true;
}

static bool hold(const char *file, const struct peerlock_how *how, long ms, struct err *e)
{
	struct peerlock l = { 0 };
	bool ok;

	if (!peerlock_take(&l, file, how, e))
		return false;
	puts("held");
	fflush(stdout);
	nap(ms);
	ok = peerlock_holds(&l, e);
	peerlock_release(&l);
	puts(ok ? "kept" : "lost");
	return true;
}

static bool try_it(const char *file, struct peerlock_how *how, struct err *e)
{
	struct peerlock l = { 0 };
	bool taken;

	how->timeout_ms = 300;
	taken = peerlock_take(&l, file, how, e);
	peerlock_release(&l);
	puts(taken ? "taken" : "busy");
	return taken || e->code == ERR_BUSY;
}

int main(int argc, char **argv)
{
	struct peerlock_how how = { 0 };
	struct err e = { 0 };
	long number = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
	bool ok = false;

	if (argc < 4 || !crypto_start(&e))
		return 64;
	how.kind = strcmp(argv[2], "dir") == 0    ? PEERLOCK_DIR
		   : strcmp(argv[2], "file") == 0 ? PEERLOCK_FILE
						  : PEERLOCK_AUTO;
	locks = strcmp(argv[2], "none") != 0;
	if (strcmp(argv[1], "add") == 0)
		ok = add(argv[3], &how, number, &e);
	else if (strcmp(argv[1], "hold") == 0)
		ok = hold(argv[3], &how, number, &e);
	else if (strcmp(argv[1], "try") == 0)
		ok = try_it(argv[3], &how, &e);
	if (!ok)
		fprintf(stderr, "lock_tool: %s\n", e.msg);
	return ok ? 0 : 1;
}
