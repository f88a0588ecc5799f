/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/transfer_parts.h"

static const struct check_result unreached = {
	.verdict = VERDICT_UNKNOWN,
	.reason = REASON_INTERNAL,
	.latency_ms = -1,
	.dns_ms = -1,
	.tls_ms = -1,
	.answer_ms = -1,
	.skew_ms = INT64_MIN,
};

void transfer_none(struct check_result *out, const char *why)
{
	*out = unreached;
	out->at_ms = clock_now_ms();
	str_copy(out->text, sizeof(out->text), why);
}

static struct transfer *transfer_alloc(CURLM *multi, uint32_t id, struct secret *key)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->multi = multi;
	t->stage = -1;
	t->result = unreached;
	t->id = id;
	secret_move(&t->key, key);
	return t;
}

struct transfer *transfer_new(CURLM *multi, struct wire_check *c, struct check_result *out)
{
	struct transfer *t = transfer_alloc(multi, c->id, &c->key);
	struct err e = { 0 };
	struct str host;

	if (!t) {
		transfer_none(out, "out of memory");
		return NULL;
	}
	t->check = *c;
	t->timeout_ms = c->timeout_ms;
	if (!request_set_up(t, &e) || !request_send(t, &e)) {
		transfer_none(out, e.msg);
		if (e.code == ERR_NOT_FOUND)
			out->reason = REASON_UNPROVEN;
		transfer_free(t);
		return NULL;
	}
	host = STR_OF(t->result.host);
	url_shown(&host, &t->url);
	return t;
}

static void exchange_refused(
	struct wire_exchanged *out, uint32_t id, enum reason reason, const char *why)
{
	*out = (struct wire_exchanged){ .id = id, .reason = reason };
	str_copy(out->text, sizeof(out->text), why);
}

struct transfer *transfer_exchange(CURLM *multi, struct wire_exchange *x,
	const struct transfer_sink *sink, struct wire_exchanged *out)
{
	struct transfer *t = transfer_alloc(multi, x->id, &x->key);
	struct err e = { 0 };

	if (!t) {
		exchange_refused(out, x->id, REASON_INTERNAL, "out of memory");
		return NULL;
	}
	t->exchange = *x;
	t->timeout_ms = x->timeout_ms;
	t->sink = *sink;
	if (!secret_init(&t->upload, x->body_len, &e) || !request_set_up_exchange(t, &e) ||
		(!x->body_len && !request_send(t, &e))) {
		exchange_refused(out, x->id, REASON_INTERNAL, e.msg);
		transfer_free(t);
		return NULL;
	}
	return t;
}

