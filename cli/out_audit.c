/* SPDX-License-Identifier: MIT */
#include "cli/out_audit.h"

#include <inttypes.h>
#include <string.h>

#include "cli/out_base.h"
#include "provider/provider.h"

#define SHOWN 20

static const char *status_word(const struct audit *a)
{
	if (audit_count(a, AUDIT_REF_UNRESOLVED))
		return "unresolved";
	return a->count || a->more ? "findings" : "clean";
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* --- text --------------------------------------------------------------------------------------
 */

void out_audit_finding(FILE *out, const struct audit_finding *f, const char *home)
{
	fprintf(out, "- [%s] ", audit_code_name(f->code));
	out_path(out, f->file, home);
	if (f->line)
		fprintf(out, ":%u", f->line);
	if (f->path[0]) {
		fputs(":", out);
		out_text(out, f->path);
	}
	fputs(" ", out);
	out_text(out, f->message);
	if (f->rotate)
		fputs("; others may have read it: rotate it", out);
	fputc('\n', out);
}

/* Each provider once: scrubbing a file does not take back what was read. */
static void rotations(FILE *out, const struct audit *a)
{
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		bool due = false;

		for (size_t k = 0; k < a->count && !due; k++)
			due = a->findings[k].rotate && strcmp(a->findings[k].provider, p->id) == 0;
		if (!due)
			continue;
		fprintf(out, "Rotate at %s: revoke the old key", p->label);
		if (p->keys_page)
			fprintf(out, " at %s", p->keys_page);
		fputs(", then thinkfleetbot onboard --rotate\n", out);
	}
}

static void looked_at(FILE *out, const struct audit *a)
{
	fprintf(out, "\nLooked at %zu file%s (%.1f MB) for %zu credential%s", a->file_count,
		plural(a->file_count), (double)a->bytes / 1e6, a->values, plural(a->values));
	fprintf(out, ", %zu of them sealed:", a->sealed);
	for (size_t i = 0, n = 0; i < PLACES; i++)
		if (a->by_place[i])
			fprintf(out, "%s %s %zu", n++ ? "," : "",
				residue_place_text((enum residue_place)i), a->by_place[i]);
	fputs(".\n", out);
	if (a->binary)
		fprintf(out,
			"%zu binary file%s searched too; what is found there cannot be scrubbed.\n",
			a->binary, plural(a->binary));
	if (a->too_short)
		fprintf(out, "%zu credential%s shorter than %d characters: not looked for.\n",
			a->too_short, plural(a->too_short), RESIDUE_MIN);
	if (a->locked.code) {
		fputs("The sealed credentials were not looked for: ", out);
		out_text(out, a->locked.msg);
		fputs(".\n", out);
	}
}

static void not_read(FILE *out, const struct audit *a, const char *home)
{
	if (!a->note_count)
		return;
	fprintf(out, "Not, or not fully, read:\n");
	for (size_t i = 0; i < a->note_count && i < SHOWN; i++) {
		fputs("  ", out);
		out_path(out, a->notes[i].path, home);
		fputs(": ", out);
		out_text(out, a->notes[i].why);
		fputc('\n', out);
	}
	if (a->note_count > SHOWN)
		fprintf(out, "  ... %zu more; --json lists them\n", a->note_count - SHOWN);
}

