/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEMP_H
#define TESTS_UNIT_TEMP_H

/* Where they are: in memory where there is such a place, because tests sync a lot. */
const char *temp_base(void);

/* A folder of its own for each test, mode 0700, removed with all that is in it. */
void *temp_new(void);
void temp_free(void *dir);

/* "DIR/name", in a static buffer that the sixth call after this one reuses. */
const char *temp_path(const char *dir, const char *name);

/* Writes a whole file (0600) and reads one (NULL when missing; free() it). */
void temp_write(const char *path, const char *text);
char *temp_read(const char *path);

/* How many entries a folder has, "." and ".." not counted. */
unsigned temp_count(const char *dir);

#endif
