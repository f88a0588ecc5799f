/* SPDX-License-Identifier: MIT */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "store/paths.h"
#include "store/pool.h"

/*
 * <state>/agents/<id>/sessions/sessions.json: which model and which profile each session of an
 * agent uses (gateway-family.md 11.4). The gateways keep far more in an entry; edits work on the
 * document and leave all of that, and every other session, as it was.
 */

#define SESSIONS_FRESH "{}\n"
#define SESSION_ID_CAP 37 /* a UUID */

/* The texts belong to the struct sessions; "" where there is none. */
struct session_entry {
	const char *key; /* "agent:main:main" */
	const char *id;
	const char *provider, *model; /* the overrides */
	const char *profile, *source;
	int64_t updated_ms; /* 0: unknown */
	int64_t compactions;
	bool counted; /* the profile was chosen after so many compactions: */
	int64_t count;
};

struct sessions {
	struct doc doc;
	struct fs_stamp stamp;
	bool exists;
	struct session_entry *list; /* file order; of duplicates the last */
	size_t count;
	struct pool pool;
};

bool sessions_path(char *out, size_t cap, const struct paths *p, const char *agent, struct err *e);

/* A missing file has no sessions and is ready for edits. A damaged one is ERR_DAMAGED, never empty.
 */
bool sessions_load(struct sessions *s, const char *path, struct err *e);
void sessions_release(struct sessions *s);
const struct session_entry *sessions_find(const struct sessions *s, const char *key);

enum session_edit {
	SESSION_KEEP,
	SESSION_SET,
	SESSION_CLEAR,
};

struct session_change {
	const char *key;
	const char *id; /* a new sessionId; NULL: the entry keeps its own, a new entry needs one */
	int64_t now_ms;
	enum session_edit model;
	const char *provider_name, *model_name; /* SESSION_SET */
	enum session_edit pin;
	const char *profile, *source; /* SESSION_SET; source "auto" notes the compaction count */
};

/* Makes the entry where there is none. ERR_DAMAGED where something that is no object is there. */
bool sessions_put(struct doc *d, const struct session_change *c, struct err *e);

/* A new random UUID. */
bool session_new_id(char out[SESSION_ID_CAP], struct err *e);

#endif
