/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_BASE_H
#define CLI_OUT_BASE_H

#include <json-c/json.h>
#include <stdio.h>

#include "base/err.h"

/*
 * What every output function needs: foreign text made harmless, paths with ~,
 * and json-c without surprises. Nothing here ever sees a secret.
 */

/* Ids, model names and addresses come from files: no control, bidi or invalid bytes get out. */
void out_text(FILE *out, const char *text);
void out_path(FILE *out, const char *path, const char *home);

/* The same as values; they never fail, json-c's NULL (no memory) becomes null. */
struct json_object *json_text(const char *text);
struct json_object *json_path(const char *path, const char *home);

/*
 * Adds a member that is new, under a constant key; adds an element. Both take the value. Where
 * json-c got no memory for `to` nothing happens: json_finish() will say so.
 */
void json_put(struct json_object *to, const char *key, struct json_object *value);
void json_append(struct json_object *to, struct json_object *value);

/* Adds a member under a foreign key, made harmless; of two that become alike the last counts. */
void json_put_text(struct json_object *to, const char *key, struct json_object *value);

/*
 * An array whose elements are made while it is printed, one at a time: make(ctx, i) for the n
 * numbers from `first`. A tree of 10,000 profiles is mostly page faults. ctx has to live until
 * json_finish(); the elements cannot be asked for.
 */
struct json_object *json_rows(struct json_object *(*make)(const void *ctx, size_t i),
	const void *ctx, size_t first, size_t n);

/*
 * Writes it with two blanks per level and a newline, and frees it, also on failure. ERR_MEMORY
 * when a part of it may be missing.
 */
bool json_finish(FILE *out, struct json_object *root, struct err *e);

#endif
