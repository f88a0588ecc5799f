/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_DOCTOR_H
#define CLI_OUT_DOCTOR_H

#include <stdio.h>

#include "health/health.h"

/*
 * The doctor's findings of a snapshot that was taken with want_findings: failed
 * first, then warnings, then notes, then how many are in order. JSON as in
 * gateway-family.md 13.7: { schemaVersion, ok, checksRun, findings: [...] }, without the good ones.
 */
void out_doctor_text(FILE *out, const struct snapshot *s);
struct json_object;
/* fixes: what --fix did, or NULL; it is freed in any case. */
bool out_doctor_json(FILE *out, const struct snapshot *s, struct json_object *fixes, struct err *e);

/* One finding as the text above has it, for `doctor --fix` as it goes along. */
void out_finding(FILE *out, const struct finding *f);

/* No failed check and no warning: exit status 0. */
bool doctor_ok(const struct snapshot *s);

#endif
