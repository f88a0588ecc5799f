/* SPDX-License-Identifier: MIT */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "cli/session.h"

/*
 * The full screen from start to end: opens the terminal, runs the wizard and the
 * panel in turn, restores the terminal, and only then prints.
 */
struct screen {
	const char *command; /* what was typed, for messages */
	const char *agent;
	const char *provider; /* preset answers, or NULL */
	const char *method;
	const char *profile_id;
	const char *rotate; /* this profile's key is to be replaced; or NULL */
	int64_t expires_ms;
	/* The first setup is written and the screen is gone: what was answered; or NULL. */
	bool (*wrote)(const struct draft *d, struct err *e);
	enum {
		SCREEN_ONBOARD,
		SCREEN_ADD,
		SCREEN_PASTE,
		SCREEN_PANEL
	} start;
};

/* How the person can be asked here, and in *why what stands against the full screen. */
enum screen_mode {
	SCREEN_FULL,
	SCREEN_LINES, /* cli/drive_lines.h */
	SCREEN_NONE
};
enum screen_mode screen_mode(const char **why);

/* --color and --glyphs as the terminal takes them; o may be NULL, to look only. ERR_USAGE. */
struct term_options;
bool screen_choices(struct term_options *o, struct err *e);

/* Is there anybody to ask? False fills *e with the way that works instead. */
bool screen_possible(const char *instead, struct err *e);

/* *status: 0, or 130 when the person left before anything was written. */
bool screen_run(const struct screen *o, int *status, struct err *e);

#endif
