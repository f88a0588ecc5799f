/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_STATUS_H
#define CLI_OUT_STATUS_H

#include <stdio.h>

#include "cli/out_probe.h"

/*
 * `models status`: the family's text and JSON (gateway-family.md 8.2, 8.3), so
 * that scripts written for it keep working, with our masks instead of its
 * leaking ones. Ours on top: the line "Protection", the member "protection",
 * and "facts" in every entry of auth.oauth.profiles.
 *
 * Takes a snapshot and writes; decides nothing. Time is linear in the profiles
 * but for one sort.
 */

bool out_status_text(FILE *out, const struct snapshot *s, int64_t warn_ms, struct err *e);
/* probes: the member auth.probes, or NULL. */
bool out_status_json(FILE *out, const struct snapshot *s, int64_t warn_ms,
	const struct probe_report *probes, struct err *e);
/* An entry of auth.unusableProfiles: a profile in cooldown, or disabled. */
struct json_object *status_unusable_json(const struct credential *c, const struct snapshot *s);

void out_status_plain(FILE *out, const struct snapshot *s);

#endif
