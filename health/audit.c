/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/audit_impl.h"

#define FINDINGS_MAX 5000
#define FILES_KEPT 100000
#define NOTES_KEPT 1000

const char *audit_code_name(enum audit_code c)
{
	static const char *const names[] = {
#define X(code, key) [AUDIT_##code] = #code,
		AUDIT_LIST(X)
#undef X
	};

	return c < AUDIT_CODES ? names[c] : "UNKNOWN";
}

const char *audit_code_key(enum audit_code c)
{
	static const char *const keys[] = {
#define X(code, key) [AUDIT_##code] = (key),
		AUDIT_LIST(X)
#undef X
	};

	return c < AUDIT_CODES ? keys[c] : "unknownCount";
}

/* --- lists that grow ---------------------------------------------------------------------------
 */

/* The list with room for one more, or NULL. */
static void *room(void *list, size_t count, size_t *cap, size_t size)
{
	size_t wider = *cap ? 2 * *cap : 64;
	void *grown;

	if (count < *cap)
		return list;
	grown = reallocarray(list, wider, size);
	if (grown)
		*cap = wider;
	return grown;
}

static void out_of_memory(struct audit_run *w)
{
	if (!w->error.code)
		err_set(&w->error, ERR_MEMORY, "out of memory");
}

static struct audit_finding *new_finding(struct audit_run *w)
{
	struct audit *a = w->a;
	struct audit_finding *list;

	if (a->count == FINDINGS_MAX) {
		a->more++;
		return &w->unseen;
	}
	list = room(a->findings, a->count, &a->cap, sizeof(*list));
	if (!list) {
		out_of_memory(w);
		return &w->unseen;
	}
	a->findings = list;
	return &list[a->count++];
}

struct audit_finding *audit_add(struct audit_run *w, enum audit_code code, enum severity severity,
	const char *file, const char *fmt, ...)
{
	struct audit_finding *f = new_finding(w);
	char *real = realpath(file, NULL);
	va_list ap;

	*f = (struct audit_finding){ .code = code, .severity = severity, .needle = RESIDUE_NONE };
	str_copy(f->file, sizeof(f->file), real ? real : file);
	free(real);
	va_start(ap, fmt);
	vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
	return f;
}

void audit_note(struct audit_run *w, const char *path, const char *why)
{
	struct audit *a = w->a;
	struct audit_note *list;

	for (size_t i = 0; i < a->note_count; i++)
		if (strcmp(a->notes[i].path, path) == 0)
			return;
	if (a->note_count == NOTES_KEPT)
		return;
	list = room(a->notes, a->note_count, &a->note_cap, sizeof(*list));
	if (!list) {
		out_of_memory(w);
		return;
	}
	a->notes = list;
	list[a->note_count].path = strdup(path);
	if (!list[a->note_count].path) {
		out_of_memory(w);
		return;
	}
	str_copy(list[a->note_count].why, sizeof(list->why), why);
	a->note_count++;
}

/* --- values ------------------------------------------------------------------------------------
 */

size_t audit_learn(struct audit_run *w, const struct secret *value, const struct audit_value *whose)
{
	size_t before = w->search.count;
	struct audit_value *list;
	size_t index;

	list = room(w->values, before, &w->value_cap, sizeof(*list));
	if (!list) {
		out_of_memory(w);
		return RESIDUE_NONE;
	}
	w->values = list;
	if (!residue_add(&w->search, value, &index, w->error.code ? NULL : &w->error))
		return RESIDUE_NONE;
	if (index == before && w->search.count > before)
		list[index] = *whose;
	return index;
}

bool audit_open(struct audit_run *w, const char *record)
{
	return w->unlocked && vault_get_into(&w->vault, record, &w->opened, NULL);
}

struct audit_finding *audit_plain(
	struct audit_run *w, const struct audit_spot *spot, const struct secret *value)
{
	struct audit_value whose = { 0 };
	struct audit_finding *f;
	size_t needle;
	bool sealed;

	str_copy(whose.name, sizeof(whose.name), spot->profile[0] ? spot->profile : spot->path);
	str_copy(whose.provider, sizeof(whose.provider), spot->provider);
	str_copy(whose.profile, sizeof(whose.profile), spot->profile);
	needle = audit_learn(w, value, &whose);
	sealed = needle != RESIDUE_NONE && w->values[needle].sealed;
	if (sealed)
		f = audit_add(w, AUDIT_SEALED_COPY, spot->severity, spot->file,
			"%.100s is sealed, but a plain copy was left here", w->values[needle].name);
	else
		f = audit_add(w, spot->code, spot->severity, spot->file, "%.160s", spot->what);
	f->line = spot->line;
	str_copy(f->path, sizeof(f->path), spot->path);
	str_copy(f->provider, sizeof(f->provider), spot->provider);
	str_copy(f->profile, sizeof(f->profile), spot->profile);
	f->needle = needle;
	return f;
}

