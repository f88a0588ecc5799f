/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/user.h"
#include "health/doctor_impl.h"

/* Outside our files: the account, the clock, other state folders, version control. */

/* The same as its owner: who is behind sudo, or whose home it is. */
static void finding_account(struct survey *v, struct finding *f)
{
	const char *sudo = v->env.get(v->env.ctx, "SUDO_UID");
	struct user owner;
	struct stat st;
	uid_t uid = 0;

	if (stat(v->paths->home, &st) == 0)
		uid = st.st_uid;
	if (geteuid() == 0 && sudo && sudo[0])
		uid = (uid_t)strtoul(sudo, NULL, 10);
	if (!user_find(&owner, uid, NULL))
		return;
	snprintf(f->fix, sizeof(f->fix), "sudo -u %.63s -H thinkfleetbot doctor", owner.name);
}

bool check_identity(struct survey *v, const struct check *c)
{
	struct err e = { 0 };
	struct finding *f;

	if (paths_check(v->paths, geteuid(), &v->env, "thinkfleetbot doctor", &e)) {
		if (geteuid() == 0)
			str_copy(finding_add(v, c, SEVERITY_INFO,
					 "this is root: a gateway of another user does not see "
					 "these files")
					 ->evidence,
				sizeof(f->evidence), "effective uid 0");
		return true;
	}
	f = finding_err(v, c, &e);
	finding_evidence(v, f, v->paths->home, 0);
	finding_account(v, f);
	return true;
}

#define YEAR_2025_MS INT64_C(1735689600000)
#define CLOCK_FIX "sudo timedatectl set-ntp true"

/* What the newest live check saw of the clock. */
static bool clock_was_off(struct survey *v, const struct check *c)
{
	const struct credential *newest = NULL;
	struct finding *f;

	for (size_t i = 0; i < v->s->credential_count; i++) {
		const struct credential *cred = &v->s->credentials[i];

		if (!newest || cred->accepted_at_ms > newest->accepted_at_ms)
			newest = cred;
	}
	if (!newest || !newest->accepted_skew_ms)
		return false;
	f = finding_add(v, c, SEVERITY_WARN,
		"at the last live check, of %s, the clock was %lld min %s: set it first",
		newest->id, llabs(newest->accepted_skew_ms) / MS_MINUTE,
		newest->accepted_skew_ms > 0 ? "fast" : "slow");
	finding_evidence(v, f, v->paths->checks, 0);
	str_copy(f->fix, sizeof(f->fix), CLOCK_FIX);
	return true;
}

/* A board without a clock starts in 1970, and then every expiry is nonsense (P66). */
bool check_clock(struct survey *v, const struct check *c)
{
	int64_t now = v->s->now_ms;
	int64_t newest = 0;
	char when[40];
	struct str text = STR_OF(when);
	struct finding *f;

	clock_local(&text, now);
	if (now < YEAR_2025_MS) {
		f = finding_add(v, c, SEVERITY_FAIL,
			"the clock says %s: expiry dates and TLS cannot work, set it first", when);
		str_copy(f->evidence, sizeof(f->evidence), "the time of this machine");
		str_copy(f->fix, sizeof(f->fix), CLOCK_FIX);
		return true;
	}
	for (size_t i = 0; i < v->s->credential_count; i++) {
		const struct credential *cred = &v->s->credentials[i];

		if (cred->accepted_at_ms > newest)
			newest = cred->accepted_at_ms;
		if (cred->last_used_ms > newest)
			newest = cred->last_used_ms;
	}
	if (newest <= now + MS_DAY) {
		clock_was_off(v, c);
		return true;
	}
	f = finding_add(v, c, SEVERITY_WARN,
		"the clock says %s, but a key was used after that: one of them is wrong", when);
	finding_evidence(v, f, v->s->store_path, 0);
	str_copy(f->fix, sizeof(f->fix), CLOCK_FIX);
	return true;
}

