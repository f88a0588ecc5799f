/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_STEPS_H
#define WIZARD_STEPS_H

#include "provider/own.h"
#include "wizard/answers.h"
#include "wizard/body.h"
#include "wizard/wizard.h"

/*
 * Inside the wizard: its state, and what a step is. A step is one file whose
 * last thing is its row; the order is the table in steps.c. Steps answer with
 * a reply, the engine (wizard.c) decides what that means; steps never call
 * each other.
 */

enum action {
	ACT_NONE, /* the event itself: text for the field, movement for the list */
	ACT_ENTER,
	ACT_BACK,
	ACT_HELP,
	ACT_QUIT,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_PLAIN,
	ACT_CLEAR,
	ACT_SWITCH,
	ACT_RETRY,
	ACT_DETAILS,
	ACT_TOGGLE,
	ACT_YES,
	ACT_NO,
	ACT_SCROLL,
	ACT_PASS,   /* the row is for the footer; the field or the list takes the key */
	ACT_IGNORE, /* shown in the footer, does nothing by itself */
};

enum reply {
	REPLY_STAY,
	REPLY_NEXT,
	REPLY_BACK,
	REPLY_CHECK,
	REPLY_CANCEL, /* kill the check, then back */
	REPLY_PLAN,
	REPLY_APPLY,
	REPLY_RECOVERY,
	REPLY_PANEL,
	REPLY_QUIT,
	REPLY_ASK_QUIT,
};

struct step {
	const char *id;
	const char *title; /* "Provider": header of small screens, help */
	const char *about; /* help: what this screen is for */
	bool text;         /* a text field has the focus: "?" is text, so help is ^G */
	const struct binding *(*keys)(const struct wizard *w); /* never NULL */
	size_t (*picks)(const struct wizard *w); /* rows that 1-9 choose; NULL: none */
	bool (*wanted)(const struct wizard *w);  /* NULL: always */
	enum reply (*enter)(struct wizard *w);   /* moving forward only; NULL */
	void (*draw)(const struct wizard *w, struct body *b);
	enum reply (*act)(struct wizard *w, int action, const struct event *ev);
	enum reply (*paste)(struct wizard *w, const struct event *ev); /* NULL: no field */

	/* For a page of lines (wizard/lines.h). */
	const char *(*ask)(const struct wizard *w); /* Enter needs a typed yes to it; NULL: never */
	bool (*settled)(const struct wizard *w);    /* Enter is all there is to do; NULL: never */
};

enum {
	STEP_START,
	STEP_PROFILE,
	STEP_PROVIDER,
	STEP_CUSTOM,
	STEP_METHOD,
	STEP_SECRET,
	STEP_CHECK,
	STEP_PROTECT,
	STEP_OFFLINE,
	STEP_PASSPHRASE,
	STEP_MODEL,
	STEP_REVIEW,
	STEP_APPLY,
	STEP_COUNT
};

extern const struct step step_start, step_profile, step_provider, step_custom, step_method,
	step_secret, step_check, step_protect, step_offline, step_passphrase, step_model,
	step_review, step_apply;

/* In the order of the enum above. */
extern const struct step *const steps[STEP_COUNT];

/* Which steps there are, and how the stepper calls them. */
enum flow {
	FLOW_ADD,
	FLOW_ROTATE,
	FLOW_PASTE
};

enum busy {
	BUSY_NO,
	BUSY_CHECK,
	BUSY_PLAN,
	BUSY_APPLY,
	BUSY_RECOVERY
};

enum overlay {
	OVERLAY_NONE,
	OVERLAY_QUIT,
	OVERLAY_HELP,
	OVERLAY_DIFF,
	OVERLAY_DETAILS,
	OVERLAY_UNSEALED, /* "Store the secret unencrypted?" */
	OVERLAY_WEAKER,   /* "Use the weaker setting?" */
};

#define FIND_CAP 128
#define PASSPHRASE_MAX 1024

struct wizard {
	const struct snapshot *world;
	struct draft draft;
	int rows, cols;

