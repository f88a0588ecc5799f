/* SPDX-License-Identifier: MIT */
#include "cli/opt.h"

#include <string.h>

#include "provider/paste.h"

static const struct opt *find_in(const struct opt *rows, const char *name, size_t n)
{
	for (; rows && rows->kind != OPT_END; rows++)
		if (strlen(rows->name) == n && memcmp(rows->name, name, n) == 0)
			return rows;
	return NULL;
}

static bool store_value(const struct opt *o, char *value, struct err *e)
{
	switch (o->kind) {
	case OPT_FLAG:
		if (*o->to.flag)
			break;
		*o->to.flag = true;
		return true;
	case OPT_TEXT:
		if (*o->to.text)
			break;
		*o->to.text = value;
		return true;
	case OPT_LIST:
		if (o->to.list->count == OPT_LIST_CAP)
			return err_set(e, ERR_USAGE, "--%s: more than %d", o->name, OPT_LIST_CAP);
		o->to.list->items[o->to.list->count++] = value;
		return true;
	case OPT_END:
		break;
	}
	return err_set(e, ERR_USAGE, "--%s was given twice", o->name);
}

static const struct opt *find_option(
	const struct opt *const tables[OPT_TABLES], const char *name, size_t n)
{
	const struct opt *o = NULL;

	for (size_t i = 0; i < OPT_TABLES && !o; i++)
		o = find_in(tables[i], name, n);
	return o;
}

bool opt_takes_next(const struct opt *const tables[OPT_TABLES], const char *word)
{
	const struct opt *o = NULL;

	if (str_starts(word, "--"))
		o = find_option(tables, word + 2, strlen(word + 2));
	return o && o->kind != OPT_FLAG;
}

/* One "--name", "--name=value" or "--name value"; *used: words taken. */
static bool parse_one(
	const struct opt *const tables[OPT_TABLES], char **argv, int left, int *used, struct err *e)
{
	char *name = argv[0] + 2;
	char *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const struct opt *o = find_option(tables, name, n);

	*used = 1;
	if (!o) {
		err_set(e, ERR_USAGE, "unknown option --%.*s", (int)(n > 60 ? 60 : n), name);
		return err_hint(e, "thinkfleetbot help COMMAND lists the options");
	}
	if (o->kind == OPT_FLAG) {
		if (equals)
			return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
		return store_value(o, NULL, e);
	}
	if (equals)
		return store_value(o, equals + 1, e);
	if (left < 2)
		return err_set(e, ERR_USAGE, "--%s needs a value (%s)", o->name, o->arg);
	*used = 2;
	return store_value(o, argv[1], e);
}

bool opt_parse(const struct opt *const tables[OPT_TABLES], int from, int argc, char **argv,
	struct args *rest, struct err *e)
{
	int keep = from;

	for (int i = from; i < argc;) {
		int used = 1;

		if (strcmp(argv[i], "--") == 0) {
			for (i++; i < argc; i++)
				argv[keep++] = argv[i];
			break;
		}
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[keep++] = argv[i++];
			continue;
		}
		if (argv[i][1] != '-') {
			err_set(e, ERR_USAGE, "unknown option %.60s", argv[i]);
			return err_hint(e, "options are long here: thinkfleetbot help COMMAND");
		}
		if (!parse_one(tables, argv + i, argc - i, &used, e))
			return false;
		i += used;
	}
	rest->items = argv + from;
	rest->count = (size_t)(keep - from);
	return true;
}

/* Names of other tools and of the gateway family that carry a secret on the command line. */
static const char *const carriers[] = { "--key", "--token", "--secret", "--api-key", "--password",
	"--passphrase", "--value", "--gateway-token", "--gateway-password", "--remote-token" };

static bool is_carrier(const char *word, size_t n)
{
	static const char tail[] = "-api-key";

	for (size_t i = 0; i < ARRAY_LEN(carriers); i++)
		if (strlen(carriers[i]) == n && memcmp(carriers[i], word, n) == 0)
			return true;
	return n > sizeof(tail) &&
	       memcmp(word + n - (sizeof(tail) - 1), tail, sizeof(tail) - 1) == 0;
}

static void wipe(char *word)
{
	if (word)
		explicit_bzero(word, strlen(word));
}

/* False for a harmless word. next: the word after it, or NULL. */
static bool carries_secret(char *word, char *next, int position, struct err *e)
{
	char *equals = strchr(word, '=');
	char *value = equals ? equals + 1 : word;
	size_t n = equals ? (size_t)(equals - word) : strlen(word);

	if (str_starts(word, "--") && is_carrier(word, n)) {
		err_set(e, ERR_USAGE,
			"%.*s would show the secret to every user of this machine (ps) and keep it "
			"in the shell history",
			(int)(n > 60 ? 60 : n), word);
		wipe(equals ? value : next);
		return true;
	}
	if (!paste_looks_secret(value, strlen(value), NULL))
		return false;
	err_set(e, ERR_USAGE, "argument %d looks like a key; it is now in your shell history",
		position);
	wipe(value);
	return true;
}

bool opt_refuse_secrets(int argc, char **argv, struct err *e)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (carries_secret(argv[i], i + 1 < argc ? argv[i + 1] : NULL, i, e))
			return err_hint(e,
				"rotate that key at the provider, and hand the new one over with "
				"--key-stdin, --key-file FILE, --key-fd N or --key-env NAME");
	return true;
}
