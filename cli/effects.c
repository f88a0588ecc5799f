/* SPDX-License-Identifier: MIT */
#include "cli/effects.h"

#include <string.h>

#include "base/clock.h"
#include "cli/custody.h"
#include "cli/reveal.h"
#include "crypto/recovery.h"

void effects_begin(struct effects *x)
{
	struct custody custody;

	custody_find(&custody, &x->s->place.paths);
	wizard_custody(x->w, &custody);
}

static void save_of(const struct effects *x, struct save *save)
{
	const struct draft *d = wizard_draft(x->w);

	*save = (struct save){ .paths = &x->s->place.paths,
		.agent = x->s->place.agent,
		.agent_dir = x->s->place.agent_dir,
		.profile_id = d->profile_id,
		.provider = d->provider,
		.method = d->method,
		.key = &d->secret,
		.keep = d->keep,
		.opener = d->opener,
		.weak_passphrase = d->weak_passphrase,
		.passphrase = &d->passphrase,
		.recovery = &d->recovery,
		.model = d->model,
		.endpoint = d->endpoint,
		.keep_fallback = d->keep_fallback,
		.expires_ms = d->expires_ms,
		.expires_source = d->expires_source,
		.check = d->check.verdict == VERDICT_NONE ? NULL : &d->check };
}

static void start_check(struct effects *x)
{
	const struct draft *d = wizard_draft(x->w);
	struct session_check check = { .id = 1,
		.provider = d->provider,
		.method = d->method,
		.base_url = d->base_url,
		.key = &d->secret };
	struct err e = { 0 };

	if (!session_check(x->s, &check, &e))
		wizard_checked(x->w, NULL, &e);
}

static void make_plan(struct effects *x)
{
	struct plan plan = { 0 };
	struct save save;
	struct err e = { 0 };

	save_of(x, &save);
	if (!save_plan(&save, &plan, &e)) {
		wizard_planned(x->w, NULL, &e);
		return;
	}
	memcpy(x->shown.files, plan.files, sizeof(plan.files));
	x->shown.count = plan.count;
	wizard_planned(x->w, &plan, NULL);
}

static void on_file(void *ctx, const char *path, bool done, const struct err *failed)
{
	struct effects *x = ctx;

	for (size_t i = 0; i < x->shown.count; i++)
		if (strcmp(x->shown.files[i].path, path) == 0)
			wizard_file(x->w, i, done, failed);
	if (x->moved)
		x->moved(x->ctx);
}

static void on_note(void *ctx, const char *text)
{
	struct effects *x = ctx;
	struct str s = STR_OF(x->s->note);

	str_add(&s, text);
}

static void apply(struct effects *x)
{
	struct save_progress progress = { .file = on_file, .note = on_note, .ctx = x };
	struct save save;
	struct err e = { 0 };

	save_of(x, &save);
	if (!save_apply(&save, &progress, &e)) {
		wizard_applied(x->w, &e);
		return;
	}
	wizard_applied(x->w, NULL);
	if (session_look(x->s, &e))
		wizard_world(x->w, &x->s->now);
}

bool effects_perform(struct effects *x, enum effect fx)
{
	switch (fx) {
	case FX_CHECK:
		start_check(x);
		return true;
	case FX_CANCEL_CHECK:
		session_cancel(x->s);
		return true;
	case FX_PLAN:
		make_plan(x);
		return true;
	case FX_APPLY:
		apply(x);
		return true;
	default:
		return false;
	}
}

void effects_recovery(struct effects *x)
{
	struct secret code = { 0 };
	struct err e = { 0 };
	bool ok = recovery_new(&code, &e) &&
		  reveal_recovery(&code, "thinkfleetbot secrets slot add recovery makes one", &e);

	wizard_recovery(x->w, ok ? &code : NULL, &e);
	secret_release(&code);
}

void effects_hear(struct effects *x)
{
	struct wire_message m;
	struct err e = { 0 };
	bool got = true;

	while (x->s->probe.fd >= 0 && got) {
		if (!client_take(&x->s->probe, &m, &got, &e)) {
			session_cancel(x->s);
			wizard_checked(x->w, NULL, &e);
			return;
		}
		if (got && m.type == WIRE_STAGE)
			wizard_stage(x->w, m.stage, clock_mono_ms());
		if (got && m.type == WIRE_RESULT) {
			wizard_checked(x->w, &m.result, NULL);
			session_cancel(x->s);
		}
		if (got)
			wire_message_release(&m);
	}
}
