/* SPDX-License-Identifier: MIT */

/* What the caller reports back: stages, results, plans, files. */

#include <string.h>

#include "wizard/steps.h"

void wizard_stage(struct wizard *w, enum check_stage stage_reached, int64_t now_ms)
{
	if (w->busy != BUSY_CHECK || stage_reached <= w->stage)
		return;
	w->stage = stage_reached;
	w->stage_ms = now_ms;
}

static void tell_check(struct wizard *w)
{
	const struct check_result *r = &w->draft.check;

	if (w->draft.verified && r->latency_ms >= 0 && r->latency_ms < 100)
		say(w, SEVERITY_OK, "Verified in %d ms.", r->latency_ms);
	else if (w->draft.verified && r->latency_ms >= 0)
		say(w, SEVERITY_OK, "Verified in %d.%d s.", r->latency_ms / 1000,
			r->latency_ms / 100 % 10);
	else if (w->draft.verified)
		say(w, SEVERITY_OK, "Verified.");
	else if (r->verdict == VERDICT_REJECTED)
		say(w, SEVERITY_FAIL, "Rejected by the provider. Nothing has been saved.");
	else if (r->status == 0 && r->reason != REASON_INTERNAL && r->reason != REASON_NONE)
		say(w, SEVERITY_WARN, "The connection failed; the key itself was not tested.");
	else
		say(w, SEVERITY_WARN, "No clear answer. The key itself was not tested.");
}

void wizard_checked(struct wizard *w, const struct check_result *r, const struct err *failed)
{
	struct draft *d = &w->draft;

	if (w->busy != BUSY_CHECK)
		return; /* cancelled meanwhile */
	w->busy = BUSY_NO;
	w->have_check = true;
	if (r) {
		d->check = *r;
	} else {
		d->check = (struct check_result){ .verdict = VERDICT_UNKNOWN,
			.reason = REASON_INTERNAL,
			.latency_ms = -1,
			.dns_ms = -1,
			.tls_ms = -1,
			.answer_ms = -1,
			.skew_ms = INT64_MIN };
		if (failed)
			str_copy(d->check.text, sizeof(d->check.text), failed->msg);
	}
	d->verified = d->check.verdict == VERDICT_ACCEPTED || d->check.verdict == VERDICT_LIMITED ||
		      d->check.verdict == VERDICT_NO_CREDIT;
	tell_check(w);
}

void wizard_recovery(struct wizard *w, struct secret *code, const struct err *failed)
{
	w->busy = BUSY_NO;
	if (!code || !code->len) {
		say(w, SEVERITY_FAIL, "No recovery code was made: %s. Enter shows a new one.",
			failed && failed->msg[0] ? failed->msg : "it was not typed back");
		return;
	}
	secret_move(&w->draft.recovery, code);
	say(w, SEVERITY_OK, "The recovery code was typed back. Enter goes on.");
}

void wizard_planned(struct wizard *w, struct plan *plan, const struct err *failed)
{
	if (w->busy != BUSY_PLAN) { /* the person went back */
		if (plan)
			buf_release(&plan->diff);
		return;
	}
	w->busy = BUSY_NO;
	if (failed || !plan) {
		if (failed)
			w->plan_err = *failed;
		else
			err_set(&w->plan_err, ERR_FAILED, "the changes could not be worked out");
		return;
	}
	w->plan = *plan;
	*plan = (struct plan){ 0 };
	w->have_plan = true;
}

void wizard_file(struct wizard *w, size_t index, bool done, const struct err *failed)
{
	if (index >= w->plan.count)
		return;
	if (failed) {
		w->plan.files[index].state = PLAN_FAILED;
		w->apply_err = *failed;
		return;
	}
	w->plan.files[index].state = done ? PLAN_WRITTEN : PLAN_WRITING;
	if (done && index + 1 < w->plan.count && w->plan.files[index + 1].state == PLAN_WAITING)
		w->plan.files[index + 1].state = PLAN_WRITING;
}

void wizard_applied(struct wizard *w, const struct err *failed)
{
	w->busy = BUSY_NO;
	if (failed && failed->code != ERR_NONE) {
		if (!w->apply_err.msg[0])
			w->apply_err = *failed;
		for (size_t i = 0; i < w->plan.count; i++) {
			if (w->plan.files[i].state == PLAN_WRITING)
				w->plan.files[i].state = PLAN_WAITING;
		}
		say(w, SEVERITY_FAIL, "Not finished. The key is still in memory until you leave.");
		return;
	}
	w->applied = true;
	for (size_t i = 0; i < w->plan.count; i++)
		w->plan.files[i].state = PLAN_WRITTEN;
	secret_clear(&w->secret.text);
	secret_clear(&w->draft.secret);
	secret_clear(&w->passphrase.text);
	secret_clear(&w->again.text);
	secret_clear(&w->draft.passphrase);
	secret_release(&w->draft.recovery);
	w->trail_len = 0;
	say(w, SEVERITY_OK, "Setup complete.");
}
