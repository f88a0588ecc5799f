/* SPDX-License-Identifier: MIT */
#ifndef CLI_RESOLVE_H
#define CLI_RESOLVE_H

#include "crypto/secret.h"
#include "store/vault.h"

/*
 * The exec protocol of the gateway family (gateway-family.md 17.3), as this
 * program answers it: {"protocolVersion":1,"provider":"…","ids":[…]} in,
 * {"protocolVersion":1,"values":{…},"errors":{…}} out. Every id is answered
 * once; a damaged record costs only its own id; the messages come from a fixed
 * list, because gateways log them. The answer is written by hand into a struct
 * secret: no secret passes a JSON library.
 */

#define RESOLVE_IDS_MAX 512
#define RESOLVE_REQUEST_MAX ((size_t)256 << 10)
#define RESOLVE_ANSWER_MAX ((size_t)1 << 20)

struct resolve_request {
	char **ids; /* distinct, in the order asked */
	size_t count;
	bool must_open; /* no answer with a refusal in it: resolve_answer() fails with the cause */
};

/* ERR_DAMAGED for what is not a version 1 request within the limits. */
bool resolve_parse(struct resolve_request *rq, const char *p, size_t n, struct err *e);
void resolve_release(struct resolve_request *rq);

/*
 * Answers from the vault in state_dir with the key of key_dir. Only memory and
 * an answer over the gateway's limit are failures; a vault that cannot be
 * opened is an error for each id.
 */
bool resolve_answer(struct secret *out, const struct resolve_request *rq, const char *vault_path,
	const char *key_dir, struct err *e);

#endif
