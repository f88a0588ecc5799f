/* SPDX-License-Identifier: MIT */
#include "cli/out_doctor.h"

#include <string.h>

#include "cli/out_base.h"

static size_t count(const struct snapshot *s, enum severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < s->finding_count; i++)
		n += s->findings[i].severity == severity;
	return n;
}

bool doctor_ok(const struct snapshot *s)
{
	return !count(s, SEVERITY_FAIL) && !count(s, SEVERITY_WARN);
}

/* Checks, not findings: one check may have found several things. */
static size_t checks_run(const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->finding_count; i++) {
		size_t k = 0;

		while (k < i && strcmp(s->findings[k].check, s->findings[i].check) != 0)
			k++;
		n += k == i;
	}
	return n;
}

static void detail(FILE *out, const char *name, const char *text)
{
	if (!text[0])
		return;
	fprintf(out, "      %s: ", name);
	out_text(out, text);
	fputc('\n', out);
}

void out_finding(FILE *out, const struct finding *f)
{
	static const char *const words[] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARN] = "warn",
		[SEVERITY_FAIL] = "fail",
	};

	fprintf(out, "%-4s  ", words[f->severity]);
	out_text(out, f->text);
	fputc('\n', out);
	detail(out, "read", f->evidence);
	detail(out, "fix", f->fix);
}

static void summary(FILE *out, const struct snapshot *s)
{
	size_t failed = count(s, SEVERITY_FAIL);
	size_t warnings = count(s, SEVERITY_WARN);
	size_t good = count(s, SEVERITY_OK);
	size_t listed = s->finding_count - good;

	if (good)
		fprintf(out, "%s%zu %sok\n", listed ? "\n" : "", good, listed ? "more " : "");
	if (failed || warnings)
		fprintf(out, "%zu failed, %zu warning%s\n", failed, warnings,
			warnings == 1 ? "" : "s");
}

void out_doctor_text(FILE *out, const struct snapshot *s)
{
	if (s->protection[0]) {
		fputs("Credentials: ", out);
		out_text(out, s->protection);
		fputs("\n\n", out);
	}
	for (size_t i = 0; i < s->finding_count; i++)
		if (s->findings[i].severity != SEVERITY_OK)
			out_finding(out, &s->findings[i]);
	summary(out, s);
}

static struct json_object *finding(const struct finding *f)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "checkId", json_text(f->check));
	json_put(o, "severity", json_text(severity_name(f->severity)));
	json_put(o, "message", json_text(f->text));
	if (f->evidence[0])
		json_put(o, "evidence", json_text(f->evidence));
	if (f->fix[0])
		json_put(o, "fixHint", json_text(f->fix));
	json_put(o, "fixable", json_object_new_boolean(f->safe));
	return o;
}

bool out_doctor_json(FILE *out, const struct snapshot *s, struct json_object *fixes, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *findings = json_object_new_array();

	for (size_t i = 0; i < s->finding_count; i++)
		if (s->findings[i].severity != SEVERITY_OK)
			json_append(findings, finding(&s->findings[i]));
	json_put(root, "schemaVersion", json_object_new_int64(1));
	json_put(root, "ok", json_object_new_boolean(doctor_ok(s)));
	json_put(root, "checksRun", json_object_new_int64((int64_t)checks_run(s)));
	if (s->protection[0])
		json_put(root, "credentials", json_text(s->protection));
	json_put(root, "findings", findings);
	if (fixes)
		json_put(root, "fixes", fixes);
	return json_finish(out, root, e);
}
