/* SPDX-License-Identifier: MIT */

/*
 * The decoder. Bytes wait in a queue, each with the time it came, until enough
 * of them are there - or enough time has passed - to say what they are. A
 * decision depends on bytes and times only, never on how they were cut into
 * blocks, and no byte is given out before it is certain what it belongs to.
 */
#include "tui/decoder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/keys.h"

#define QUEUE_CAP ((size_t)8192) /* at most what is read at once, and half a sequence */
#define ESC_MS 50                /* a lone Escape */
#define ESC_SLOW_MS 100          /* over SSH */
#define UTF8_MS 100              /* silence inside a character */
#define PASTE_SILENCE_MS 1000
#define RUN_GAP_MS 20
#define RUN_MIN 8
#define BURST_SILENCE_MS 120
#define LATE_START_MS 1000

static const char paste_end[] = "\033[201~";
static const char late_start[] = "[200~";

struct decoder *decoder_new(bool slow_line, struct err *e)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (!d) {
		err_set(e, ERR_MEMORY, "no memory for the keyboard");
		return NULL;
	}
	d->esc_ms = slow_line ? ESC_SLOW_MS : ESC_MS;
	d->times = calloc(QUEUE_CAP, sizeof(*d->times));
	if (!d->times)
		err_set(e, ERR_MEMORY, "no memory for the keyboard");
	if (!d->times || !secret_init(&d->queue, QUEUE_CAP, e) ||
		!secret_init(&d->paste, PASTE_CAP, e)) {
		decoder_free(d);
		return NULL;
	}
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	secret_release(&d->queue);
	secret_release(&d->paste);
	free(d->times);
	free(d);
}

void decoder_reset(struct decoder *d)
{
	explicit_bzero(d->queue.bytes, QUEUE_CAP);
	secret_clear(&d->paste);
	d->head = 0;
	d->len = 0;
	d->typed = 0;
	d->state = STATE_GROUND;
	d->paste_total = 0;
	d->matched = 0;
	d->enter_from = 0;
	d->escaped = false;
	d->armed = false;
	d->has_held = false;
}

/* --- the queue --------------------------------------------------------------------------- */

unsigned char queue_byte(const struct decoder *d, size_t i)
{
	return (unsigned char)d->queue.bytes[d->head + i];
}

int64_t queue_time(const struct decoder *d, size_t i)
{
	return d->times[d->head + i];
}

void queue_take(struct decoder *d, size_t n)
{
	explicit_bzero(d->queue.bytes + d->head, n);
	d->head += n;
	d->len -= n;
	d->typed = d->typed > n ? d->typed - n : 0;
	d->escaped = false;
	if (!d->len)
		d->head = 0;
}

static void queue_compact(struct decoder *d)
{
	if (!d->head)
		return;
	memmove(d->queue.bytes, d->queue.bytes + d->head, d->len);
	memmove(d->times, d->times + d->head, d->len * sizeof(*d->times));
	explicit_bzero(d->queue.bytes + d->len, d->head);
	d->head = 0;
}

enum taken queue_wait(struct decoder *d, int64_t ms)
{
	d->armed = true;
	d->wake_ms = ms;
	return TAKEN_WAIT;
}

/* --- events ------------------------------------------------------------------------------ */

enum taken event_key(struct event *ev, enum keysym key)
{
	if (!key)
		return TAKEN_MORE;
	ev->type = EVENT_KEY;
	ev->key = key;
	return TAKEN_EVENT;
}

enum taken event_char(struct event *ev, uint32_t ch)
{
	if (text_width(ch) < 0)
		return TAKEN_MORE;
	ev->type = EVENT_CHAR;
	ev->ch = ch;
	return TAKEN_EVENT;
}

static enum taken give_paste(struct decoder *d, struct event *ev)
{
	ev->type = EVENT_PASTE;
	ev->paste = &d->paste;
	ev->paste_total = d->paste_total;
	d->state = STATE_GROUND;
	return TAKEN_EVENT;
}

void paste_begin(struct decoder *d, enum state state, int64_t ms)
{
	secret_clear(&d->paste);
	d->paste_total = 0;
	d->matched = 0;
	d->last_ms = ms;
	d->state = state;
}

static void paste_add(struct decoder *d, const char *p, size_t n)
{
	d->paste_total += n;
	if (d->paste_total > PASTE_CAP)
		secret_clear(&d->paste);
	else
		secret_insert(&d->paste, d->paste.len, p, n);
}

