/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SERVICE_IMPL_H
#define HEALTH_SERVICE_IMPL_H

#include <limits.h>

#include "health/service.h"
#include "health/service_syntax.h"

/* What the files of the service's-eye view share. Private to health/service*.c. */

#define UNIT_FILE_MAX ((size_t)1 << 20)
#define ENV_FILES_MAX 16
#define DROPINS_MAX 64

/* service_command.c */
size_t family_count(void);
const struct family *family_at(size_t i);

/* "moltbot-gateway", "moltbot-gateway-work": whose unit, process title or label? NULL: nobody's. */
const struct family *family_of_name(const char *name);

/* The words of a command line, NUL-separated: /proc/PID/cmdline. */
void command_judge(struct service_command *c, const char *words, size_t n);

/* Where a gateway of this family keeps its state, out of its variables; home: its account's. */
bool family_state(char *out, size_t cap, const struct family *f, const struct service_vars *vars,
	const char *home);

/* service_files.c: "ROOT/path", and an account out of ROOT/etc/passwd. */
bool root_path(const struct service_options *o, char *out, size_t cap, const char *path);

struct account {
	char name[64];
	uid_t uid;
	char home[PATHS_CAP];
	char shell[PATHS_CAP];
};

/* By name or by number. False: nobody. */
bool account_find(struct account *a, const struct service_options *o, const char *name);

/* The text of a file, or nothing: false only without memory. *found says which. */
bool file_text(struct buf *out, const char *path, bool *found, struct err *e);

/* service_find.c: where units lie, best first. */
struct unit_dirs {
	char list[16][PATHS_CAP];
	size_t count;
};

struct unit_ref {
	enum service_kind kind;
	char name[SERVICE_NAME_CAP];
	char path[PATHS_CAP];
	bool by_name; /* a name of the family */
};

#define UNIT_REFS_MAX 64

struct unit_list {
	struct unit_ref list[UNIT_REFS_MAX];
	size_t count;
};

void unit_dirs(struct unit_dirs *d, const struct service_options *o, enum service_kind kind);

/* Every unit that may be a gateway's: by its name, or one that an administrator wrote. */
void unit_find(struct unit_list *out, const struct service_options *o, enum service_kind kind);

struct dropins {
	char list[DROPINS_MAX][PATHS_CAP]; /* in the order in which they count */
	size_t count;
	bool cut;
};

/* Adds what FOLDER holds in each of these; of files with one name the first counts. */
void dropins_read(struct dropins *out, const struct unit_dirs *d, const char *folder);
void unit_dropins(struct dropins *out, const struct unit_dirs *d, const char *name);

/* service_unit.c: fills out from a unit with its drop-ins. *is_gateway false: another service's. */
bool unit_load(struct service *out, const struct service_options *o, const struct unit_ref *ref,
	bool *is_gateway, struct err *e);

/* What is gathered from a unit's files while it is loaded. */
struct unit_env_file {
	char path[PATHS_CAP]; /* a pattern, specifiers replaced */
	bool optional;        /* written with "-" */
	char from[PATHS_CAP];
	unsigned line;
};

struct unit_loader {
	struct service *out;
	const struct service_options *o;
	struct unit_specifiers spec;
	const char *file; /* that is being read */
	struct service_vars set;
	struct unit_env_file files[ENV_FILES_MAX];
	size_t file_count;
	struct buf pass, unset, command; /* words, each with its NUL */
	struct buf word, text;
	char user[64]; /* User= */
	char dir[PATHS_CAP];
	bool dynamic_user;
	char uid[16], runtime[64], config[PATHS_CAP], state[PATHS_CAP], cache[PATHS_CAP],
		logs[PATHS_CAP], host[128];
	struct account manager; /* whom the service manager runs as */
};

/* service_start.c: whom the manager runs as, for the specifiers; then what a start gives. */
void unit_describe(struct unit_loader *l, const char *name);
bool unit_environment(struct unit_loader *l, struct err *e);

/* service_launchd.c */
void launchd_find(struct unit_list *out, const struct service_options *o);
bool launchd_load(struct service *out, const struct service_options *o, const struct unit_ref *ref,
	bool *is_gateway, struct err *e);

/* A property list's text: variables, user and command into out. False: no memory. */
bool launchd_parse(struct service *out, const char *p, size_t n, const char *path, struct err *e);

/* service_systemctl.c */
bool systemctl_show(struct service *s, const struct service_options *o, struct err *e);

/* service_process.c: the running gateway of this state folder. s: the unit, if one was found. */
bool process_find(struct service *s, const struct service_options *o, struct err *e);

/* service.c: what is not known, in a sentence; the first one stays. */
void service_gap(struct service *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Compares folders, whatever names they have. */
bool same_folder(const char *a, const char *b);

#endif
