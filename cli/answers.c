/* SPDX-License-Identifier: MIT */
#include "cli/answers.h"

#include <stdlib.h>
#include <string.h>

#include "cli/out_base.h"
#include "provider/paste.h"
#include "store/doc.h"

#define VERSION 1
#define VALUE_CAP 1024

/* How a run goes is no answer. */
static bool is_answer(const struct opt *o)
{
	static const char *const others[] = { "answers", "print-answers", "dry-run",
		"non-interactive", "json", "rotate", "accept-rollback" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(o->name, others[i]) == 0)
			return false;
	return o->kind == OPT_FLAG || o->kind == OPT_TEXT;
}

static const struct opt *find(const struct opt *const tables[], const char *name)
{
	for (; *tables; tables++)
		for (const struct opt *o = *tables; o->kind != OPT_END; o++)
			if (is_answer(o) && strcmp(o->name, name) == 0)
				return o;
	return NULL;
}

static bool refuse_secret(const struct doc *d, uint32_t node, struct err *e)
{
	err_set(e, ERR_USAGE, "%.200s: line %u holds what looks like a key", d->name,
		doc_line(d, node));
	return err_hint(e,
		"name where it is: \"key-file\", \"key-env\" or \"key-fd\"; and rotate that key, "
		"it was in a file");
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define RANDOM_MIN 24 /* no name of a provider, a method or an agent is that long */

/* One word of mixed letters and digits: several providers' keys have no prefix. */
static bool looks_random(const char *value)
{
	size_t n = strlen(value);

	return n >= RANDOM_MIN && strspn(value, UPPER LOWER DIGITS "_-") == n &&
	       strpbrk(value, DIGITS) && strpbrk(value, LOWER) &&
	       (strpbrk(value, UPPER) || !strpbrk(value, "_-"));
}

/* What begins like a provider's key, and for the name of a variable all that is no such name. */
static bool is_secret(const char *option, const char *value)
{
	if (paste_looks_secret(value, strlen(value), NULL) || looks_random(value))
		return true;
	return strcmp(option, "key-env") == 0 && value[strspn(value, UPPER DIGITS "_")];
}

static bool read_text(
	struct answers *a, const struct doc *d, uint32_t node, const struct opt *o, struct err *e)
{
	char value[VALUE_CAP];
	int64_t n;
	bool ok = doc_text(d, node, value, sizeof(value));

	if (!ok && doc_int(d, node, &n)) {
		struct str s = STR_OF(value);

		str_fmt(&s, "%lld", (long long)n);
		ok = true;
	}
	if (!ok) {
		err_set(e, ERR_USAGE, "%.200s: line %u: \"%s\" is a text, at most %d bytes long",
			d->name, doc_line(d, node), o->name, VALUE_CAP - 1);
		goto out;
	}
	if (is_secret(o->name, value)) {
		ok = refuse_secret(d, node, e);
		goto out;
	}
	if (*o->to.text || a->count == ARRAY_LEN(a->texts))
		goto out; /* the command line counts */
	a->texts[a->count] = strdup(value);
	ok = a->texts[a->count] || err_set(e, ERR_MEMORY, "out of memory");
	if (ok)
		*o->to.text = a->texts[a->count++];
out:
	explicit_bzero(value, sizeof(value));
	return ok;
}

static bool unknown(const struct doc *d, uint32_t node, const char *name, struct err *e)
{
	static const char *const secret[] = { "key", "token", "secret", "pass" };

	err_set(e, ERR_USAGE, "%.200s: line %u: \"%.40s\" is no answer", d->name, doc_line(d, node),
		name);
	for (size_t i = 0; i < ARRAY_LEN(secret); i++)
		if (strstr(name, secret[i]))
			return err_hint(e,
				"a secret is not written here: \"key-file\", "
				"\"key-env\" or \"key-fd\" name where it is");
	return err_hint(
		e, "the names are those of the options: thinkfleetbot help onboard lists them");
}

static bool read_version(const struct doc *d, uint32_t node, struct err *e)
{
	int64_t n;

	if (doc_int(d, node, &n) && n == VERSION)
		return true;
	err_set(e, ERR_USAGE, "%.200s: line %u: this program reads version %d", d->name,
		doc_line(d, node), VERSION);
	return err_hint(e, "a newer thinkfleetbot printed it");
}

static bool read_member(struct answers *a, const struct doc *d, uint32_t node,
	const struct opt *const tables[], struct err *e)
{
	char name[64];
	const struct opt *o;
	bool on;

	if (!doc_key(d, node, name, sizeof(name)))
		name[0] = '\0';
	if (is_secret("", name))
		return refuse_secret(d, node, e);
	if (strcmp(name, "version") == 0)
		return read_version(d, node, e);
	o = find(tables, name);
	if (!o)
		return unknown(d, node, name, e);
	if (o->kind == OPT_TEXT)
		return read_text(a, d, node, o, e);
	if (!doc_bool(d, node, &on))
		return err_set(e, ERR_USAGE, "%.200s: line %u: \"%s\" is true or false", d->name,
			doc_line(d, node), o->name);
	*o->to.flag = *o->to.flag || on;
	return true;
}

bool answers_read(
	struct answers *a, const char *path, const struct opt *const tables[], struct err *e)
{
	struct doc d = { 0 };
	bool ok = false;

	*a = (struct answers){ 0 };
	if (!doc_load(&d, path, DOC_JSON5, NULL, NULL, e))
		goto out;
	if (doc_kind(&d, DOC_ROOT) != DOC_OBJECT) {
		err_set(e, ERR_USAGE, "%.200s: answers are a JSON object", d.name);
		goto out;
	}
	ok = true;
	for (uint32_t n = doc_first(&d, DOC_ROOT); ok && n != DOC_NONE; n = doc_next(&d, n))
		ok = read_member(a, &d, n, tables, e);
out:
	doc_release(&d);
	return ok;
}

void answers_release(struct answers *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->texts[i]);
	*a = (struct answers){ 0 };
}

bool answers_print(FILE *out, const struct opt *const tables[], struct err *e)
{
	struct json_object *root = json_object_new_object();

	json_put(root, "version", json_object_new_int(VERSION));
	for (; *tables; tables++) {
		for (const struct opt *o = *tables; o->kind != OPT_END; o++) {
			if (!is_answer(o))
				continue;
			if (o->kind == OPT_TEXT && *o->to.text && (*o->to.text)[0])
				json_put(root, o->name, json_text(*o->to.text));
			if (o->kind == OPT_FLAG && *o->to.flag)
				json_put(root, o->name, json_object_new_boolean(true));
		}
	}
	return json_finish(out, root, e);
}
