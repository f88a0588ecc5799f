/* SPDX-License-Identifier: MIT */
#include "store/checks.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key;
	size_t offset;
} text_fields[] = {
	{ "fingerprint", offsetof(struct check_note, fingerprint) },
	{ "verdict", offsetof(struct check_note, verdict) },
	{ "reason", offsetof(struct check_note, reason) },
	{ "expiresSource", offsetof(struct check_note, expires_source) },
};

static const char **text_field(struct check_note *note, size_t i)
{
	return (const char **)(void *)((char *)note + text_fields[i].offset);
}

static bool read_note(struct checks *c, const struct doc *d, uint32_t member)
{
	struct check_note *out = &c->list[c->count];

	*out = (struct check_note){ .credential = pool_key(&c->pool, d, member) };
	if (!out->credential)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(text_fields); i++) {
		*text_field(out, i) =
			pool_text(&c->pool, d, doc_get(d, member, text_fields[i].key));
		if (!*text_field(out, i))
			return false;
	}
	doc_int(d, doc_get(d, member, "at"), &out->at_ms);
	doc_int(d, doc_get(d, member, "latencyMs"), &out->latency_ms);
	doc_int(d, doc_get(d, member, "skewMs"), &out->skew_ms);
	if (*out->verdict)
		c->count++;
	return true;
}

/* One attempt: only we write this file, and always as a whole. */
static bool load_doc(struct doc *d, const char *path, struct err *e)
{
	struct buf text = { 0 };

	if (!fs_read(path, 0, &text, NULL, e)) {
		buf_release(&text);
		return false;
	}
	if (!doc_parse(d, &text, DOC_JSON, path, e))
		return false;
	if (doc_kind(d, doc_get(d, DOC_ROOT, "checks")) == DOC_OBJECT)
		return true;
	doc_release(d);
	return err_set(e, ERR_DAMAGED, "%s: not a list of checks", path);
}

/* Missing and damaged notes are not worth an error; a file that cannot be read is one. */
static bool worth_nothing(const struct err *why)
{
	return why->code == ERR_NOT_FOUND || why->code == ERR_DAMAGED;
}

bool checks_load(struct checks *c, const char *path, struct err *e)
{
	struct doc d = { 0 };
	struct err why = { 0 };
	uint32_t object;
	bool ok;

	*c = (struct checks){ 0 };
	if (!load_doc(&d, path, &why)) {
		if (!worth_nothing(&why) && e)
			*e = why;
		return worth_nothing(&why);
	}
	object = doc_get(&d, DOC_ROOT, "checks");
	c->list = calloc((size_t)doc_count(&d, object) + 1, sizeof(*c->list));
	ok = c->list != NULL;
	for (uint32_t m = doc_first(&d, object); ok && m != DOC_NONE; m = doc_next(&d, m))
		ok = read_note(c, &d, m);
	doc_release(&d);
	if (ok)
		return true;
	checks_release(c);
	return err_set(e, ERR_MEMORY, "%s: out of memory", path);
}

void checks_release(struct checks *c)
{
	free(c->list);
	pool_release(&c->pool);
	*c = (struct checks){ 0 };
}

const struct check_note *checks_find(
	const struct checks *c, const char *credential, const char *fingerprint)
{
	for (size_t i = c->count; i-- > 0;) {
		const struct check_note *note = &c->list[i];

		if (strcmp(note->credential, credential) != 0)
			continue;
		if (!fingerprint || !*fingerprint || strcmp(note->fingerprint, fingerprint) == 0)
			return note;
		return NULL;
	}
	return NULL;
}

static bool put_note(struct doc *d, const struct check_note *note, struct err *e)
{
	struct check_note copy = *note;
	struct doc_value v = { 0 };
	bool ok;

	doc_value_object(&v);
	for (size_t i = 0; i < ARRAY_LEN(text_fields); i++) {
		const char *text = *text_field(&copy, i);

		if (!text || !*text)
			continue;
		doc_value_key(&v, text_fields[i].key);
		doc_value_string(&v, text);
	}
	doc_value_key(&v, "at");
	doc_value_int(&v, note->at_ms);
	doc_value_key(&v, "latencyMs");
	doc_value_int(&v, note->latency_ms);
	if (note->skew_ms) {
		doc_value_key(&v, "skewMs");
		doc_value_int(&v, note->skew_ms);
	}
	doc_value_end(&v);
	ok = doc_put(d, (const char *const[]){ "checks", note->credential, NULL }, &v, e);
	doc_value_release(&v);
	return ok;
}

/* What is there, or an empty one. */
static bool load_or_new(struct doc *d, const char *path, struct err *e)
{
	static const char fresh[] = "{\n  \"version\": 1,\n  \"checks\": {}\n}\n";
	struct err why = { 0 };
	struct buf text = { 0 };

	if (load_doc(d, path, &why))
		return true;
	if (!worth_nothing(&why)) {
		if (e)
			*e = why;
		return false;
	}
	return buf_text(&text, fresh, e) && doc_parse(d, &text, DOC_JSON, path, e);
}

bool checks_record_all(const char *path, const struct check_note *notes, size_t n, struct err *e)
{
	struct doc d = { 0 };
	bool ok = load_or_new(&d, path, e);

	for (size_t i = 0; ok && i < n; i++)
		ok = put_note(&d, &notes[i], e);
	ok = ok && fs_replace(path, d.text.p, d.text.len, NULL, e);
	doc_release(&d);
	return ok;
}

bool checks_record(const char *path, const struct check_note *note, struct err *e)
{
	return checks_record_all(path, note, 1, e);
}

bool checks_forget(const char *path, const char *credential, struct err *e)
{
	const char *const key[] = { "checks", credential, NULL };
	struct err why = { 0 };
	struct doc d = { 0 };
	bool ok = true;

	if (!load_doc(&d, path, &why)) {
		if (!worth_nothing(&why) && e)
			*e = why;
		return worth_nothing(&why);
	}
	if (doc_find(&d, key) != DOC_NONE)
		ok = doc_remove(&d, key, e) && fs_replace(path, d.text.p, d.text.len, NULL, e);
	doc_release(&d);
	return ok;
}
