/* SPDX-License-Identifier: MIT */

/* Reading a body: JSON of any shape that providers use, or something else. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "provider/judge_parts.h"

#define JSON_DEPTH 32
#define TEXT_CELLS 200
#define PLAIN_MAX 300  /* bytes of a body that is no JSON */
#define PAGE_MAX 16384 /* bytes of a page in which a firewall names itself */

/* --- text ------------------------------------------------------------------------------------ */

bool judge_contains(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (; strlen(text) >= n; text++) {
		char head[64];

		str_copy(head, n + 1, text);
		if (str_equal_nocase(head, words))
			return true;
	}
	return false;
}

/* How many bytes at p are a piece of the key, if at least `piece` are. */
static size_t key_piece(const char *p, size_t n, const struct secret *key, size_t piece)
{
	for (size_t k = 0; k + piece <= key->len; k++) {
		size_t hit = 0;

		while (k + hit < key->len && hit < n && p[hit] == key->bytes[k + hit])
			hit++;
		if (hit >= piece)
			return hit;
	}
	return 0;
}

/*
 * Providers echo keys in errors: every piece of at least 8 bytes becomes "...", of one
 * width whatever its length. text has room for `cap` bytes. True when there was one.
 */
static bool scrub(char *text, size_t cap, const struct secret *key)
{
	static const char mark[] = "...";
	bool found = false;
	size_t piece;

	if (!key || !key->len)
		return false;
	piece = key->len < 8 ? key->len : 8;
	for (size_t i = 0; text[i]; i++) {
		size_t n = strlen(text + i);
		size_t hit = key_piece(text + i, n, key, piece);
		size_t width = sizeof(mark) - 1;

		if (!hit)
			continue;
		found = true;
		if (width > hit)
			width = hit;
		memmove(text + i + width, text + i + hit, n - hit + 1);
		explicit_bzero(text + i + n - hit + width, cap - (i + n - hit + width));
		memcpy(text + i, mark, width);
		i += width - 1;
	}
	return found;
}

bool judge_take(char *out, size_t cap, const char *p, size_t n, const struct secret *key)
{
	struct str s = str_on(out, cap);

	text_clean(&s, p, n, cap - 1 < TEXT_CELLS ? cap - 1 : TEXT_CELLS);
	return !scrub(out, cap, key);
}

/* --- members ---------------------------------------------------------------------------------- */

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	/* A list of one kind of thing: its first speaks for all. */
	if (json_object_is_type(o, json_type_array) && json_object_array_length(o))
		o = json_object_array_get_idx(o, 0);
	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &found);
	return found;
}

struct json_object *judge_at(struct json_object *o, const char *path)
{
	char name[32];

	while (o && path) {
		size_t n = strcspn(path, ".");

		if (n >= sizeof(name))
			return NULL;
		str_copy(name, n + 1, path);
		o = member(o, name);
		path = path[n] ? path + n + 1 : NULL;
	}
	return o;
}

const char *judge_text(struct json_object *o, const char *path)
{
	struct json_object *found = judge_at(o, path);

	return json_object_is_type(found, json_type_string) ? json_object_get_string(found) : NULL;
}

bool judge_number(struct json_object *o, const char *path, double *n)
{
	struct json_object *found = judge_at(o, path);
	const char *text;
	char *end;

	if (json_object_is_type(found, json_type_int) ||
		json_object_is_type(found, json_type_double)) {
		*n = json_object_get_double(found);
		return true;
	}
	if (!json_object_is_type(found, json_type_string))
		return false;
	text = json_object_get_string(found);
	*n = strtod(text, &end);
	return end != text && !*end;
}

/* --- the body --------------------------------------------------------------------------------- */

static struct json_object *parse(const char *body, size_t n)
{
	struct json_tokener *t;
	struct json_object *root;
	size_t used;

	if (!body || !n || n > INT32_MAX)
		return NULL;
	t = json_tokener_new_ex(JSON_DEPTH);
	if (!t)
		return NULL;
	root = json_tokener_parse_ex(t, body, (int)n);
	used = json_tokener_get_parse_end(t);
	while (used < n && strchr(" \t\r\n", body[used]) && body[used])
		used++;
	/* Only a whole document counts, with nothing after it. */
	if (used < n || json_tokener_get_error(t) != json_tokener_success) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(t);
	return root;
}

static void add_code(struct str *out, struct json_object *o, const char *name)
{
	struct json_object *value = member(o, name);

	if (json_object_is_type(value, json_type_string) ||
		json_object_is_type(value, json_type_int))
		str_fmt(out, "%s ", json_object_get_string(value));
}

/* The object that an error is in, from the shapes that providers use. */
static struct json_object *error_place(struct json_object *root)
{
	static const char *const names[] = { "error", "detail", "errors", "base_resp" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_object *place = member(root, names[i]);

		if (json_object_is_type(place, json_type_object) ||
			json_object_is_type(place, json_type_array))
			return place;
	}
	return root;
}