bool transfer_feed(struct transfer *t, const struct wire_part *part)
{
	return t->upload.len < t->exchange.body_len && part->bytes.len &&
	       secret_insert(&t->upload, t->upload.len, part->bytes.bytes, part->bytes.len) &&
	       (t->upload.len < t->exchange.body_len || request_send(t, NULL));
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	if (t->easy) {
		curl_multi_remove_handle(t->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	for (struct curl_slist *h = t->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(t->headers);
	secret_release(&t->key);
	secret_release(&t->upload);
	buf_release(&t->body);
	free(t);
}

struct transfer *transfer_of(CURL *easy)
{
	char *t = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
	return (struct transfer *)(void *)t;
}

uint32_t transfer_id(const struct transfer *t)
{
	return t->id;
}

bool transfer_is_exchange(const struct transfer *t)
{
	return t->sink.take != NULL;
}

int transfer_status(const struct transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* --- while it runs, and after ----------------------------------------------------------------- */

static int64_t reached_us(const struct transfer *t, CURLINFO what)
{
	curl_off_t us = 0;

	curl_easy_getinfo(t->easy, what, &us);
	return us;
}

bool transfer_stage(struct transfer *t, enum check_stage *s)
{
	int now = STAGE_DNS;

	if (reached_us(t, CURLINFO_PRETRANSFER_TIME_T) > 0)
		now = STAGE_ANSWER;
	else if (reached_us(t, CURLINFO_NAMELOOKUP_TIME_T) > 0)
		now = STAGE_TLS;
	if (now <= t->stage)
		return false;
	t->stage = now;
	*s = (enum check_stage)now;
	return true;
}

static int ms_between(int64_t from_us, int64_t to_us)
{
	return to_us > 0 ? (int)((to_us - from_us + 500) / 1000) : -1;
}

static void take_timings(struct transfer *t)
{
	int64_t dns = reached_us(t, CURLINFO_NAMELOOKUP_TIME_T);
	int64_t ready = t->url.https ? reached_us(t, CURLINFO_APPCONNECT_TIME_T)
				     : reached_us(t, CURLINFO_CONNECT_TIME_T);
	int64_t answer = reached_us(t, CURLINFO_STARTTRANSFER_TIME_T);
	int64_t total = reached_us(t, CURLINFO_TOTAL_TIME_T);

	t->result.dns_ms = ms_between(0, dns);
	t->result.tls_ms = ms_between(dns, ready);
	t->result.answer_ms = ready > 0 ? ms_between(ready, answer) : -1;
	t->result.latency_ms = ms_between(0, total);
}

static enum reason reason_of(const struct transfer *t, CURLcode code)
{
	static const struct {
		CURLcode code;
		enum reason reason;
	} rows[] = {
		{ CURLE_OK, REASON_NONE },
		{ CURLE_COULDNT_RESOLVE_HOST, REASON_DNS },
		{ CURLE_COULDNT_RESOLVE_PROXY, REASON_PROXY },
		{ CURLE_PROXY, REASON_PROXY },
		{ CURLE_COULDNT_CONNECT, REASON_CONNECT },
		{ CURLE_ABORTED_BY_CALLBACK, REASON_CONNECT },
		{ CURLE_INTERFACE_FAILED, REASON_CONNECT },
		{ CURLE_SSL_CONNECT_ERROR, REASON_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, REASON_TLS },
		{ CURLE_SSL_CERTPROBLEM, REASON_TLS },
		{ CURLE_SSL_CIPHER, REASON_TLS },
		{ CURLE_SSL_CACERT_BADFILE, REASON_TLS },
		{ CURLE_SSL_ISSUER_ERROR, REASON_TLS },
		{ CURLE_SSL_INVALIDCERTSTATUS, REASON_TLS },
		{ CURLE_GOT_NOTHING, REASON_CLOSED },
		{ CURLE_RECV_ERROR, REASON_CLOSED },
		{ CURLE_SEND_ERROR, REASON_CLOSED },
		{ CURLE_PARTIAL_FILE, REASON_CLOSED },
		{ CURLE_WEIRD_SERVER_REPLY, REASON_FORMAT },
		{ CURLE_UNSUPPORTED_PROTOCOL, REASON_FORMAT }, /* HTTP/0.9 */
		{ CURLE_BAD_CONTENT_ENCODING, REASON_FORMAT },
		{ CURLE_OUT_OF_MEMORY, REASON_INTERNAL },
	};

	if (t->too_much)
		return REASON_TOO_MUCH;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return reached_us(t, CURLINFO_NAMELOOKUP_TIME_T) > 0 ? REASON_TIMEOUT : REASON_DNS;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].code == code)
			return rows[i].reason;
	}
	return REASON_INTERNAL;
}

/* What a proxy answered to the wish for a tunnel; 0: nothing. */
static long tunnel_status(const struct transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status;
}

/* Before there is a tunnel, what goes wrong goes wrong at the proxy. */
static enum reason transport_reason(const struct transfer *t, CURLcode code)
{
	enum reason reason = reason_of(t, code);

	if (code == CURLE_OK || !t->by_proxy || tunnel_status(t) / 100 == 2 ||
		reason == REASON_TLS || reached_us(t, CURLINFO_PRETRANSFER_TIME_T) > 0)
		return reason;
	return REASON_PROXY;
}

static void transport_text(const struct transfer *t, CURLcode code, char out[CHECK_TEXT_CAP])
{
	struct str text = str_on(out, CHECK_TEXT_CAP);
	const char *words = t->error[0] ? t->error : curl_easy_strerror(code);

	/* libcurl repeats an address of a proxy that it cannot read, with the password in it. */
	if (t->by_proxy && !tunnel_status(t))
		words = curl_easy_strerror(code);
	if (t->foreign_peer)
		str_add(&text, "the address for this machine led to another one");
	else if (t->too_much)
		str_add(&text, transfer_is_exchange(t)
				       ? "the answer is too large"
				       : "the answer is larger than any model list");
	else if (code != CURLE_OK)
		text_clean(&text, words, strlen(words), 200);
	else if (t->moved_to[0])
		str_fmt(&text, "moved to %s", t->moved_to);
}

/* So libcurl calls a header line beyond its own 100 KiB. */
static void see_long_header(struct transfer *t, CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY && reached_us(t, CURLINFO_PRETRANSFER_TIME_T) > 0)
		t->too_much = true;
}

void transfer_finish(struct transfer *t, CURLcode code, struct check_result *out)
{
	struct check_answer answer = {
		.body = t->body.p, .body_len = t->body.len, .headers = t->seen
	};
	const char *address = NULL;

	see_long_header(t, code);
	curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &address);
	answer.status = transfer_status(t);
	answer.transport = transport_reason(t, code);
	transport_text(t, code, answer.transport_text);
	t->result.at_ms = clock_now_ms();
	take_timings(t);
	if (address && !t->by_proxy) /* else it is the proxy's */
		str_copy(t->result.address, sizeof(t->result.address), address);
	check_judge(&t->result, &t->request, &answer, &t->key);
	*out = t->result;
}

void transfer_finish_exchange(struct transfer *t, CURLcode code, struct wire_exchanged *out)
{
	long after;

	see_long_header(t, code);
	*out = (struct wire_exchanged){
		.id = t->id, .status = transfer_status(t), .reason = transport_reason(t, code)
	};
	if (out->reason == REASON_NONE && out->status / 100 == 3)
		out->reason = REASON_REDIRECT;
	transport_text(t, code, out->text);
	/* A date is allowed there too; no model provider sends one. */
	after = strtol(t->seen.values[HEADER_RETRY_AFTER], NULL, 10);
	out->retry_after_s = after > 0 && after <= INT32_MAX ? (int)after : 0;
}
