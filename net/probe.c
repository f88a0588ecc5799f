/* SPDX-License-Identifier: MIT */

/*
 * thinkfleetbot-probe: reads checks and exchanges from descriptor 3, does them
 * all at once, writes a result for each, and leaves when the other end closes.
 * It holds nothing but the secrets of one batch, and no one starts it by hand.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/hygiene.h"
#include "net/transfer.h"

#define PARENT_FD 3
#define RUNNING_MAX 256

struct probe {
	CURLM *multi;
	struct wire_reader reader;
	struct secret frame; /* the message being written */
	struct transfer *running[RUNNING_MAX];
	size_t count;
};

static bool send_frame(const struct probe *p)
{
	size_t at = 0;

	while (at < p->frame.len) {
		ssize_t n = send(PARENT_FD, p->frame.bytes + at, p->frame.len - at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

static bool send_result(struct probe *p, uint32_t id, const struct check_result *r)
{
	return wire_put_result(&p->frame, id, r, NULL) && send_frame(p);
}

static bool start_check(struct probe *p, struct wire_check *c)
{
	static struct check_result refused; /* large, and holds no secret */
	struct transfer *t = NULL;

	transfer_none(&refused, "too many checks at once");
	if (p->count < RUNNING_MAX)
		t = transfer_new(p->multi, c, &refused);
	if (!t)
		return send_result(p, c->id, &refused);
	p->running[p->count++] = t;
	return true;
}

/* A piece of an answer goes on at once: who reads it shows it. */
static bool send_part(void *context, const struct transfer *t, const char *p, size_t n)
{
	struct probe *probe = context;
	size_t piece;

	for (; n; p += piece, n -= piece) {
		piece = n < WIRE_PART_MAX ? n : WIRE_PART_MAX;
		if (!wire_put_part(
			    &probe->frame, transfer_id(t), transfer_status(t), p, piece, NULL) ||
			!send_frame(probe))
			return false;
	}
	return true;
}

static bool send_exchanged(struct probe *p, const struct wire_exchanged *x)
{
	return wire_put_exchanged(&p->frame, x, NULL) && send_frame(p);
}

static bool start_exchange(struct probe *p, struct wire_exchange *x)
{
	const struct transfer_sink sink = { .take = send_part, .context = p };
	struct wire_exchanged refused = {
		.id = x->id, .reason = REASON_INTERNAL, .text = "too many requests at once"
	};
	struct transfer *t = NULL;

	if (p->count < RUNNING_MAX)
		t = transfer_exchange(p->multi, x, &sink, &refused);
	if (!t)
		return send_exchanged(p, &refused);
	p->running[p->count++] = t;
	return true;
}

/* A piece for a request that was refused comes too late to be wrong. */
static bool feed_exchange(struct probe *p, const struct wire_part *part)
{
	for (size_t i = 0; i < p->count; i++) {
		struct transfer *t = p->running[i];

		if (transfer_is_exchange(t) && transfer_id(t) == part->id)
			return transfer_feed(t, part);
	}
	return true;
}

static bool take_message(struct probe *p, struct wire_message *m)
{
	switch (m->type) {
	case WIRE_CHECK:
		return start_check(p, &m->check);
	case WIRE_EXCHANGE:
		return start_exchange(p, &m->exchange);
	case WIRE_PART:
		return feed_exchange(p, &m->part);
	default:
		return false;
	}
}

/* False when the other end is gone or talks nonsense. */
static bool read_messages(struct probe *p)
{
	char part[8192];
	ssize_t n;
	bool ok, got = true;

	do
		n = recv(PARENT_FD, part, sizeof(part), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	ok = n > 0 && wire_feed(&p->reader, part, (size_t)n, NULL);
	explicit_bzero(part, sizeof(part));
	while (ok && got) {
		struct wire_message m;

		ok = wire_take(&p->reader, &m, &got, NULL);
		if (ok && got)
			ok = take_message(p, &m);
		wire_message_release(&m);
	}
	return ok;
}

static void forget(struct probe *p, const struct transfer *t)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->running[i] == t)
			p->running[i] = p->running[--p->count];
	}
}

static bool report_stages(struct probe *p)
{
	for (size_t i = 0; i < p->count; i++) {
		enum check_stage s;

		if (transfer_stage(p->running[i], &s) &&
			!(wire_put_stage(&p->frame, transfer_id(p->running[i]), s, NULL) &&
				send_frame(p)))
			return false;
	}
	return true;
}

static bool report_result(struct probe *p, struct transfer *t, CURLcode code)
{
	static struct check_result r;
	uint32_t id = transfer_id(t);
	struct wire_exchanged x;
	bool exchange = transfer_is_exchange(t);

	if (exchange)
		transfer_finish_exchange(t, code, &x);
	else
		transfer_finish(t, code, &r);
	forget(p, t);
	transfer_free(t);
	return exchange ? send_exchanged(p, &x) : send_result(p, id, &r);
}

static bool report_results(struct probe *p)
{
	CURLMsg *done;
	int left;

	while ((done = curl_multi_info_read(p->multi, &left))) {
		if (done->msg == CURLMSG_DONE &&
			!report_result(p, transfer_of(done->easy_handle), done->data.result))
			return false;
	}
	return true;
}

static bool turn(struct probe *p)
{
	struct curl_waitfd parent = { .fd = PARENT_FD, .events = CURL_WAIT_POLLIN };
	int running;

	if (curl_multi_perform(p->multi, &running) != CURLM_OK || !report_stages(p) ||
		!report_results(p))
		return false;
	if (curl_multi_poll(p->multi, &parent, 1, 1000, NULL) != CURLM_OK)
		return false;
	return read_messages(p);
}

int main(void)
{
	static struct probe p;
	struct err e = { 0 };

	if (!hygiene_apply(PARENT_FD, &e) || !crypto_start(&e) ||
		curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
		!(p.multi = curl_multi_init()) || !wire_reader_init(&p.reader, &e) ||
		!secret_init(&p.frame, WIRE_MAX, &e))
		_exit(1);
	while (turn(&p))
		;
	wire_reader_release(&p.reader);
	secret_release(&p.frame);
	/*
	 * What still runs is dropped with the process: removing a transfer would wait for its
	 * name lookup (9.5 s were measured), and the parent is gone or about to be.
	 */
	_exit(0);
}
