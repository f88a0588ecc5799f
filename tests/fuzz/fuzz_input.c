/* SPDX-License-Identifier: MIT */

/*
 * The decoder: arbitrary bytes with arbitrary cuts. The first byte seeds the
 * cuts; whole and in pieces must give the same events, and nothing may be left
 * undecided in the end.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "tui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLOCK 100000
#define LATER (CLOCK + 100000)

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void record(struct buf *log, const struct event *ev)
{
	struct err e = { 0 };

	require(buf_fmt(
		log, &e, "%d %d %u %zu ", (int)ev->type, (int)ev->key, ev->ch, ev->paste_total));
	if (ev->type != EVENT_PASTE)
		return;
	require(ev->paste->len == (ev->paste_total > PASTE_CAP ? 0 : ev->paste_total));
	require(buf_add(log, ev->paste->bytes, ev->paste->len, &e));
}

static void drain(struct decoder *d, struct buf *log, int64_t now)
{
	struct event ev;

	while (decoder_next(d, &ev, now))
		record(log, &ev);
}

static void finish(struct decoder *d, struct buf *log)
{
	/* A paste that closes itself may leave more to decide: ask until it is quiet. */
	for (int64_t now = LATER; decoder_wait(d, now) >= 0; now += 5000)
		drain(d, log, now);
	decoder_reset(d);
}

/* One slice after the other at the same moment, or with the gaps of a bad network. */
static void play(
	struct decoder *d, struct buf *log, const uint8_t *p, size_t n, uint32_t seed, int gap)
{
	int64_t now = CLOCK;

	log->len = 0;
	while (n) {
		size_t slice;

		seed = seed * 1664525u + 1013904223u;
		slice = 1 + (seed >> 16) % 7;
		slice = slice < n ? slice : n;
		decoder_feed(d, p, slice, now);
		drain(d, log, now);
		now += gap ? (int)((seed >> 8) % (uint32_t)gap) : 0;
		p += slice;
		n -= slice;
	}
	finish(d, log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoder *d;
	static struct buf whole;
	static struct buf split;
	struct err e = { 0 };

	if (!d)
		require(crypto_start(&e) && (d = decoder_new(false, &e)));
	if (size < 2 || size > 8000)
		return 0;
	whole.len = 0;
	decoder_feed(d, data + 1, size - 1, CLOCK);
	drain(d, &whole, CLOCK);
	finish(d, &whole);
	play(d, &split, data + 1, size - 1, data[0], 0);
	require(whole.len == split.len);
	for (size_t i = 0; i < whole.len; i++)
		require(whole.p[i] == split.p[i]);
	play(d, &split, data + 1, size - 1, data[0], 300);
	return 0;
}
