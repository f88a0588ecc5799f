/* SPDX-License-Identifier: MIT */
#include "cli/out_base.h"

#include <stdint.h>
#include <string.h>

#include "base/fs.h"
#include "base/memory.h"
#include "base/text.h"

#define TEXT_CAP 4096 /* longer than any field of a snapshot */

/* Printable ASCII needs no work; it is nearly everything. */
static bool plain(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p >= 0x20 && *p < 0x7f)
		p++;
	return *p == '\0';
}

static void clean(struct str *out, const char *text)
{
	text_clean(out, text, strlen(text), SIZE_MAX);
}

void out_text(FILE *out, const char *text)
{
	char cleaned[TEXT_CAP];
	struct str s = STR_OF(cleaned);

	if (plain(text)) {
		fputs(text, out);
		return;
	}
	clean(&s, text);
	fputs(cleaned, out);
}

void out_path(FILE *out, const char *path, const char *home)
{
	char text[TEXT_CAP];
	struct str s = STR_OF(text);

	fs_shorten(&s, path, home);
	out_text(out, text);
}

struct json_object *json_text(const char *text)
{
	char cleaned[TEXT_CAP];
	struct str s = STR_OF(cleaned);

	if (plain(text))
		return json_object_new_string(text);
	clean(&s, text);
	return json_object_new_string(cleaned);
}

struct json_object *json_path(const char *path, const char *home)
{
	char text[TEXT_CAP];
	struct str s = STR_OF(text);

	fs_shorten(&s, path, home);
	return json_text(text);
}

void json_put(struct json_object *to, const char *key, struct json_object *value)
{
	if (!to || json_object_object_add_ex(to, key, value,
			   JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY) != 0)
		json_object_put(value);
}

void json_append(struct json_object *to, struct json_object *value)
{
	if (!to || json_object_array_add(to, value) != 0)
		json_object_put(value);
}

void json_put_text(struct json_object *to, const char *key, struct json_object *value)
{
	char cleaned[TEXT_CAP];
	struct str s = STR_OF(cleaned);

	clean(&s, key);
	if (!to || json_object_object_add(to, cleaned, value) != 0)
		json_object_put(value);
}

bool json_finish(FILE *out, struct json_object *root, struct err *e)
{
	const char *text = root ? json_object_to_json_string_ext(
					  root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							JSON_C_TO_STRING_NOSLASHESCAPE)
				: NULL;
	bool ok = text && !memory_ran_out();

	if (!ok)
		err_set(e, ERR_MEMORY, "out of memory for the output");
	else
		ok = (fputs(text, out) >= 0 && fputc('\n', out) >= 0) ||
		     err_sys(e, "cannot write the output");
	json_object_put(root);
	return ok;
}
