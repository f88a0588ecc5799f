/* SPDX-License-Identifier: MIT */
#include "cli/resolve.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static bool seen_before(const struct resolve_request *rq, const char *id)
{
	for (size_t i = 0; i < rq->count; i++)
		if (rq->ids[i] && strcmp(rq->ids[i], id) == 0)
			return true;
	return false;
}

static bool add_id(struct resolve_request *rq, struct json_object *item, struct err *e)
{
	const char *id;

	if (!json_object_is_type(item, json_type_string))
		return err_set(e, ERR_DAMAGED, "an id is not a string");
	id = json_object_get_string(item);
	if (!id || strlen(id) != (size_t)json_object_get_string_len(item))
		return err_set(e, ERR_DAMAGED, "an id holds a NUL");
	if (seen_before(rq, id))
		return true;
	rq->ids[rq->count] = strdup(id);
	if (!rq->ids[rq->count])
		return err_set(e, ERR_MEMORY, "out of memory");
	rq->count++;
	return true;
}

static bool read_request(struct resolve_request *rq, struct json_object *root, struct err *e)
{
	struct json_object *version;
	struct json_object *ids;
	size_t n;

	if (!json_object_is_type(root, json_type_object))
		return err_set(e, ERR_DAMAGED, "the request is not an object");
	if (!json_object_object_get_ex(root, "protocolVersion", &version) ||
		!json_object_is_type(version, json_type_int) || json_object_get_int64(version) != 1)
		return err_set(e, ERR_DAMAGED, "protocolVersion is not 1");
	if (!json_object_object_get_ex(root, "ids", &ids) ||
		!json_object_is_type(ids, json_type_array))
		return err_set(e, ERR_DAMAGED, "ids is not an array");
	n = json_object_array_length(ids);
	if (n > RESOLVE_IDS_MAX)
		return err_set(e, ERR_DAMAGED, "more than %d ids", RESOLVE_IDS_MAX);
	rq->ids = calloc(n ? n : 1, sizeof(*rq->ids));
	if (!rq->ids)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (!add_id(rq, json_object_array_get_idx(ids, i), e))
			return false;
	return true;
}

bool resolve_parse(struct resolve_request *rq, const char *p, size_t n, struct err *e)
{
	struct json_tokener *tok = json_tokener_new_ex(8);
	struct json_object *root = NULL;
	bool ok = false;

	*rq = (struct resolve_request){ 0 };
	if (!tok)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (n > RESOLVE_REQUEST_MAX) {
		err_set(e, ERR_DAMAGED, "the request is larger than %zu bytes",
			RESOLVE_REQUEST_MAX);
		goto out;
	}
	/* STRICT also refuses anything after the document. */
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, p, (int)n);
	if (!root && json_tokener_get_error(tok) == json_tokener_continue)
		root = json_tokener_parse_ex(tok, "", -1);
	if (!root) {
		err_set(e, ERR_DAMAGED, "the request is not JSON");
		goto out;
	}
	ok = read_request(rq, root, e);
out:
	if (!ok)
		resolve_release(rq);
	json_object_put(root);
	json_tokener_free(tok);
	return ok;
}

void resolve_release(struct resolve_request *rq)
{
	for (size_t i = 0; i < rq->count; i++)
		free(rq->ids[i]);
	free(rq->ids);
	*rq = (struct resolve_request){ 0 };
}

static bool put(struct secret *out, const char *p, size_t n)
{
	return secret_insert(out, out->len, p, n);
}

/* A JSON string; ids and secrets may hold any byte but NUL. */
static bool put_string(struct secret *out, const char *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	if (!put(out, "\"", 1))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		char escaped[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

		if (c == '"' || c == '\\') {
			char two[2] = { '\\', (char)c };

			if (!put(out, two, 2))
				return false;
		} else if (c < 0x20) {
			if (!put(out, escaped, 6))
				return false;
		} else if (!put(out, p + i, 1)) {
			return false;
		}
	}
	return put(out, "\"", 1);
}

/* The gateway logs these; nothing else is ever said about an id. */
struct refusal {
	enum err_code code;
	const char *name;
	const char *message;
};

static const struct refusal refusals[] = {
	{ ERR_NOT_FOUND, "NOT_FOUND", "not found" },
	{ ERR_KEY, "LOCKED", "locked" },
	{ ERR_LOCKED, "LOCKED", "locked" },
	{ ERR_REFUSED, "LOCKED", "locked" },
	{ ERR_DAMAGED, "TAMPERED", "tampered" },
};