/* Every record, the previous revisions too: they may still be valid at the provider. */
static void learn_records(struct audit_run *w)
{
	for (size_t i = 0; i < w->vault.record_count; i++) {
		const struct vault_record *r = &w->vault.records[i];
		struct audit_value whose = { .sealed = true };

		if (!audit_open(w, r->id)) {
			audit_note(w, w->o->paths->vault, "a record does not open: not looked for");
			continue;
		}
		str_copy(whose.name, sizeof(whose.name), r->id);
		str_copy(whose.provider, sizeof(whose.provider), r->provider);
		str_copy(whose.profile, sizeof(whose.profile), r->profile);
		w->a->sealed += audit_learn(w, &w->opened, &whose) != RESIDUE_NONE;
	}
}

static void open_vault(struct audit_run *w)
{
	struct vault *v = &w->vault;
	struct err e = { 0 };

	if (!vault_load(v, w->o->paths->vault, &e)) {
		w->vault_exists = e.code != ERR_NOT_FOUND;
		if (w->vault_exists)
			w->a->locked = e;
		return;
	}
	w->vault_exists = true;
	vault_tolerate(v);
	w->unlocked = w->o->key ? vault_unlock_key(v, w->o->key, &w->a->locked)
				: vault_unlock_keyfile(v, w->o->paths->keys, &w->a->locked);
	if (w->unlocked)
		learn_records(w);
}

void audit_unread(struct audit_run *w, const char *path, const struct err *why)
{
	w->a->incomplete = true;
	if (why->code == ERR_MEMORY)
		out_of_memory(w);
	else
		audit_note(w, path, why->msg);
}

/* --- what the search says ----------------------------------------------------------------------
 */

static void on_file(void *ctx, const struct places_file *f)
{
	struct audit_run *w = ctx;
	struct audit *a = w->a;
	char **list;

	a->by_place[f->place]++;
	if (a->file_count == FILES_KEPT)
		return;
	list = room(a->files, a->file_count, &a->file_cap, sizeof(*list));
	if (list) {
		a->files = list;
		list[a->file_count] = strdup(f->path);
	}
	if (!list || !list[a->file_count])
		out_of_memory(w);
	else
		a->file_count++;
}

/* ".NAME.thinkfleetbot.PID.RANDOM.tmp" (base/fs_replace.c), by a process that is gone. */
static bool is_stale(const char *path)
{
	static const char mark[] = ".thinkfleetbot.";
	const char *name = fs_basename(path);
	const char *at = strstr(name, mark);
	char *end;
	long pid;

	if (name[0] != '.' || !at || !str_ends(name, ".tmp"))
		return false;
	pid = strtol(at + sizeof(mark) - 1, &end, 10);
	return pid > 0 && *end == '.' && kill((pid_t)pid, 0) != 0;
}

static void on_done(void *ctx, const struct places_file *f)
{
	struct audit_run *w = ctx;

	w->a->bytes += f->read.bytes;
	w->a->binary += f->read.binary;
	if (f->place == PLACE_IN_STATE && is_stale(f->path))
		audit_add(w, AUDIT_STALE_TEMP, SEVERITY_INFO, f->path,
			"a write of ours was interrupted and left this file")
			->mend = AUDIT_DROP_FILE;
}

/* The same place was found by its meaning. */
static struct audit_finding *known(
	struct audit_run *w, const char *path, unsigned line, size_t needle)
{
	for (size_t i = 0; i < w->a->count; i++) {
		struct audit_finding *f = &w->a->findings[i];

		if (!f->met && f->needle == needle && f->line == line && strcmp(f->file, path) == 0)
			return f;
	}
	return NULL;
}

/* Outside the state folder a copy was made by somebody: by whom else was it read? */
static bool was_exposed(const struct places_file *f)
{
	return !f->private || (f->place != PLACE_IN_STATE && f->place != PLACE_PROCESS);
}

static void on_hit(void *ctx, const struct places_file *f, const struct residue_hit *hit)
{
	struct audit_run *w = ctx;
	const struct audit_value *v = &w->values[hit->needle];
	bool process = f->place == PLACE_PROCESS;
	struct audit_finding *found = known(w, f->path, hit->line, hit->needle);

	if (found) {
		found->met = true;
		found->rotate = was_exposed(f);
		return;
	}
	found = audit_add(w, v->sealed ? AUDIT_SEALED_COPY : AUDIT_PLAINTEXT_FOUND,
		process ? SEVERITY_INFO : SEVERITY_WARN, f->path,
		process ? "a process of this account carries %.100s where others of it can read it"
			: "a plain copy of %.100s",
		v->name);
	found->line = process ? 0 : hit->line;
	found->needle = hit->needle;
	found->met = true;
	found->rotate = was_exposed(f) && !process;
	str_copy(found->provider, sizeof(found->provider), v->provider);
	str_copy(found->profile, sizeof(found->profile), v->profile);
}

static void on_note(void *ctx, const char *path, const char *why)
{
	audit_note(ctx, path, why);
}