/* --- pastes ------------------------------------------------------------------------------ */

/* True when the byte completes the end marker. */
static bool paste_byte(struct decoder *d, char c)
{
	if (c == paste_end[d->matched])
		return !paste_end[++d->matched];
	if (d->matched) { /* it was not the marker: its text is pasted text, its ESC is not */
		paste_add(d, paste_end + 1, d->matched - 1);
		d->matched = c == ESC;
	}
	if (c != ESC)
		paste_add(d, &c, 1);
	return false;
}

static enum taken step_paste(struct decoder *d, struct event *ev, int64_t now_ms)
{
	while (d->len) {
		char c = (char)queue_byte(d, 0);

		if (queue_time(d, 0) - d->last_ms >= PASTE_SILENCE_MS)
			return give_paste(d, ev);
		d->last_ms = queue_time(d, 0);
		queue_take(d, 1);
		if (paste_byte(d, c))
			return give_paste(d, ev);
	}
	if (now_ms - d->last_ms >= PASTE_SILENCE_MS)
		return give_paste(d, ev);
	return queue_wait(d, d->last_ms + PASTE_SILENCE_MS);
}

static bool is_printable(unsigned char c)
{
	return c >= 0x20 && c != 0x7F;
}

static bool is_run_byte(unsigned char c)
{
	return is_printable(c) || c == '\r' || c == '\n' || c == '\t';
}

static enum taken step_burst(struct decoder *d, struct event *ev, int64_t now_ms)
{
	while (d->len) {
		char c = (char)queue_byte(d, 0);

		if (queue_time(d, 0) - d->last_ms >= BURST_SILENCE_MS ||
			!is_run_byte((unsigned char)c))
			return give_paste(d, ev);
		d->last_ms = queue_time(d, 0);
		d->enter_from = d->last_ms + BURST_SILENCE_MS;
		queue_take(d, 1);
		paste_add(d, &c, 1);
	}
	if (now_ms - d->last_ms >= BURST_SILENCE_MS)
		return give_paste(d, ev);
	return queue_wait(d, d->last_ms + BURST_SILENCE_MS);
}

/* Typing or the beginning of a burst? TAKEN_MORE: decided. */
static enum taken judge_run(struct decoder *d, int64_t now_ms)
{
	unsigned char first = queue_byte(d, 0);
	size_t printable = 1;
	bool same = true;
	size_t i;

	for (i = 1; i < d->len && is_run_byte(queue_byte(d, i)); i++) {
		if (queue_time(d, i) - queue_time(d, i - 1) >= RUN_GAP_MS)
			break;
		if (!is_printable(queue_byte(d, i)))
			continue;
		printable++;
		same = same && queue_byte(d, i) == first;
		if (printable >= RUN_MIN && !same) {
			paste_begin(d, STATE_BURST, queue_time(d, 0));
			return TAKEN_MORE;
		}
	}
	if (i == d->len && now_ms - queue_time(d, i - 1) < RUN_GAP_MS && d->len < QUEUE_CAP)
		return queue_wait(d, queue_time(d, i - 1) + RUN_GAP_MS);
	d->typed = i;
	return TAKEN_MORE;
}

/* --- typing ------------------------------------------------------------------------------ */

/*
 * The network may hold back what follows the ESC of ESC[200~ until that ESC
 * has become an Escape. Then "[200~" begins the paste, for otherwise its text
 * would be typed. False: it is not that.
 */
static bool take_late_start(struct decoder *d, int64_t now_ms, enum taken *r)
{
	size_t n = sizeof(late_start) - 1;
	size_t i;

	if (!d->escaped || queue_time(d, 0) - d->escaped_ms >= LATE_START_MS)
		return false;
	for (i = 0; i < n && i < d->len; i++) {
		if (queue_byte(d, i) != (unsigned char)late_start[i])
			return false;
	}
	if (i < n && now_ms - queue_time(d, i - 1) >= SEQUENCE_MS)
		return false;
	*r = TAKEN_MORE;
	if (i < n) {
		*r = queue_wait(d, queue_time(d, i - 1) + SEQUENCE_MS);
	} else {
		paste_begin(d, STATE_PASTE, queue_time(d, n - 1));
		queue_take(d, n);
	}
	return true;
}

