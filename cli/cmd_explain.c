/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/look.h"
#include "cli/out_base.h"
#include "cli/out_service.h"
#include "cli/out_table.h"

/*
 * `models auth explain`: which credential of a provider is used, and why not the
 * others. The order is the survey's, which asks the one order function of the
 * program (health/order.h); nothing is decided here.
 */

static struct {
	const char *agent;
	bool json;
} given;

static const struct opt opts[] = {
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

/* A place that a gateway looks at: what is there, or that nothing is. */
struct source {
	const struct credential *c; /* NULL: nothing is there */
	char name[ID_CAP];
	char why[400];
};

#define SOURCES_MAX 512

struct explanation {
	const struct snapshot *now;
	const struct place *place;
	const char *provider;
	struct source list[SOURCES_MAX];
	size_t count;
	size_t left_out; /* beyond the maximum */
	const struct credential *winner;
};

static struct source *add(struct explanation *x, const struct credential *c, const char *name)
{
	struct source *s = &x->list[x->count];

	if (x->count == SOURCES_MAX) {
		x->left_out++;
		return NULL;
	}
	x->count++;
	*s = (struct source){ .c = c };
	str_copy(s->name, sizeof(s->name), name);
	return s;
}

static bool opens(const struct credential *c)
{
	return c->opens == OPENS_UNTRIED || c->opens == OPENS_YES || c->opens == OPENS_OLDER;
}

static void say_why(const struct explanation *x, const struct credential *c, struct str *why)
{
	if (c->rank == 1)
		str_add(why, "wins: ");
	if (c->rank == 1 && c->selected == SELECTED_BEHIND)
		str_add(why, "nothing before it is usable");
	else
		fact_selected(why, c, x->now->now_ms);
	if (!opens(c)) {
		str_add(why, c->rank == 1 ? ", but does not open: " : "; opens: ");
		fact_opens(why, c);
	}
}

/* By rank, what is never tried last; otherwise as the survey found them. */
static int compare(const void *a, const void *b)
{
	const struct credential *x = *(const struct credential *const *)a;
	const struct credential *y = *(const struct credential *const *)b;
	unsigned rx = x->rank ? x->rank : UINT32_MAX;
	unsigned ry = y->rank ? y->rank : UINT32_MAX;

	return rx != ry ? (rx > ry) - (rx < ry) : (x > y) - (x < y);
}

static bool add_found(struct explanation *x, struct err *e)
{
	size_t n = 0;
	const struct credential **list =
		calloc(x->now->credential_count + 1, sizeof(struct credential *));

	if (!list)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < x->now->credential_count; i++)
		if (strcmp(x->now->credentials[i].provider, x->provider) == 0)
			list[n++] = &x->now->credentials[i];
	qsort(list, n, sizeof(struct credential *), compare);
	for (size_t i = 0; i < n; i++) {
		struct source *s = add(x, list[i], list[i]->id);
		struct str why = s ? STR_OF(s->why) : (struct str){ 0 };

		if (s)
			say_why(x, list[i], &why);
		if (list[i]->rank == 1)
			x->winner = list[i];
	}
	free(list);
	return true;
}

static bool carried(const struct explanation *x, const char *var)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->list[i].c && strcmp(x->list[i].c->var, var) == 0)
			return true;
	return false;
}

static void add_absent(struct explanation *x, const char *name, const char *why)
{
	struct source *s = add(x, NULL, name);

	if (s)
		str_copy(s->why, sizeof(s->why), why);
}

/* What a gateway would look at and find nothing: an answer, too. */
static void add_rest(struct explanation *x)
{
	const struct config_provider *row = config_provider(&x->place->config, x->provider);
	const struct provider *p = provider_find(x->provider);
	char name[ID_CAP];
	struct str s = STR_OF(name);

	for (size_t i = 0; p && i < PROVIDER_VARS && p->vars[i]; i++)
		if (!carried(x, p->vars[i]))
			add_absent(
				x, p->vars[i], "not set, here or in .env or in the configuration");
	str_fmt(&s, "models.providers.%s.apiKey", x->provider);
	if (!row || row->key == CONFIG_KEY_NONE)
		add_absent(x, name, "not there");
	else if (row->key == CONFIG_KEY_REF)
		add_absent(x, name, "behind the others: a reference to a secret store");
	else if (row->key == CONFIG_KEY_VARIABLE)
		add_absent(x, name, "behind the others: taken from a variable");
}

/* --- what is said --------------------------------------------------------------------------------
 */

