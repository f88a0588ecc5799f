/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "health/doctor_impl.h"
#include "health/service_view.h"

/*
 * The service beside this shell: "it works here and not after the reboot" (user-pains.md P46), a
 * variable of the unit that wins over a new key (P47), root or another account (P38), and a gateway
 * that still holds the key from before the last rotation.
 */

struct scene {
	struct survey *v;
	const struct check *c;
	const struct service_view *view;
};

static void evidence(struct finding *f, const struct service_cell *cell)
{
	str_copy(f->evidence, sizeof(f->evidence), cell->from);
}

static void fix_unit(struct finding *f, const struct service_view *view, const char *verb)
{
	struct str out = STR_OF(f->fix);

	service_systemctl(&out, view, verb);
	if (out.cut)
		f->fix[0] = '\0';
}

/* --- who, and with which files -----------------------------------------------------------------
 */

static void check_place(const struct scene *x)
{
	const struct service_view *view = x->view;
	struct finding *f;

	if (view->name[0] && !view->ours && view->state[0] && !view->pid) {
		f = finding_add(x->v, x->c, SEVERITY_WARN,
			"%.80s (user %.32s) uses another state folder than this one: %.90s",
			view->name, view->user[0] ? view->user : "?", view->state);
		finding_evidence(x->v, f, view->path, 0);
	}
	if (view->ours && !view->readable_state) {
		f = finding_add(x->v, x->c, SEVERITY_FAIL,
			"%.80s runs as %.32s, who cannot read the files here", view->name,
			view->user);
		finding_evidence(x->v, f, view->path, 0);
		fix_unit(f, view, "edit");
	}
	if (view->gap[0]) {
		f = finding_add(x->v, x->c, SEVERITY_INFO, "%.200s", view->gap);
		finding_evidence(x->v, f, view->path, 0);
	}
	if (view->pid && view->name[0] && view->ours && !view->own_unit)
		finding_add(x->v, x->c, SEVERITY_INFO,
			"the gateway that runs (pid %d) was not started by %.80s: after a restart "
			"it may have other variables",
			view->pid, view->name);
}

static void check_manager(const struct scene *x)
{
	const struct service_view *view = x->view;
	struct finding *f;

	if (view->needs_reload && view->ours) {
		f = finding_add(x->v, x->c, SEVERITY_WARN,
			"%.80s was changed, and systemd has not read that", view->name);
		finding_evidence(x->v, f, view->path, 0);
		str_copy(f->fix, sizeof(f->fix),
			strcmp(view->kind, "systemd-user") == 0 ? "systemctl --user daemon-reload"
								: "systemctl daemon-reload");
	}
	if (view->ours && strcmp(view->active, "failed") == 0) {
		f = finding_add(x->v, x->c, SEVERITY_WARN, "%.80s has failed", view->name);
		finding_evidence(x->v, f, view->path, 0);
		fix_unit(f, view, "status");
	}
}

/* --- variables ---------------------------------------------------------------------------------
 */

/* A key that is kept here, and another one that the unit sets under its name. */
static void check_shadow(
	const struct scene *x, const struct credential *cred, const struct service_row *row)
{
	struct finding *f;
	bool wins;

	if (row->wins != WINS_UNIT || cred->stored == STORED_ENVIRONMENT || !cred->fingerprint[0] ||
		strcmp(row->next.fingerprint, cred->fingerprint) == 0)
		return;
	/* `run` does not replace what is set; a gateway with references takes the profile first. */
	wins = !cred->in_store || x->view->run || paths_january(x->v->paths->config);
	f = finding_add(x->v, x->c, wins ? SEVERITY_WARN : SEVERITY_INFO,
		"%s of the service is another key than the one that is stored%s", row->name,
		wins ? ", and wins" : "; the profile goes first");
	evidence(f, &row->unit);
	fix_unit(f, x->view, "edit");
}

/* What only this shell sets is gone when the service starts. */
static void check_shell_only(
	const struct scene *x, const struct credential *cred, const struct service_row *row)
{
	struct finding *f;

	if (cred->stored != STORED_ENVIRONMENT || cred->in_store || row->wins)
		return;
	f = finding_add(x->v, x->c, SEVERITY_WARN,
		"%s is set in this shell only: %.80s does not get it", row->name, x->view->name);
	finding_evidence(x->v, f, x->view->path, 0);
	finding_fix(f, FIX_ONBOARD, NULL);
}

