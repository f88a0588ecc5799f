/* SPDX-License-Identifier: MIT */
#include "cli/out_status.h"

#include <string.h>

#include "base/clock.h"
#include "cli/out_base.h"
#include "cli/status_view.h"

#define LABEL_CAP 1024

/* gateway-family.md 8.2: padded to 14 columns, longer ones are not cut. */
static void label(FILE *out, const char *name)
{
	fprintf(out, "%-14s: ", name);
}

static void line(FILE *out, const char *name, const char *value)
{
	label(out, name);
	out_text(out, value[0] ? value : "-");
	fputc('\n', out);
}

static void path_line(FILE *out, const struct snapshot *s, const char *name, const char *path)
{
	label(out, name);
	out_path(out, path, s->home);
	fputc('\n', out);
}

static void list_line(
	FILE *out, const char *name, const char (*items)[192], size_t n, const char *empty)
{
	char text[64];
	struct str s = STR_OF(text);

	str_fmt(&s, "%s (%zu)", name, n);
	label(out, text);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", out);
		out_text(out, items[i]);
	}
	fputs(n ? "\n" : empty, out);
}

static void alias_line(FILE *out, const struct snapshot *s)
{
	char text[64];
	struct str t = STR_OF(text);

	str_fmt(&t, "Aliases (%zu)", s->alias_count);
	label(out, text);
	for (size_t i = 0; i < s->alias_count; i++) {
		fputs(i ? ", " : "", out);
		out_text(out, s->aliases[i][0]);
		fputs(" -> ", out);
		out_text(out, s->aliases[i][1]);
	}
	fputs(s->alias_count ? "\n" : "-\n", out);
}

static void models(FILE *out, const struct snapshot *s)
{
	label(out, "Default");
	out_text(out, s->default_model);
	if (s->default_raw[0] && strcmp(s->default_raw, s->default_model) != 0) {
		fputs(" (from ", out);
		out_text(out, s->default_raw);
		fputs(")", out);
	}
	fputc('\n', out);
	list_line(out, "Fallbacks", s->fallbacks, s->fallback_count, "-\n");
	line(out, "Image model", s->image_model);
	list_line(out, "Image fallbacks", s->image_fallbacks, s->image_fallback_count, "-\n");
	alias_line(out, s);
	list_line(out, "Configured models", s->allowed, s->allowed_count, "all\n");
}

static void oauth_summary(FILE *out, const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->provider_count; i++)
		n += status_oauth_count(&s->providers[i]) > 0;
	fprintf(out, "Providers w/ OAuth/tokens (%zu): %s", n, n ? "" : "-");
	n = 0;
	for (size_t i = 0; i < s->provider_count; i++) {
		unsigned count = status_oauth_count(&s->providers[i]);

		if (!count)
			continue;
		fputs(n++ ? ", " : "", out);
		out_text(out, s->providers[i].id);
		fprintf(out, " (%u)", count);
	}
	fputc('\n', out);
}

static void profile_labels(FILE *out, const struct status_view *v, const struct status_group *g)
{
	const struct provider_state *p = g->provider;

	fprintf(out, " | profiles=%u (oauth=%u, token=%u, api_key=%u) | ", p->profiles, p->oauth,
		p->token, p->api_key);
	for (size_t i = 0; i < g->count; i++) {
		char text[LABEL_CAP];
		struct str s = STR_OF(text);

		status_label(&s, g->rows[i], v->s->now_ms);
		fputs(i ? ", " : "", out);
		out_text(out, text);
	}
}

/* "profiles:~/...", "env:sk-...", "models.json:...", "missing:missing" */
static void effective(FILE *out, const struct snapshot *s, const struct provider_state *p)
{
	fprintf(out, " effective=%s:", status_effective_kind(p));
	if (p->profiles)
		out_path(out, s->store_path, s->home);
	else if (p->env_var[0])
		out_text(out, status_env_value(p));
	else
		out_text(out, p->config_key_mask[0] ? p->config_key_mask : "missing");
}

