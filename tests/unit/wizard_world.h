/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_WIZARD_WORLD_H
#define TESTS_UNIT_WIZARD_WORLD_H

#include "tests/unit/test.h"

#include "wizard/wizard.h"

/* A made-up host, keys that were never real, and the driver's part played by hand. */

#define NOW INT64_C(1795349100000) /* 2026-11-22 12:05:00 UTC */

extern struct snapshot world;
extern struct custody host; /* as if every way could be taken; play() forgets it */

#define NO_SYSTEM_KEY "Only a system service gets it (a user service from systemd 258 on)."
#define SAMPLE_CODE                                                                                \
	"0123K-4567K-89ABK-CDEFK-GHJKK-MNPQK-RSTVK" /* no checksum is looked at here               \
						     */
#define SAMPLE_PASSPHRASE "glad otter paints seven moons"

void world_fresh(void); /* nothing is configured */
void world_used(void);  /* five credentials, two of them unwell, ten findings */
void world_clear(void);

/* 108 characters, or as many; different for each seed. */
const char *sample_token(unsigned seed, size_t len);
const char *sample_key(const char *prefix, size_t len);

struct player {
	struct wizard *w;
	enum effect fx; /* of the last event */
	int64_t now_ms;
	unsigned keys, pastes;
};

extern struct player player;

void play(void); /* a new wizard over `world` */
void play_end(void);
enum effect press(enum keysym key);
enum effect type(const char *text);
enum effect paste(const char *text);
enum effect paste_bytes(const char *text, size_t n, size_t total);

struct check_result result_of(enum verdict v, enum reason r, int status);
void answer(enum verdict v, enum reason r, int status); /* reports a result to the wizard */
void plan_ready(void);
void written(void);

/* Walks with defaults: to the step with this id. */
void walk_to(const char *id);

const char *screen_of(const struct frame *f); /* printed; valid until the next call */
const char *screen(int rows, int cols);       /* the wizard, drawn */
extern struct frame frame;

/* Short words for the flows. */
void fresh(void); /* world_fresh() and play() */
void used(void);
const char *at(void);
const struct draft *draft(void);
bool sees(const char *text); /* at 80x24 */

/* Compares with tests/golden/wizard/NAME-COLSxROWS.txt; UPDATE_GOLDEN=1 writes it. */
void golden(const char *name, const struct frame *f);

/* The same with tests/golden/NAME.txt. */
void golden_text(const char *name, const char *got);

int world_setup(void **state);
int world_teardown(void **state);

#endif
