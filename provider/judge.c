/* SPDX-License-Identifier: MIT */

/*
 * What an answer means. The rules are (gateway-family.md 16, user-pains.md P62):
 *
 * - Accepted only when the body is what this provider sends: a captive portal
 *   also says 200.
 * - Rejected only when the provider said so. Everything else is unknown.
 * - Words are looked for in the provider's error code and message only.
 */
#include <json-c/json.h>
#include <string.h>

#include "base/text.h"
#include "provider/check.h"

#define JSON_DEPTH 32
#define TEXT_CELLS 200

/* How one judge style differs from the next. */
struct style {
	bool bad_key_400;     /* says "bad key" with 400 */
	bool quota_is_rate;   /* its quota text does not mean money */
	bool restricted_good; /* lacking a permission proves that the key is known */
	bool key_object;      /* the answer describes the key; there is no model list */
};

static const struct style styles[] = {
	[JUDGE_STATUS] = { .restricted_good = true },
	[JUDGE_ANTHROPIC] = { 0 },
	[JUDGE_GOOGLE] = { .bad_key_400 = true, .quota_is_rate = true, .restricted_good = true },
	[JUDGE_XAI] = { .bad_key_400 = true, .restricted_good = true },
	[JUDGE_ZAI] = { .restricted_good = true },
	[JUDGE_OPENROUTER_KEY] = { .key_object = true, .restricted_good = true },
	[JUDGE_LOCAL] = { 0 },
};

enum meaning {
	MEANS_NOTHING,
	MEANS_BAD_KEY,
	MEANS_NO_CREDIT,
	MEANS_RATE,
	MEANS_RESTRICTED,
};

/* Looked for in "code type status message" of an error, in this order, without case. */
static const struct {
	const char *words;
	enum meaning means;
} phrases[] = {
	{ "insufficient_quota", MEANS_NO_CREDIT },
	{ "insufficient_balance", MEANS_NO_CREDIT },
	{ "insufficient balance", MEANS_NO_CREDIT },
	{ "insufficient credit", MEANS_NO_CREDIT },
	{ "exceeded your current quota", MEANS_NO_CREDIT },
	{ "credit balance is too low", MEANS_NO_CREDIT },
	{ "exceeded_current_quota", MEANS_NO_CREDIT },
	{ "no credits", MEANS_NO_CREDIT },
	{ "any credits", MEANS_NO_CREDIT },
	{ "out of credits", MEANS_NO_CREDIT },
	{ "used all available credits", MEANS_NO_CREDIT },
	{ "payment required", MEANS_NO_CREDIT },
	{ "api_key_invalid", MEANS_BAD_KEY },
	{ "api key not valid", MEANS_BAD_KEY },
	{ "api key expired", MEANS_BAD_KEY },
	{ "reported as leaked", MEANS_BAD_KEY },
	{ "incorrect api key", MEANS_BAD_KEY },
	{ "invalid_api_key", MEANS_BAD_KEY },
	{ "invalid api key", MEANS_BAD_KEY },
	{ "invalid x-api-key", MEANS_BAD_KEY },
	{ "invalid bearer token", MEANS_BAD_KEY },
	{ "authentication_error", MEANS_BAD_KEY },
	{ "invalid_authentication", MEANS_BAD_KEY },
	{ "invalid authentication", MEANS_BAD_KEY },
	{ "authentication fail", MEANS_BAD_KEY },
	{ "token expired or incorrect", MEANS_BAD_KEY },
	{ "api key is blocked", MEANS_BAD_KEY },
	{ "api key has been disabled", MEANS_BAD_KEY },
	{ "missing scopes", MEANS_RESTRICTED },
	{ "insufficient permission", MEANS_RESTRICTED },
	{ "insufficient_permission", MEANS_RESTRICTED },
	{ "permission_error", MEANS_RESTRICTED },
	{ "permission_denied", MEANS_RESTRICTED },
	{ "service_blocked", MEANS_RESTRICTED },
	{ "rate_limit", MEANS_RATE },
	{ "rate limit", MEANS_RATE },
	{ "resource_exhausted", MEANS_RATE },
};

