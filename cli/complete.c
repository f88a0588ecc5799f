/* SPDX-License-Identifier: MIT */
#include "cli/complete.h"

#include <string.h>

#include "cli/agents.h"
#include "cli/commands.h"
#include "provider/provider.h"
#include "store/profiles.h"
#include "store/sessions.h"
#include "store/vault.h"

#define WORDS_MAX 64
#define WORD_CAP 64

/* The command line before the cursor, understood as far as it goes. */
struct line {
	const char *plain[WORDS_MAX]; /* words that are neither options nor their values */
	size_t plain_count;
	const struct cmd *cmd;     /* NULL: none yet */
	size_t cmd_words;          /* how many plain words its name has */
	const struct opt *pending; /* the cursor is at the value of this option */
	const char *cursor;
	const char *state_dir, *agent, *provider;
	bool ended; /* "--" */

	complete_emit *emit;
	void *to;
};

static void offer(const struct line *l, const char *word, const char *about)
{
	if (str_starts(word, l->cursor))
		l->emit(l->to, word, about);
}

/* n bytes as a string; what is too long for a word is none. */
static const char *word_of(char out[WORD_CAP], const char *p, size_t n)
{
	struct str s = str_on(out, WORD_CAP);

	if (n < WORD_CAP)
		str_addn(&s, p, n);
	return out;
}

/* --- values ------------------------------------------------------------------------------ */

static void give_providers(const struct line *l)
{
	for (size_t i = 0; i < provider_count(); i++)
		offer(l, provider_at(i)->id, provider_at(i)->label);
}

static const struct provider *provider_of(const struct line *l)
{
	char id[WORD_CAP];

	if (!l->provider || !provider_normalise(id, sizeof(id), l->provider))
		return NULL;
	return provider_find(id);
}

static void give_methods(const struct line *l)
{
	const struct provider *p = provider_of(l);

	for (size_t i = 0; p && i < provider_method_count(p); i++)
		offer(l, p->methods[i].id, p->methods[i].label);
}

static void give_models(const struct line *l)
{
	const struct provider *only = provider_of(l);

	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t m = 0; m < PROVIDER_MODELS && p->models[m]; m++)
			if (!only || only == p)
				offer(l, p->models[m], p->label);
	}
}

static bool find_place(struct place *place, const struct line *l)
{
	if (l->state_dir)
		globals.state_dir = l->state_dir;
	return place_find(place, l->agent, PLACE_READ, "completion", NULL);
}

static void give_agents(const struct line *l)
{
	static struct agents agents;
	struct place place;

	if (!find_place(&place, l))
		return;
	if (agents_find(&agents, &place, NULL))
		for (size_t i = 0; i < agents.count; i++)
			offer(l, agents.ids[i], "");
	place_release(&place);
}

/* Behind the first bytes of the word at the cursor. */
static void give_profiles_behind(const struct line *l, size_t prefix)
{
	struct profiles profiles = { 0 };
	struct place place;

	if (!find_place(&place, l))
		return;
	if (profiles_load(&profiles, place.profiles, NULL, NULL))
		for (size_t i = 0; i < profiles.count; i++) {
			char word[512];
			struct str s = STR_OF(word);

			str_addn(&s, l->cursor, prefix);
			str_add(&s, profiles.list[i].id);
			if (!s.cut)
				offer(l, word, profile_kind_name(profiles.list[i].kind));
		}
	profiles_release(&profiles);
	place_release(&place);
}

static void give_profiles(const struct line *l)
{
	give_profiles_behind(l, 0);
}

/* "model", or behind "model@" the profiles. */
static void give_references(const struct line *l)
{
	const char *at = strchr(l->cursor, '@');

	if (at)
		give_profiles_behind(l, (size_t)(at - l->cursor) + 1);
	else
		give_models(l);
}

static void give_sessions(const struct line *l)
{
	struct sessions sessions = { 0 };
	char path[FS_PATH_MAX];
	struct place place;

	if (!find_place(&place, l))
		return;
	if (sessions_path(path, sizeof(path), &place.paths, place.agent, NULL) &&
		sessions_load(&sessions, path, NULL))
		for (size_t i = 0; i < sessions.count; i++)
			offer(l, sessions.list[i].key, "");
	sessions_release(&sessions);
	place_release(&place);
}

static void give_slots(const struct line *l)
{
	struct vault vault = { 0 };
	struct place place;

	if (!find_place(&place, l))
		return;
	if (vault_load(&vault, place.paths.vault, NULL))
		for (size_t i = 0; i < vault.slot_count; i++)
			offer(l, vault.slots[i].id, keyslot_type_name(vault.slots[i].type));
	vault_release(&vault);
	place_release(&place);
}