static enum taken take_control(struct decoder *d, struct event *ev)
{
	enum keysym key = key_of_control(queue_byte(d, 0));
	bool of_burst = key == KEYS_ENTER && queue_time(d, 0) < d->enter_from;

	queue_take(d, 1);
	return event_key(ev, of_burst ? KEYS_NONE : key);
}

/* How many bytes a character of this first byte has. */
static size_t announced(unsigned char c)
{
	if (c < 0xC2 || c > 0xF4)
		return 1;
	return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

static enum taken take_char(struct decoder *d, struct event *ev, int64_t now_ms)
{
	const char *p = d->queue.bytes + d->head;
	size_t want = announced(queue_byte(d, 0));
	size_t have = 1;
	uint32_t ch;
	size_t used;

	while (have < want && have < d->len && (queue_byte(d, have) & 0xC0) == 0x80)
		have++;
	if (have < want && have == d->len && now_ms - queue_time(d, have - 1) < UTF8_MS)
		return queue_wait(d, queue_time(d, have - 1) + UTF8_MS);
	ch = text_next(p, have, &used);
	queue_take(d, used);
	return ch == TEXT_BAD ? TAKEN_MORE : event_char(ev, ch);
}

static enum taken step_ground(struct decoder *d, struct event *ev, int64_t now_ms)
{
	enum taken r;

	if (!d->len)
		return TAKEN_WAIT;
	if (queue_byte(d, 0) == ESC)
		return sequence_start(d, ev, now_ms);
	if (!is_printable(queue_byte(d, 0)))
		return take_control(d, ev);
	if (!d->typed) {
		if (take_late_start(d, now_ms, &r))
			return r;
		r = judge_run(d, now_ms);
		if (r != TAKEN_MORE || d->state != STATE_GROUND)
			return r;
	}
	return take_char(d, ev, now_ms);
}

/* --- the outside ------------------------------------------------------------------------- */

static enum taken step(struct decoder *d, struct event *ev, int64_t now_ms)
{
	static enum taken (*const steps[STATE_COUNT])(
		struct decoder * d, struct event * ev, int64_t now_ms) = {
		[STATE_GROUND] = step_ground,
		[STATE_PASTE] = step_paste,
		[STATE_BURST] = step_burst,
		[STATE_STRING] = sequence_rest,
	};

	return steps[d->state](d, ev, now_ms);
}

/* As many bytes as fit; their number. */
static size_t queue_add(struct decoder *d, const char *p, size_t n, int64_t now_ms)
{
	size_t room = QUEUE_CAP - d->len;

	if (n > room)
		n = room;
	queue_compact(d);
	memcpy(d->queue.bytes + d->len, p, n);
	for (size_t i = 0; i < n; i++)
		d->times[d->len + i] = now_ms;
	d->len += n;
	return n;
}

static enum taken run(struct decoder *d, struct event *ev, int64_t now_ms)
{
	enum taken r;

	*ev = (struct event){ 0 };
	d->armed = false;
	do {
		r = step(d, ev, now_ms);
	} while (r == TAKEN_MORE);
	return r;
}

/* Makes room when more comes at once than the queue holds: a paste counts on. */
static bool absorb(struct decoder *d, int64_t now_ms)
{
	if (d->has_held)
		return false;
	d->has_held = run(d, &d->held, now_ms) == TAKEN_EVENT;
	return d->len < QUEUE_CAP;
}

void decoder_feed(struct decoder *d, const void *p, size_t n, int64_t now_ms)
{
	const char *from = p;

	for (;;) {
		size_t added = queue_add(d, from, n, now_ms);

		from += added;
		n -= added;
		if (!n || !absorb(d, now_ms))
			break; /* what is left is a flood that nobody typed: dropped */
	}
	d->armed = true;
	d->wake_ms = now_ms;
}

bool decoder_next(struct decoder *d, struct event *ev, int64_t now_ms)
{
	if (d->has_held) {
		*ev = d->held;
		d->has_held = false;
	} else if (run(d, ev, now_ms) != TAKEN_EVENT) {
		return false;
	}
	d->armed = true; /* there may be more */
	d->wake_ms = now_ms;
	return true;
}

int decoder_wait(const struct decoder *d, int64_t now_ms)
{
	int64_t ms = d->wake_ms - now_ms;

	if (!d->armed)
		return -1;
	if (ms <= 0)
		return 0;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}
