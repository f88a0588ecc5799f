/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SERVICE_WORLD_H
#define TESTS_UNIT_SERVICE_WORLD_H

#include "health/service_view.h"
#include "tests/unit/survey_world.h"

/*
 * A service double under systemd's rules, in prepared folders: unit, drop-in, EnvironmentFile,
 * other user, other HOME, started before the rotation.
 */

#define NEW_KEY "sk-ant-api03-new-invented-0123456789abcdefghijklmnopqrstuv-A1b2"
#define OLD_KEY "sk-ant-api03-old-invented-0123456789abcdefghijklmnopqrstuv-Y8z9"
#define VAR "ANTHROPIC_API_KEY"
#define UNIT "openclaw-gateway.service"
#define USER_UNITS ".config/systemd/user/"
#define BOOT_S (WORLD_NOW / 1000 - 100000)
#define PID 4242

/* --- preparing --- */

/* A file below the home folder, which is also what stands in front of /etc and /proc. */
void put_bytes(struct world *w, const char *name, const char *bytes, size_t n);
void put_file(struct world *w, const char *name, const char *text);

/* openclaw in front of our state folder: both gateways' variables say so. */
void put_unit(struct world *w, const char *name, const char *more);

/* The same through `thinkfleetbot run`, which opens sealed lines. */
void put_run_unit(struct world *w, const char *more);
void put_profile(struct world *w);

/* Sealed, and delivered by `run` alone. */
void put_sealed_line(struct world *w);

/* A process of /proc that started so long before (or after) the key was sealed. */
void put_process(struct world *w, int64_t started_ms, const char *unit, const char *key);

/* --- asking --- */

const struct service_view *view(struct world *w);

/* What the service will hold, and from where. value NULL: nothing. */
void next_is(struct world *w, const char *value, enum service_wins wins);
const struct finding *finding_with(const struct world *w, const char *words);
void finds(const struct world *w, const char *words, enum severity severity);
void finds_nothing(const struct world *w);

#endif
