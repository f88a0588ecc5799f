/* SPDX-License-Identifier: MIT */

/*
 * The decoder. Bytes wait in a queue, each with the time it came, until enough
 * of them are there - or enough time has passed - to say what they are. A
 * decision depends on bytes and times only, never on how they were cut into
 * blocks, and no byte is given out before it is certain what it belongs to.
 */
#include "tui/input.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/keys.h"

#define QUEUE_CAP ((size_t)8192) /* at most what is read at once, and half a sequence */
#define ESC_MS 50                /* a lone Escape */
#define ESC_SLOW_MS 100          /* over SSH */
#define SEQUENCE_MS 500          /* silence inside a sequence: it was cut off */
#define UTF8_MS 100              /* silence inside a character */
#define PASTE_SILENCE_MS 1000
#define RUN_GAP_MS 20
#define RUN_MIN 8
#define BURST_SILENCE_MS 120
#define LATE_START_MS 1000
#define CSI_MAX 64
#define ESC 0x1B

enum state {
	STATE_GROUND,
	STATE_PASTE,
	STATE_BURST,
	STATE_STRING, /* OSC, DCS and the like: swallowed */
	STATE_COUNT
};

struct decoder {
	struct secret queue; /* only its memory: the bytes are [head, head + len) */
	int64_t *times;
	size_t head;
	size_t len;
	size_t typed; /* at the front: known to be typing, not a burst */
	enum state state;
	struct secret paste;
	size_t paste_total;
	size_t matched;     /* bytes of the paste's end marker */
	int64_t last_ms;    /* of the byte that paste, burst or string took last */
	int64_t enter_from; /* Enter before this belongs to the burst before it */
	int64_t escaped_ms;
	bool escaped; /* the last thing given out was a lone Escape, at escaped_ms */
	bool armed;   /* there is something to decide at wake_ms */
	int64_t wake_ms;
	int64_t esc_ms;
	struct event held; /* decided inside decoder_feed() */
	bool has_held;
};

/* What looking at the front of the queue led to. */
enum taken {
	TAKEN_EVENT,
	TAKEN_MORE, /* something was consumed or the state changed: look again */
	TAKEN_WAIT
};

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

static unsigned char byte_at(const struct decoder *d, size_t i)
{
	return (unsigned char)d->queue.bytes[d->head + i];
}

static int64_t time_at(const struct decoder *d, size_t i)
{
	return d->times[d->head + i];
}

static void take(struct decoder *d, size_t n)
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

static enum taken wait_until(struct decoder *d, int64_t ms)
{
	d->armed = true;
	d->wake_ms = ms;
	return TAKEN_WAIT;
}

/* --- events ------------------------------------------------------------------------------ */

static enum taken give_key(struct event *ev, enum keysym key)
{
	if (!key)
		return TAKEN_MORE;
	ev->type = EVENT_KEY;
	ev->key = key;
	return TAKEN_EVENT;
}

static enum taken give_char(struct event *ev, uint32_t ch)
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

static void paste_begin(struct decoder *d, enum state state, int64_t ms)
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
		char c = (char)byte_at(d, 0);

		if (time_at(d, 0) - d->last_ms >= PASTE_SILENCE_MS)
			return give_paste(d, ev);
		d->last_ms = time_at(d, 0);
		take(d, 1);
		if (paste_byte(d, c))
			return give_paste(d, ev);
	}
	if (now_ms - d->last_ms >= PASTE_SILENCE_MS)
		return give_paste(d, ev);
	return wait_until(d, d->last_ms + PASTE_SILENCE_MS);
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
		char c = (char)byte_at(d, 0);

		if (time_at(d, 0) - d->last_ms >= BURST_SILENCE_MS ||
			!is_run_byte((unsigned char)c))
			return give_paste(d, ev);
		d->last_ms = time_at(d, 0);
		d->enter_from = d->last_ms + BURST_SILENCE_MS;
		take(d, 1);
		paste_add(d, &c, 1);
	}
	if (now_ms - d->last_ms >= BURST_SILENCE_MS)
		return give_paste(d, ev);
	return wait_until(d, d->last_ms + BURST_SILENCE_MS);
}

