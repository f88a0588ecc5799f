/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_PANEL_STATE_H
#define WIZARD_PANEL_STATE_H

#include "wizard/answers.h"
#include "wizard/wizard.h"

/* Inside the panel: panel.c has keys and checks, panel_draw.c the layouts, panel_panes.c the rows.
 */

enum pane {
	PANE_PROFILES,
	PANE_DETAIL,
	PANE_DOCTOR,
	PANE_LOG,
	PANE_COUNT
};

enum panel_overlay {
	PANEL_OPEN,
	PANEL_HELP,
	PANEL_FIX
};

/* What the panel remembers about a profile between snapshots. */
struct probe {
	char id[ID_CAP];
	bool running;
	bool asked;       /* by R: due now, also when paused */
	int64_t since_ms; /* running since; 0: not drawn yet */
	unsigned failures;
	unsigned turns;  /* makes the jitter differ from turn to turn */
	int64_t seen_ms; /* the newest result that is in the log */
	int64_t due_ms;
};

#define LOG_LINES 64
struct log_line {
	int64_t at_ms;
	enum severity severity;
	char text[ID_CAP + 96];
};

struct panel {
	const struct snapshot *world;
	int rows, cols;

	char selected[ID_CAP]; /* profile id; the row follows it */
	struct list profiles, doctor, log;
	enum pane pane;
	size_t detail_top;

	struct probe *probes; /* as many as the snapshot has credentials */
	size_t probe_count;
	char due[ID_CAP];
	bool paused;
	int64_t key_ms; /* last key press */
	int64_t now_ms;

	struct log_line lines[LOG_LINES]; /* ring, newest at line_at - 1 */
	size_t line_at, line_count;

	enum panel_overlay overlay;
	size_t overlay_top;
	char asked[320], asked_text[240]; /* the fix that the overlay asks about */
	char message[240];
	enum severity severity;
};

const struct credential *panel_credential(const struct panel *p); /* selected, or NULL */
const struct probe *panel_probe(const struct panel *p, const char *id);
bool panel_match_probes(struct panel *p);
void panel_ask_all(struct panel *p);
bool panel_checkable(const struct credential *c);

/* Findings that are shown as rows: failed and warnings, then information; ok ones are folded. */
size_t panel_findings(const struct panel *p, size_t counts[4]);
const struct finding *panel_finding_at(const struct panel *p, size_t row);
size_t panel_overlay_last(const struct panel *p); /* how far it scrolls */
void panel_tables(const struct panel *p, const struct binding *out[4]);

/* A pane's content inside the given rectangle; panel_panes.c. */
struct area {
	struct frame *f;
	int y, x, h, w;
	bool narrow; /* 40 columns */
	bool focused;
	int64_t now_ms;
};
void pane_profiles(const struct panel *p, const struct area *a);
void pane_detail(const struct panel *p, const struct area *a);
void pane_doctor(const struct panel *p, const struct area *a);
void pane_log(const struct panel *p, const struct area *a);

/* Short texts; panel_words.c. */
void expires_text(struct str *out, const struct credential *c, int64_t now_ms);
void age_text(struct str *out, int64_t ms);
void check_text(struct str *out, const struct credential *c);

/* Milliseconds until one of the texts above changes. */
int64_t words_wait(const struct credential *c, int64_t now_ms);

#endif
