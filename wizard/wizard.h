/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_WIZARD_H
#define WIZARD_WIZARD_H

#include "health/health.h"
#include "provider/paste.h"
#include "tui/widgets.h"

/*
 * The onboarding flow, without a terminal, a network or a disk.
 *
 * wizard_handle() takes one event and returns at most one effect for the
 * caller to perform; the caller reports back with one of the wizard_*()
 * reports. Nothing is saved before FX_APPLY, so quitting at any step leaves the
 * disk untouched. Steps are a table (wizard/steps.h); drawing takes a const
 * wizard and changes nothing; the footer is made from the same rows as the keys.
 */

enum effect {
	FX_NONE,
	FX_CHECK, /* start the live check of draft; then wizard_checking(), wizard_checked() */
	FX_CANCEL_CHECK, /* kill it; no report follows */
	FX_PLAN,         /* work out which files change; then wizard_planned() */
	FX_APPLY,        /* write; wizard_applied_file() per file, then wizard_applied() */
	FX_RECOVERY,     /* show a new recovery code and have it typed back; wizard_recovery() */
	FX_PANEL,        /* done: open the panel */
	FX_REDRAW,       /* ^L */
	FX_SUSPEND,      /* ^Z */
	FX_PLAIN_PAGE,   /* ^O: show wizard_plain_text() outside the screen */
	FX_QUIT,
};

enum keep {
	KEEP_SEALED,
	KEEP_PLAIN
};

/* What a new vault opens with; the recovery code comes beside it. */
enum opener {
	OPENER_FILE,
	OPENER_SYSTEM, /* the credential CUSTODY_CREDENTIAL, inside its service */
	OPENER_PASSPHRASE
};

#define CUSTODY_CREDENTIAL "thinkfleetbot.kek"

/* What this host can do for a vault, worked out by the caller before the first event. */
struct custody {
	char no_system_key[160]; /* why there is none, or "": it is here */
	char no_passphrase[160]; /* why none can be set, or "" */
	bool weak_passphrase;    /* only the low-memory setting fits */
	bool always_on;          /* a gateway's service is installed */
	bool asks;               /* the vault that is there opens with a passphrase only */
	char opens[80];          /* how that one opens: "opens with a key file on this disk" */
};

/* The sentence that a person types before a service depends on a passphrase. */
#define OFFLINE_SENTENCE "offline after restart"

enum intent {
	INTENT_ADD,
	INTENT_ROTATE,
	INTENT_REPAIR
};

/* The answers so far. Secrets only in `secret`. */
struct draft {
	enum intent intent;
	const struct provider *provider;
	const struct method *method;
	char profile_id[ID_CAP];      /* "anthropic:default" */
	char base_url[CHECK_URL_CAP]; /* from the configuration, or confirmed; or "" */
	bool endpoint;                /* of the user's own, set up now (provider/own.h) */
	struct secret secret;         /* cleaned; empty for CRED_NONE */
	char prefix[24], tail[TAIL_CAP], fingerprint[FINGERPRINT_CAP];
	char kind[64]; /* "Anthropic setup-token" */
	enum keep keep;
	enum opener opener;   /* of a new vault */
	bool weak_passphrase; /* the low-memory setting was accepted */
	bool want_recovery;
	struct secret passphrase; /* for a new vault, or of the one that is there; or empty */
	struct secret recovery;   /* typed back; empty: none */
	char model[192];          /* "provider/model", or "": leave as it is */
	bool keep_fallback;       /* the old default becomes the first fallback */
	bool verified;            /* the check answered accepted, limited or no credit */
	bool skip_verify;         /* "save it without verifying" */
	struct check_result check;
	int64_t expires_ms; /* 0: none */
	enum expiry_source expires_source;
};

/* One line of the review. */
struct plan_file {
	char path[1024]; /* as shown, with ~ */
	unsigned mode;
	char change[64]; /* "new", "+1", "~1 line", "1 record" */
	char note[96];   /* "removes the plain text of 1 key", or "" */
	enum {
		PLAN_WAITING,
		PLAN_WRITING,
		PLAN_WRITTEN,
		PLAN_FAILED
	} state;
};

#define PLAN_FILES 12
struct plan {
	struct plan_file files[PLAN_FILES];
	size_t count;
	char notes[4][120]; /* "the running gateway (pid 4121) needs a restart" */
	size_t note_count;
	struct buf diff; /* redacted, for the overlay */
};

struct wizard; /* opaque; wizard/steps.h for the steps themselves */

/*
 * world is kept, not copied, and may be replaced by wizard_world(). The steps' ids:
 * "start", "provider", "custom", "method", "secret", "check", "protect", "offline", "passphrase",
 * "model", "review", "apply".
 */
