/* SPDX-License-Identifier: MIT */

/* How a command that writes begins, and what killed ones left beside the files. */
#include <dirent.h>
#include <limits.h>

#include "store/txn.h"

#define OWN_LOCK_MS 10000

_Static_assert(PATHS_CAP + NAME_MAX + sizeof("/agents//agent/auth-profiles.json") <= FS_PATH_MAX,
	"what is joined to a folder of struct paths here always fits");

/* Looks beside one file; true ends the walk. */
struct beside {
	bool (*look)(struct beside *b, const char *path, bool profiles);
	char *out; /* what was found */
	size_t cap;
};

/* The store of every agent that has a folder where agents have theirs. */
static bool beside_agents(const struct paths *p, struct beside *b)
{
	char agents[FS_PATH_MAX];
	char dir[FS_PATH_MAX];
	char file[FS_PATH_MAX];
	const struct dirent *entry;
	bool done = false;
	DIR *d;

	fs_join(agents, sizeof(agents), p->state, "agents", NULL);
	d = opendir(agents);
	while (d && !done && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		fs_join(dir, sizeof(dir), agents, entry->d_name, NULL);
		fs_join(file, sizeof(file), dir, "agent/auth-profiles.json", NULL);
		done = b->look(b, file, true);
	}
	if (d)
		closedir(d);
	return done;
}

static bool beside_all(const struct paths *p, struct beside *b)
{
	char key[FS_PATH_MAX];
	const char *const files[] = { p->env, p->config, p->vault, p->resolver, key };

	fs_join(key, sizeof(key), p->keys, "any.key", NULL);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (b->look(b, files[i], false))
			return true;
	return beside_agents(p, b);
}

static bool sweep(struct beside *b, const char *path, bool profiles)
{
	(void)b;
	if (profiles)
		txn_tidy(path);
	else
		fs_sweep(path);
	return false;
}

static bool find(struct beside *b, const char *path, bool profiles)
{
	(void)profiles;
	return fs_left(path, b->out, b->cap);
}

bool txn_left(const struct paths *p, char *out, size_t cap)
{
	struct beside b = { .look = find, .out = out, .cap = cap };

	return beside_all(p, &b);
}

bool txn_lock(struct fs_lock *l, const struct paths *p, struct txn_report *r, struct err *e)
{
	struct beside b = { .look = sweep };

	if (!fs_mkdirs(p->secrets, e) || !fs_lock(l, p->lock, OWN_LOCK_MS, e))
		return false;
	beside_all(p, &b);
	if (txn_recover(p->txn, r, e))
		return true;
	fs_unlock(l);
	return false;
}

void txn_tidy(const char *profiles)
{
	fs_sweep(profiles);
	peerlock_clean(profiles);
}