bool check_other_states(struct survey *v, const struct check *c)
{
	static const char *const names[] = { ".thinkfleetbot", ".openclaw", ".moltbot",
		".clawdbot" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[PATHS_CAP];
		struct finding *f;
		char *real;

		if (!fs_join(path, sizeof(path), v->paths->home, names[i], NULL))
			continue;
		real = realpath(path, NULL);
		if (real && strcmp(real, v->paths->real) != 0) {
			f = finding_add(v, c, SEVERITY_INFO,
				"~/%s is another state folder: a gateway uses one of them",
				names[i]);
			finding_evidence(v, f, path, 0);
		}
		free(real);
	}
	return true;
}

/* A line "*": git takes nothing of the folder along, not even this file. */
static bool ignores_all(const char *path)
{
	struct buf text = { 0 };
	bool all = false;

	if (fs_read(path, 4096, &text, NULL, NULL))
		for (size_t i = 0; !all && i < text.len; i++)
			all = text.p[i] == '*' && (i == 0 || text.p[i - 1] == '\n') &&
			      (i + 1 == text.len || text.p[i + 1] == '\n');
	buf_release(&text);
	return all;
}

/* From the state folder up to the root: a .git means that a commit can take the keys along. */
bool check_git(struct survey *v, const struct check *c)
{
	char dir[PATHS_CAP];
	char probe[PATHS_CAP + 8];
	char ignore[PATHS_CAP];

	if (!v->s->state_exists ||
		!fs_join(ignore, sizeof(ignore), v->paths->real, ".gitignore", NULL))
		return false;
	if (ignores_all(ignore))
		return true;
	str_copy(dir, sizeof(dir), v->paths->real);
	while (strcmp(dir, "/") != 0 && dir[0]) {
		struct str path = STR_OF(probe);
		char up[PATHS_CAP];

		str_fmt(&path, "%s/.git", dir);
		if (access(probe, F_OK) == 0) {
			struct finding *f = finding_add(v, c, SEVERITY_WARN,
				"the state folder lies in a git work tree: a commit can take it "
				"along");

			finding_evidence(v, f, probe, 0);
			finding_fix(f, "printf '*\\n' >", ignore);
			return true;
		}
		fs_dirname(up, sizeof(up), dir);
		str_copy(dir, sizeof(dir), up);
	}
	return true;
}

/* A folder that a program copies to other machines: both would write into one store. */
bool check_synced(struct survey *v, const struct check *c)
{
	static const char *const names[] = { "/Dropbox/", "/OneDrive/", "/Nextcloud/", "/ownCloud/",
		"/Google Drive/", "/GoogleDrive/", "/pCloudDrive/", "/Syncthing/",
		"/Mobile Documents/" };
	char path[PATHS_CAP + 2];
	char home[PATHS_CAP];
	struct str s = STR_OF(path);

	if (!v->s->state_exists)
		return false;
	str_fmt(&s, "%s/", v->paths->real);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct finding *f;

		if (!strstr(path, names[i]))
			continue;
		f = finding_add(v, c, SEVERITY_WARN,
			"the state folder is copied to other machines, credentials and all");
		finding_evidence(v, f, v->paths->real, 0);
		if (fs_join(home, sizeof(home), v->paths->home, ".thinkfleetbot", NULL) &&
			access(home, F_OK) != 0)
			finding_move(f, v->paths->real, home);
		break;
	}
	return true;
}

/* Keys in memory that may be swapped out end up on the disk, in plain text. */
bool check_memory(struct survey *v, const struct check *c)
{
	struct finding *f;

	if (secret_locked())
		return true;
	f = finding_add(v, c, SEVERITY_WARN,
		"keys in memory could not be kept out of swap: the limit for locked memory is too "
		"small");
	str_copy(f->evidence, sizeof(f->evidence), "mlock() failed in this process");
	str_copy(f->fix, sizeof(f->fix), "ulimit -l 8192");
	return true;
}