/* `run` opens it, and the service starts the gateway without. References need no `run`. */
static void check_undelivered(const struct scene *x, const struct credential *cred)
{
	struct finding *f;

	if (cred->stored != STORED_SEALED || cred->in_store || x->view->run)
		return;
	f = finding_add(x->v, x->c, SEVERITY_FAIL,
		"%s is sealed, but %.80s does not start the gateway through thinkfleetbot run: "
		"it does not get it",
		cred->var, x->view->name);
	finding_evidence(x->v, f, x->view->path, 0);
	fix_unit(f, x->view, "edit");
}

/* The other way round than check_shell_only(): both are set, to different keys. */
static void check_differs(const struct scene *x, const struct service_row *row)
{
	struct finding *f;

	if (row->shell.state != CELL_SET || row->next.state != CELL_SET ||
		strcmp(row->shell.fingerprint, row->next.fingerprint) == 0)
		return;
	f = finding_add(x->v, x->c, SEVERITY_WARN,
		"%s is one key in this shell and another one for the service", row->name);
	evidence(f, &row->next);
	finding_fix(f, "thinkfleetbot models auth explain", row->provider);
}

/* A unit that was changed after the start: it works until the next one. */
static void check_changed(const struct scene *x, const struct service_row *row)
{
	struct finding *f;

	if (!x->view->own_unit || row->wins != WINS_UNIT || row->process.state == CELL_UNKNOWN ||
		strcmp(row->process.fingerprint, row->next.fingerprint) == 0)
		return;
	f = finding_add(x->v, x->c, SEVERITY_WARN,
		"the running gateway has another %s than its unit says: a restart changes it",
		row->name);
	evidence(f, &row->unit);
	fix_unit(f, x->view, "restart");
}

static void check_variables(const struct scene *x)
{
	const struct snapshot *s = x->v->s;

	if (!x->view->name[0] || !x->view->ours)
		return;
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct credential *cred = &s->credentials[i];
		const struct service_row *row =
			cred->var[0] ? service_row(x->view, cred->var) : NULL;

		if (cred->var[0])
			check_undelivered(x, cred);
		if (!row)
			continue;
		check_shadow(x, cred, row);
		check_shell_only(x, cred, row);
	}
	for (size_t i = 0; i < x->view->row_count; i++) {
		check_differs(x, &x->view->rows[i]);
		check_changed(x, &x->view->rows[i]);
	}
}

/* --- what runs ---------------------------------------------------------------------------------
 */

static void check_in_use(const struct scene *x)
{
	const struct snapshot *s = x->v->s;
	char since[40] = "an unknown time";
	struct str when = STR_OF(since);

	if (x->view->started_ms)
		clock_local(&when, x->view->started_ms);
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct credential *cred = &s->credentials[i];
		struct finding *f;

		if (cred->in_use != IN_USE_OLDER)
			continue;
		f = finding_add(x->v, x->c, SEVERITY_WARN,
			"the gateway that runs since %s holds an older %.80s: restart it", since,
			cred->id);
		snprintf(f->evidence, sizeof(f->evidence), "/proc/%d", x->view->pid);
		if (x->view->own_unit)
			fix_unit(f, x->view, "restart");
	}
}

/* A gateway goes on without it, and then lacks every key of the profile files. */
bool check_shell_import(struct survey *v, const struct check *c)
{
	struct finding *f;

	if (!v->s->shell_env)
		return false;
	if (!v->shell.error.code)
		return true;
	f = finding_add(v, c, SEVERITY_WARN,
		"the login shell supplies nothing, here as for the gateway: %.150s",
		v->shell.error.msg);
	finding_evidence(v, f, v->paths->config, 0);
	return true;
}

bool check_service(struct survey *v, const struct check *c)
{
	const struct scene x = { v, c, v->s->service };

	if (!x.view)
		return false;
	check_place(&x);
	check_manager(&x);
	check_variables(&x);
	check_in_use(&x);
	return x.view->ours || x.view->pid || v->found;
}
