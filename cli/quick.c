/* SPDX-License-Identifier: MIT */
#include "cli/quick.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/keysource.h"
#include "cli/livecheck.h"
#include "cli/out_base.h"
#include "cli/quick_vault.h"
#include "cli/say.h"
#include "provider/own.h"
#include "provider/url.h"
#include "store/profiles.h"

/* What is set up, worked out from the options and the key. */
struct setup {
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
	struct quick_vault vault;
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

static bool has_address(const struct setup *a)
{
	const struct config_provider *row = config_provider(&a->place.config, a->provider->id);

	return row && row->base_url[0];
}

/* --provider custom-openai --provider-id my-llm --base-url https://llm.example.org/v1 */
static bool read_endpoint(struct setup *a, const struct quick *q, struct err *e)
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
static bool needs_no_key(const struct setup *a, const struct quick *q)
{
	struct url url;

	return a->endpoint && !q->raw && !keysource_given() &&
	       url_parse(&url, a->own.base_url, NULL) && url.loopback;
}

static bool read_provider(struct setup *a, const struct quick *q, struct err *e)
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
static bool is_offered(const struct setup *a, struct err *e)
{
	const char *why;

	if (provider_offered(a->provider, &why))
		return true;
	err_set(e, ERR_USAGE, "%s cannot be set up here", a->provider->label);
	return err_hint(e, "%s", why);
}

bool quick_expiry(const struct quick *q, int64_t *expires_ms, struct err *e)
{
	int64_t ms;

	*expires_ms = 0;
	if (!q->expires_in)
		return true;
	if (!clock_parse_duration(q->expires_in, "d", &ms, e))
		return err_wrap(e, "--expires-in");
	*expires_ms = clock_now_ms() + ms;
	return true;
}

static bool read_options(struct setup *a, const struct quick *q, struct err *e)
{
	if (!read_provider(a, q, e))
		return false;
	if (q->keep && strcmp(q->keep, "plain") == 0)
		a->keep = KEEP_PLAIN;
	else if (q->keep && strcmp(q->keep, "sealed") != 0)
		return err_set(e, ERR_USAGE, "--keep is sealed or plain, not \"%.40s\"", q->keep);
	return quick_expiry(q, &a->expires_ms, e);
}

static bool read_raw(struct setup *a, const struct quick *q, struct paste_report *r, struct err *e)
{
	if (q->raw)
		return keysource_clean(&(struct buf){ .p = q->raw->bytes, .len = q->raw->len },
			a->provider, a->method, &a->key, r, e);
	return keysource_read(a->provider, a->method, &a->key, r, e);
}

static bool read_key(struct setup *a, const struct quick *q, struct err *e)
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
static bool taken_by_another_kind(const struct setup *a)
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

static void name_profile(struct setup *a, const struct quick *q)
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

static bool verify(struct setup *a, const struct quick *q, struct err *e)
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

static bool is_listed(const struct setup *a, const char *model)
{
	for (size_t i = 0; i < a->check.model_count && i < CHECK_MODELS; i++)
		if (strcmp(a->check.models[i], model) == 0)
			return true;
	return a->check.model_count > CHECK_MODELS; /* it may be among those that were left out */
}

/* An endpoint's model belongs to it, with or without its name in front. */
static bool read_model(struct setup *a, const struct quick *q, struct err *e)
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

/* The files of a dry run, as the Review step shows them. */
static void json_plan(struct json_object *root, const struct plan *plan)
{
	struct json_object *files = json_object_new_array();
	struct json_object *notes = json_object_new_array();
	char mode[8];

	json_put(root, "dryRun", json_object_new_boolean(true));
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_file *f = &plan->files[i];
		struct json_object *row = json_object_new_object();

		snprintf(mode, sizeof(mode), "%04o", f->mode & 07777);
		json_put(row, "path", json_text(f->path));
		json_put(row, "mode", json_text(mode));
		json_put(row, "change", json_text(f->change));
		json_put(row, "note", f->note[0] ? json_text(f->note) : NULL);
		json_append(files, row);
	}
	for (size_t i = 0; i < plan->note_count; i++)
		json_append(notes, json_text(plan->notes[i]));
	json_put(root, "files", files);
	json_put(root, "notes", notes);
}

/* plan: of a dry run, or NULL. */
static bool print_json(const struct setup *a, const struct plan *plan, struct err *e)
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
	if (plan)
		json_plan(root, plan);
	return json_finish(stdout, root, e);
}

