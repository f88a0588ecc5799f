/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "health/doctor_impl.h"
#include "health/residue_places.h"

/*
 * Plain-text copies of what is sealed now (user-pains.md P35). The search is the
 * one of `secrets audit`; only with --deep, because it reads files that are not ours.
 */

struct sweep {
	struct survey *v;
	const struct check *check;
	struct residue search;
	const struct credential **owners; /* parallel to the needles */
	size_t sealed;
};

static bool learn(struct sweep *w, const struct credential *c, struct err *e)
{
	size_t before = w->search.count;
	bool ok;

	if (c->stored != STORED_SEALED ||
		!vault_get_into(&w->v->vault, c->ref, &w->v->opened, NULL))
		return true;
	ok = residue_add(&w->search, &w->v->opened, NULL, e);
	if (w->search.count > before)
		w->owners[before] = c;
	w->sealed++;
	secret_clear(&w->v->opened);
	return ok;
}

static bool learn_all(struct sweep *w, struct err *e)
{
	const struct snapshot *s = w->v->s;

	w->owners = calloc(s->credential_count + 1, sizeof(const struct credential *));
	if (!w->owners)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < s->credential_count; i++)
		if (!learn(w, &s->credentials[i], e))
			return false;
	return true;
}

static void on_file(void *ctx, const struct places_file *f)
{
	(void)ctx;
	(void)f;
}

static void on_note(void *ctx, const char *path, const char *why)
{
	(void)ctx;
	(void)path;
	(void)why;
}

/* The audit scrubs the gateway's own files; a backup can go; in other files a person decides. */
static void fix_copy(const struct survey *v, struct finding *found, const char *path, unsigned line)
{
	if (strcmp(path, v->paths->env) == 0 || strcmp(path, v->own.path) == 0 ||
		(v->layered && strcmp(path, v->main.path) == 0))
		finding_fix(found, FIX_AUDIT, NULL);
	else if (strstr(fs_basename(path), ".bak"))
		finding_fix(found, "rm", path);
	else
		finding_edit(found, path, line);
}

static void on_hit(void *ctx, const struct places_file *f, const struct residue_hit *hit)
{
	struct sweep *w = ctx;
	struct finding *found = finding_add(w->v, w->check, SEVERITY_WARN,
		"a plain-text copy of %.80s lies outside the vault", w->owners[hit->needle]->id);

	finding_evidence(w->v, found, f->path, hit->line);
	fix_copy(w->v, found, f->path, (unsigned)hit->line);
}

static bool sweep(struct sweep *w, struct err *e)
{
	const struct paths *p = w->v->paths;
	const char *files[] = { p->config, p->env, NULL };
	const char *folders[] = { w->v->own.agent_dir, w->v->layered ? w->v->main.agent_dir : NULL,
		NULL };
	const struct places_events events = {
		.ctx = w, .file = on_file, .hit = on_hit, .done = on_file, .note = on_note
	};
	const struct places_options o = { .state = p->real,
		.home = p->home,
		.root = w->v->o->root ? w->v->o->root : "",
		.extra = files,
		.folders = folders };

	return places_search(&w->search, &o, &events, e);
}

bool check_residue(struct survey *v, const struct check *c)
{
	struct sweep w = { .v = v, .check = c };

	if (!v->o->deep || !v->unlocked)
		return false;
	if (!residue_init(&w.search, NULL) || !learn_all(&w, NULL) ||
		(w.sealed && !sweep(&w, NULL)))
		v->failed = true;
	residue_release(&w.search);
	free(w.owners);
	return w.sealed > 0;
}
