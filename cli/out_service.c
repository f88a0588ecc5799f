/* SPDX-License-Identifier: MIT */
#include "cli/out_service.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "cli/out_base.h"
#include "cli/out_table.h"

static bool is_of(const struct service_row *row, const char *provider)
{
	return !provider || strcmp(row->provider, provider) == 0;
}

/* --- text --------------------------------------------------------------------------------------
 */

static void print_unit(FILE *out, const struct service_view *v, const char *home)
{
	if (!v->name[0]) {
		fputs("No unit for the gateway was found; one runs without.\n", out);
		return;
	}
	fputs("The service ", out);
	out_text(out, v->name);
	if (v->user[0]) {
		fputs(" runs as ", out);
		out_text(out, v->user);
	}
	fputs(", from ", out);
	out_path(out, v->path, home);
	fputs(v->run ? ", through thinkfleetbot run.\n" : ".\n", out);
	if (v->masked)
		fputs("It is masked: systemd does not start it.\n", out);
	if (!v->ours && v->state[0]) {
		fputs("It uses another state folder: ", out);
		out_path(out, v->state, home);
		fputs(".\n", out);
	}
	if (v->gap[0]) {
		fputs("Not known here: ", out);
		out_text(out, v->gap);
		fputs(".\n", out);
	}
}

static void print_process(FILE *out, const struct service_view *v)
{
	char since[40];
	struct str when = STR_OF(since);

	if (!v->pid) {
		fputs("No gateway of this state folder runs.\n", out);
		return;
	}
	if (v->started_ms)
		clock_local(&when, v->started_ms);
	else
		str_add(&when, "a time that is not known");
	fprintf(out, "The gateway runs since %s, process %d%s.\n", since, v->pid,
		v->readable ? "" : ", whose variables cannot be read");
}

static void print_cell(struct str *out, const struct service_cell *c)
{
	static const char *const words[] = {
		[CELL_UNSET] = "-",
		[CELL_BLANK] = "(blank)",
		[CELL_SET] = "?",
		[CELL_UNKNOWN] = "?",
	};

	str_add(out, c->fingerprint[0] ? c->fingerprint : words[c->state]);
}

static bool print_row(struct out_table *t, const struct service_row *row, bool known, struct err *e)
{
	const struct service_cell *cells[] = { &row->shell, &row->dotenv, &row->unit,
		&row->process };
	char texts[ARRAY_LEN(cells)][FINGERPRINT_CAP + 8];
	char uses[400];
	struct str s = STR_OF(uses);

	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		struct str cell = STR_OF(texts[i]);

		print_cell(&cell, cells[i]);
	}
	str_add(&s, known ? service_wins_text(row->wins) : "not known");
	if (row->next.from[0])
		str_fmt(&s, " (%s)", row->next.from);
	return out_table_row(t,
		(const char *const[]){ row->name, texts[0], texts[1], texts[2], texts[3], uses }, 6,
		e);
}

bool out_service_text(FILE *out, const struct service_view *v, const char *provider,
	const char *home, struct err *e)
{
	static const char *const head[] = { "VARIABLE", "YOUR SHELL", ".ENV", "UNIT", "RUNNING",
		"THE SERVICE USES" };
	struct out_table t = { 0 };
	size_t rows = 0;
	bool ok;

	if (!v) {
		fputs("No gateway's service was found: variables are those of this shell.\n", out);
		return true;
	}
	print_unit(out, v, home);
	print_process(out, v);
	ok = out_table_row(&t, head, ARRAY_LEN(head), e);
	for (size_t i = 0; ok && i < v->row_count; i++) {
		if (!is_of(&v->rows[i], provider))
			continue;
		ok = print_row(&t, &v->rows[i], v->name[0] && v->ours, e);
		rows++;
	}
	if (ok && rows) {
		fputc('\n', out);
		out_table_print(out, &t);
	}
	out_table_release(&t);
	return ok;
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static struct json_object *text_or_null(const char *text)
{
	return text[0] ? json_text(text) : NULL;
}

static struct json_object *path_or_null(const char *path, const char *home)
{
	return path[0] ? json_path(path, home) : NULL;
}

static struct json_object *cell_json(const struct service_cell *c)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "state", json_text(cell_state_name(c->state)));
	json_put(o, "fingerprint", text_or_null(c->fingerprint));
	json_put(o, "from", text_or_null(c->from));
	return o;
}

static struct json_object *row_json(const struct service_row *row, bool known)
{
	struct json_object *o = json_object_new_object();
	struct json_object *next = known ? cell_json(&row->next) : NULL;

	json_put(o, "name", json_text(row->name));
	json_put(o, "provider", json_text(row->provider));
	json_put(o, "shell", cell_json(&row->shell));
	json_put(o, "dotenv", cell_json(&row->dotenv));
	json_put(o, "unit", cell_json(&row->unit));
	json_put(o, "running", cell_json(&row->process));
	if (known)
		json_put(next, "source", json_text(service_wins_name(row->wins)));
	json_put(o, "next", next);
	return o;
}

static struct json_object *process_json(const struct service_view *v)
{
	struct json_object *o;

	if (!v->pid)
		return NULL;
	o = json_object_new_object();
	json_put(o, "pid", json_object_new_int(v->pid));
	json_put(o, "user", text_or_null(v->process_user));
	json_put(o, "startedAt", v->started_ms ? json_object_new_int64(v->started_ms) : NULL);
	json_put(o, "readable", json_object_new_boolean(v->readable));
	json_put(o, "ofThisUnit", json_object_new_boolean(v->own_unit));
	return o;
}

struct json_object *out_service_json(
	const struct service_view *v, const char *provider, const char *home)
{
	struct json_object *o;
	struct json_object *rows;

	if (!v)
		return NULL;
	o = json_object_new_object();
	rows = json_object_new_array();
	json_put(o, "kind", text_or_null(v->kind));
	json_put(o, "name", text_or_null(v->name));
	json_put(o, "path", path_or_null(v->path, home));
	json_put(o, "user", text_or_null(v->user));
	json_put(o, "home", path_or_null(v->home, NULL));
	json_put(o, "workingDirectory", path_or_null(v->dir, home));
	json_put(o, "stateDir", path_or_null(v->state, home));
	json_put(o, "usesThisState", json_object_new_boolean(v->ours));
	json_put(o, "throughRun", json_object_new_boolean(v->run));
	json_put(o, "masked", json_object_new_boolean(v->masked));
	json_put(o, "activeState", text_or_null(v->active));
	json_put(o, "needsDaemonReload", json_object_new_boolean(v->needs_reload));
	json_put(o, "notKnown", text_or_null(v->gap));
	json_put(o, "process", process_json(v));
	for (size_t i = 0; i < v->row_count; i++)
		if (is_of(&v->rows[i], provider))
			json_object_array_add(rows, row_json(&v->rows[i], v->name[0] && v->ours));
	json_put(o, "variables", rows);
	return o;
}