/* Z.AI's numbers, which come with any status (docs.z.ai, error codes). */
static const struct {
	int code;
	enum meaning means;
} zai_codes[] = {
	{ 401, MEANS_BAD_KEY },
	{ 1000, MEANS_BAD_KEY },
	{ 1001, MEANS_BAD_KEY },
	{ 1002, MEANS_BAD_KEY },
	{ 1003, MEANS_BAD_KEY },
	{ 1004, MEANS_BAD_KEY },
	{ 1113, MEANS_NO_CREDIT },
	{ 1220, MEANS_RESTRICTED },
	{ 1302, MEANS_RATE },
	{ 1303, MEANS_RATE },
	{ 1308, MEANS_RATE },
};

struct judged {
	struct check_result *out;
	const struct check_answer *answer;
	const struct style *style;
	enum judge_style judge;
	struct json_object *root; /* NULL: not JSON */
	char code[160];           /* code, type and status of the error */
	char message[CHECK_TEXT_CAP * 2];
	bool html;
};

/* --- text ------------------------------------------------------------------------------------ */

static bool contains_nocase(const char *text, const char *words)
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
 * width whatever its length. text has room for `cap` bytes.
 */
static void scrub(char *text, size_t cap, const struct secret *key)
{
	static const char mark[] = "...";
	size_t piece;

	if (!key || !key->len)
		return;
	piece = key->len < 8 ? key->len : 8;
	for (size_t i = 0; text[i]; i++) {
		size_t n = strlen(text + i);
		size_t hit = key_piece(text + i, n, key, piece);
		size_t width = sizeof(mark) - 1;

		if (!hit)
			continue;
		if (width > hit)
			width = hit;
		memmove(text + i + width, text + i + hit, n - hit + 1);
		explicit_bzero(text + i + n - hit + width, cap - (i + n - hit + width));
		memcpy(text + i, mark, width);
		i += width - 1;
	}
}

/* A foreign text as this program shows it. */
static void take_text(char *out, size_t cap, const char *p, size_t n, const struct secret *key)
{
	struct str s = str_on(out, cap);

	text_clean(&s, p, n, cap - 1 < TEXT_CELLS ? cap - 1 : TEXT_CELLS);
	scrub(out, cap, key);
}

/* --- reading the body ------------------------------------------------------------------------- */

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &found);
	return found;
}

static const char *string_member(struct json_object *o, const char *name)
{
	struct json_object *found = member(o, name);

	return json_object_is_type(found, json_type_string) ? json_object_get_string(found) : NULL;
}

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

/* The error's code and message, from the shapes that providers use. */
static void read_error(struct judged *j)
{
	static const char *const codes[] = { "code", "type", "status", "reason" };
	static const char *const texts[] = { "message", "msg", "error", "detail", "error_msg" };
	struct json_object *error = member(j->root, "error");
	struct json_object *details, *places[2];
	struct str code = STR_OF(j->code);
	const char *message = NULL;

	places[0] = json_object_is_type(error, json_type_object) ? error : j->root;
	places[1] = j->root;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		add_code(&code, places[0], codes[i]);
	details = member(places[0], "details");
	for (size_t i = 0; json_object_is_type(details, json_type_array) &&
			   i < json_object_array_length(details);
		i++)
		add_code(&code, json_object_array_get_idx(details, i), "reason");
	for (size_t k = 0; k < 2 && !message; k++) {
		for (size_t i = 0; i < ARRAY_LEN(texts) && !message; i++)
			message = string_member(places[k], texts[i]);
	}
	if (message)
		str_copy(j->message, sizeof(j->message), message);
}