static const struct refusal internal = { ERR_FAILED, "INTERNAL", "internal" };

static const struct refusal *refusal_of(enum err_code code)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (refusals[i].code == code)
			return &refusals[i];
	return &internal;
}

static bool put_refusal(struct secret *out, const char *id, const struct refusal *r)
{
	char text[80];
	struct str s = STR_OF(text);

	str_fmt(&s, ":{\"code\":\"%s\",\"message\":\"%s\"}", r->name, r->message);
	return put_string(out, id, strlen(id)) && put(out, text, s.len);
}

/* The vault, opened once for the whole request; why not, for every id. */
struct source {
	struct vault vault;
	const struct refusal *closed; /* NULL: open */
};

static bool source_open(struct source *s, const struct resolve_request *rq, const char *vault_path,
	const char *key_dir, struct err *e)
{
	struct err why = { 0 };

	if (!vault_load(&s->vault, vault_path, &why)) {
		s->closed = refusal_of(why.code);
	} else {
		/* One damaged record must not cost the others: each opens by its own seal. */
		vault_tolerate(&s->vault);
		if (!vault_unlock_unattended(&s->vault, key_dir, &why))
			s->closed = refusal_of(why.code == ERR_NOT_FOUND ? ERR_KEY : why.code);
	}
	/* That is no answer about any id: the next question may get another one. */
	if (!s->closed || (why.code != ERR_MEMORY && !rq->must_open))
		return true;
	if (e)
		*e = why;
	return false;
}

static bool answer_one(struct secret *out, const struct source *s, const char *id, bool *first,
	struct err *refused)
{
	struct secret value = { 0 };
	bool ok = true;

	*refused = (struct err){ 0 };
	if (s->closed) {
		refused->code = s->closed->code;
	} else if (vault_get(&s->vault, id, &value, refused)) {
		ok = (*first || put(out, ",", 1)) && put_string(out, id, strlen(id)) &&
		     put(out, ":", 1) && put_string(out, value.bytes, value.len);
		*first = false;
	}
	secret_release(&value);
	return ok;
}

static bool too_large(struct err *e)
{
	return err_set(e, ERR_FAILED, "the answer is larger than a gateway reads");
}

/* The ids that have a value; why the others have none goes to refused[]. */
static bool write_values(struct secret *out, const struct resolve_request *rq,
	const struct source *s, enum err_code *refused, struct err *e)
{
	struct err why;
	bool first = true;

	for (size_t i = 0; i < rq->count; i++) {
		if (!answer_one(out, s, rq->ids[i], &first, &why))
			return too_large(e);
		refused[i] = why.code;
		if (why.code == ERR_MEMORY || (why.code && rq->must_open)) {
			if (e)
				*e = why;
			return false;
		}
	}
	return true;
}

static bool write_refusals(struct secret *out, const struct resolve_request *rq,
	const struct source *s, const enum err_code *refused)
{
	bool first = true;

	for (size_t i = 0; i < rq->count; i++) {
		if (refused[i] == ERR_NONE)
			continue;
		if ((!first && !put(out, ",", 1)) ||
			!put_refusal(
				out, rq->ids[i], s->closed ? s->closed : refusal_of(refused[i])))
			return false;
		first = false;
	}
	return true;
}

static bool write_answer(struct secret *out, const struct resolve_request *rq,
	const struct source *s, enum err_code *refused, struct err *e)
{
	static const char head[] = "{\"protocolVersion\":1,\"values\":{";
	static const char middle[] = "},\"errors\":{";

	if (!put(out, head, sizeof(head) - 1))
		return too_large(e);
	if (!write_values(out, rq, s, refused, e))
		return false;
	return (put(out, middle, sizeof(middle) - 1) && write_refusals(out, rq, s, refused) &&
		       put(out, "}}\n", 3)) ||
	       too_large(e);
}

bool resolve_answer(struct secret *out, const struct resolve_request *rq, const char *vault_path,
	const char *key_dir, struct err *e)
{
	enum err_code *refused = calloc(rq->count ? rq->count : 1, sizeof(*refused));
	struct source s = { 0 };
	bool ok = false;

	*out = (struct secret){ 0 };
	if (!refused) {
		err_set(e, ERR_MEMORY, "out of memory");
		goto out;
	}
	if (!secret_init(out, RESOLVE_ANSWER_MAX, e))
		goto out;
	ok = source_open(&s, rq, vault_path, key_dir, e) && write_answer(out, rq, &s, refused, e);
out:
	vault_release(&s.vault);
	free(refused);
	if (!ok)
		secret_release(out);
	return ok;
}