	enum flow flow;
	bool fixed_provider, fixed_method, fixed_profile; /* answered by flags */
	bool from_panel;
	size_t at;
	size_t trail[STEP_COUNT]; /* the steps that Back returns to */
	size_t trail_len;

	struct list lists[STEP_COUNT];
	struct field find_provider, find_model;

	struct own_provider own;            /* the endpoint that is being set up */
	struct field own_name, own_address; /* of the custom step */
	bool at_address;                    /* the second one has the focus */
	bool own_shown;                     /* where the key will go stands on the screen */

	struct custody custody;
	struct field sentence;          /* of the offline step */
	struct field passphrase, again; /* of the passphrase step */
	bool at_again;                  /* the second one has the focus */

	struct field secret;
	struct paste_report report;
	bool typed;   /* some of it came by keys */
	bool warned;  /* the first Enter on a doubtful secret was pressed */
	bool carried; /* recognised on a screen that did not ask for it */

	enum busy busy;
	int64_t busy_ms, stage_ms; /* since when */
	enum check_stage stage;
	bool have_check;
	struct err check_err;

	struct plan plan;
	bool have_plan;
	struct err plan_err;

	bool applied;
	struct err apply_err;

	enum overlay overlay;
	size_t overlay_top;
	char message[240];
	enum severity message_severity;
	bool scrolled; /* PgDn on a body that is longer than the screen */
	int top;
	int64_t quit_ms; /* of the last ^C; 0: none */
};

/* Shared between steps; answers.c. */
void choose_provider(struct wizard *w, const struct provider *p);
void choose_method(struct wizard *w, const struct method *m);
void choose_profile(struct wizard *w, const struct credential *c);
void forget_secret(struct wizard *w);
bool take_paste(struct wizard *w, const struct event *ev, bool any);
bool looks_secret(const struct event *ev); /* the paste in it */
void carry_message(struct wizard *w);
void judge_secret(struct wizard *w);
bool same_as_stored(const struct wizard *w);
bool keep_answer(struct wizard *w, struct err *e); /* the field's secret into the draft */
const struct provider_state *provider_state_of(const struct wizard *w, const char *id);
void drop_plan(struct wizard *w); /* wizard.c */

/* One pasted line, without its end, behind what the field holds; false: it is no such line. */
bool paste_line(struct field *to, const struct event *ev);

/* A vault is made that opens with a passphrase; step_passphrase.c. */
bool new_passphrase(const struct wizard *w);

/* The question over the protect step was answered with yes. */
enum reply protect_agreed(struct wizard *w, enum overlay question);

/* How the secret is kept, as a sentence without its end; step_protect.c. */
void keep_words(const struct wizard *w, struct str *out);

/* What the model step offers: visible row i of the filtered list. */
struct model_row {
	bool keep; /* "keep the current default" */
	char id[192];
	const char *note;
};
bool model_row_at(const struct wizard *w, size_t i, struct model_row *row);
size_t model_rows(const struct wizard *w);

void say(struct wizard *w, enum severity s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void say_nothing(struct wizard *w);

/* Moves the list of the current step; also picks 1-9 when `picked` is given. */
bool list_move(struct wizard *w, const struct event *ev);
bool list_pick(struct wizard *w, const struct event *ev, size_t count);

/* Key tables in effect, NULL-terminated; at most 6 of them. overlay.c and wizard.c */
#define TABLES 7
void wizard_tables(const struct wizard *w, const struct binding *out[TABLES]);
const struct binding *overlay_keys(const struct wizard *w);
void overlay_draw(const struct wizard *w, struct frame *f);
bool overlay_text(const struct wizard *w, struct buf *out, char *title, size_t cap);
enum reply overlay_act(struct wizard *w, int action, const struct event *ev);

/* What an event means now; wizard.c */
int wizard_action(const struct wizard *w, const struct event *ev);

/* The body that the current step draws; screen.c. */
bool screen_body(const struct wizard *w, struct body *b, int64_t now_ms, struct err *e);
int screen_top(const struct wizard *w, const struct body *b);

/* "Step 3 of 7: Secret", or the title of a step that the stepper does not count. */
void screen_head(const struct wizard *w, struct str *out);

#endif
