/* SPDX-License-Identifier: MIT */
#include "cli/out_base.h"
#include "cli/out_probe.h"

/* The family's members in its order (8.3, 8.6); ours follow in each row, when there is something.
 */

static struct json_object *options(const struct probe_report *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; i < r->profile_count; i++)
		json_append(ids, json_text(r->profile_ids[i]));
	if (r->provider[0])
		json_put(o, "provider", json_text(r->provider));
	json_put(o, "profileIds", ids);
	json_put(o, "timeoutMs", json_object_new_int64(r->timeout_ms));
	json_put(o, "concurrency", json_object_new_int64(r->concurrency));
	json_put(o, "maxTokens", json_object_new_int64(r->max_tokens));
	return o;
}

static void put_if(struct json_object *o, const char *name, const char *text)
{
	if (text && text[0])
		json_put(o, name, json_text(text));
}

static struct json_object *row_json(const struct probe_row *row)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "provider", json_text(row->provider->id));
	put_if(o, "model", row->model);
	put_if(o, "profileId", row->profile_id);
	json_put(o, "label", json_text(row->label));
	json_put(o, "source", json_text(row->source));
	json_put(o, "mode", json_text(row->mode));
	json_put(o, "status", json_text(probe_status_name(row->status)));
	put_if(o, "reasonCode", row->reason_code);
	put_if(o, "error", row->error);
	if (row->latency_ms >= 0)
		json_put(o, "latencyMs", json_object_new_int(row->latency_ms));
	if (row->verdict != VERDICT_NONE) {
		json_put(o, "verdict", json_text(verdict_name(row->verdict)));
		json_put(o, "reason", json_text(reason_name(row->reason)));
	}
	put_if(o, "account", row->account);
	put_if(o, "credit", row->credit);
	put_if(o, "limits", row->limits);
	if (row->skew_ms)
		json_put(o, "skewMs", json_object_new_int64(row->skew_ms));
	return o;
}

/* What was not asked comes first, as in the family's. */
static void add_rows(struct json_object *list, const struct probe_report *r, bool target)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].target == target)
			json_append(list, row_json(&r->rows[i]));
}

struct json_object *out_probe_json(const struct probe_report *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rows = json_object_new_array();

	add_rows(rows, r, false);
	add_rows(rows, r, true);
	json_put(o, "startedAt", json_object_new_int64(r->started_ms));
	json_put(o, "finishedAt", json_object_new_int64(r->finished_ms));
	json_put(o, "durationMs", json_object_new_int64(r->duration_ms));
	json_put(o, "totalTargets", json_object_new_int64((int64_t)r->targets));
	json_put(o, "options", options(r));
	json_put(o, "results", rows);
	return o;
}