static void read_body(struct judged *j)
{
	const struct check_answer *a = j->answer;
	size_t i = 0;

	while (i < a->body_len && strchr(" \t\r\n\xEF\xBB\xBF", a->body[i]) && a->body[i])
		i++;
	j->html = i < a->body_len && a->body[i] == '<';
	j->root = parse(a->body, a->body_len);
	if (j->root)
		read_error(j);
	else if (!j->html && a->body_len)
		str_addn(&(struct str){ j->message, 0, sizeof(j->message), false }, a->body,
			a->body_len < 300 ? a->body_len : 300);
}

static enum meaning meaning_of(const struct judged *j)
{
	for (size_t i = 0; j->judge == JUDGE_ZAI && i < ARRAY_LEN(zai_codes); i++) {
		struct json_object *code = member(j->root, "code");

		if (!code)
			code = member(member(j->root, "error"), "code");
		if (code && json_object_get_int(code) == zai_codes[i].code)
			return zai_codes[i].means;
	}
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		if (contains_nocase(j->code, phrases[i].words) ||
			contains_nocase(j->message, phrases[i].words))
			return phrases[i].means;
	}
	return MEANS_NOTHING;
}

/* --- models ----------------------------------------------------------------------------------- */

/* {data:[{id}]}, {models:[{name}]}, [{id}]: the lists that exist. */
static struct json_object *model_list(struct json_object *root)
{
	static const char *const names[] = { "data", "models" };

	if (json_object_is_type(root, json_type_array))
		return root;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_object *list = member(root, names[i]);

		if (json_object_is_type(list, json_type_array))
			return list;
	}
	/* LM Studio and Ollama without models may send null. */
	return NULL;
}

static const char *model_id(struct json_object *model)
{
	static const char *const names[] = { "id", "key", "name", "model" };
	const char *id = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names) && !id; i++)
		id = string_member(model, names[i]);
	return id && str_starts(id, "models/") ? id + strlen("models/") : id;
}

static void read_models(struct judged *j, const struct secret *key)
{
	struct json_object *list = model_list(j->root);
	struct check_result *r = j->out;
	size_t kept = 0;

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *id = model_id(json_object_array_get_idx(list, i));

		if (!id || !*id)
			continue;
		r->model_count++;
		if (kept < CHECK_MODELS && strlen(id) < CHECK_MODEL_CAP) {
			take_text(r->models[kept], CHECK_MODEL_CAP, id, strlen(id), key);
			kept++;
		}
	}
}

/* --- verdicts --------------------------------------------------------------------------------- */

static void decide(struct judged *j, enum verdict v, enum reason reason)
{
	j->out->verdict = v;
	j->out->reason = reason;
}

static bool decide_by_words(struct judged *j)
{
	enum meaning means = meaning_of(j);

	switch (means) {
	case MEANS_NOTHING:
		return false;
	case MEANS_BAD_KEY:
		decide(j, VERDICT_REJECTED, REASON_BAD_KEY);
		break;
	case MEANS_NO_CREDIT:
		decide(j, VERDICT_NO_CREDIT, REASON_BILLING);
		break;
	case MEANS_RATE:
		decide(j, VERDICT_LIMITED, REASON_RATE_LIMIT);
		break;
	case MEANS_RESTRICTED:
		decide(j, j->style->restricted_good ? VERDICT_ACCEPTED : VERDICT_UNKNOWN,
			REASON_RESTRICTED);
		break;
	}
	return true;
}

/* GET /key of OpenRouter: {data:{label,usage,limit,limit_remaining,...}}. */
static bool judge_key_object(struct judged *j)
{
	struct json_object *data = member(j->root, "data");
	struct json_object *left = member(data, "limit_remaining");

	if (!json_object_is_type(data, json_type_object) || !member(data, "usage"))
		return false;
	if ((json_object_is_type(left, json_type_int) ||
		    json_object_is_type(left, json_type_double)) &&
		json_object_get_double(left) <= 0)
		decide(j, VERDICT_NO_CREDIT, REASON_BILLING);
	else
		decide(j, VERDICT_ACCEPTED, REASON_NONE);
	return true;
}

