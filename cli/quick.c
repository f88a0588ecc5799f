/* SPDX-License-Identifier: MIT */
#include "cli/quick.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/keysource.h"
#include "cli/livecheck.h"
#include "cli/out_base.h"
#include "cli/say.h"
#include "provider/own.h"
#include "provider/url.h"
#include "store/profiles.h"

/* The answers, worked out from the options and the key. */
struct answers {
	struct place place;
	const struct provider *provider;
	const struct method *method;
	struct own_provider own; /* a custom endpoint that is set up now */
	bool endpoint;
	char model[192];
	char profile_id[ID_CAP];
	enum keep keep;
	int64_t expires_ms;
	struct secret key;
	struct check_result check;
};

static bool unknown_provider(const char *given, struct err *e)
{
	err_set(e, ERR_USAGE, "unknown provider \"%.40s\"", given);
	return err_hint(e, "thinkfleetbot help providers lists them");
}

static bool unknown_method(const struct provider *p, const char *given, struct err *e)
{
	char list[120];
	struct str s = STR_OF(list);

	for (size_t i = 0; i < provider_method_count(p); i++)
		str_fmt(&s, "%s%s", i ? ", " : "", p->methods[i].id);
	err_set(e, ERR_USAGE, "unknown method \"%.40s\" for %s", given, p->id);
	return err_hint(e, "one of: %s", list);
}

static bool has_address(const struct answers *a)
{
	const struct config_provider *row = config_provider(&a->place.config, a->provider->id);

	return row && row->base_url[0];
}

/* --provider custom-openai --provider-id my-llm --base-url https://llm.example.org/v1 */
static bool read_endpoint(struct answers *a, const struct quick *q, struct err *e)
{
	bool wanted = own_provider_wanted(a->provider);
	bool unnamed = wanted && own_provider_unnamed(a->provider);

	if ((!wanted || has_address(a)) && !q->provider_id && !q->base_url)
		return true;
	if (!wanted || (!unnamed && q->provider_id)) {
		err_set(e, ERR_USAGE, "%s has %s of its own", a->provider->label,
			wanted ? "a name" : "an address");
		return err_hint(e,
			"--provider-id and --base-url go with --provider custom-openai "
			"or custom-anthropic");
	}
	if (!q->base_url || (unnamed && !q->provider_id)) {
		err_set(e, ERR_USAGE, "%s needs %san address", a->provider->id,
			unnamed ? "a name and " : "");
		return err_hint(e, "for example %s--base-url https://llm.example.org/v1",
			unnamed ? "--provider-id my-llm " : "");
	}
	if (!own_provider_make(&a->own, a->provider, q->provider_id, q->base_url, e)) {
		if (e)
			e->code = ERR_USAGE; /* an option is wrong, no file */
		return false;
	}
	a->provider = &a->own.row;
	a->endpoint = true;
	return true;
}

/* A server on this machine asks for no key, unless one is handed over. */
static bool needs_no_key(const struct answers *a, const struct quick *q)
{
	struct url url;

	return a->endpoint && !q->raw && !keysource_given() &&
	       url_parse(&url, a->own.base_url, NULL) && url.loopback;
}

static bool read_provider(struct answers *a, const struct quick *q, struct err *e)
{
	char id[PROVIDER_CAP];

	if (!q->provider) {
		err_set(e, ERR_USAGE, "required option '--provider <name>' not specified");
		return err_hint(e, "for example --provider anthropic");
	}
	if (!provider_normalise(id, sizeof(id), q->provider) || !(a->provider = provider_find(id)))
		return unknown_provider(q->provider, e);
	if (!read_endpoint(a, q, e))
		return false;
	if (q->method && !(a->method = provider_method(a->provider, q->method)))
		return unknown_method(a->provider, q->method, e);
	if (!q->method && provider_method_count(a->provider) == 1)
		a->method = &a->provider->methods[0];
	if (!q->method && needs_no_key(a, q))
		a->method = provider_method_of_kind(a->provider, CRED_NONE);
	return true;
}

