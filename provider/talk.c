/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "provider/talk_impl.h"
#include "provider/url.h"

/* --- what was said ---------------------------------------------------------------------------- */

bool talk_add(struct talk *t, bool from_model, const char *p, size_t n, struct err *e)
{
	if (t->count == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 16;
		struct talk_turn *grown = realloc(t->turns, cap * sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_MEMORY, "out of memory");
		t->turns = grown;
		t->cap = cap;
	}
	t->turns[t->count] = (struct talk_turn){ .from_model = from_model };
	if (!buf_add(&t->turns[t->count].text, p, n, e))
		return false;
	t->count++;
	return true;
}

void talk_cut(struct talk *t, size_t count)
{
	while (t->count > count)
		buf_release(&t->turns[--t->count].text);
}

void talk_release(struct talk *t)
{
	talk_cut(t, 0);
	free(t->turns);
	*t = (struct talk){ 0 };
}

/* --- the request ------------------------------------------------------------------------------ */

bool talk_api(enum api_style *out, const struct provider *p, const char *configured)
{
	static const struct {
		const char *name;
		enum api_style api;
	} names[] = {
		{ "openai-completions", API_OPENAI },
		/* Who speaks the newer one speaks the older one too. */
		{ "openai-responses", API_OPENAI },
		{ "anthropic-messages", API_ANTHROPIC },
		{ "google-generative-ai", API_GOOGLE },
	};

	*out = p->api;
	if (!configured || !configured[0])
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i].name, configured) == 0) {
			*out = names[i].api;
			return true;
		}
	}
	return false;
}

/* Letters, digits and what names of models are made of; everything else as %XX. */
static void add_escaped(struct str *out, const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._/";

	for (; *text; text++) {
		if (strchr(plain, *text))
			str_addn(out, text, 1);
		else
			str_fmt(out, "%%%02X", (unsigned char)*text);
	}
}

static void add_path(
	struct str *out, const struct talk_style *style, const struct talk_target *t, bool stream)
{
	/* A server whose list is below /v1 has everything there, whatever its base address says. */
	if (t->api == API_OPENAI && t->method->check_path &&
		str_starts(t->method->check_path, "/v1/"))
		str_add(out, "/v1");
	for (const char *p = style->path; *p; p++) {
		if (p[0] == '%' && p[1] == 'M')
			add_escaped(out, t->model);
		else if (p[0] == '%' && p[1] == 'A')
			str_add(out, style->asks[stream]);
		else
			str_addn(out, p, 1);
		p += p[0] == '%';
	}
}

static bool add_url(struct talk_request *out, const struct talk_style *style,
	const struct talk_target *t, bool stream, struct err *e)
{
	bool moved = t->base_url && t->base_url[0];
	const char *base = moved ? t->base_url : t->provider->base_url;
	struct str url = STR_OF(out->url);
	char path[TALK_URL_CAP];
	struct str p = STR_OF(path);
	struct url parsed;

	if (!base)
		return err_set(e, ERR_CONFIG, "no base address is known for %s", t->provider->id);
	if (!url_parse(&parsed, base, e))
		return err_wrap(e, "%s", t->provider->id);
	add_path(&p, style, t, stream);
	check_join(&url, base, path);
	return (!url.cut && !p.cut) ||
	       err_set(e, ERR_CONFIG, "base address or model of %s is too long", t->provider->id);
}

/* A header of the row unless the method has one of that name. */
static void add_headers(
	struct talk_request *out, const struct talk_style *style, const struct talk_target *t)
{
	size_t n = 0;
	bool there = !style->header;

	for (size_t i = 0; i < PROVIDER_HEADERS && t->method->headers[i]; i++) {
		const char *h = t->method->headers[i];

		out->headers[n++] = h;
		there = there || strncmp(h, style->header, strcspn(style->header, ":") + 1) == 0;
	}
	if (!there)
		out->headers[n] = style->header;
}

static bool add_body(struct talk_request *out, const struct talk_style *style,
	const struct talk_target *t, const struct talk *said, bool stream, struct err *e)
{
	struct json_object *body = json_object_new_object();
	const char *text;
	size_t n = 0;
	bool ok = body != NULL;

	if (ok && style->stream_member) {
		json_object_object_add(body, "model", json_object_new_string(t->model));
		json_object_object_add(body, "stream", json_object_new_boolean(stream));
	}
	ok = ok && style->fill(body, said);
	text = ok ? json_object_to_json_string_length(
			    body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n)
		  : NULL;
	ok = text ? buf_add(&out->body, text, n, e) : err_set(e, ERR_MEMORY, "out of memory");
	json_object_put(body);
	return ok;
}

bool talk_build(struct talk_request *out, const struct talk_target *t, const struct talk *said,
	bool stream, struct err *e)
{
	const struct talk_style *style = talk_style(t->api);

	*out = (struct talk_request){ .auth = t->method->auth };
	add_headers(out, style, t);
	if (add_url(out, style, t, stream, e) && add_body(out, style, t, said, stream, e))
		return true;
	talk_request_release(out);
	return false;
}

void talk_request_release(struct talk_request *r)
{
	buf_release(&r->body);
	*r = (struct talk_request){ 0 };
}

/* --- the answer ------------------------------------------------------------------------------- */

#define JSON_DEPTH 32

static bool hear(void *ctx, const char *data, size_t n, struct err *e)
{
	struct talk_reader *r = ctx;
	struct json_tokener *t;
	struct json_object *o;
	bool ok;

	if (strcmp(data, "[DONE]") == 0 || r->error[0])
		return true;
	t = json_tokener_new_ex(JSON_DEPTH);
	if (!t)
		return err_set(e, ERR_MEMORY, "out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, data, (int)n + 1);
	json_tokener_free(t);
	/* What is no JSON is somebody's keep-alive; without any answer the end says so. */
	ok = !o || talk_style(r->api)->hear(r, o, e);
	json_object_put(o);
	return ok;
}

/* A document begins with "{" or "["; everything else is taken for events. */
static void see_shape(struct talk_reader *r, const char *p, size_t n)
{
	for (size_t i = 0; i < n && r->shape == TALK_UNSEEN; i++)
		if (!strchr(" \t\r\n", p[i]) || !p[i])
			r->shape = p[i] == '{' || p[i] == '[' ? TALK_DOCUMENT : TALK_EVENTS;
}

bool talk_read(struct talk_reader *r, const char *p, size_t n, struct err *e)
{
	struct sse_sink sink = { hear, r };

	see_shape(r, p, n);
	if (r->shape != TALK_DOCUMENT)
		return sse_take(&r->sse, &sink, p, n, e);
	if (r->document.len + n > SSE_EVENT_MAX)
		return err_set(e, ERR_DAMAGED, "the provider's answer is too long");
	return buf_add(&r->document, p, n, e);
}

bool talk_read_end(struct talk_reader *r, struct err *e)
{
	struct sse_sink sink = { hear, r };
	bool ok = r->shape == TALK_DOCUMENT ? hear(r, r->document.p, r->document.len, e)
					    : sse_end(&r->sse, &sink, e);

	if (!ok || r->understood || r->error[0])
		return ok;
	return err_set(e, ERR_DAMAGED, "the provider's answer is not what its models send");
}

void talk_reader_release(struct talk_reader *r)
{
	sse_release(&r->sse);
	buf_release(&r->document);
	*r = (struct talk_reader){ 0 };
}
