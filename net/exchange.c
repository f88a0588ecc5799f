/* SPDX-License-Identifier: MIT */
#include "net/exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "net/client.h"

#define ID 1
#define DEFAULT_MS 15000
#define GRACE_MS 5000 /* for the probe, which keeps the time, to say that it is over */

void exchange_answer_release(struct exchange_answer *a)
{
	secret_release(&a->body);
	*a = (struct exchange_answer){ 0 };
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool does_not_fit(const char *what, struct err *e)
{
	return err_set(e, ERR_USAGE, "%s is too long for a request", what);
}

static bool describe(struct wire_exchange *w, const struct exchange *x, bool streams, struct err *e)
{
	const char *type = x->content_type ? x->content_type : "";

	*w = (struct wire_exchange){ .id = ID,
		.timeout_ms = (uint32_t)x->timeout_ms,
		.idle_s = (uint32_t)x->idle_s,
		.auth = x->auth,
		.posts = x->body != NULL,
		.streams = streams };
	if (x->body && x->body->len > EXCHANGE_SEND_MAX)
		return does_not_fit("the body", e);
	if (x->body)
		w->body_len = (uint32_t)x->body->len;
	if (!str_copy(w->url, sizeof(w->url), x->url))
		return does_not_fit("the address", e);
	if (!str_copy(w->content_type, sizeof(w->content_type), type))
		return does_not_fit("the content type", e);
	for (size_t i = 0; i < EXCHANGE_HEADERS && x->headers[i]; i++) {
		if (!str_copy(w->headers[i], sizeof(w->headers[i]), x->headers[i]))
			return does_not_fit("a header", e);
	}
	return !x->key || secret_copy(&w->key, x->key, e);
}

static bool send_body(struct client *c, const struct secret *body, struct err *e)
{
	size_t piece;

	for (size_t at = 0; body && at < body->len; at += piece) {
		piece = body->len - at < WIRE_PART_MAX ? body->len - at : WIRE_PART_MAX;
		if (!client_send_part(c, ID, body->bytes + at, piece, e))
			return false;
	}
	return true;
}

static bool ask(struct client *c, const struct exchange *x, bool streams, struct err *e)
{
	struct wire_exchange w;
	bool ok = describe(&w, x, streams, e) && client_send_exchange(c, &w, e) &&
		  send_body(c, x->body, e);

	secret_release(&w.key);
	return ok;
}

/* --- the answer ------------------------------------------------------------------------------- */

struct wait {
	struct client *client;
	const struct exchange_reader *reader;
	int cancel_fd;
	int64_t until;
	struct exchange_answer *out;
	bool over;
};

static void end(struct wait *w, enum reason reason)
{
	w->out->reason = reason;
	w->over = true;
}

static bool keep(struct exchange_answer *out, const struct secret *part, struct err *e)
{
	if (!out->body.bytes && !secret_init(&out->body, EXCHANGE_TAKE_MAX, e))
		return false;
	/* The probe ends what is longer; it is not the probe that decides what fits here. */
	return secret_insert(&out->body, out->body.len, part->bytes, part->len) ||
	       err_set(e, ERR_DAMAGED, "the probe tells more than it may");
}

static bool take(struct wait *w, const struct wire_message *m, struct err *e)
{
	const struct wire_exchanged *x = &m->exchanged;

	if (m->type == WIRE_PART && w->reader && m->part.status / 100 == 2) {
		if (!w->reader->take(w->reader->context, m->part.bytes.bytes, m->part.bytes.len))
			end(w, REASON_CANCELLED);
		return true;
	}
	if (m->type == WIRE_PART)
		return keep(w->out, &m->part.bytes, e);
	if (m->type != WIRE_EXCHANGED)
		return true;
	w->out->status = x->status;
	w->out->retry_after_s = x->retry_after_s;
	str_copy(w->out->text, sizeof(w->out->text), x->text);
	end(w, x->reason);
	return true;
}

/* Until there is something to read, the wish to cancel, or no hope left. */
static bool pause_for_news(struct wait *w, struct err *e)
{
	struct pollfd p[2] = { { .fd = w->client->fd, .events = POLLIN },
		{ .fd = w->cancel_fd, .events = POLLIN } };
	int64_t left = w->until - clock_mono_ms();

	if (left <= 0)
		end(w, REASON_TIMEOUT);
	else if (poll(p, 2, (int)left) < 0 && errno != EINTR)
		return err_sys(e, "cannot wait for an answer");
	return true;
}

static bool is_cancelled(const struct wait *w)
{
	struct pollfd p = { .fd = w->cancel_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static bool wait_for_end(struct wait *w, struct err *e)
{
	static struct wire_message m; /* large; released, so wiped, after each use */
	bool ok = true;

	while (ok && !w->over) {
		bool got;

		/* Before each message: a quick stream would never come to the pause. */
		if (is_cancelled(w)) {
			end(w, REASON_CANCELLED);
			break;
		}
		ok = client_take(w->client, &m, &got, e) &&
		     (got ? take(w, &m, e) : pause_for_news(w, e));
		wire_message_release(&m);
	}
	return ok;
}

bool exchange_run(const struct exchange *x, const struct exchange_reader *reader, int cancel_fd,
	struct exchange_answer *out, struct err *e)
{
	int patience = x->timeout_ms ? x->timeout_ms : DEFAULT_MS;
	struct client client = CLIENT_NONE;
	struct wait w = { .client = &client,
		.reader = reader,
		.cancel_fd = cancel_fd,
		.until = clock_mono_ms() + patience + GRACE_MS,
		.out = out };
	bool ok;

	*out = (struct exchange_answer){ 0 };
	ok = client_start(&client, e) && ask(&client, x, reader != NULL, e) && wait_for_end(&w, e);
	client_stop(&client);
	return ok;
}
