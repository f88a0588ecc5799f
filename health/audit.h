/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_AUDIT_H
#define HEALTH_AUDIT_H

#include "health/health.h"
#include "health/residue_places.h"
#include "store/paths.h"

/*
 * `secrets audit`: which secrets lie about in plain text, which references lead
 * nowhere, and exactly what was looked at (gateway-family.md 17.9).
 *
 * Two ways of finding. By meaning: every agent's store, the configuration, the
 * generated model lists, legacy files and .env are read, and a plain value where
 * a credential belongs is a finding. By value: everything that is sealed, and
 * every plain value found the first way, is looked for in all places where
 * copies are made (health/residue_places.h). A place found both ways is one
 * finding. Nothing is written, and no finding holds a value.
 */

/* X(code, key of the summary in --json) */
#define AUDIT_LIST(X)                                                                              \
	X(PLAINTEXT_FOUND, "plaintextCount")                                                       \
	X(REF_UNRESOLVED, "unresolvedRefCount")                                                    \
	X(REF_SHADOWED, "shadowedRefCount")                                                        \
	X(LEGACY_RESIDUE, "legacyResidueCount")                                                    \
	X(SEALED_COPY, "sealedCopyCount")                                                          \
	X(STALE_TEMP, "staleTempCount")

enum audit_code {
#define X(code, key) AUDIT_##code,
	AUDIT_LIST(X)
#undef X
	AUDIT_CODES
};

const char *audit_code_name(enum audit_code c);
const char *audit_code_key(enum audit_code c);

/* What audit_fix() could do about it. */
enum audit_mend {
	AUDIT_KEEP,
	AUDIT_DROP_LINE,  /* the .env line of a value that is sealed and delivered otherwise */
	AUDIT_DROP_VALUE, /* the plain copy beside a reference to the same value */
	AUDIT_DROP_FILE,  /* a temporary file of ours that was left behind */
};

struct audit_finding {
	enum audit_code code;
	enum severity severity;
	char file[PATHS_CAP];
	unsigned line;  /* 0: none */
	char path[320]; /* "profiles.anthropic:default.key", "$env.OPENAI_API_KEY", or "" */
	char message[240];
	char provider[PROVIDER_CAP];
	char profile[ID_CAP];
	enum audit_mend mend;
	bool rotate;   /* others may have read it: only the provider can undo that */
	size_t needle; /* RESIDUE_NONE without a value */
	bool met;      /* both ways: the next hit on this line is another copy */
};

struct audit_note {
	char *path;
	char why[256]; /* with a path in it */
};

struct audit {
	struct audit_finding *findings; /* worst first */
	size_t count, cap;
	size_t more;  /* findings that were not kept */
	char **files; /* everything that was read, in order */
	size_t file_count, file_cap;
	struct audit_note *notes; /* what could not be read, or not fully */
	size_t note_count, note_cap;
	bool incomplete; /* one of them holds credentials: "nothing found" would say too much */
	size_t by_place[PLACES]; /* files */
	size_t binary;           /* of them */
	uint64_t bytes;
	size_t values, sealed; /* looked for: all, and of them from the vault */
	size_t too_short;      /* not looked for */
	size_t refs_checked, refs_skipped;
	struct err locked; /* why the vault's values could not be looked for */
};

struct audit_options {
	const struct paths *paths;
	const struct paths_env *env; /* NULL: this process's */
	const struct secret *key;    /* opens the vault instead of the key file; or NULL */
	const char *root;            /* tests: in front of /etc, /proc, /tmp; NULL or "" */
	bool deep;
};

/* False only when memory is out or a path does not fit; *a is then empty. */
bool audit_take(struct audit *a, const struct audit_options *o, struct err *e);
void audit_release(struct audit *a); /* safe on { 0 }, and twice */

size_t audit_count(const struct audit *a, enum audit_code c);

/*
 * gateway-family.md 17.9: 2 with unresolved references, 1 with check and a finding, else 0. Ours on
 * top: 1 with check when it is incomplete.
 */
int audit_status(const struct audit *a, bool check);

/*
 * Does what f->mend says, after proving again that the value is still sealed and
 * opens: our lock (what was interrupted is finished first), the gateways' lock on their store,
 * span edit, atomic replacement. ERR_REFUSED when it is not so any more, ERR_BUSY when the file
 * changed meanwhile.
 */
bool audit_fix(const struct audit_finding *f, const struct audit_options *o, struct err *e);

#endif