static void judge_success(struct judged *j)
{
	if (j->style->key_object && judge_key_object(j))
		return;
	if (!j->style->key_object && model_list(j->root)) {
		decide(j, VERDICT_ACCEPTED, REASON_NONE);
		return;
	}
	if (!j->root || !decide_by_words(j))
		decide(j, VERDICT_UNKNOWN, REASON_FORMAT);
}

static void judge_bad_request(struct judged *j)
{
	if (j->style->bad_key_400 && meaning_of(j) == MEANS_BAD_KEY)
		decide(j, VERDICT_REJECTED, REASON_BAD_KEY);
	else if (meaning_of(j) == MEANS_NO_CREDIT)
		decide(j, VERDICT_NO_CREDIT, REASON_BILLING);
	else
		decide(j, VERDICT_UNKNOWN, REASON_FORMAT);
}

static void judge_unauthorized(struct judged *j)
{
	decide(j, VERDICT_REJECTED, REASON_BAD_KEY);
}

static void judge_payment(struct judged *j)
{
	decide(j, VERDICT_NO_CREDIT, REASON_BILLING);
}

static void judge_forbidden(struct judged *j)
{
	if (j->html)
		decide(j, VERDICT_UNKNOWN, REASON_FORMAT); /* a firewall's page */
	else if (!decide_by_words(j))
		decide(j, VERDICT_UNKNOWN, REASON_RESTRICTED);
}

static void judge_limited(struct judged *j)
{
	if (!j->style->quota_is_rate && meaning_of(j) == MEANS_NO_CREDIT)
		decide(j, VERDICT_NO_CREDIT, REASON_BILLING);
	else
		decide(j, VERDICT_LIMITED, REASON_RATE_LIMIT);
}

static void judge_proxy(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_PROXY);
}

static void judge_redirect(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_REDIRECT);
	str_copy(j->message, sizeof(j->message), j->answer->transport_text);
}

static void judge_server(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_SERVER);
}

static void judge_format(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_FORMAT);
}

/* The first row that holds the status; the last row holds everything. */
static const struct {
	int from, to;
	void (*judge)(struct judged *j);
} statuses[] = {
	{ 200, 299, judge_success },
	{ 300, 399, judge_redirect },
	{ 400, 400, judge_bad_request },
	{ 401, 401, judge_unauthorized },
	{ 402, 402, judge_payment },
	{ 403, 403, judge_forbidden },
	{ 407, 407, judge_proxy },
	{ 429, 429, judge_limited },
	{ 511, 511, judge_format }, /* "network authentication required": a captive portal */
	{ 500, 599, judge_server },
	{ 0, 999, judge_format },
};

static const char claude_code[] = "only authorized for use with Claude Code";

static void judge_answer(struct judged *j)
{
	int status = j->answer->status;

	if (contains_nocase(j->message, claude_code)) {
		decide(j, VERDICT_REJECTED, REASON_CLAUDE_CODE);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (status >= statuses[i].from && status <= statuses[i].to) {
			statuses[i].judge(j);
			return;
		}
	}
	judge_format(j);
}

void check_judge(struct check_result *out, const struct check_request *rq,
	const struct check_answer *a, const struct secret *key)
{
	struct judged j = { .out = out, .answer = a, .judge = rq->judge };

	j.style = &styles[(size_t)rq->judge < ARRAY_LEN(styles) ? rq->judge : JUDGE_STATUS];
	out->status = a->status;
	out->model_count = 0;
	memset(out->models, 0, sizeof(out->models));
	if (a->transport != REASON_NONE || !a->status) {
		decide(&j, VERDICT_UNKNOWN,
			a->transport != REASON_NONE ? a->transport : REASON_CLOSED);
		str_copy(j.message, sizeof(j.message), a->transport_text);
	} else {
		read_body(&j);
		judge_answer(&j);
		if (out->verdict == VERDICT_ACCEPTED)
			read_models(&j, key);
	}
	if (out->verdict == VERDICT_ACCEPTED && out->reason == REASON_NONE)
		j.message[0] = '\0';
	take_text(out->text, sizeof(out->text), j.message, strlen(j.message), key);
	json_object_put(j.root);
}
