/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/hold.h"
#include "cli/keysource.h"
#include "cli/livecheck.h"
#include "cli/look.h"
#include "cli/out_base.h"
#include "cli/save.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "cli/unlock.h"

/*
 * `models auth rotate`: the new key is staged in memory, tried at the provider
 * and put in force by one write of the vault; the old one stays sealed until it
 * is dropped. A key that the provider rejects changes nothing.
 */

#define COMMAND "models auth rotate"

static struct {
	const char *agent;
	const char *keep;
	const char *expires_in;
	bool no_verify;
	bool undo;
	bool drop_previous;
	bool accept_rollback;
	bool json;
} given;

static const struct opt opts[] = {
	{ "undo", NULL, "put the previous revision back in force, as a new revision", OPT_FLAG,
		{ .flag = &given.undo } },
	{ "drop-previous", NULL, "forget the previous revision; nothing else changes", OPT_FLAG,
		{ .flag = &given.drop_previous } },
	{ "keep", "HOW", "sealed or plain (default: as it is now)", OPT_TEXT,
		{ .text = &given.keep } },
	{ "expires-in", "DURATION", "when the new token expires, for example 365d", OPT_TEXT,
		{ .text = &given.expires_in } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "no-verify", NULL, "without the live check; it stays marked unverified", OPT_FLAG,
		{ .flag = &given.no_verify } },
	{ "passphrase-fd", "N", PASSPHRASE_FD },
	{ "passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "accept-rollback", NULL, "write although the vault is an older copy", OPT_FLAG,
		{ .flag = &given.accept_rollback } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

struct rotation {
	struct place place;
	struct snapshot now;
	const struct credential *was; /* inside now */
	const struct provider *provider;
	const struct method *method;
	char profile_id[ID_CAP];
	char record[VAULT_RECORD_ID_CAP]; /* what it is or would be sealed as */
	enum keep keep;
	int64_t expires_ms;
	struct vault ahead; /* see unlock_ahead() */
	struct secret key;
	struct check_result check;
	char fingerprint[FINGERPRINT_CAP];
	uint64_t rev; /* 0: in plain text */
	bool previous_kept;
};

static void rotation_release(struct rotation *r)
{
	secret_release(&r->key);
	vault_release(&r->ahead);
	snapshot_release(&r->now);
	place_release(&r->place);
}

/* --- which one, and can it be done here? ------------------------------------------------ */

/* What cannot be rotated, and what to do instead. Rows are looked at from the top. */
struct obstacle {
	bool (*is)(const struct credential *c);
	const char *why;
	const char *hint;
};

static bool renews_itself(const struct credential *c)
{
	return c->kind == CRED_OAUTH;
}

static bool needs_none(const struct credential *c)
{
	return c->kind == CRED_NONE || c->stored == STORED_NOT_NEEDED;
}

static bool in_environment(const struct credential *c)
{
	return c->stored == STORED_ENVIRONMENT;
}

static bool in_config(const struct credential *c)
{
	return c->stored == STORED_PLAIN_CONFIG;
}

static bool in_other_store(const struct credential *c)
{
	return c->stored == STORED_REFERENCE;
}

static const struct obstacle obstacles[] = {
	{ renews_itself, "it is a sign-in that renews itself",
		"sign in again: thinkfleetbot models auth login" },
	{ needs_none, "it needs no key", "" },
	{ in_environment, "it comes from this process's environment",
		"change the variable where it is set" },
	{ in_config, "it stands in the gateway's configuration",
		"change models.providers there, or move it here with thinkfleetbot onboard" },
	{ in_other_store, "it refers to another secret store", "change the secret there" },
};

static bool may_rotate(struct rotation *r, struct err *e)
{
	const struct credential *c = r->was;

	for (size_t i = 0; i < ARRAY_LEN(obstacles); i++) {
		if (!obstacles[i].is(c))
			continue;
		err_set(e, ERR_USAGE, "%.120s cannot be rotated here: %s", c->id, obstacles[i].why);
		return err_hint(e, "%s", obstacles[i].hint);
	}
	r->provider = provider_find(c->provider);
	r->method = r->provider ? provider_method_of_kind(r->provider, c->kind) : NULL;
	if (r->method)
		return true;
	return err_set(e, ERR_USAGE, "%.120s cannot be rotated here: %s with a %s is not known",
		c->id, c->provider, cred_kind_name(c->kind));
}

/*
 * A variable is no profile: sealing its key makes one, under the usual name. In plain
 * text it stays without one; the name then only has to be nobody else's.
 */
static bool name_profile(struct rotation *r, struct err *e)
{
	const char *var = save_variable(r->provider, r->method);
	struct str id = STR_OF(r->profile_id);
	const struct credential *other;

	if (r->was->in_store) {
		str_add(&id, r->was->id);
		return true;
	}
	if (!var || strcmp(var, r->was->var) != 0) {
		err_set(e, ERR_USAGE, "%s is read by gateways but not written here", r->was->var);
		return err_hint(e, "its line in .env can become %s", var ? var : "a profile");
	}
	str_fmt(&id, "%s:%s", r->provider->id,
		r->keep == KEEP_PLAIN ? r->was->var : r->method->profile_name);
	other = look_find(&r->now, r->profile_id);
	if (!other || other == r->was)
		return true;
	err_set(e, ERR_REFUSED, "the profile %.120s exists already", r->profile_id);
	return err_hint(e,
		"rotate that one, or choose a name: thinkfleetbot onboard --provider %s "
		"--profile-id NAME",
		r->provider->id);
}

static bool read_options(struct rotation *r, struct err *e)
{
	int64_t ms;

	/* A key that stands in auth-profiles.json is sealed: nothing here writes one there. */
	r->keep = r->was->stored == STORED_PLAIN_ENV ? KEEP_PLAIN : KEEP_SEALED;
	if (given.keep && strcmp(given.keep, "sealed") == 0)
		r->keep = KEEP_SEALED;
	else if (given.keep && strcmp(given.keep, "plain") == 0)
		r->keep = KEEP_PLAIN;
	else if (given.keep)
		return err_set(
			e, ERR_USAGE, "--keep is sealed or plain, not \"%.40s\"", given.keep);
	if (!given.expires_in)
		return true;
	if (!clock_parse_duration(given.expires_in, "d", &ms, e))
		return err_wrap(e, "--expires-in");
	r->expires_ms = clock_now_ms() + ms;
	return true;
}

static bool rotation_open(struct rotation *r, const char *name, struct err *e)
{
	const char *field;

	if (!place_find(&r->place, given.agent, PLACE_WRITE, COMMAND, e) ||
		!hold_settle(&r->place, e) ||
		!look_take(&r->now, &r->place, &(struct look){ 0 }, e))
		return false;
	r->was = look_find(&r->now, name);
	if (!r->was && !look_complete(&r->now, e))
		return false;
	if (!r->was) {
		err_set(e, ERR_NOT_FOUND, "no profile is called \"%.120s\"", name);
		return err_hint(e, "thinkfleetbot models auth list shows them");
	}
	if (!may_rotate(r, e) || !read_options(r, e) || !name_profile(r, e))
		return false;
	field = r->method->kind == CRED_TOKEN ? "token" : "key";
	return vault_record_id(r->record, r->place.agent, r->profile_id, field, e) &&
	       unlock_ahead(&r->ahead, &(struct ahead){ .paths = &r->place.paths }, e);
}

/* --- the new value ------------------------------------------------------------------------ */

static bool read_new(struct rotation *r, struct err *e)
{
	struct paste_report report = { 0 };

	if (!keysource_read(r->provider, r->method, &r->key, &report, e))
		return false;
	keysource_tell(&report, &r->key, r->method);
	return true;
}

static bool prev_of(char out[VAULT_RECORD_ID_CAP], const struct rotation *r)
{
	struct str s = str_on(out, VAULT_RECORD_ID_CAP);

	str_fmt(&s, "%s/prev", r->record);
	return !s.cut;
}

static bool no_previous(const struct rotation *r, struct err *e)
{
	err_set(e, ERR_NOT_FOUND, "no previous revision of %.120s is kept", r->was->id);
	return err_hint(e, "a rotation keeps the key before it, until --drop-previous");
}

static bool read_previous(struct rotation *r, struct err *e)
{
	char prev[VAULT_RECORD_ID_CAP];
	struct vault v = { 0 };
	struct fs_stamp st;
	bool ok;

	if (!fs_stat(r->place.paths.vault, &st, e))
		return false;
	if (!st.exists || !prev_of(prev, r))
		return no_previous(r, e);
	ok = vault_open_at(&v, &r->place.paths, &r->ahead, e) &&
	     (vault_find(&v, prev) ? vault_get(&v, prev, &r->key, e) : no_previous(r, e));
	vault_release(&v);
	return ok;
}

/* The same key is no rotation, unless it moves between the vault and plain text. */
static bool differs(struct rotation *r, struct err *e)
{
	bool moves = r->keep != (r->was->stored == STORED_SEALED ? KEEP_SEALED : KEEP_PLAIN);

	secret_fingerprint(r->fingerprint, &r->key);
	if (moves || strcmp(r->fingerprint, r->was->fingerprint) != 0)
		return true;
	err_set(e, ERR_FAILED, "this is the %s already in use (compared by fingerprint)",
		r->method->noun);
	return err_hint(e, "create a new one first; nothing was changed");
}

static bool verify(struct rotation *r, struct err *e)
{
	const struct live_check check = { .config = &r->place.config,
		.provider = r->provider,
		.method = r->method,
		.key = &r->key };

	if (given.no_verify)
		return true;
	if (!live_check(&check, &r->check, e))
		return false;
	live_check_tell(&check, &r->check);
	return true;
}

static bool promote(struct rotation *r, struct err *e)
{
	const struct save s = { .paths = &r->place.paths,
		.agent = r->place.agent,
		.agent_dir = r->place.agent_dir,
		.profile_id = r->profile_id,
		.provider = r->provider,
		.method = r->method,
		.key = &r->key,
		.keep = r->keep,
		.ahead = &r->ahead,
		.accept_rollback = given.accept_rollback,
		.expires_ms = r->expires_ms,
		.expires_source = r->expires_ms ? EXPIRY_YOU : EXPIRY_NONE,
		.check = r->check.verdict == VERDICT_NONE ? NULL : &r->check };

	return save_apply(&s, &(struct save_progress){ .note = say_note }, e);
}

/* What the vault says now; its metadata needs no key. */
static void look_again(struct rotation *r)
{
	const struct vault_record *record;
	char prev[VAULT_RECORD_ID_CAP];
	struct vault v = { 0 };

	if (r->keep == KEEP_SEALED && vault_load(&v, r->place.paths.vault, NULL)) {
		record = vault_find(&v, r->record);
		r->rev = record ? record->rev : 0;
		r->previous_kept = prev_of(prev, r) && vault_find(&v, prev);
	}
	vault_release(&v);
}

/* --- what is said -------------------------------------------------------------------------- */

static void print_next(const struct rotation *r)
{
	puts("Next:\n"
	     "  restart the gateway: one that is running keeps the key it has read");
	if (given.undo || !r->provider->keys_page || !r->provider->keys_page[0])
		return;
	printf("  then revoke the old key at %s\n", r->provider->keys_page);
}

static void print_text(const struct rotation *r)
{
	out_text(stdout, r->was->id);
	printf(": the %s is in force", given.undo ? "previous key" : "new key");
	if (r->rev)
		printf(" (revision %" PRIu64 ")", r->rev);
	printf(", fingerprint %s", r->fingerprint);
	if (r->was->fingerprint[0])
		printf(", before %s", r->was->fingerprint);
	putchar('\n');
	if (r->keep == KEEP_PLAIN) {
		fputs("It is kept in plain text, as asked, in ", stdout);
		out_path(stdout, r->place.paths.env, r->place.paths.home);
		puts("; the one before is not kept.\n--keep sealed puts it into the vault.");
	} else if (r->previous_kept) {
		fputs("The one before stays sealed. To go back, or to forget it:\n"
		      "  thinkfleetbot " COMMAND " ",
			stdout);
		out_text(stdout, r->profile_id);
		fputs(" --undo\n  thinkfleetbot " COMMAND " ", stdout);
		out_text(stdout, r->profile_id);
		puts(" --drop-previous");
	}
	if (r->check.verdict == VERDICT_NONE || r->check.verdict == VERDICT_UNKNOWN)
		puts("Not verified yet: thinkfleetbot status checks it.");
	print_next(r);
}

static bool print_json(const struct rotation *r, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *check = json_object_new_object();

	json_put(root, "ok", json_object_new_boolean(true));
	json_put(root, "profile", json_text(r->profile_id));
	json_put(root, "provider", json_text(r->provider->id));
	json_put(root, "kind", json_text(cred_kind_name(r->method->kind)));
	json_put(root, "keep", json_text(r->keep == KEEP_PLAIN ? "plain" : "sealed"));
	json_put(root, "undo", json_object_new_boolean(given.undo));
	json_put(root, "revision", r->rev ? json_object_new_int64((int64_t)r->rev) : NULL);
	json_put(root, "fingerprint", json_text(r->fingerprint));
	json_put(root, "previousFingerprint",
		r->was->fingerprint[0] ? json_text(r->was->fingerprint) : NULL);
	json_put(root, "previousKept", json_object_new_boolean(r->previous_kept));
	json_put(root, "revokeAt",
		r->provider->keys_page ? json_text(r->provider->keys_page) : NULL);
	json_put(check, "verdict", json_text(verdict_name(r->check.verdict)));
	json_put(check, "reason", json_text(reason_name(r->check.reason)));
	json_put(check, "latencyMs", json_object_new_int(r->check.latency_ms));
	json_put(root, "check", check);
	return json_finish(stdout, root, e);
}

/* --- the three things it does --------------------------------------------------------------- */

static bool replace(struct rotation *r, struct err *e)
{
	if (!(given.undo ? read_previous(r, e) : read_new(r, e)) || !differs(r, e))
		return false;
	if (!verify(r, e)) {
		if (given.undo && e->code == ERR_REJECTED)
			err_hint(e, "it was probably revoked; --no-verify puts it back anyway");
		return false;
	}
	if (!promote(r, e))
		return false;
	look_again(r);
	if (given.json)
		return print_json(r, e);
	print_text(r);
	return true;
}

static bool drop_previous(struct rotation *r, struct err *e)
{
	struct hold h = HOLD_NONE;
	char prev[VAULT_RECORD_ID_CAP];
	bool ok = false;

	if (!hold_open(&h, &r->place.paths, &r->ahead, given.accept_rollback, e))
		goto out;
	if (!prev_of(prev, r) || !vault_find(&h.vault, prev)) {
		no_previous(r, e);
		goto out;
	}
	ok = vault_drop_previous(&h.vault, r->record, e) &&
	     vault_save(&h.vault, r->place.paths.vault, e);
out:
	hold_release(&h);
	if (!ok)
		return false;
	if (given.json) {
		look_again(r);
		str_copy(r->fingerprint, sizeof(r->fingerprint), r->was->fingerprint);
		return print_json(r, e);
	}
	out_text(stdout, r->was->id);
	puts(": the previous revision is gone from the vault; its .bak holds it until the next "
	     "change");
	return true;
}

static bool check_options(struct err *e)
{
	if (given.undo && given.drop_previous)
		return err_set(e, ERR_USAGE, "choose one of --undo and --drop-previous");
	if ((given.undo || given.drop_previous) && (keysource_given() || given.keep))
		return err_set(e, ERR_USAGE, "--%s takes no new key and no --keep",
			given.undo ? "undo" : "drop-previous");
	return true;
}

static bool on_screen(struct cli *c, struct err *e)
{
	const struct screen o = { .command = COMMAND,
		.agent = given.agent,
		.rotate = c->args.items[0],
		.start = SCREEN_ONBOARD };

	return screen_possible("thinkfleetbot " COMMAND " PROFILE --key-stdin", e) &&
	       screen_run(&o, &c->status, e);
}

static bool run(struct cli *c, struct err *e)
{
	struct rotation r = { 0 };
	bool ok;

	if (!check_options(e))
		return false;
	if (!given.undo && !given.drop_previous) {
		keysource_take_pipe();
		if (!keysource_given())
			return on_screen(c, e);
	}
	ok = rotation_open(&r, c->args.items[0], e) &&
	     (given.drop_previous ? drop_previous(&r, e) : replace(&r, e));
	rotation_release(&r);
	return ok;
}

const struct cmd cmd_rotate = {
	.name = "models auth rotate",
	.args = "PROFILE [--undo | --drop-previous] [OPTION...]",
	.summary = "replace a key: the new one is checked, then put in force in one step",
	.detail =
		"On a terminal you are asked for the new key; else it is read from where "
		"the\n"
		"options say. A rejected key changes nothing and ends with status 1. The key "
		"before\n"
		"stays sealed until --drop-previous or the next rotation.",
	.opts = opts,
	.shared = keysource_opts,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
