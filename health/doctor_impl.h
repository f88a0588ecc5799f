/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_DOCTOR_IMPL_H
#define HEALTH_DOCTOR_IMPL_H

#include "health/doctor.h"
#include "health/survey_data.h"

/* What the checks share. Private to doctor*.c. */

/* What the fixes run: rows of design.md, "Commands". */
#define FIX_ONBOARD "thinkfleetbot onboard"
#define FIX_DOCTOR "thinkfleetbot doctor --fix"
#define FIX_PROBE "thinkfleetbot models status --probe"
#define FIX_ROTATE "thinkfleetbot models auth rotate" /* finding_rotate() */
#define FIX_VERIFY "thinkfleetbot secrets verify"
#define FIX_KEYS "thinkfleetbot secrets status"
#define FIX_AUDIT "thinkfleetbot secrets audit --fix"
#define FIX_REMOVE "thinkfleetbot models auth remove"
#define FIX_COOLDOWN "thinkfleetbot models auth cooldown clear"

/*
 * A new finding with this one line; evidence and fix are the caller's to fill in.
 * Never NULL: when the list is full or memory is out, a finding nobody will see.
 */
struct finding *finding_add(struct survey *v, const struct check *c, enum severity severity,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A failure out of an error: its message and, if it has one, its hint. */
struct finding *finding_err(struct survey *v, const struct check *c, const struct err *from);

/* "~/.thinkfleetbot/.env:3"; line 0: the file alone. */
void finding_evidence(struct survey *v, struct finding *f, const char *path, unsigned line);

/* A file that could not be read: its evidence with the line that the error names, and a fix. */
void finding_unread(struct survey *v, struct finding *f, const char *path, const struct err *why);

/* A command; its last argument is quoted for a shell. word NULL: none. "" when it does not fit. */
void finding_fix(struct finding *f, const char *command, const char *word);

/* A new key for this profile; names the agent when it is not the configured default. */
void finding_rotate(struct survey *v, struct finding *f, const struct credential *c);

/* The same for any command that takes a profile. */
void finding_profile(
	struct survey *v, struct finding *f, const char *command, const struct credential *c);

/* The line, in the person's editor; line 0: the file alone. */
void finding_edit(struct finding *f, const char *path, unsigned line);

/* Gives it back to this account. */
void finding_chown(struct finding *f, const char *path);

/* "mv FROM TO", both quoted. */
void finding_move(struct finding *f, const char *from, const char *to);

/* chmod of our own file, safe. */
void finding_chmod(struct finding *f, const char *path, unsigned mode);

/* The rows' functions. */
bool check_state(struct survey *v, const struct check *c);
bool check_modes(struct survey *v, const struct check *c);
bool check_config(struct survey *v, const struct check *c);
bool check_profiles(struct survey *v, const struct check *c);
bool check_dotenv(struct survey *v, const struct check *c);
bool check_duplicates(struct survey *v, const struct check *c);
bool check_readers(struct survey *v, const struct check *c);
bool check_interrupted(struct survey *v, const struct check *c);
bool check_locks(struct survey *v, const struct check *c);
bool check_links(struct survey *v, const struct check *c);
bool check_misplaced(struct survey *v, const struct check *c);
bool check_vault(struct survey *v, const struct check *c);
bool check_references(struct survey *v, const struct check *c);
bool check_plain(struct survey *v, const struct check *c);
bool check_residue(struct survey *v, const struct check *c);
bool check_resolver(struct survey *v, const struct check *c);
bool check_secrets_provider(struct survey *v, const struct check *c);
bool check_deprecated(struct survey *v, const struct check *c);
bool check_cooldowns(struct survey *v, const struct check *c);
bool check_expiry(struct survey *v, const struct check *c);
bool check_accepted(struct survey *v, const struct check *c);
bool check_shadows(struct survey *v, const struct check *c);
bool check_shell_import(struct survey *v, const struct check *c);
bool check_service(struct survey *v, const struct check *c);
bool check_models(struct survey *v, const struct check *c);
bool check_disk(struct survey *v, const struct check *c);
bool check_identity(struct survey *v, const struct check *c);
bool check_other_states(struct survey *v, const struct check *c);
bool check_git(struct survey *v, const struct check *c);
bool check_synced(struct survey *v, const struct check *c);
bool check_linger(struct survey *v, const struct check *c);
bool check_term(struct survey *v, const struct check *c);
bool check_window(struct survey *v, const struct check *c);
bool check_locale(struct survey *v, const struct check *c);
bool check_clock(struct survey *v, const struct check *c);
bool check_memory(struct survey *v, const struct check *c);

#endif
