/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "health/service_impl.h"

/*
 * launchd property lists in XML (launchd.plist(5)): of their keys those that say what is started,
 * as whom, where, and with which variables. Binary ones are left out, and that is said.
 */

/* --- XML, as far as property lists use it ------------------------------------------------------
 */

enum token {
	TOKEN_OPEN, /* <name>; <name/> is given as this and TOKEN_CLOSE */
	TOKEN_CLOSE,
	TOKEN_TEXT,
	TOKEN_END,
};

struct xml {
	const char *p, *end;
	bool closing; /* <name/> was opened: its end is next */
	char name[32];
	struct buf text; /* of TOKEN_TEXT, entities replaced */
	bool no_memory;
};

/* Where `mark` begins from p on, or the end. */
static const char *search(const struct xml *x, const char *p, const char *mark)
{
	const char *hit = memmem(p, (size_t)(x->end - p), mark, strlen(mark));

	return hit ? hit : x->end;
}

/* Comments, declarations and processing instructions. */
static bool skip_aside(struct xml *x)
{
	static const char *const rows[][2] = { { "<!--", "-->" }, { "<?", "?>" }, { "<!", ">" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i][0]);
		const char *stop;

		if ((size_t)(x->end - x->p) < n || memcmp(x->p, rows[i][0], n) != 0)
			continue;
		stop = search(x, x->p, rows[i][1]);
		x->p = stop < x->end ? stop + strlen(rows[i][1]) : stop;
		return true;
	}
	return false;
}

static enum token read_tag(struct xml *x)
{
	const char *stop = search(x, x->p, ">");
	const char *p = x->p + 1;
	bool close = p < stop && *p == '/';
	struct str name = STR_OF(x->name);
	size_t n = 0;

	p += close;
	while (p + n < stop && !strchr(" \t\r\n/", p[n]))
		n++;
	str_addn(&name, p, n);
	x->closing = !close && stop > x->p && stop[-1] == '/';
	x->p = stop < x->end ? stop + 1 : stop;
	return close ? TOKEN_CLOSE : TOKEN_OPEN;
}

/* The reference at p, without its "&" and ";": what it stands for. */
static size_t entity(const char *p, size_t n, char out[4])
{
	static const struct {
		const char *name;
		char c;
	} rows[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
		{ "apos", '\'' } };
	char digits[12];
	struct str s = STR_OF(digits);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == n && memcmp(rows[i].name, p, n) == 0) {
			out[0] = rows[i].c;
			return 1;
		}
	if (n < 2 || *p != '#')
		return 0;
	str_addn(&s, p + 1, n - 1);
	return text_put((uint32_t)(digits[0] == 'x' ? strtoul(digits + 1, NULL, 16)
						    : strtoul(digits, NULL, 10)),
		out);
}

static void add_text(struct xml *x, const char *p, size_t n)
{
	x->no_memory |= !buf_add(&x->text, p, n, NULL);
}

static enum token read_text(struct xml *x)
{
	const char *stop = search(x, x->p, "<");

	x->text.len = 0;
	add_text(x, "", 0);
	while (x->p < stop) {
		size_t left = (size_t)(stop - x->p);
		const char *amp = memchr(x->p, '&', left);
		const char *semicolon = amp ? memchr(amp, ';', (size_t)(stop - amp)) : NULL;
		char bytes[4];

		if (!semicolon) {
			add_text(x, x->p, left);
			break;
		}
		add_text(x, x->p, (size_t)(amp - x->p));
		add_text(x, bytes, entity(amp + 1, (size_t)(semicolon - amp - 1), bytes));
		x->p = semicolon + 1;
	}
	x->p = stop;
	return TOKEN_TEXT;
}

static enum token next(struct xml *x)
{
	if (x->closing) {
		x->closing = false;
		return TOKEN_CLOSE;
	}
	while (x->p < x->end && *x->p == '<' && skip_aside(x))
		;
	if (x->p >= x->end || x->no_memory)
		return TOKEN_END;
	return *x->p == '<' ? read_tag(x) : read_text(x);
}