/* Typing or the beginning of a burst? TAKEN_MORE: decided. */
static enum taken judge_run(struct decoder *d, int64_t now_ms)
{
	unsigned char first = byte_at(d, 0);
	size_t printable = 1;
	bool same = true;
	size_t i;

	for (i = 1; i < d->len && is_run_byte(byte_at(d, i)); i++) {
		if (time_at(d, i) - time_at(d, i - 1) >= RUN_GAP_MS)
			break;
		if (!is_printable(byte_at(d, i)))
			continue;
		printable++;
		same = same && byte_at(d, i) == first;
		if (printable >= RUN_MIN && !same) {
			paste_begin(d, STATE_BURST, time_at(d, 0));
			return TAKEN_MORE;
		}
	}
	if (i == d->len && now_ms - time_at(d, i - 1) < RUN_GAP_MS && d->len < QUEUE_CAP)
		return wait_until(d, time_at(d, i - 1) + RUN_GAP_MS);
	d->typed = i;
	return TAKEN_MORE;
}

/* --- sequences --------------------------------------------------------------------------- */

static bool csi_final(const struct decoder *d, size_t i)
{
	unsigned char c = byte_at(d, i);

	if (c == '$') /* rxvt's Shift; in an answer ("?2026;2$y") it is not the end */
		return i > 2 && byte_at(d, 2) != '?';
	return c >= 0x40 && !(c == '[' && i == 2);
}

static bool ss3_final(const struct decoder *d, size_t i)
{
	return byte_at(d, i) >= 0x40;
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
		unsigned char c = byte_at(d, i);

		if (!is_printable(c) || c >= 0x80 ||
			time_at(d, i) - time_at(d, i - 1) >= SEQUENCE_MS) {
			take(d, i); /* broken off; what came now stands for itself */
			return 0;
		}
		if (is_final(d, i))
			return i + 1;
	}
	if (i == CSI_MAX) { /* no key is that long: the rest is swallowed like a string */
		d->last_ms = time_at(d, i - 1);
		d->state = STATE_STRING;
		take(d, i);
	} else if (now_ms - time_at(d, i - 1) >= SEQUENCE_MS) {
		take(d, i);
	} else {
		*r = wait_until(d, time_at(d, i - 1) + SEQUENCE_MS);
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
	if (n == 3 && body[0] == 'M' && d->len < 6 && now_ms - time_at(d, d->len - 1) < SEQUENCE_MS)
		return wait_until(d, time_at(d, d->len - 1) + SEQUENCE_MS);
	if (n == 3 && body[0] == 'M') /* an old mouse report has three bytes more */
		n = d->len < 6 ? d->len : 6;
	if (n == 6 && !memcmp(body, "200~", 4)) {
		paste_begin(d, STATE_PASTE, time_at(d, 5));
		take(d, n);
		return TAKEN_MORE;
	}
	key = key_of_csi(body, n - 2);
	take(d, n);
	return give_key(ev, key);
}

static enum taken take_ss3(struct decoder *d, struct event *ev, int64_t now_ms)
{
	enum taken r;
	size_t n = sequence_length(d, ss3_final, now_ms, &r);
	enum keysym key;
	uint32_t ch;

	if (!n)
		return r;
	key = key_of_ss3((char)byte_at(d, n - 1), &ch);
	take(d, n);
	return ch ? give_char(ev, ch) : give_key(ev, key);
}

static enum taken take_escape(struct decoder *d, struct event *ev)
{
	int64_t ms = time_at(d, 0);

	take(d, 1);
	d->escaped = true;
	d->escaped_ms = ms;
	return give_key(ev, KEYS_ESC);
}

/* ESC ESC: two Escapes, or an arrow with Alt as rxvt sends it. */
static enum taken take_double(struct decoder *d, struct event *ev, int64_t now_ms)
{
	int64_t second = time_at(d, 1);