static void give_files(const struct line *l)
{
	l->emit(l->to, COMPLETE_FILES, "");
}

static void give_dirs(const struct line *l)
{
	l->emit(l->to, COMPLETE_DIRS, "");
}

static void give_keep(const struct line *l)
{
	offer(l, "sealed", "encrypted in the vault");
	offer(l, "plain", "as plain text");
}

static void give_openers(const struct line *l)
{
	offer(l, "key-file", "a file that only you can read");
	offer(l, "system-key", "a systemd credential, inside its service");
	offer(l, "passphrase", "typed after every restart");
}

static void give_when(const struct line *l)
{
	offer(l, "auto", "");
	offer(l, "always", "");
	offer(l, "never", "");
}

static void give_glyphs(const struct line *l)
{
	offer(l, "unicode", "");
	offer(l, "cp437", "");
	offer(l, "ascii", "");
}

static void give_nothing(const struct line *l)
{
	(void)l;
}

static void give_commands(const struct line *l);

/* By an option's name, else by the placeholder of its row or of the usage line. */
static const struct values {
	const char *of;
	void (*give)(const struct line *l);
} values[] = {
	{ "--provider", give_providers },
	{ "--probe-provider", give_providers },
	{ "--probe-profile", give_profiles },
	{ "--method", give_methods },
	{ "--provider-id", give_nothing },
	{ "--key-env", give_nothing },
	{ "--name", give_nothing },
	{ "--agent", give_agents },
	{ "--profile-id", give_profiles },
	{ "--drop", give_nothing },
	{ "PROVIDER", give_providers },
	{ "P", give_providers },
	{ "PROFILE", give_profiles },
	{ "MODEL", give_models },
	{ "REF", give_references },
	{ "KEY", give_sessions },
	{ "TEXT", give_nothing },
	{ "MESSAGE", give_nothing },
	{ "ID", give_slots },
	{ "FILE", give_files },
	{ "DIR", give_dirs },
	{ "HOW", give_keep },
	{ "WHAT", give_openers },
	{ "WHEN", give_when },
	{ "SET", give_glyphs },
	{ "COMMAND", give_commands },
	{ "ARGUMENT", give_files },
	{ "N", give_nothing },
	{ "DURATION", give_nothing },
	{ "MS", give_nothing },
	{ "ALIAS", give_nothing },
	{ "URL", give_nothing },
};

static const struct values *values_of(const char *of, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (strlen(values[i].of) == n && memcmp(values[i].of, of, n) == 0)
			return &values[i];
	return NULL;
}

bool complete_knows(const char *placeholder)
{
	return values_of(placeholder, strlen(placeholder)) != NULL;
}

static void give_option_value(const struct line *l, const struct opt *row)
{
	char name[WORD_CAP];
	struct str s = STR_OF(name);
	const struct values *v;

	str_fmt(&s, "--%s", row->name);
	v = values_of(name, s.len);
	if (!v)
		v = values_of(row->arg, strlen(row->arg));
	if (v)
		v->give(l);
}

/* --- options ----------------------------------------------------------------------------- */

static const struct opt *table_of(const struct line *l, size_t i)
{
	const struct opt *const tables[] = { l->cmd ? l->cmd->opts : NULL,
		l->cmd ? l->cmd->shared : NULL, global_opts };

	return i < ARRAY_LEN(tables) ? tables[i] : NULL;
}

static const struct opt *find_option(const struct line *l, const char *name)
{
	for (size_t i = 0; i < OPT_TABLES; i++)
		for (const struct opt *o = table_of(l, i); o && o->kind != OPT_END; o++)
			if (strcmp(o->name, name) == 0)
				return o;
	return NULL;
}

static void give_options(const struct line *l)
{
	char name[WORD_CAP];

	for (size_t i = 0; i < OPT_TABLES; i++)
		for (const struct opt *o = table_of(l, i); o && o->kind != OPT_END; o++) {
			struct str s = STR_OF(name);

			str_fmt(&s, "--%s", o->name);
			offer(l, name, o->help);
		}
}

/* --- commands and arguments --------------------------------------------------------------- */

/* The word of a command's name after the plain words of the line from `from` on; "": none. */
static const char *next_of_name(
	char out[WORD_CAP], const struct line *l, const char *name, size_t from)
{
	out[0] = '\0';
	for (size_t i = from; i < l->plain_count; i++) {
		size_t n = strlen(l->plain[i]);

		if (strncmp(name, l->plain[i], n) != 0 || name[n] != ' ')
			return name;
		name += n + 1;
	}
	word_of(out, name, strcspn(name, " "));
	return name + strlen(out);
}

