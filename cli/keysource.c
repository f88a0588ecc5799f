/* SPDX-License-Identifier: MIT */
#include "cli/keysource.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/say.h"

/* More than a credential can be, so that "too much" is said of the content, not of the reading. */
#define RAW_MAX ((size_t)1 << 20)

struct keysource keysource;

const struct opt keysource_opts[] = {
	{ "key-stdin", NULL, "read the key from standard input", OPT_FLAG,
		{ .flag = &keysource.from_stdin } },
	{ "key-fd", "N", "read the key from descriptor N", OPT_TEXT, { .text = &keysource.fd } },
	{ "key-file", "FILE", "read the key from a file that only you can read", OPT_TEXT,
		{ .text = &keysource.file } },
	{ "key-env", "NAME", "read the key from an environment variable", OPT_TEXT,
		{ .text = &keysource.env } },
	{ .kind = OPT_END },
};

bool keysource_given(void)
{
	const struct keysource *k = &keysource;

	return k->from_stdin || k->fd || k->file || k->env;
}

void keysource_take_pipe(void)
{
	if (!keysource_given() && !isatty(STDIN_FILENO))
		keysource.from_stdin = true;
}

static bool one_only(const struct keysource *k, struct err *e)
{
	int given = k->from_stdin + (k->fd != NULL) + (k->file != NULL) + (k->env != NULL);

	if (given == 1)
		return true;
	if (given > 1)
		return err_set(e, ERR_USAGE,
			"choose one of --key-stdin, --key-fd, --key-file and --key-env");
	err_set(e, ERR_USAGE, "no key was given");
	return err_hint(
		e, "hand it over with --key-stdin, --key-file FILE, --key-fd N or --key-env NAME");
}

static bool read_descriptor(const char *text, struct buf *raw, struct err *e)
{
	char *end;
	long fd = strtol(text, &end, 10);
	bool ok;

	if (*text == '\0' || *end || fd < 0 || fd > 1 << 20 || fcntl((int)fd, F_GETFD) < 0)
		return err_set(e, ERR_USAGE, "--key-fd %.20s is not an open descriptor", text);
	ok = fs_read_fd((int)fd, RAW_MAX, raw, e);
	close((int)fd);
	return ok;
}

/* The variable's own memory is what /proc/PID/environ shows: wiped after the copy. */
static bool read_variable(const char *name, struct buf *raw, struct err *e)
{
	char *value = getenv(name);

	if (!value || !value[0]) {
		err_set(e, ERR_NOT_FOUND, "the variable %.60s is not set", name);
		return err_hint(e, "it has to be exported: is it in the output of env?");
	}
	if (!buf_text(raw, value, e))
		return false;
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	return true;
}

static bool read_raw(const struct keysource *k, struct buf *raw, struct err *e)
{
	if (k->from_stdin)
		return fs_read_fd(STDIN_FILENO, RAW_MAX, raw, e) || err_wrap(e, "standard input");
	if (k->fd)
		return read_descriptor(k->fd, raw, e);
	if (k->file)
		return fs_read_private(k->file, RAW_MAX, raw, e);
	return read_variable(k->env, raw, e);
}

bool keysource_clean(const struct buf *raw, const struct provider *want,
	const struct method *method, struct secret *out, struct paste_report *report, struct err *e)
{
	*out = (struct secret){ 0 };
	if (!paste_clean(out, raw->p ? raw->p : "", raw->len, want, method, report, e))
		return false;
	if (!paste_blocks(report->verdict))
		return true;
	secret_release(out);
	if (!raw->len) {
		err_set(e, ERR_USAGE, "the key that was handed over is empty");
		return err_hint(e,
			"nothing was stored; run this on a terminal to be asked, or "
			"hand the key over with --key-stdin or --key-file FILE");
	}
	err_set(e, ERR_USAGE, "%s", report->message);
	return err_hint(e, "nothing was stored");
}

bool keysource_read(const struct provider *want, const struct method *method, struct secret *out,
	struct paste_report *report, struct err *e)
{
	struct buf raw = { 0 };
	bool ok;

	*out = (struct secret){ 0 };
	ok = one_only(&keysource, e) && read_raw(&keysource, &raw, e) &&
	     keysource_clean(&raw, want, method, out, report, e);
	buf_release(&raw);
	return ok;
}

void keysource_tell(
	const struct paste_report *report, const struct secret *key, const struct method *method)
{
	char notes[6][80], text[160];
	struct str hint = STR_OF(text);
	size_t n = paste_notes(report, notes, ARRAY_LEN(notes));

	for (size_t i = 0; i < n && i < ARRAY_LEN(notes); i++)
		fprintf(stderr, "%s.\n", notes[i]);
	if (paste_warns(report->verdict)) {
		say_warning("%s", report->message);
		return;
	}
	paste_cut_hint(&hint, key, 0, method);
	if (hint.len)
		say_warning("%s", text);
}
