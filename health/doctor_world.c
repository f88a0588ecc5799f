/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/doctor_impl.h"

/* Outside our files: the account, the clock, other state folders, version control. */

bool check_identity(struct survey *v, const struct check *c)
{
	struct err e = { 0 };

	if (paths_check(v->paths, geteuid(), &v->env, "thinkfleetbot doctor", &e)) {
		if (geteuid() == 0)
			finding_add(v, c, SEVERITY_INFO,
				"this is root: a gateway of another user does not see these files");
		return true;
	}
	finding_err(v, c, &e);
	return true;
}

#define YEAR_2025_MS INT64_C(1735689600000)

/* What the newest live check saw of the clock. */
static bool clock_was_off(struct survey *v, const struct check *c)
{
	const struct credential *newest = NULL;

	for (size_t i = 0; i < v->s->credential_count; i++) {
		const struct credential *cred = &v->s->credentials[i];

		if (!newest || cred->accepted_at_ms > newest->accepted_at_ms)
			newest = cred;
	}
	if (!newest || !newest->accepted_skew_ms)
		return false;
	finding_add(v, c, SEVERITY_WARN,
		"at the last live check, of %s, the clock was %lld min %s: set it first",
		newest->id, llabs(newest->accepted_skew_ms) / MS_MINUTE,
		newest->accepted_skew_ms > 0 ? "fast" : "slow");
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
		finding_add(v, c, SEVERITY_FAIL,
			"the clock says %s: expiry dates and TLS cannot work, set it first", when);
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

/* From the state folder up to the root: a .git means that a commit can take the keys along. */
bool check_git(struct survey *v, const struct check *c)
{
	char dir[PATHS_CAP];
	char probe[PATHS_CAP + 8];

	if (!v->s->state_exists)
		return false;
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
			return true;
		}
		fs_dirname(up, sizeof(up), dir);
		str_copy(dir, sizeof(dir), up);
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