/* Signed in elsewhere? */
static bool is_offered(const struct answers *a, struct err *e)
{
	const char *why;

	if (provider_offered(a->provider, &why))
		return true;
	err_set(e, ERR_USAGE, "%s cannot be set up here", a->provider->label);
	return err_hint(e, "%s", why);
}

static bool read_options(struct answers *a, const struct quick *q, struct err *e)
{
	int64_t ms;

	if (!read_provider(a, q, e))
		return false;
	if (q->keep && strcmp(q->keep, "plain") == 0)
		a->keep = KEEP_PLAIN;
	else if (q->keep && strcmp(q->keep, "sealed") != 0)
		return err_set(e, ERR_USAGE, "--keep is sealed or plain, not \"%.40s\"", q->keep);
	if (q->expires_in) {
		if (!clock_parse_duration(q->expires_in, "d", &ms, e))
			return err_wrap(e, "--expires-in");
		a->expires_ms = clock_now_ms() + ms;
	}
	return true;
}

static bool read_raw(
	struct answers *a, const struct quick *q, struct paste_report *r, struct err *e)
{
	if (q->raw)
		return keysource_clean(&(struct buf){ .p = q->raw->bytes, .len = q->raw->len },
			a->provider, a->method, &a->key, r, e);
	return keysource_read(a->provider, a->method, &a->key, r, e);
}

static bool read_key(struct answers *a, const struct quick *q, struct err *e)
{
	struct paste_report report = { 0 };

	if (a->method && a->method->kind == CRED_NONE)
		return secret_init(&a->key, 0, e);
	if (!read_raw(a, q, &report, e))
		return false;
	if (!a->method)
		a->method = report.method && report.provider == a->provider
				    ? report.method
				    : &a->provider->methods[0];
	keysource_tell(&report, &a->key, a->method);
	return true;
}

/* A store that cannot be read is the save's to refuse. */
static bool taken_by_another_kind(const struct answers *a)
{
	struct profiles list = { 0 };
	const struct profile *p = NULL;
	bool taken;

	if (profiles_load(&list, a->place.profiles, NULL, NULL))
		p = profiles_find(&list, a->profile_id);
	taken = p && strcmp(profile_kind_name(p->kind), cred_kind_name(a->method->kind)) != 0;
	profiles_release(&list);
	return taken;
}

static void name_profile(struct answers *a, const struct quick *q)
{
	const char *name = q->default_name ? q->default_name : a->method->profile_name;

	if (q->profile_id) {
		str_copy(a->profile_id, sizeof(a->profile_id), q->profile_id);
		return;
	}
	snprintf(a->profile_id, sizeof(a->profile_id), "%s:%s", a->provider->id,
		name ? name : "default");
	/* An API key and a token live side by side: adding one must not replace the other. */
	if (taken_by_another_kind(a))
		snprintf(a->profile_id, sizeof(a->profile_id), "%s:%s", a->provider->id,
			a->method->id);
}

static bool verify(struct answers *a, const struct quick *q, struct err *e)
{
	const struct live_check check = { .config = &a->place.config,
		.provider = a->provider,
		.method = a->method,
		.key = &a->key };

	if (q->no_verify)
		return true;
	if (!live_check(&check, &a->check, e))
		return false;
	live_check_tell(&check, &a->check);
	return true;
}

static bool is_listed(const struct answers *a, const char *model)
{
	for (size_t i = 0; i < a->check.model_count && i < CHECK_MODELS; i++)
		if (strcmp(a->check.models[i], model) == 0)
			return true;
	return a->check.model_count > CHECK_MODELS; /* it may be among those that were left out */
}