static void provider_line(FILE *out, const struct status_view *v, const struct provider_state *p)
{
	struct status_group g = status_group(v, v->by_file, p);

	fputs("- ", out);
	out_text(out, p->id);
	effective(out, v->s, p);
	if (p->profiles)
		profile_labels(out, v, &g);
	if (p->env_var[0])
		fprintf(out, " | env=%s | source=%senv: %s", status_env_value(p),
			p->env_from_shell ? "shell " : "", p->env_var);
	if (p->config_key_mask[0]) {
		fputs(" | models.json=", out);
		out_text(out, p->config_key_mask);
		fputs(" | source=models.json: ", out);
		out_path(out, v->s->config_path, v->s->home);
	}
	fputc('\n', out);
}

/* gateway-family.md 8.2: "on (applied: A, B)" */
static void shell_env(FILE *out, const struct snapshot *s)
{
	char text[1024];
	struct str t = STR_OF(text);
	size_t n = 0;

	str_add(&t, s->shell_env ? "on" : "off");
	for (size_t i = 0; i < s->provider_count; i++)
		if (s->providers[i].env_from_shell)
			str_fmt(&t, "%s%s", n++ ? ", " : " (applied: ", s->providers[i].env_var);
	str_add(&t, n ? ")" : "");
	line(out, "Shell env", text);
}

static void overview(FILE *out, const struct status_view *v)
{
	const struct snapshot *s = v->s;

	fputs("\nAuth overview\n", out);
	path_line(out, s, "Auth store", s->store_path);
	shell_env(out, s);
	line(out, "Protection", s->protection);
	oauth_summary(out, s);
	for (size_t i = 0; i < s->provider_count; i++)
		if (status_has_any(&s->providers[i]))
			provider_line(out, v, &s->providers[i]);
}

static void missing(FILE *out, const struct snapshot *s)
{
	bool titled = false;

	for (size_t i = 0; i < s->provider_count; i++) {
		char text[256];
		struct str hint = STR_OF(text);

		if (!provider_missing(&s->providers[i]))
			continue;
		fputs(titled ? "" : "\nMissing auth\n", out);
		titled = true;
		status_hint(&hint, &s->providers[i]);
		fputs("- ", out);
		out_text(out, s->providers[i].id);
		fprintf(out, " %s\n", text);
	}
}

static void oauth_profile(FILE *out, const struct status_view *v, const struct credential *c)
{
	enum expiry_status st = expiry_status(c, v->s->now_ms, v->warn_ms);
	char text[LABEL_CAP];
	struct str s = STR_OF(text);

	status_display(&s, c);
	fputs("  - ", out);
	out_text(out, text);
	fprintf(out, " %s", st == EXPIRY_MISSING ? "unknown" : expiry_status_name(st));
	if (st == EXPIRY_MISSING) {
		fputs(" expires unknown", out);
	} else if (st != EXPIRY_STATIC) {
		s = STR_OF(text);
		clock_remaining(&s, c->expires_ms - v->s->now_ms);
		fprintf(out, " expires in %s", text);
	}
	fputc('\n', out);
}

static void oauth_status(FILE *out, const struct status_view *v)
{
	bool any = false;

	fputs("\nOAuth/token status\n", out);
	for (size_t i = 0; i < v->s->provider_count; i++) {
		const struct provider_state *p = &v->s->providers[i];
		struct status_group g = status_group(v, v->by_id, p);

		if (!p->oauth && !p->token)
			continue;
		any = true;
		fputs("- ", out);
		out_text(out, p->id);
		fputc('\n', out);
		for (size_t k = 0; k < g.count; k++)
			if (status_dated(g.rows[k]))
				oauth_profile(out, v, g.rows[k]);
	}
	fputs(any ? "" : "- none\n", out);
}

bool out_status_text(FILE *out, const struct snapshot *s, int64_t warn_ms, struct err *e)
{
	struct status_view v;

	if (!status_view_init(&v, s, warn_ms, e))
		return false;
	path_line(out, s, "Config", s->config_path);
	path_line(out, s, "Agent dir", s->agent_dir);
	models(out, s);
	overview(out, &v);
	missing(out, s);
	oauth_status(out, &v);
	status_view_release(&v);
	return true;
}

void out_status_plain(FILE *out, const struct snapshot *s)
{
	out_text(out, s->default_model);
	fputc('\n', out);
}