static void read_error(struct judged *j)
{
	static const char *const codes[] = { "code", "type", "status", "reason", "err_code",
		"__type" };
	static const char *const texts[] = { "message", "msg", "error", "detail", "error_msg",
		"status_msg", "err_msg", "Message" };
	struct json_object *places[] = { error_place(j->root), j->root };
	struct json_object *details = member(places[0], "details");
	struct str code = STR_OF(j->code);
	const char *message = NULL;

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		add_code(&code, places[0], codes[i]);
	for (size_t i = 0; json_object_is_type(details, json_type_array) &&
			   i < json_object_array_length(details);
		i++)
		add_code(&code, json_object_array_get_idx(details, i), "reason");
	str_add(&code, j->answer->headers.values[HEADER_ERROR]);
	for (size_t k = 0; k < ARRAY_LEN(places) && !message; k++) {
		for (size_t i = 0; i < ARRAY_LEN(texts) && !message; i++)
			message = judge_text(places[k], texts[i]);
	}
	if (message)
		str_copy(j->message, sizeof(j->message), message);
}

/* A page that lets only browsers pass says so in a header, or in its own words. */
static bool is_challenge(const struct judged *j)
{
	static const char *const signs[] = { "challenge-platform", "Just a moment...",
		"cf-error-details", "Attention Required!" };
	const struct check_answer *a = j->answer;
	size_t n = a->body_len < PAGE_MAX ? a->body_len : PAGE_MAX;

	if (a->headers.values[HEADER_CHALLENGE][0])
		return true;
	for (size_t i = 0; j->html && i < ARRAY_LEN(signs); i++) {
		if (memmem(a->body, n, signs[i], strlen(signs[i])))
			return true;
	}
	return false;
}

void judge_read(struct judged *j)
{
	const struct check_answer *a = j->answer;
	size_t i = 0;

	while (i < a->body_len && strchr(" \t\r\n\xEF\xBB\xBF", a->body[i]) && a->body[i])
		i++;
	j->html = i < a->body_len && a->body[i] == '<';
	j->challenge = is_challenge(j);
	j->root = parse(a->body, a->body_len);
	if (j->root)
		read_error(j);
	else if (!j->html && a->body_len)
		str_addn(&(struct str){ j->message, 0, sizeof(j->message), false }, a->body,
			a->body_len < PLAIN_MAX ? a->body_len : PLAIN_MAX);
}

/* --- models ----------------------------------------------------------------------------------- */

/* {data:[{id}]}, {models:[{name}]}, {modelSummaries:[{modelId}]}, [{id}]: the lists that exist. */
struct json_object *judge_list(struct json_object *root)
{
	static const char *const names[] = { "data", "models", "modelSummaries" };

	if (json_object_is_type(root, json_type_array))
		return root;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_object *list = member(root, names[i]);

		if (json_object_is_type(list, json_type_array))
			return list;
	}
	return NULL;
}

bool judge_is_list(struct json_object *root)
{
	const char *object = judge_text(root, "object");

	/* Ollama without a model sends {"object":"list","data":null}. */
	return judge_list(root) ||
	       (object && strcmp(object, "list") == 0 &&
		       json_object_object_get_ex(root, "data", NULL) && !judge_at(root, "data"));
}

static const char *model_id(struct json_object *model)
{
	static const char *const names[] = { "id", "key", "name", "model", "modelId" };
	const char *id = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names) && !id; i++)
		id = judge_text(model, names[i]);
	return id && str_starts(id, "models/") ? id + strlen("models/") : id;
}

/*
 * Is it for something else than talking? Where the answer does not say so itself (Together's type,
 * Google's methods, Mistral's capabilities), the names that OpenAI and others give them do.
 */
static bool is_no_chat_model(struct json_object *model, const char *id)
{
	static const char *const types[] = { "embedding", "image", "audio", "video", "rerank",
		"moderation", "transcribe" };
	static const char *const words[] = { "embed", "whisper", "tts", "dall-e", "gpt-image",
		"imagen", "veo-", "sora", "moderation", "transcribe", "rerank", "realtime" };
	const char *type = judge_text(model, "type");
	struct json_object *methods = member(model, "supportedGenerationMethods");
	struct json_object *chat = judge_at(model, "capabilities.completion_chat");
	bool generates = !json_object_is_type(methods, json_type_array);

	for (size_t i = 0; !generates && i < json_object_array_length(methods); i++) {
		const char *method = json_object_get_string(json_object_array_get_idx(methods, i));

		generates = method && strcmp(method, "generateContent") == 0;
	}
	if (!generates ||
		(json_object_is_type(chat, json_type_boolean) && !json_object_get_boolean(chat)))
		return true;
	for (size_t i = 0; type && i < ARRAY_LEN(types); i++) {
		if (strcmp(type, types[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (judge_contains(id, words[i]))
			return true;
	}
	return false;
}

static void add_models(struct judged *j, bool chat, size_t *kept)
{
	struct json_object *list = judge_list(j->root);
	struct check_result *r = j->out;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *model = json_object_array_get_idx(list, i);
		const char *id = model_id(model);

		if (!id || !*id || is_no_chat_model(model, id) == chat)
			continue;
		r->model_count++;
		if (*kept < CHECK_MODELS && strlen(id) < CHECK_MODEL_CAP) {
			judge_take(r->models[*kept], CHECK_MODEL_CAP, id, strlen(id), j->key);
			(*kept)++;
		}
	}
}

/* Those that agents can talk to come first: a list may be longer than what is kept of it. */
void judge_models(struct judged *j)
{
	size_t kept = 0;

	add_models(j, true, &kept);
	add_models(j, false, &kept);
}
