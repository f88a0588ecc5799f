/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_AUDIT_H
#define CLI_OUT_AUDIT_H

#include <stdio.h>

#include "health/audit.h"

/*
 * `secrets audit` as text and as JSON: the family's shape (gateway-family.md 17.9),
 * with our counts behind its own. No value of a secret is in an audit.
 */
void out_audit_text(FILE *out, const struct audit *a, const char *home);
bool out_audit_json(FILE *out, const struct audit *a, struct err *e);

/* "- [SEALED_COPY] ~/.bash_history:12 message" */
void out_audit_finding(FILE *out, const struct audit_finding *f, const char *home);

#endif
