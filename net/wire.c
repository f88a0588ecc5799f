/* SPDX-License-Identifier: MIT */
#include "net/wire.h"

#include <string.h>

/* Two frames: a whole one may wait while the first bytes of the next arrive. */
#define READER_CAP (2 * (WIRE_MAX + 4))

/* --- writing ---------------------------------------------------------------------------------- */

struct writer {
	struct secret *out;
	bool full;
};

static void put_bytes(struct writer *w, const void *p, size_t n)
{
	if (!secret_insert(w->out, w->out->len, p, n))
		w->full = true;
}

static void put_uint(struct writer *w, uint64_t v, size_t bytes)
{
	unsigned char b[8];

	for (size_t i = 0; i < bytes; i++)
		b[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
	put_bytes(w, b, bytes);
}

static void put_text(struct writer *w, const char *p, size_t n)
{
	put_uint(w, n, 4);
	put_bytes(w, p, n);
}

static void put_str(struct writer *w, const char *text)
{
	put_text(w, text, strlen(text));
}

static struct writer begin(struct secret *out, enum wire_type type, uint32_t id)
{
	struct writer w = { .out = out };

	secret_clear(out);
	put_uint(&w, 0, 4); /* the length; end() knows it */
	put_uint(&w, type, 1);
	put_uint(&w, id, 4);
	return w;
}

static bool end(struct writer *w, struct err *e)
{
	size_t n = w->out->len - 4;

	if (w->full)
		return err_set(
			e, ERR_FAILED, "a message for the probe does not fit %zu bytes", WIRE_MAX);
	for (size_t i = 0; i < 4; i++)
		w->out->bytes[i] = (char)(unsigned char)(n >> (8 * (3 - i)));
	return true;
}

bool wire_put_check(struct secret *out, const struct wire_check *c, struct err *e)
{
	struct writer w = begin(out, WIRE_CHECK, c->id);

	put_uint(&w, c->timeout_ms, 4);
	put_str(&w, c->provider);
	put_str(&w, c->method);
	put_str(&w, c->base_url);
	put_text(&w, c->key.bytes, c->key.len);
	return end(&w, e);
}

bool wire_put_result(struct secret *out, uint32_t id, const struct check_result *r, struct err *e)
{
	struct writer w = begin(out, WIRE_RESULT, id);
	size_t kept = r->model_count < CHECK_MODELS ? r->model_count : CHECK_MODELS;

	put_uint(&w, r->verdict, 1);
	put_uint(&w, r->reason, 1);
	put_uint(&w, (uint32_t)r->status, 4);
	put_uint(&w, (uint64_t)r->at_ms, 8);
	put_uint(&w, (uint32_t)r->latency_ms, 4);
	put_uint(&w, (uint32_t)r->dns_ms, 4);
	put_uint(&w, (uint32_t)r->tls_ms, 4);
	put_uint(&w, (uint32_t)r->answer_ms, 4);
	put_uint(&w, (uint64_t)r->skew_ms, 8);
	put_str(&w, r->host);
	put_str(&w, r->address);
	put_str(&w, r->proxy);
	put_str(&w, r->trust);
	put_str(&w, r->text);
	put_str(&w, r->account);
	put_str(&w, r->credit);
	put_str(&w, r->limits);
	put_uint(&w, r->model_count, 4);
	put_uint(&w, kept, 4);
	for (size_t i = 0; i < kept; i++)
		put_str(&w, r->models[i]);
	return end(&w, e);
}

bool wire_put_stage(struct secret *out, uint32_t id, enum check_stage s, struct err *e)
{
	struct writer w = begin(out, WIRE_STAGE, id);

	put_uint(&w, s, 1);
	return end(&w, e);
}

enum exchange_flag {
	FLAG_POSTS = 1,
	FLAG_STREAMS = 2
};

bool wire_put_exchange(struct secret *out, const struct wire_exchange *x, struct err *e)
{
	struct writer w = begin(out, WIRE_EXCHANGE, x->id);
	size_t n = 0;

	put_uint(&w, x->timeout_ms, 4);
	put_uint(&w, x->idle_s, 4);
	put_uint(&w, x->body_len, 4);
	put_uint(&w, x->auth, 1);
	put_uint(&w, (x->posts ? FLAG_POSTS : 0) | (x->streams ? FLAG_STREAMS : 0), 1);
	put_str(&w, x->url);
	put_str(&w, x->content_type);
	while (n < EXCHANGE_HEADERS && x->headers[n][0])
		n++;
	put_uint(&w, n, 1);
	for (size_t i = 0; i < n; i++)
		put_str(&w, x->headers[i]);
	put_text(&w, x->key.bytes, x->key.len);
	return end(&w, e);
}

bool wire_put_part(
	struct secret *out, uint32_t id, int status, const char *p, size_t n, struct err *e)
{
	struct writer w = begin(out, WIRE_PART, id);

	put_uint(&w, (uint32_t)status, 4);
	if (n > WIRE_PART_MAX)
		w.full = true;
	else
		put_bytes(&w, p, n);
	return end(&w, e);
}

bool wire_put_exchanged(struct secret *out, const struct wire_exchanged *x, struct err *e)
{
	struct writer w = begin(out, WIRE_EXCHANGED, x->id);

	put_uint(&w, (uint32_t)x->status, 4);
	put_uint(&w, x->reason, 1);
	put_uint(&w, (uint32_t)x->retry_after_s, 4);
	put_str(&w, x->text);
	return end(&w, e);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct cursor {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static uint64_t get_uint(struct cursor *c, size_t bytes)
{
	uint64_t v = 0;

	if (c->bad || c->left < bytes) {
		c->bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | c->p[i];
	c->p += bytes;
	c->left -= bytes;
	return v;
}

/* A number that may be negative (-1: not reached). */
static int get_int(struct cursor *c)
{
	return (int)(int32_t)(uint32_t)get_uint(c, 4);
}

static unsigned get_below(struct cursor *c, unsigned limit)
{
	uint64_t v = get_uint(c, 1);

	if (v >= limit)
		c->bad = true;
	return c->bad ? 0 : (unsigned)v;
}

/* The bytes of a text, still inside the reader. */
static const char *get_span(struct cursor *c, size_t *n)
{
	const char *p;

	*n = (size_t)get_uint(c, 4);
	if (c->bad || *n > c->left) {
		c->bad = true;
		*n = 0;
		return "";
	}
	p = (const char *)c->p;
	c->p += *n;
	c->left -= *n;
	return p;
}

static void get_str(struct cursor *c, char *to, size_t cap)
{
	size_t n;
	const char *p = get_span(c, &n);

	if (n >= cap || memchr(p, '\0', n)) {
		c->bad = true;
		return;
	}
	memcpy(to, p, n);
	to[n] = '\0';
}

static bool get_check(struct cursor *c, struct wire_check *k, struct err *e)
{
	const char *key;
	size_t n;

	k->timeout_ms = (uint32_t)get_uint(c, 4);
	get_str(c, k->provider, sizeof(k->provider));
	get_str(c, k->method, sizeof(k->method));
	get_str(c, k->base_url, sizeof(k->base_url));
	key = get_span(c, &n);
	if (n > SECRET_MAX)
		c->bad = true;
	return c->bad || secret_from(&k->key, key, n, e);
}

static bool get_exchange(struct cursor *c, struct wire_exchange *x, struct err *e)
{
	const char *key;
	unsigned flags, headers;
	size_t n;

	x->timeout_ms = (uint32_t)get_uint(c, 4);
	x->idle_s = (uint32_t)get_uint(c, 4);
	x->body_len = (uint32_t)get_uint(c, 4);
	x->auth = (enum auth_style)get_below(c, AUTH_STYLES);
	flags = get_below(c, (FLAG_POSTS | FLAG_STREAMS) + 1);
	x->posts = flags & FLAG_POSTS;
	x->streams = flags & FLAG_STREAMS;
	get_str(c, x->url, sizeof(x->url));
	get_str(c, x->content_type, sizeof(x->content_type));
	headers = get_below(c, EXCHANGE_HEADERS + 1);
	for (unsigned i = 0; i < headers; i++) {
		get_str(c, x->headers[i], sizeof(x->headers[i]));
		if (!x->headers[i][0])
			c->bad = true;
	}
	key = get_span(c, &n);
	if (n > SECRET_MAX || x->body_len > EXCHANGE_SEND_MAX || (x->body_len && !x->posts))
		c->bad = true;
	return c->bad || secret_from(&x->key, key, n, e);
}

static bool get_part(struct cursor *c, struct wire_part *p, struct err *e)
{
	const char *bytes;
	size_t n;

	p->status = get_int(c);
	bytes = (const char *)c->p;
	n = c->left;
	if (n > WIRE_PART_MAX)
		c->bad = true;
	if (c->bad)
		return true;
	c->p += n;
	c->left = 0;
	return secret_from(&p->bytes, bytes, n, e);
}

static void get_exchanged(struct cursor *c, struct wire_exchanged *x)
{
	x->status = get_int(c);
	x->reason = (enum reason)get_below(c, REASON_COUNT);
	x->retry_after_s = get_int(c);
	get_str(c, x->text, sizeof(x->text));
}

static void get_result(struct cursor *c, struct check_result *r)
{
	uint64_t kept;

	r->verdict = (enum verdict)get_below(c, VERDICT_UNKNOWN + 1);
	r->reason = (enum reason)get_below(c, REASON_COUNT);
	r->status = get_int(c);
	r->at_ms = (int64_t)get_uint(c, 8);
	r->latency_ms = get_int(c);
	r->dns_ms = get_int(c);
	r->tls_ms = get_int(c);
	r->answer_ms = get_int(c);
	r->skew_ms = (int64_t)get_uint(c, 8);
	get_str(c, r->host, sizeof(r->host));
	get_str(c, r->address, sizeof(r->address));
	get_str(c, r->proxy, sizeof(r->proxy));
	get_str(c, r->trust, sizeof(r->trust));
	get_str(c, r->text, sizeof(r->text));
	get_str(c, r->account, sizeof(r->account));
	get_str(c, r->credit, sizeof(r->credit));
	get_str(c, r->limits, sizeof(r->limits));
	r->model_count = (size_t)get_uint(c, 4);
	kept = get_uint(c, 4);
	if (kept > CHECK_MODELS || kept > r->model_count)
		c->bad = true;
	for (uint64_t i = 0; !c->bad && i < kept; i++)
		get_str(c, r->models[i], CHECK_MODEL_CAP);
}

bool wire_reader_init(struct wire_reader *r, struct err *e)
{
	return secret_init(&r->in, READER_CAP, e);
}

void wire_reader_release(struct wire_reader *r)
{
	secret_release(&r->in);
}

static bool damaged(struct err *e)
{
	return err_set(e, ERR_DAMAGED, "a message between thinkfleetbot and its probe is damaged");
}

/* What the first frame says of its length; false when there are not even 4 bytes. */
static bool frame_length(const struct wire_reader *r, size_t *n)
{
	struct cursor c = { (const unsigned char *)r->in.bytes, r->in.len, false };

	*n = (size_t)get_uint(&c, 4);
	return !c.bad;
}

bool wire_feed(struct wire_reader *r, const void *p, size_t n, struct err *e)
{
	size_t length;

	if (!secret_insert(&r->in, r->in.len, p, n))
		return damaged(e);
	/* A type and an id are the least; more than WIRE_MAX is never waited for. */
	return !frame_length(r, &length) || (length >= 5 && length <= WIRE_MAX) || damaged(e);
}

static bool decode(struct cursor *c, struct wire_message *m, struct err *e)
{
	m->type = (enum wire_type)get_uint(c, 1);
	m->id = (uint32_t)get_uint(c, 4);
	switch (m->type) {
	case WIRE_CHECK:
		m->check.id = m->id;
		if (!get_check(c, &m->check, e))
			return false;
		break;
	case WIRE_RESULT:
		get_result(c, &m->result);
		break;
	case WIRE_STAGE:
		m->stage = (enum check_stage)get_below(c, STAGE_ANSWER + 1);
		break;
	case WIRE_EXCHANGE:
		m->exchange.id = m->id;
		if (!get_exchange(c, &m->exchange, e))
			return false;
		break;
	case WIRE_PART:
		m->part.id = m->id;
		if (!get_part(c, &m->part, e))
			return false;
		break;
	case WIRE_EXCHANGED:
		m->exchanged.id = m->id;
		get_exchanged(c, &m->exchanged);
		break;
	default:
		c->bad = true;
	}
	return (!c->bad && !c->left) || damaged(e);
}

bool wire_take(struct wire_reader *r, struct wire_message *m, bool *got, struct err *e)
{
	struct cursor c;
	size_t length;

	*got = false;
	*m = (struct wire_message){ 0 };
	if (!frame_length(r, &length))
		return true;
	if (length < 5 || length > WIRE_MAX)
		return damaged(e);
	if (r->in.len < 4 + length)
		return true;
	c = (struct cursor){ (const unsigned char *)r->in.bytes + 4, length, false };
	if (!decode(&c, m, e)) {
		wire_message_release(m);
		return false;
	}
	secret_remove(&r->in, 0, 4 + length);
	*got = true;
	return true;
}

void wire_message_release(struct wire_message *m)
{
	secret_release(&m->check.key);
	secret_release(&m->exchange.key);
	secret_release(&m->part.bytes);
	*m = (struct wire_message){ 0 };
}
