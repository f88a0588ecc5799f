/* SPDX-License-Identifier: MIT */

/* An endpoint of the user's own in the configuration. */

#include <stdio.h>
#include <string.h>

#include "cli/save_files.h"
#include "provider/own.h"

/* What it lists, and the one that was chosen: agents can use no other. */
struct served {
	const char *ids[CHECK_MODELS + 1];
	size_t count;
};

static void add(struct served *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->ids[i], id) == 0)
			return;
	if (id[0])
		list->ids[list->count++] = id;
}

static void collect(struct served *list, const struct save *s)
{
	size_t n = strlen(s->provider->id);

	if (s->model && strncmp(s->model, s->provider->id, n) == 0 && s->model[n] == '/')
		add(list, s->model + n + 1);
	for (size_t i = 0; s->endpoint && s->check && i < s->check->model_count; i++)
		if (i < CHECK_MODELS)
			add(list, s->check->models[i]);
}

/* A gateway refuses a configuration that names a variable which nothing sets (5.1). */
static void note_run(struct job *j, const struct job_item *it)
{
	struct job_file *f = &j->files[FILE_CONFIG];

	snprintf(f->note, sizeof(f->note),
		"start the gateway with \"thinkfleetbot run\": it needs %.30s", it->variable);
}

bool job_put_endpoint(struct job *j, const struct job_item *it, struct err *e)
{
	const struct save *s = it->s;
	struct served served = { 0 };
	char variable[96];
	struct config_endpoint p = {
		.id = s->provider->id, .own_key = variable, .models = served.ids
	};

	if (!s->provider->like)
		return true;
	collect(&served, s);
	p.model_count = served.count;
	snprintf(variable, sizeof(variable), "${%s}", s->provider->var);
	if (s->endpoint) {
		p.base_url = s->provider->base_url;
		p.api = own_provider_api(s->provider);
		p.bearer = s->method->auth == AUTH_BEARER && s->provider->api == API_ANTHROPIC;
	}
	if (!item_keeps_secret(it))
		p.key = CONFIG_NO_KEY;
	else if (!item_is_referred(j, it))
		p.key = variable;
	if (item_is_sealed(it) && p.key)
		note_run(j, it);
	return config_put_endpoint(&j->config.doc, &p, e);
}