static void print_text(const struct setup *a, FILE *out)
{
	const struct paths *p = &a->place.paths;

	fputs("Updated ", out);
	out_path(out, p->config, p->home);
	fputs("\nAuth profile: ", out);
	out_text(out, a->profile_id);
	fprintf(out, " (%s/%s)\n", a->provider->id, cred_kind_name(a->method->kind));
	if (a->endpoint)
		fprintf(out, "Address: %s\n", a->own.base_url);
	if (a->method->kind == CRED_NONE)
		return;
	if (a->keep == KEEP_PLAIN)
		fprintf(out, "Kept in plain text, as asked: %s in ",
			save_variable(a->provider, a->method));
	else
		fputs("Sealed in ", out);
	out_path(out, a->keep == KEEP_PLAIN ? p->env : p->vault, p->home);
	putc('\n', out);
	if (a->check.verdict == VERDICT_NONE || a->check.verdict == VERDICT_UNKNOWN)
		fputs("Not verified yet: thinkfleetbot status checks it.\n", out);
}

static void print_plan(
	const struct setup *a, const struct save *s, const struct plan *plan, FILE *out)
{
	fputs("Dry run: nothing was written.\nProfile: ", out);
	out_text(out, a->profile_id);
	fprintf(out, " (%s/%s)\nKeep: %s\nModel: ", a->provider->id,
		cred_kind_name(a->method->kind), a->keep == KEEP_PLAIN ? "plain" : "sealed");
	out_text(out, s->model && s->model[0] ? s->model : "unchanged");
	fputs(plan->count ? "\nFiles:\n" : "\nFiles: none needs a change\n", out);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_file *f = &plan->files[i];

		fputs("  ", out);
		out_text(out, f->path);
		fprintf(out, "  %04o  %s%s%s\n", f->mode & 07777, f->change, f->note[0] ? "  " : "",
			f->note);
	}
	for (size_t i = 0; i < plan->note_count; i++) {
		out_text(out, plan->notes[i]);
		putc('\n', out);
	}
	if (plan->diff.len)
		fprintf(out, "\n%.*s", (int)plan->diff.len, plan->diff.p);
}

static bool show_plan(
	const struct setup *a, const struct save *s, const struct quick *q, struct err *e)
{
	struct plan plan = { 0 };
	bool ok = save_plan(s, &plan, e);

	if (ok && q->json)
		ok = print_json(a, &plan, e);
	else if (ok)
		print_plan(a, s, &plan, q->to_stderr ? stderr : stdout);
	plan_release(&plan);
	return ok;
}

static bool save(struct setup *a, const struct quick *q, struct err *e)
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
		.opener = a->vault.opener,
		.weak_passphrase = q->weak_passphrase,
		.passphrase = &a->vault.passphrase,
		.ahead = &a->vault.ahead,
		.model = a->model,
		.endpoint = a->endpoint,
		.keep_fallback = q->keep_fallback,
		.accept_rollback = q->accept_rollback,
		.expires_ms = a->expires_ms,
		.expires_source = a->expires_ms ? EXPIRY_YOU : EXPIRY_NONE,
		.check = a->check.verdict == VERDICT_NONE ? NULL : &a->check };

	if (q->dry_run)
		return show_plan(a, &s, q, e);
	if (!save_apply(&s, &progress, e))
		return false;
	if (q->json)
		return print_json(a, NULL, e);
	print_text(a, q->to_stderr ? stderr : stdout);
	return true;
}

static void tell_chosen(const struct setup *a, struct quick_chosen *chosen)
{
	if (!chosen)
		return;
	chosen->method = a->method->id;
	chosen->keep = a->keep == KEEP_PLAIN ? "plain" : "sealed";
	str_copy(chosen->profile_id, sizeof(chosen->profile_id), a->profile_id);
}

bool quick_save(const struct quick *q, const char *command, struct err *e)
{
	struct setup a = { 0 };
	bool ok = false;

	/* The configuration first: it may know the provider. */
	if (!place_find(&a.place, q->agent, PLACE_WRITE, command, e) || !read_options(&a, q, e) ||
		!is_offered(&a, e) || !quick_vault_read(&a.vault, q, &a.place, e) ||
		!read_key(&a, q, e))
		goto out;
	name_profile(&a, q);
	ok = verify(&a, q, e) && read_model(&a, q, e) && save(&a, q, e);
	if (ok)
		tell_chosen(&a, q->chosen);
out:
	secret_release(&a.key);
	quick_vault_release(&a.vault);
	place_release(&a.place);
	return ok;
}