static bool named_before(
	const struct line *l, const struct cmd *const *end, const char *word, size_t from)
{
	char other[WORD_CAP];

	for (const struct cmd *const *c = commands; c != end; c++) {
		next_of_name(other, l, (*c)->name, from);
		if (strcmp(other, word) == 0)
			return true;
	}
	return false;
}

/* The next word of every command whose name begins with the plain words from `from` on. */
static void give_names(const struct line *l, size_t from)
{
	for (const struct cmd *const *c = commands; *c; c++) {
		char word[WORD_CAP];
		const char *rest = next_of_name(word, l, (*c)->name, from);

		if (word[0] && !named_before(l, c, word, from))
			offer(l, word, *rest ? "" : (*c)->summary);
	}
}

static void give_commands(const struct line *l)
{
	give_names(l, l->cmd_words);
}

/* "file|passphrase|recovery": the words themselves; "PROFILE": what it stands for. */
static void give_argument(const struct line *l, const char *p, size_t n)
{
	const struct values *v = values_of(p, n);
	char word[WORD_CAP];

	if (v) {
		v->give(l);
		return;
	}
	if (*p >= 'a' && *p <= 'z')
		offer(l, word_of(word, p, n), "");
}

static void give_alternatives(const struct line *l, const char *p, size_t n)
{
	while (n) {
		const char *bar = memchr(p, '|', n);
		size_t len = bar ? (size_t)(bar - p) : n;

		give_argument(l, p, len);
		len += bar ? 1 : 0;
		p += len;
		n -= len;
	}
}

/*
 * One word of a usage line without its brackets and dots; *n is its length. Options and
 * what belongs to them are skipped: the rows know those better. NULL at the end.
 */
static const char *next_argument(const char **at, size_t *n)
{
	bool option = false;

	while (**at) {
		const char *word = *at + strspn(*at, "[ ");
		size_t len = strcspn(word, "] .");
		bool alone = word[len] == ']';

		*at = word + len + strspn(word + len, "]. |");
		*n = len;
		if (len > 2 && str_starts(word, "--")) {
			option = !alone;
			continue;
		}
		if (len && !option && strncmp(word, "OPTION", 6) != 0)
			return word;
		option = false;
	}
	return NULL;
}

/* The last placeholder stands for every further argument that the command takes. */
static void give_positional(const struct line *l)
{
	size_t given = l->plain_count - l->cmd_words;
	const char *at = l->cmd->args;
	const char *word, *found = NULL;
	size_t n = 0, found_n = 0;

	if (given >= l->cmd->args_max)
		return;
	for (size_t i = 0; i <= given && (word = next_argument(&at, &n)); i++) {
		found = word;
		found_n = n;
	}
	if (found)
		give_alternatives(l, found, found_n);
}

/* --- the line ---------------------------------------------------------------------------- */

static void find_command(struct line *l)
{
	size_t used = 0;
	const struct cmd *cmd = cmd_find((char **)l->plain, l->plain_count, &used);

	if (cmd) {
		l->cmd = cmd;
		l->cmd_words = used;
	}
}

static void take_value(struct line *l, const char *word)
{
	const struct {
		const char *name;
		const char **to;
	} known[] = { { "state-dir", &l->state_dir }, { "agent", &l->agent },
		{ "provider", &l->provider } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(l->pending->name, known[i].name) == 0)
			*known[i].to = word;
	l->pending = NULL;
}

static void take_word(struct line *l, const char *word)
{
	if (l->pending) {
		take_value(l, word);
	} else if (strcmp(word, "--") == 0) {
		l->ended = true;
	} else if (!l->ended && str_starts(word, "--")) {
		l->pending = find_option(l, word + 2);
		if (l->pending && !l->pending->arg)
			l->pending = NULL;
	} else if (l->plain_count < WORDS_MAX) {
		l->plain[l->plain_count++] = word;
		find_command(l);
	}
}

void complete_words(char **words, size_t n, complete_emit *emit, void *to)
{
	struct line l = { .cursor = "", .emit = emit, .to = to };

	for (size_t i = 0; i + 1 < n; i++)
		take_word(&l, words[i]);
	if (n)
		l.cursor = words[n - 1];
	if (l.pending) {
		give_option_value(&l, l.pending);
		return;
	}
	if (l.cursor[0] == '-' && !l.ended) {
		give_options(&l);
		return;
	}
	if (l.cmd && l.cmd->own_words) {
		give_files(&l);
		return;
	}
	give_names(&l, 0);
	if (l.cmd)
		give_positional(&l);
}
