/* SPDX-License-Identifier: MIT */

/* Keys and answers that begin with ESC, and the lone Escape. */
#include <string.h>

#include "tui/decoder.h"
#include "tui/keys.h"

#define CSI_MAX 64

static bool csi_final(const struct decoder *d, size_t i)
{
	unsigned char c = queue_byte(d, i);

	if (c == '$') /* rxvt's Shift; in an answer ("?2026;2$y") it is not the end */
		return i > 2 && queue_byte(d, 2) != '?';
	return c >= 0x40 && !(c == '[' && i == 2);
}

static bool ss3_final(const struct decoder *d, size_t i)
{
	return queue_byte(d, i) >= 0x40;
}

/*
 * The length of the sequence at the front with its final byte; 0: there is none
 * (yet), and *r is the decoder's answer.
 */
static size_t sequence_length(struct decoder *d,
	bool (*is_final)(const struct decoder *d, size_t i), int64_t now_ms, enum taken *r)
{
	size_t i;

	*r = TAKEN_MORE;
	for (i = 2; i < d->len && i < CSI_MAX; i++) {
		unsigned char c = queue_byte(d, i);

		if (c < 0x20 || c >= 0x7F ||
			queue_time(d, i) - queue_time(d, i - 1) >= SEQUENCE_MS) {
			queue_take(d, i); /* broken off; what came now stands for itself */
			return 0;
		}
		if (is_final(d, i))
			return i + 1;
	}
	if (i == CSI_MAX) { /* no key is that long: the rest is swallowed like a string */
		d->last_ms = queue_time(d, i - 1);
		d->state = STATE_STRING;
		queue_take(d, i);
	} else if (now_ms - queue_time(d, i - 1) >= SEQUENCE_MS) {
		queue_take(d, i);
	} else {
		*r = queue_wait(d, queue_time(d, i - 1) + SEQUENCE_MS);
	}
	return 0;
}

static enum taken take_csi(struct decoder *d, struct event *ev, int64_t now_ms)
{
	enum taken r;
	size_t n = sequence_length(d, csi_final, now_ms, &r);
	const char *body = d->queue.bytes + d->head + 2;
	enum keysym key;

	if (!n)
		return r;
	if (n == 3 && body[0] == 'M' && d->len < 6 &&
		now_ms - queue_time(d, d->len - 1) < SEQUENCE_MS)
		return queue_wait(d, queue_time(d, d->len - 1) + SEQUENCE_MS);
	if (n == 3 && body[0] == 'M') /* an old mouse report has three bytes more */
		n = d->len < 6 ? d->len : 6;
	if (n == 6 && !memcmp(body, "200~", 4)) {
		paste_begin(d, STATE_PASTE, queue_time(d, 5));
		queue_take(d, n);
		return TAKEN_MORE;
	}
	key = key_of_csi(body, n - 2);
	queue_take(d, n);
	return event_key(ev, key);
}

static enum taken take_ss3(struct decoder *d, struct event *ev, int64_t now_ms)
{
	enum taken r;
	size_t n = sequence_length(d, ss3_final, now_ms, &r);
	enum keysym key;
	uint32_t ch;

	if (!n)
		return r;
	key = key_of_ss3((char)queue_byte(d, n - 1), &ch);
	queue_take(d, n);
	return ch ? event_char(ev, ch) : event_key(ev, key);
}

static enum taken take_escape(struct decoder *d, struct event *ev)
{
	int64_t ms = queue_time(d, 0);

	queue_take(d, 1);
	d->escaped = true;
	d->escaped_ms = ms;
	return event_key(ev, KEYS_ESC);
}

/* ESC ESC: two Escapes, or an arrow with Alt as rxvt sends it. */
static enum taken take_double(struct decoder *d, struct event *ev, int64_t now_ms)
{
	int64_t second = queue_time(d, 1);

	if (d->len == 2 && now_ms - second < d->esc_ms)
		return queue_wait(d, second + d->esc_ms);
	if (d->len > 2 && queue_time(d, 2) - second < d->esc_ms &&
		(queue_byte(d, 2) == '[' || queue_byte(d, 2) == 'O')) {
		queue_take(d, 1);
		return TAKEN_MORE;
	}
	return take_escape(d, ev);
}

enum taken sequence_start(struct decoder *d, struct event *ev, int64_t now_ms)
{
	int64_t ms = queue_time(d, 0);

	if (d->len == 1 && now_ms - ms < d->esc_ms)
		return queue_wait(d, ms + d->esc_ms);
	if (d->len == 1 || queue_time(d, 1) - ms >= d->esc_ms)
		return take_escape(d, ev);
	switch (queue_byte(d, 1)) {
	case '[':
		return take_csi(d, ev, now_ms);
	case 'O':
		return take_ss3(d, ev, now_ms);
	case ESC:
		return take_double(d, ev, now_ms);
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		d->last_ms = queue_time(d, 1);
		d->state = STATE_STRING;
		break;
	default: /* Alt and a character: nothing here, and no Escape either */
		break;
	}
	queue_take(d, 2);
	return TAKEN_MORE;
}

/*
 * Swallows up to BEL or ESC \. Any other control byte, or silence, means that
 * it was Alt and a letter after all: a person must not type into the void.
 */
enum taken sequence_rest(struct decoder *d, struct event *ev, int64_t now_ms)
{
	(void)ev;
	for (; d->len; queue_take(d, 1)) {
		unsigned char c = queue_byte(d, 0);

		if (c == ESC && d->len == 1 && now_ms - queue_time(d, 0) < d->esc_ms)
			return queue_wait(d, queue_time(d, 0) + d->esc_ms);
		if (c < 0x20 || queue_time(d, 0) - d->last_ms >= SEQUENCE_MS) {
			d->state = STATE_GROUND;
			if (c == 0x07)
				queue_take(d, 1);
			else if (c == ESC && d->len > 1 && queue_byte(d, 1) == '\\')
				queue_take(d, 2);
			return TAKEN_MORE;
		}
		d->last_ms = queue_time(d, 0);
	}
	if (now_ms - d->last_ms < SEQUENCE_MS)
		return queue_wait(d, d->last_ms + SEQUENCE_MS);
	d->state = STATE_GROUND;
	return TAKEN_MORE;
}
