/* SPDX-License-Identifier: MIT */

/*
 * thinkfleetbot-resolve: opens sealed credentials for a gateway.
 *
 * The gateway runs a copy of this program from <state>/bin as its own user,
 * with an empty environment, and kills it after five seconds. So: nothing from
 * the environment is needed, no locale, nothing on stderr when it works, exit 0
 * whenever an answer was written, 2 for a request it cannot read.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/hygiene.h"
#include "cli/resolve.h"
#include "store/paths.h"

static bool read_arguments(
	int argc, char **argv, const char **state, const char **keys, struct err *e)
{
	for (int i = 1; i < argc; i++) {
		const char **to = strcmp(argv[i], "--state-dir") == 0 ? state
				  : strcmp(argv[i], "--key-dir") == 0 ? keys
								      : NULL;

		if (!to || i + 1 == argc)
			return err_set(e, ERR_USAGE,
				"usage: thinkfleetbot-resolve --state-dir DIR [--key-dir DIR]");
		*to = argv[++i];
	}
	if (!*state || (*state)[0] != '/')
		return err_set(e, ERR_USAGE, "--state-dir needs an absolute path");
	return true;
}

static bool answer(const char *state, const char *keys, struct err *e)
{
	struct resolve_request rq = { 0 };
	struct secret out = { 0 };
	struct buf in = { 0 };
	char vault[FS_PATH_MAX];
	const struct paths_env env = paths_env_process();
	char key_dir[FS_PATH_MAX];
	bool ok = false;

	if (!fs_join(vault, sizeof(vault), state, "secrets/vault.json", e) ||
		!(keys ? str_copy(key_dir, sizeof(key_dir), keys)
		       : paths_keys(key_dir, sizeof(key_dir), &env, e)))
		goto out;
	if (!fs_read_fd(STDIN_FILENO, RESOLVE_REQUEST_MAX, &in, e) ||
		!resolve_parse(&rq, in.p ? in.p : "", in.len, e))
		goto out;
	ok = resolve_answer(&out, &rq, vault, key_dir, e) &&
	     fs_write_all(STDOUT_FILENO, out.bytes, out.len, e);
out:
	secret_release(&out);
	resolve_release(&rq);
	buf_release(&in);
	return ok;
}

int main(int argc, char **argv)
{
	const char *state = NULL;
	const char *keys = NULL;
	struct err e = { 0 };

	hygiene_start();
	hygiene_confine();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("thinkfleetbot-resolve " TFB_VERSION);
		return 0;
	}
	if (crypto_start(&e) && read_arguments(argc, argv, &state, &keys, &e) &&
		answer(state, keys, &e))
		return 0;
	fprintf(stderr, "thinkfleetbot-resolve: error: %s\n", e.msg);
	return e.code == ERR_USAGE ? err_exit_status(ERR_USAGE) : e.code == ERR_DAMAGED ? 2 : 1;
}