void out_audit_text(FILE *out, const struct audit *a, const char *home)
{
	size_t all = a->count + a->more;

	fprintf(out, "Secrets audit: %s%s. plaintext=%zu, unresolved=%zu, shadowed=%zu, legacy=%zu",
		status_word(a), a->incomplete ? " in what could be read" : "",
		audit_count(a, AUDIT_PLAINTEXT_FOUND), audit_count(a, AUDIT_REF_UNRESOLVED),
		audit_count(a, AUDIT_REF_SHADOWED), audit_count(a, AUDIT_LEGACY_RESIDUE));
	fprintf(out, ", sealed-copies=%zu, stale-files=%zu.\n", audit_count(a, AUDIT_SEALED_COPY),
		audit_count(a, AUDIT_STALE_TEMP));
	for (size_t i = 0; i < a->count && i < SHOWN; i++)
		out_audit_finding(out, &a->findings[i], home);
	if (all > SHOWN)
		fprintf(out, "... %zu more finding(s).\n", all - SHOWN);
	if (a->refs_skipped)
		fprintf(out,
			"Audit note: skipped %zu reference(s) to other secret stores: nothing is "
			"executed by an audit.\n",
			a->refs_skipped);
	rotations(out, a);
	looked_at(out, a);
	not_read(out, a, home);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static struct json_object *size(uint64_t n)
{
	return json_object_new_int64((int64_t)n);
}

static const char *severity_word(enum severity s)
{
	static const char *const words[] = { "info", "info", "warn", "error" };

	return words[s];
}

static const char *mend_word(enum audit_mend m)
{
	static const char *const words[] = {
		[AUDIT_KEEP] = NULL,
		[AUDIT_DROP_LINE] = "remove-line",
		[AUDIT_DROP_VALUE] = "remove-value",
		[AUDIT_DROP_FILE] = "remove-file",
	};

	return words[m];
}

static struct json_object *finding(const struct audit_finding *f)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "code", json_text(audit_code_name(f->code)));
	json_put(o, "severity", json_text(severity_word(f->severity)));
	json_put(o, "file", json_text(f->file));
	if (f->path[0])
		json_put(o, "jsonPath", json_text(f->path));
	if (f->line)
		json_put(o, "line", json_object_new_int64(f->line));
	json_put(o, "message", json_text(f->message));
	if (f->provider[0])
		json_put(o, "provider", json_text(f->provider));
	if (f->profile[0])
		json_put(o, "profileId", json_text(f->profile));
	if (mend_word(f->mend))
		json_put(o, "fix", json_text(mend_word(f->mend)));
	if (f->rotate)
		json_put(o, "rotate", json_object_new_boolean(true));
	return o;
}

static struct json_object *resolution(const struct audit *a)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "refsChecked", size(a->refs_checked));
	json_put(o, "skippedExecRefs", size(a->refs_skipped));
	json_put(o, "resolvabilityComplete", json_object_new_boolean(!a->refs_skipped));
	return o;
}

static struct json_object *summary(const struct audit *a)
{
	struct json_object *o = json_object_new_object();

	for (int c = 0; c < AUDIT_CODES; c++)
		json_put(o, audit_code_key((enum audit_code)c),
			size(audit_count(a, (enum audit_code)c)));
	/* The family's, for its SQLite stores, which are not read for their meaning here. */
	json_put(o, "storeResidueCount", size(0));
	return o;
}

static struct json_object *searched(const struct audit *a)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "values", size(a->values));
	json_put(o, "sealedValues", size(a->sealed));
	json_put(o, "tooShort", size(a->too_short));
	json_put(o, "files", size(a->file_count));
	json_put(o, "binaryFiles", size(a->binary));
	json_put(o, "bytes", size(a->bytes));
	if (a->locked.code)
		json_put(o, "vaultClosed", json_text(a->locked.msg));
	return o;
}

static struct json_object *notes(const struct audit *a)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < a->note_count; i++) {
		struct json_object *o = json_object_new_object();

		json_put(o, "file", json_text(a->notes[i].path));
		json_put(o, "reason", json_text(a->notes[i].why));
		json_append(list, o);
	}
	return list;
}

bool out_audit_json(FILE *out, const struct audit *a, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *files = json_object_new_array();
	struct json_object *findings = json_object_new_array();

	for (size_t i = 0; i < a->file_count; i++)
		json_append(files, json_text(a->files[i]));
	for (size_t i = 0; i < a->count; i++)
		json_append(findings, finding(&a->findings[i]));
	json_put(root, "version", json_object_new_int64(1));
	json_put(root, "status", json_text(status_word(a)));
	json_put(root, "resolution", resolution(a));
	json_put(root, "filesScanned", files);
	json_put(root, "summary", summary(a));
	json_put(root, "findings", findings);
	json_put(root, "moreFindings", size(a->more));
	json_put(root, "searched", searched(a));
	json_put(root, "notRead", notes(a));
	return json_finish(out, root, e);
}