static bool search(struct audit_run *w, struct err *e)
{
	const struct paths *p = w->o->paths;
	const char *extra[] = { p->config, p->env, NULL };
	const struct places_events events = {
		.ctx = w, .file = on_file, .hit = on_hit, .done = on_done, .note = on_note
	};
	const struct places_options o = {
		.state = p->real,
		.home = p->home,
		.extra = extra,
		.root = w->o->root,
		.deep = w->o->deep,
		.folders = (const char *const *)w->agent_dirs,
	};

	return places_search(&w->search, &o, &events, e);
}

/* --- agents ------------------------------------------------------------------------------------
 */

static void add_agent_dir(struct audit_run *w, const char *dir)
{
	char **list;

	for (size_t i = 0; i < w->agent_count; i++)
		if (strcmp(w->agent_dirs[i], dir) == 0)
			return;
	/* One more for the NULL at the end. */
	list = reallocarray(w->agent_dirs, w->agent_count + 2, sizeof(*list));
	if (!list) {
		out_of_memory(w);
		return;
	}
	w->agent_dirs = list;
	list[w->agent_count] = strdup(dir);
	if (list[w->agent_count])
		list[++w->agent_count] = NULL;
	else
		out_of_memory(w);
}

/* Every folder below agents/, and those that the configuration names. */
static void find_agents(struct audit_run *w)
{
	const struct paths *p = w->o->paths;
	char path[PATHS_CAP];
	const struct dirent *entry;
	DIR *d = NULL;

	if (paths_agent_dir(path, sizeof(path), p, AGENT_DEFAULT, NULL, NULL))
		add_agent_dir(w, path);
	if (fs_join(path, sizeof(path), p->state, "agents", NULL))
		d = opendir(path);
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' &&
			paths_agent_dir(path, sizeof(path), p, entry->d_name, NULL, NULL))
			add_agent_dir(w, path);
	if (d)
		closedir(d);
	for (size_t i = 0; i < w->config.agent_count; i++) {
		const struct config_agent *agent = &w->config.agents[i];

		if (paths_agent_dir(path, sizeof(path), p, agent->id, agent->agent_dir, NULL))
			add_agent_dir(w, path);
	}
}

/* --- the run -----------------------------------------------------------------------------------
 */

static int compare(const void *x, const void *y)
{
	const struct audit_finding *a = x;
	const struct audit_finding *b = y;
	int c;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	c = strcmp(a->file, b->file);
	if (c)
		return c;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return strcmp(a->path, b->path);
}

static void release_run(struct audit_run *w)
{
	residue_release(&w->search);
	free(w->values);
	vault_release(&w->vault);
	secret_release(&w->opened);
	config_release(&w->config);
	dotenv_release(&w->dotenv);
	for (size_t i = 0; i < w->agent_count; i++)
		free(w->agent_dirs[i]);
	free(w->agent_dirs);
}

static bool run(struct audit_run *w, struct err *e)
{
	const struct paths *p = w->o->paths;
	struct audit *a = w->a;
	struct err found = { 0 };

	if (!residue_init(&w->search, e))
		return false;
	if (!config_load(&w->config, p->config, &found))
		audit_unread(w, p->config, &found);
	if (!dotenv_load(&w->dotenv, p->env, NULL, &found))
		audit_unread(w, p->env, &found);
	find_agents(w);
	open_vault(w);
	audit_delivered(w);
	audit_collect(w);
	audit_shadowed(w);
	if (!search(w, e))
		return false;
	a->values = w->search.count;
	a->too_short = w->search.too_short;
	if (a->count)
		qsort(a->findings, a->count, sizeof(*a->findings), compare);
	if (w->error.code)
		return err_set(e, w->error.code, "%s", w->error.msg);
	return true;
}

bool audit_take(struct audit *a, const struct audit_options *o, struct err *e)
{
	struct audit_run *w = calloc(1, sizeof(*w));
	bool ok;

	*a = (struct audit){ 0 };
	if (!w)
		return err_set(e, ERR_MEMORY, "out of memory");
	w->a = a;
	w->o = o;
	w->env = o->env ? *o->env : paths_env_process();
	ok = run(w, e);
	release_run(w);
	free(w);
	if (!ok)
		audit_release(a);
	return ok;
}

void audit_release(struct audit *a)
{
	for (size_t i = 0; i < a->file_count; i++)
		free(a->files[i]);
	for (size_t i = 0; i < a->note_count; i++)
		free(a->notes[i].path);
	free(a->files);
	free(a->notes);
	free(a->findings);
	*a = (struct audit){ 0 };
}

size_t audit_count(const struct audit *a, enum audit_code c)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++)
		n += a->findings[i].code == c;
	return n;
}

int audit_status(const struct audit *a, bool check)
{
	if (audit_count(a, AUDIT_REF_UNRESOLVED))
		return 2;
	return check && (a->count || a->more || a->incomplete) ? 1 : 0;
}
