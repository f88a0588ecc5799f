/* SPDX-License-Identifier: MIT */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/look.h"
#include "cli/save.h"
#include "net/client.h"
#include "tui/term.h"

/*
 * What the full-screen commands share: the place, its newest snapshot, the probe,
 * a frame, and one wait for the terminal, the probe and changes of the files.
 */
struct session {
	struct place place;
	struct snapshot now;
	struct client probe;
	struct frame frame;
	int watch;                    /* inotify on the folders of the files we show; -1 */
	int epoll;                    /* probe and watch as one descriptor for term_wait() */
	int probe_fd;                 /* the one that is in epoll, or -1 */
	char note[FS_PATH_MAX + 160]; /* what a save had to tell; said when the screen is gone */
};

bool session_open(struct session *s, const char *agent, enum place_use use, const char *command,
	struct err *e);
void session_close(struct session *s);

/* A new snapshot in place of the old one; the old one lives until the next call. */
bool session_look(struct session *s, struct err *e);

/* The probe runs and one more check is on its way. */
struct session_check {
	uint32_t id;
	const struct provider *provider;
	const struct method *method;
	const char *base_url; /* "" or NULL: the provider's own */
	const struct secret *key;
};
bool session_check(struct session *s, const struct session_check *c, struct err *e);
void session_cancel(struct session *s);

/* True when files that the snapshot shows have changed since the last call. */
bool session_changed(struct session *s);

/* Waits like term_wait(), with probe and watch as the other descriptor. */
unsigned session_wait(struct session *s, int timeout_ms);

/* How the wizard or the panel was left. */
enum leave {
	LEAVE_QUIT,
	LEAVE_PANEL,
	LEAVE_ADD,
	LEAVE_ROTATE,
	LEAVE_SIGNAL
};

/*
 * The loops: draw, wait, handle, perform. LEAVE_SIGNAL: SIGTERM, SIGHUP or a
 * terminal that is gone; the caller closes everything and calls term_quit_signal().
 */
bool drive_wizard(struct session *s, struct wizard *w, enum leave *how, struct err *e);

/* selected: for LEAVE_ROTATE, the profile. */
bool drive_panel(struct session *s, const char *message, enum leave *how, char selected[ID_CAP],
	struct err *e);

#endif