	if (d->len == 2 && now_ms - second < d->esc_ms)
		return wait_until(d, second + d->esc_ms);
	if (d->len > 2 && time_at(d, 2) - second < d->esc_ms &&
		(byte_at(d, 2) == '[' || byte_at(d, 2) == 'O')) {
		take(d, 1);
		return TAKEN_MORE;
	}
	return take_escape(d, ev);
}

static enum taken at_escape(struct decoder *d, struct event *ev, int64_t now_ms)
{
	int64_t ms = time_at(d, 0);

	if (d->len == 1 && now_ms - ms < d->esc_ms)
		return wait_until(d, ms + d->esc_ms);
	if (d->len == 1 || time_at(d, 1) - ms >= d->esc_ms)
		return take_escape(d, ev);
	switch (byte_at(d, 1)) {
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
		d->last_ms = time_at(d, 1);
		d->state = STATE_STRING;
		break;
	default: /* Alt and a character: nothing here, and no Escape either */
		break;
	}
	take(d, 2);
	return TAKEN_MORE;
}

/*
 * Swallows up to BEL or ESC \. Any other control byte, or silence, means that
 * it was Alt and a letter after all: a person must not type into the void.
 */
static enum taken step_string(struct decoder *d, struct event *ev, int64_t now_ms)
{
	(void)ev;
	for (; d->len; take(d, 1)) {
		unsigned char c = byte_at(d, 0);

		if (c == ESC && d->len == 1 && now_ms - time_at(d, 0) < d->esc_ms)
			return wait_until(d, time_at(d, 0) + d->esc_ms);
		if (c < 0x20 || time_at(d, 0) - d->last_ms >= SEQUENCE_MS) {
			d->state = STATE_GROUND;
			if (c == 0x07)
				take(d, 1);
			else if (c == ESC && d->len > 1 && byte_at(d, 1) == '\\')
				take(d, 2);
			return TAKEN_MORE;
		}
		d->last_ms = time_at(d, 0);
	}
	if (now_ms - d->last_ms < SEQUENCE_MS)
		return wait_until(d, d->last_ms + SEQUENCE_MS);
	d->state = STATE_GROUND;
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

	if (!d->escaped || time_at(d, 0) - d->escaped_ms >= LATE_START_MS)
		return false;
	for (i = 0; i < n && i < d->len; i++) {
		if (byte_at(d, i) != (unsigned char)late_start[i])
			return false;
	}
	if (i < n && now_ms - time_at(d, i - 1) >= SEQUENCE_MS)
		return false;
	*r = TAKEN_MORE;
	if (i < n) {
		*r = wait_until(d, time_at(d, i - 1) + SEQUENCE_MS);
	} else {
		paste_begin(d, STATE_PASTE, time_at(d, n - 1));
		take(d, n);
	}
	return true;
}

static enum taken take_control(struct decoder *d, struct event *ev)
{
	enum keysym key = key_of_control(byte_at(d, 0));
	bool of_burst = key == KEYS_ENTER && time_at(d, 0) < d->enter_from;

	take(d, 1);
	return give_key(ev, of_burst ? KEYS_NONE : key);
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
	size_t want = announced(byte_at(d, 0));
	size_t have = 1;
	uint32_t ch;
	size_t used;

	while (have < want && have < d->len && (byte_at(d, have) & 0xC0) == 0x80)
		have++;
	if (have < want && have == d->len && now_ms - time_at(d, have - 1) < UTF8_MS)
		return wait_until(d, time_at(d, have - 1) + UTF8_MS);
	ch = text_next(p, have, &used);
	take(d, used);
	return ch == TEXT_BAD ? TAKEN_MORE : give_char(ev, ch);
}

static enum taken step_ground(struct decoder *d, struct event *ev, int64_t now_ms)
{
	enum taken r;

	if (!d->len)
		return TAKEN_WAIT;
	if (byte_at(d, 0) == ESC)
		return at_escape(d, ev, now_ms);
	if (!is_printable(byte_at(d, 0)))
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
		[STATE_STRING] = step_string,
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