/* --- the property list -------------------------------------------------------------------------
 */

#define DEPTH_VARIABLES 2 /* plist dict dict: EnvironmentVariables */

struct plist {
	struct service *out;
	const char *path;
	const char *begin;  /* of the text, to count lines */
	char keys[3][80];   /* the key of each open dict */
	unsigned dicts;     /* how many are open */
	unsigned other;     /* open arrays and dicts that are too deep */
	struct buf command; /* ProgramArguments, each with its NUL */
	struct buf assignment;
	struct err *e;
};

static unsigned line_of(const struct plist *p, const struct xml *x)
{
	unsigned line = 1;

	for (const char *at = p->begin; at < x->p; at++)
		line += *at == '\n';
	return line;
}

static bool add_variable(struct plist *p, const struct xml *x, const char *name)
{
	const struct service_place at = { p->path, line_of(p, x) };

	p->assignment.len = 0;
	return buf_fmt(&p->assignment, p->e, "%s=", name) &&
	       buf_add(&p->assignment, x->text.p, x->text.len, p->e) &&
	       vars_put(&p->out->vars, p->assignment.p, p->assignment.len, &at, p->e);
}

/* A <string>, in the dict or array that is open. */
static bool take_string(struct plist *p, const struct xml *x)
{
	const char *key = p->dicts ? p->keys[p->dicts - 1] : "";

	if (p->dicts == 1 && strcmp(key, "ProgramArguments") == 0)
		return buf_add(&p->command, x->text.p, x->text.len + 1, p->e);
	if (p->dicts == DEPTH_VARIABLES && !p->other &&
		strcmp(p->keys[0], "EnvironmentVariables") == 0)
		return add_variable(p, x, key);
	if (p->dicts == 1 && !p->other && strcmp(key, "UserName") == 0)
		str_copy(p->out->user, sizeof(p->out->user), x->text.p);
	if (p->dicts == 1 && !p->other && strcmp(key, "WorkingDirectory") == 0)
		str_copy(p->out->dir, sizeof(p->out->dir), x->text.p);
	return true;
}

/* What stands between <name> and </name>, markup in it left out. */
static void read_element(struct xml *x, const char *name)
{
	enum token t = next(x);

	if (t == TOKEN_TEXT)
		t = next(x);
	else
		x->text.len = 0;
	add_text(x, "", 0);
	while (t != TOKEN_END && !(t == TOKEN_CLOSE && strcmp(x->name, name) == 0))
		t = next(x);
}

static bool open_element(struct plist *p, struct xml *x)
{
	if (strcmp(x->name, "dict") == 0 && !p->other && p->dicts < ARRAY_LEN(p->keys)) {
		p->keys[p->dicts++][0] = '\0';
	} else if (strcmp(x->name, "dict") == 0 || strcmp(x->name, "array") == 0) {
		p->other++;
	} else if (strcmp(x->name, "key") == 0) {
		read_element(x, "key");
		if (p->dicts && !p->other && !x->no_memory)
			str_copy(p->keys[p->dicts - 1], sizeof(p->keys[0]), x->text.p);
	} else if (strcmp(x->name, "string") == 0) {
		read_element(x, "string");
		return x->no_memory || take_string(p, x);
	}
	return true;
}

static void close_element(struct plist *p, const struct xml *x)
{
	bool dict = strcmp(x->name, "dict") == 0;

	if (p->other && (dict || strcmp(x->name, "array") == 0))
		p->other--;
	else if (dict && p->dicts)
		p->dicts--;
}

bool launchd_parse(struct service *out, const char *p, size_t n, const char *path, struct err *e)
{
	struct plist list = { .out = out, .path = path, .begin = p, .e = e };
	struct xml x = { .p = p, .end = p + n };
	enum token t = TOKEN_END;
	bool ok = true;

	if (n >= 8 && memcmp(p, "bplist00", 8) == 0)
		service_gap(out, "%s is a binary property list: plutil -convert xml1 makes it text",
			path);
	else
		t = next(&x);
	for (; ok && t != TOKEN_END; t = next(&x)) {
		if (t == TOKEN_OPEN)
			ok = open_element(&list, &x);
		else if (t == TOKEN_CLOSE)
			close_element(&list, &x);
	}
	if (x.no_memory)
		ok = err_set(e, ERR_MEMORY, "out of memory");
	if (ok && list.command.len)
		command_judge(&out->command, list.command.p, list.command.len);
	buf_release(&x.text);
	buf_release(&list.command);
	buf_release(&list.assignment);
	return ok;
}