/* An endpoint's model belongs to it, with or without its name in front. */
static bool read_model(struct answers *a, const struct quick *q, struct err *e)
{
	const char *id = a->provider->id;
	size_t n = strlen(id);
	struct str s = STR_OF(a->model);

	if (q->model && a->provider->like && !(strncmp(q->model, id, n) == 0 && q->model[n] == '/'))
		str_fmt(&s, "%s/", id);
	str_add(&s, q->model ? q->model : "");
	if (s.cut)
		return err_set(e, ERR_USAGE, "the model's name is too long");
	if (a->endpoint && !q->model && !a->check.model_count) {
		err_set(e, ERR_USAGE, "%s lists no models", id);
		return err_hint(e, "name one with --model");
	}
	if (a->endpoint && q->model && a->check.model_count && !is_listed(a, a->model + n + 1))
		say_warning("%s does not list the model %s; it is taken as it is", id,
			a->model + n + 1);
	return true;
}

static bool print_json(const struct answers *a, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *check = json_object_new_object();

	json_put(root, "ok", json_object_new_boolean(true));
	json_put(root, "provider", json_text(a->provider->id));
	json_put(root, "profile", json_text(a->profile_id));
	json_put(root, "kind", json_text(cred_kind_name(a->method->kind)));
	json_put(root, "keep", json_text(a->keep == KEEP_PLAIN ? "plain" : "sealed"));
	json_put(check, "verdict", json_text(verdict_name(a->check.verdict)));
	json_put(check, "reason", json_text(reason_name(a->check.reason)));
	json_put(check, "latencyMs", json_object_new_int(a->check.latency_ms));
	json_put(root, "check", check);
	return json_finish(stdout, root, e);
}

static void print_text(const struct answers *a)
{
	const struct paths *p = &a->place.paths;

	fputs("Updated ", stdout);
	out_path(stdout, p->config, p->home);
	fputs("\nAuth profile: ", stdout);
	out_text(stdout, a->profile_id);
	printf(" (%s/%s)\n", a->provider->id, cred_kind_name(a->method->kind));
	if (a->endpoint)
		printf("Address: %s\n", a->own.base_url);
	if (a->method->kind == CRED_NONE)
		return;
	if (a->keep == KEEP_PLAIN)
		printf("Kept in plain text, as asked: %s in ",
			save_variable(a->provider, a->method));
	else
		fputs("Sealed in ", stdout);
	out_path(stdout, a->keep == KEEP_PLAIN ? p->env : p->vault, p->home);
	putchar('\n');
	if (a->check.verdict == VERDICT_NONE || a->check.verdict == VERDICT_UNKNOWN)
		puts("Not verified yet: thinkfleetbot status checks it.");
}

static bool save(struct answers *a, const struct quick *q, struct err *e)
{
	const struct save_progress progress = { .note = say_note };
	struct save s = { .paths = &a->place.paths,
		.agent = a->place.agent,
		.agent_dir = a->place.agent_dir,
		.profile_id = a->profile_id,
		.provider = a->provider,
		.method = a->method,
		.key = &a->key,
		.keep = a->keep,
		.model = a->model,
		.endpoint = a->endpoint,
		.accept_rollback = q->accept_rollback,
		.expires_ms = a->expires_ms,
		.expires_source = a->expires_ms ? EXPIRY_YOU : EXPIRY_NONE,
		.check = a->check.verdict == VERDICT_NONE ? NULL : &a->check };

	if (!save_apply(&s, &progress, e))
		return false;
	if (q->json)
		return print_json(a, e);
	print_text(a);
	return true;
}

bool quick_save(const struct quick *q, const char *command, struct err *e)
{
	struct answers a = { 0 };
	bool ok = false;

	/* The configuration first: it may know the provider. */
	if (!place_find(&a.place, q->agent, PLACE_WRITE, command, e) || !read_options(&a, q, e) ||
		!is_offered(&a, e) || !read_key(&a, q, e))
		goto out;
	name_profile(&a, q);
	ok = verify(&a, q, e) && read_model(&a, q, e) && save(&a, q, e);
out:
	secret_release(&a.key);
	place_release(&a.place);
	return ok;
}
