/* SPDX-License-Identifier: MIT */
#include "cli/out_order.h"

#include "cli/out_base.h"

static void line(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s: ", name);
	out_text(out, value);
	fputc('\n', out);
}

static void order_line(FILE *out, const struct order_view *v)
{
	fputs("Order override: ", out);
	for (size_t i = 0; i < v->count; i++) {
		fputs(i ? ", " : "", out);
		out_text(out, v->ids[i]);
	}
	fputs(v->count ? "\n" : "(none)\n", out);
}

void out_order_get(FILE *out, const struct order_view *v)
{
	line(out, "Agent", v->agent);
	line(out, "Provider", v->provider);
	fputs("Auth file: ", out);
	out_path(out, v->store_path, v->home);
	fputc('\n', out);
	order_line(out, v);
}

bool out_order_get_json(FILE *out, const struct order_view *v, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *ids = v->count ? json_object_new_array() : NULL;

	for (size_t i = 0; i < v->count; i++)
		json_append(ids, json_text(v->ids[i]));
	json_put(root, "agentId", json_text(v->agent));
	json_put(root, "agentDir", json_text(v->agent_dir));
	json_put(root, "provider", json_text(v->provider));
	json_put(root, "authStorePath", json_path(v->store_path, v->home));
	json_put(root, "order", ids);
	return json_finish(out, root, e);
}

void out_order_set(FILE *out, const struct order_view *v)
{
	line(out, "Agent", v->agent);
	line(out, "Provider", v->provider);
	order_line(out, v);
}

void out_order_clear(FILE *out, const struct order_view *v)
{
	line(out, "Agent", v->agent);
	line(out, "Provider", v->provider);
	fputs("Cleared per-agent order override.\n", out);
}