struct wizard *wizard_new(const struct snapshot *world, struct err *e);
void wizard_free(struct wizard *w); /* wipes the secret */
void wizard_world(struct wizard *w, const struct snapshot *world);

/* As of { 0 } until then: a key file, a passphrase and no service. */
void wizard_custody(struct wizard *w, const struct custody *c);

/* The screen has this size now: call before the first event and on every resize. 24x80 until then.
 */
void wizard_size(struct wizard *w, int rows, int cols);

/* Answers given by flags: those steps are skipped. Unknown ids are ERR_USAGE naming the valid ones.
 */
bool wizard_preset(struct wizard *w, const char *provider, const char *method,
	const char *profile_id, struct err *e);

/* Starts as "rotate this profile" (gateway of `onboard --rotate`). */
bool wizard_rotate(struct wizard *w, const char *profile_id, struct err *e);

/*
 * `models auth add`: begins at the choice of a provider, or after it when one is given. The profile
 * id and the expiry are taken as with wizard_paste_only().
 */
bool wizard_add(struct wizard *w, const char *provider, const char *profile_id, int64_t expires_ms,
	struct err *e);

/*
 * One screen for `models auth paste-token`: secret, check, review, apply. Takes the provider's
 * token method, or its only one. profile_id NULL: the method's usual name. expires_ms 0: none.
 */
bool wizard_paste_only(struct wizard *w, const char *provider, const char *profile_id,
	int64_t expires_ms, struct err *e);

/* It was opened from the panel: Esc on its first screen goes back there (FX_PANEL). */
void wizard_from_panel(struct wizard *w);

enum effect wizard_handle(struct wizard *w, const struct event *ev, int64_t now_ms);
enum effect wizard_tick(struct wizard *w, int64_t now_ms);

/* Milliseconds until wizard_tick() would change the screen; -1: never. */
int wizard_wait(const struct wizard *w, int64_t now_ms);

/* Reports. */
void wizard_stage(struct wizard *w, enum check_stage stage_reached, int64_t now_ms);
void wizard_checked(struct wizard *w, const struct check_result *r, const struct err *failed);
void wizard_planned(struct wizard *w, struct plan *plan, const struct err *failed); /* takes it */
void wizard_file(struct wizard *w, size_t index, bool done, const struct err *failed);
void wizard_applied(struct wizard *w, const struct err *failed);

/* The code of FX_RECOVERY, which was typed back (taken), or why there is none. */
void wizard_recovery(struct wizard *w, struct secret *code, const struct err *failed);

void wizard_draw(const struct wizard *w, struct frame *f, int64_t now_ms);

const struct draft *wizard_draft(const struct wizard *w);
const char *wizard_at(const struct wizard *w); /* the step's id */
bool wizard_wrote(const struct wizard *w);     /* Apply has succeeded */
void wizard_plain_text(const struct wizard *w, struct str *out);

/* --- the panel: views over a snapshot, the last thing the wizard shows ------------------ */

enum panel_effect {
	PFX_NONE,
	PFX_CHECK_ONE, /* panel_due(): check it, and say panel_probing() before and after */
	PFX_CHECK_ALL, /* nothing but panel_tick(), which now gives each, three at a time */
	PFX_ADD,       /* open the wizard */
	PFX_ROTATE,    /* open the wizard for panel_selected() */
	PFX_FIX,       /* perform panel_fix(): it was confirmed */
	PFX_REDRAW,
	PFX_SUSPEND,
	PFX_QUIT,
};

struct panel;

/*
 * now_ms is the wall clock everywhere in the panel, because countdowns and ages count from
 * points in time that files hold; a clock that jumps makes a check due, nothing worse.
 */
struct panel *panel_new(const struct snapshot *world, const char *message, struct err *e);
void panel_free(struct panel *p);
void panel_world(struct panel *p, const struct snapshot *world); /* selection follows the profile */

/* As wizard_size(). */
void panel_size(struct panel *p, int rows, int cols);

/* Starts on the doctor pane: for a draft whose intent is INTENT_REPAIR. */
void panel_show_doctor(struct panel *p);

enum panel_effect panel_handle(struct panel *p, const struct event *ev, int64_t now_ms);

/* Due checks, one per call: call again after panel_probing() until it gives PFX_NONE. */
enum panel_effect panel_tick(struct panel *p, int64_t now_ms);
int panel_wait(const struct panel *p, int64_t now_ms);

void panel_probing(struct panel *p, const char *profile_id, bool running);
void panel_message(struct panel *p, const char *text, enum severity s);
const char *panel_selected(const struct panel *p); /* profile id, or NULL */
const char *panel_due(const struct panel *p);      /* of the last PFX_CHECK_ONE, or NULL */
const struct finding *panel_fix(const struct panel *p);

void panel_draw(const struct panel *p, struct frame *f, int64_t now_ms);

#endif