static bool print_sources(const struct explanation *x, struct err *e)
{
	static const char *const head[] = { "TRIED", "SOURCE", "STORED", "FINGERPRINT", "IN USE",
		"WHY" };
	struct out_table t = { 0 };
	bool ok = out_table_row(&t, head, ARRAY_LEN(head), e);

	for (size_t i = 0; ok && i < x->count; i++) {
		const struct credential *c = x->list[i].c;
		char tried[16] = "-";
		char stored[120] = "-";
		char in_use[64] = "-";

		if (c && c->rank)
			snprintf(tried, sizeof(tried), "%u", c->rank);
		if (c) {
			struct str s = STR_OF(stored);
			struct str u = STR_OF(in_use);

			fact_stored(&s, c);
			fact_in_use(&u, c);
		}
		ok = out_table_row(&t,
			(const char *const[]){ tried, x->list[i].name, stored,
				c && c->fingerprint[0] ? c->fingerprint : "-", in_use,
				x->list[i].why },
			ARRAY_LEN(head), e);
	}
	if (ok)
		out_table_print(stdout, &t);
	out_table_release(&t);
	return ok;
}

static bool print_text(const struct explanation *x, struct err *e)
{
	if (x->winner) {
		fputs("A gateway uses ", stdout);
		out_text(stdout, x->winner->id);
	} else {
		fputs("A gateway has nothing to use", stdout);
	}
	printf(" for %s (agent ", x->provider);
	out_text(stdout, x->now->agent);
	puts(").\n");
	if (!print_sources(x, e))
		return false;
	if (x->left_out)
		printf("and %zu more\n", x->left_out);
	putchar('\n');
	return out_service_text(stdout, x->now->service, x->provider, x->now->home, e);
}

static struct json_object *source_json(const struct source *s)
{
	struct json_object *o = json_object_new_object();
	const struct credential *c = s->c;

	json_put(o, "source", json_text(s->name));
	json_put(o, "rank", c && c->rank ? json_object_new_int64(c->rank) : NULL);
	json_put(o, "stored", c ? json_text(stored_name(c->stored)) : NULL);
	json_put(o, "opens", c ? json_text(opens_name(c->opens)) : NULL);
	json_put(o, "kind", c ? json_text(cred_kind_name(c->kind)) : NULL);
	json_put(o, "fingerprint", c && c->fingerprint[0] ? json_text(c->fingerprint) : NULL);
	json_put(o, "selected", c ? json_text(selected_name(c->selected)) : NULL);
	json_put(o, "inUse", c ? json_text(in_use_name(c->in_use)) : NULL);
	json_put(o, "variable", c && c->var[0] ? json_text(c->var) : NULL);
	json_put(o, "why", json_text(s->why));
	return o;
}

static bool print_json(const struct explanation *x, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_put(root, "provider", json_text(x->provider));
	json_put(root, "agent", json_text(x->now->agent));
	json_put(root, "winner", x->winner ? json_text(x->winner->id) : NULL);
	json_put(root, "winnerOpens", x->winner ? json_object_new_boolean(opens(x->winner)) : NULL);
	for (size_t i = 0; i < x->count; i++)
		json_append(list, source_json(&x->list[i]));
	json_put(root, "sources", list);
	json_put(root, "service", out_service_json(x->now->service, x->provider, x->now->home));
	return json_finish(stdout, root, e);
}

static bool explain(struct explanation *x, int *status, struct err *e)
{
	if (!add_found(x, e))
		return false;
	add_rest(x);
	*status = x->winner && opens(x->winner) ? 0 : 1;
	return given.json ? print_json(x, e) : print_text(x, e);
}

static bool run(struct cli *c, struct err *e)
{
	struct explanation *x = calloc(1, sizeof(*x));
	char provider[PROVIDER_CAP];
	struct snapshot now = { 0 };
	struct place place = { 0 };
	bool ok = false;

	if (!x)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (!provider_normalise(provider, sizeof(provider), c->args.items[0]) || !provider[0]) {
		err_set(e, ERR_USAGE, "no provider is called \"%.60s\"", c->args.items[0]);
		goto out;
	}
	if (!place_find(&place, given.agent, PLACE_READ, "models auth explain", e))
		goto out;
	x->place = &place;
	x->now = &now;
	x->provider = provider;
	/* Half of the places would give a wrong answer, not half of one. */
	ok = look_take(&now, &place, &(struct look){ .ask_systemd = true }, e) &&
	     look_complete(&now, e) && explain(x, &c->status, e);
	snapshot_release(&now);
	place_release(&place);
out:
	free(x);
	return ok;
}

const struct cmd cmd_explain = {
	.name = "models auth explain",
	.args = "PROVIDER [--agent ID] [--json]",
	.summary = "which credential a gateway uses for a provider, and why not the others",
	.detail =
		"Every place it looks at, in its order: profiles, variables, the configuration;\n"
		"then its variables here, in .env, in the gateway's service, in the one that "
		"runs.\n"
		"Status 1: there is nothing that it could use.",
	.opts = opts,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
