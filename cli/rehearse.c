/* SPDX-License-Identifier: MIT */
#include "cli/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/capsule_io.h"
#include "cli/hold.h"
#include "cli/out_base.h"
#include "cli/restore.h"
#include "cli/unlock.h"

struct rehearsal {
	struct capsule capsule;
	struct vault here;
	bool have_here;
	struct secret key; /* of the comparisons, of this run only */
	size_t restored;   /* records that came out of the scratch vault as they went in */
	size_t same, differ, gone, missing;
};

/* A folder below TMPDIR, mode 0700, in which only a sealed file is ever written. */
static bool scratch_make(char *dir, size_t cap, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct str s = str_on(dir, cap);

	str_fmt(&s, "%s/tfb-restore-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (s.cut)
		return err_set(e, ERR_USAGE, "TMPDIR is too long");
	return mkdtemp(dir) || err_sys(e, "%s", dir);
}

static void scratch_remove(const char *dir)
{
	static const char *const names[] = { "vault.json", "vault.json.bak", ".gitignore" };
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (fs_join(path, sizeof(path), dir, names[i], NULL))
			fs_unlink(path, NULL);
	rmdir(dir);
}

static size_t count_same(const struct rehearsal *r, const struct vault *v)
{
	size_t n = 0;

	for (size_t i = 0; i < r->capsule.record_count; i++)
		n += capsule_compare(&r->capsule.records[i], v, &r->key) == CAPSULE_SAME;
	return n;
}

/* The scratch vault's key is in memory only: what is left of it after a crash opens never. */
static bool restore_at(struct rehearsal *r, const char *path, struct err *e)
{
	struct secret kek = { 0 };
	struct vault made = { 0 };
	struct vault back = { 0 };
	bool ok = random_key(&kek, e) && vault_create_with_key(&made, &kek, e) &&
		  restore_records(&made, &r->capsule, e) && vault_save(&made, path, e) &&
		  vault_load(&back, path, e) && vault_unlock_key(&back, &kek, e);

	if (ok)
		r->restored = count_same(r, &back);
	vault_release(&back);
	vault_release(&made);
	secret_release(&kek);
	return ok;
}

static bool restore(struct rehearsal *r, struct err *e)
{
	char path[FS_PATH_MAX];
	char dir[FS_PATH_MAX];
	bool ok;

	if (!scratch_make(dir, sizeof(dir), e))
		return false;
	ok = fs_join(path, sizeof(path), dir, "vault.json", e) && restore_at(r, path, e);
	scratch_remove(dir);
	return ok;
}

static void compare_here(struct rehearsal *r)
{
	for (size_t i = 0; i < r->capsule.record_count; i++) {
		switch (capsule_compare(&r->capsule.records[i], &r->here, &r->key)) {
		case CAPSULE_SAME:
			r->same++;
			break;
		case CAPSULE_DIFFERS:
		case CAPSULE_UNREADABLE:
			r->differ++;
			break;
		case CAPSULE_MISSING:
			r->gone++;
			break;
		}
	}
	for (size_t i = 0; i < r->here.record_count; i++)
		r->missing += !capsule_find(&r->capsule, r->here.records[i].id);
}

static void list_differences(const struct rehearsal *r)
{
	for (size_t i = 0; i < r->here.record_count; i++) {
		const struct capsule_record *c = capsule_find(&r->capsule, r->here.records[i].id);

		if (c && capsule_compare(c, &r->here, &r->key) == CAPSULE_SAME)
			continue;
		fputs(c ? "  other value here: " : "  not in the capsule: ", stdout);
		out_text(stdout, r->here.records[i].id);
		putchar('\n');
	}
}

static void print_rehearsal(const struct rehearsal *r)
{
	printf("Restored into a scratch vault and read back: %zu of %zu records are the same.\n",
		r->restored, r->capsule.record_count);
	if (!r->have_here) {
		puts("There is no vault here to compare it with.");
		return;
	}
	printf("Compared with the vault here: %zu the same, %zu with another value, "
	       "%zu only in the capsule, %zu only here.\n",
		r->same, r->differ, r->gone, r->missing);
	list_differences(r);
}

static bool rehearsal_json(const struct rehearsal *r, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *here = NULL;

	json_put(root, "records", json_object_new_int64((int64_t)r->capsule.record_count));
	json_put(root, "restored", json_object_new_int64((int64_t)r->restored));
	json_put(root, "profiles", json_object_new_int64((int64_t)r->capsule.profile_count));
	json_put(root, "madeAt", json_object_new_int64((int64_t)r->capsule.head.made_s * 1000));
	if (r->have_here) {
		here = json_object_new_object();
		json_put(here, "same", json_object_new_int64((int64_t)r->same));
		json_put(here, "differ", json_object_new_int64((int64_t)r->differ));
		json_put(here, "onlyInCapsule", json_object_new_int64((int64_t)r->gone));
		json_put(here, "onlyHere", json_object_new_int64((int64_t)r->missing));
	}
	json_put(root, "comparedWithVault", here);
	return json_finish(stdout, root, e);
}

static bool rehearsal_bad(const struct rehearsal *r, struct err *e)
{
	if (r->restored < r->capsule.record_count)
		return err_set(e, ERR_DAMAGED, "%zu of %zu records were not restored",
			r->capsule.record_count - r->restored, r->capsule.record_count);
	if (r->differ || r->missing) {
		err_set(e, ERR_FAILED, "the capsule opens, but is not what the vault holds now");
		return err_hint(e, "make a new one: thinkfleetbot secrets export FILE");
	}
	return true;
}

/* The one that is here, opened as every command does: the options named the capsule's passphrase.
 */
static bool open_here(struct rehearsal *r, const struct paths *paths, struct err *e)
{
	struct unlock u = { .paths = paths };
	bool ok = unlock_open(&u, &r->here, e);

	unlock_release(&u);
	return ok;
}

static bool perform(struct rehearsal *r, const struct rehearse *how, struct err *e)
{
	bool ok;

	r->have_here = vault_exists(how->paths);
	if (!capsule_read(&r->capsule, how->capsule, how->passphrase, e) ||
		(r->have_here && !open_here(r, how->paths, e)) || !random_key(&r->key, e) ||
		!restore(r, e))
		return false;
	if (r->have_here)
		compare_here(r);
	ok = true;
	if (how->json)
		ok = rehearsal_json(r, e);
	else
		print_rehearsal(r);
	return ok && rehearsal_bad(r, e);
}

bool rehearse(const struct rehearse *how, struct err *e)
{
	struct rehearsal r = { 0 };
	bool ok = perform(&r, how, e);

	capsule_release(&r.capsule);
	vault_release(&r.here);
	secret_release(&r.key);
	return ok;
}
