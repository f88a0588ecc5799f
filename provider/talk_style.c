/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "provider/judge_parts.h"
#include "provider/talk_impl.h"

/*
 * How the protocols differ. platform.openai.com/docs/api-reference/chat,
 * docs.anthropic.com/en/api/messages and messages-streaming, ai.google.dev/api/generate-content.
 */

/* Anthropic wants a limit; every model of theirs can say so much. */
#define ANTHROPIC_MAX_TOKENS 8192

/* --- asking ----------------------------------------------------------------------------------- */

static bool put(struct json_object *to, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(to, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool append(struct json_object *to, struct json_object *value)
{
	if (value && json_object_array_add(to, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static struct json_object *text_of(const struct talk_turn *turn)
{
	return json_object_new_string_len(turn->text.p, (int)turn->text.len);
}

/* { "role": ..., "content": "..." }, as OpenAI and Anthropic have it. */
static struct json_object *message(const struct talk_turn *turn)
{
	struct json_object *o = json_object_new_object();

	if (o && put(o, "role", json_object_new_string(turn->from_model ? "assistant" : "user")) &&
		put(o, "content", text_of(turn)))
		return o;
	json_object_put(o);
	return NULL;
}

/* { "role": ..., "parts": [ { "text": "..." } ] } */
static struct json_object *content(const struct talk_turn *turn)
{
	struct json_object *o = json_object_new_object();
	struct json_object *parts = json_object_new_array();
	struct json_object *part = json_object_new_object();
	bool ok = o && parts && part;

	ok = ok && put(part, "text", text_of(turn));
	if (!ok)
		json_object_put(part);
	ok = ok && append(parts, part);
	if (!ok)
		json_object_put(parts);
	ok = ok && put(o, "parts", parts) &&
	     put(o, "role", json_object_new_string(turn->from_model ? "model" : "user"));
	if (ok)
		return o;
	json_object_put(o);
	return NULL;
}

static bool add_turns(struct json_object *body, const char *key, const struct talk *said,
	struct json_object *(*make)(const struct talk_turn *turn))
{
	struct json_object *list = json_object_new_array();
	bool ok = put(body, key, list);

	for (size_t i = 0; ok && i < said->count; i++)
		ok = append(list, make(&said->turns[i]));
	return ok;
}

static bool fill_openai(struct json_object *body, const struct talk *said)
{
	return add_turns(body, "messages", said, message);
}

static bool fill_anthropic(struct json_object *body, const struct talk *said)
{
	return put(body, "max_tokens", json_object_new_int(ANTHROPIC_MAX_TOKENS)) &&
	       add_turns(body, "messages", said, message);
}

static bool fill_google(struct json_object *body, const struct talk *said)
{
	return add_turns(body, "contents", said, content);
}

/* --- hearing ---------------------------------------------------------------------------------- */

static bool say(struct talk_reader *r, struct json_object *text, struct err *e)
{
	size_t n;

	if (!json_object_is_type(text, json_type_string))
		return true;
	n = (size_t)json_object_get_string_len(text);
	r->any = r->any || n > 0;
	return !n || r->text(r->ctx, json_object_get_string(text), n, e);
}

/* The texts of a list of parts, except what was only thought. */
static bool say_parts(struct talk_reader *r, struct json_object *parts, struct err *e)
{
	size_t n =
		json_object_is_type(parts, json_type_array) ? json_object_array_length(parts) : 0;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		struct json_object *part = json_object_array_get_idx(parts, i);

		if (!json_object_get_boolean(judge_at(part, "thought")))
			ok = say(r, judge_at(part, "text"), e);
	}
	return ok;
}

/* An error in the middle of a stream, or one that came as 200. */
static bool has_error(struct talk_reader *r, struct json_object *o)
{
	struct json_object *error = judge_at(o, "error");
	const char *text = judge_text(error, "message");

	if (!error || json_object_is_type(error, json_type_boolean))
		return false;
	if (!text)
		text = json_object_is_type(error, json_type_string) ? json_object_get_string(error)
								    : "error";
	str_copy(r->error, sizeof(r->error), text[0] ? text : "error");
	return true;
}

static bool is_text(struct json_object *o, const char *path, const char *want)
{
	const char *text = judge_text(o, path);

	return text && strcmp(text, want) == 0;
}

static bool hear_openai(struct talk_reader *r, struct json_object *o, struct err *e)
{
	struct json_object *choice = judge_at(o, "choices");
	struct json_object *said = judge_at(choice, "delta.content");

	if (has_error(r, o) || !choice)
		return true;
	r->understood = true;
	r->cut = r->cut || is_text(choice, "finish_reason", "length");
	if (!said)
		said = judge_at(choice, "message.content");
	return json_object_is_type(said, json_type_array) ? say_parts(r, said, e) : say(r, said, e);
}

static bool hear_anthropic(struct talk_reader *r, struct json_object *o, struct err *e)
{
	if (has_error(r, o) || !judge_text(o, "type"))
		return true;
	r->understood = true;
	r->cut = r->cut || is_text(o, "delta.stop_reason", "max_tokens") ||
		 is_text(o, "stop_reason", "max_tokens");
	if (is_text(o, "type", "message"))
		return say_parts(r, judge_at(o, "content"), e);
	return !is_text(o, "delta.type", "text_delta") || say(r, judge_at(o, "delta.text"), e);
}

/* Without "alt=sse" a stream is a list of answers; the first of a list speaks for it. */
static bool hear_google(struct talk_reader *r, struct json_object *o, struct err *e)
{
	struct json_object *candidate = judge_at(o, "candidates");
	const char *blocked = judge_text(o, "promptFeedback.blockReason");

	if (has_error(r, o))
		return true;
	if (blocked) {
		struct str s = STR_OF(r->error);

		str_fmt(&s, "the question was blocked (%s)", blocked);
	}
	if (!candidate)
		return true;
	r->understood = true;
	r->cut = r->cut || is_text(candidate, "finishReason", "MAX_TOKENS");
	return say_parts(r, judge_at(candidate, "content.parts"), e);
}

const struct talk_style *talk_style(enum api_style api)
{
	static const struct talk_style styles[] = {
		[API_OPENAI] = { .path = "/chat/completions",
			.stream_member = true,
			.fill = fill_openai,
			.hear = hear_openai },
		[API_ANTHROPIC] = { .path = "/v1/messages",
			.header = "anthropic-version: 2023-06-01",
			.stream_member = true,
			.fill = fill_anthropic,
			.hear = hear_anthropic },
		[API_GOOGLE] = { .path = "/models/%M:%A",
			.asks = { "generateContent", "streamGenerateContent?alt=sse" },
			.fill = fill_google,
			.hear = hear_google },
	};

	return &styles[api];
}