/* --- where they lie ----------------------------------------------------------------------------
 */

/* gateways' labels: "bot.molt.gateway", "ai.openclaw.gateway", "com.clawdbot.gateway" */
static bool is_label(const char *name)
{
	static const char *const starts[] = { "bot.molt.", "ai.openclaw.", "com.clawdbot.",
		"com.steipete.clawdbot.", "com.thinkfleetbot.", "thinkfleetbot" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (str_starts(name, starts[i]))
			return true;
	return false;
}

static void find_in(struct unit_list *out, const char *dir)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)) && out->count < UNIT_REFS_MAX) {
		struct unit_ref *ref = &out->list[out->count];

		if (!str_ends(entry->d_name, ".plist") ||
			!str_copy(ref->name, sizeof(ref->name), entry->d_name) ||
			!fs_join(ref->path, sizeof(ref->path), dir, entry->d_name, NULL))
			continue;
		ref->kind = SERVICE_LAUNCHD;
		ref->by_name = is_label(entry->d_name) && strstr(entry->d_name, "gateway");
		out->count++;
	}
	if (d)
		closedir(d);
}

void launchd_find(struct unit_list *out, const struct service_options *o)
{
	static const char *const system[] = { "/Library/LaunchAgents", "/Library/LaunchDaemons" };
	char path[PATHS_CAP];

	if (fs_join(path, sizeof(path), o->home, "Library/LaunchAgents", NULL))
		find_in(out, path);
	for (size_t i = 0; i < ARRAY_LEN(system); i++)
		if (root_path(o, path, sizeof(path), system[i]))
			find_in(out, path);
}

/* launchd gives an agent its account's HOME; a daemon without UserName is root's. */
static bool put_account(struct service *s, const struct service_options *o, struct err *e)
{
	const struct service_place nowhere = { 0 };
	bool daemon = strstr(s->path, "/LaunchDaemons/") != NULL;
	struct account a = { .uid = o->uid };
	char text[PATHS_CAP + 8];
	struct str home = STR_OF(text);

	if (!daemon && !s->user[0])
		str_copy(a.home, sizeof(a.home), o->home);
	else if (!account_find(&a, o, s->user[0] ? s->user : "root"))
		service_gap(s, "the account of UserName is not in /etc/passwd");
	if (!s->user[0])
		str_copy(s->user, sizeof(s->user), daemon ? "root" : o->user);
	str_copy(s->home, sizeof(s->home), a.home);
	str_fmt(&home, "HOME=%s", a.home);
	if (!a.home[0] || vars_find(&s->vars, "HOME"))
		return true;
	return vars_put(&s->vars, text, home.len, &nowhere, e);
}

bool launchd_load(struct service *out, const struct service_options *o, const struct unit_ref *ref,
	bool *is_gateway, struct err *e)
{
	struct buf text = { 0 };
	bool found;
	bool ok;

	out->kind = SERVICE_LAUNCHD;
	str_copy(out->name, sizeof(out->name), ref->name);
	str_copy(out->path, sizeof(out->path), ref->path);
	if (!file_text(&text, ref->path, &found, e))
		return false;
	ok = !found || launchd_parse(out, text.p, text.len, ref->path, e);
	buf_release(&text);
	*is_gateway = ref->by_name || out->command.run || out->command.gateway;
	if (!out->command.family && ref->by_name)
		out->command.family = family_at(strstr(ref->name, "openclaw")     ? 1
						: strstr(ref->name, "thinkfleet") ? 0
										  : 2);
	return ok && (!*is_gateway || put_account(out, o, e));
}
