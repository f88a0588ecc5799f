/* SPDX-License-Identifier: MIT */
#include "health/doctor.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "health/doctor_impl.h"

#define PER_CHECK 20

/* In the order of a diagnosis: who and where, files, keys, use. */
static const struct check checks[] = {
	{ "identity", "this is the account that owns the files", check_identity },
	{ "clock", "the clock is plausible", check_clock },
	{ "state", "the state folder is there and ours", check_state },
	{ "modes", "nobody else can read the files", check_modes },
	{ "disk", "there is room on the disk", check_disk },
	{ "config", "the configuration can be read", check_config },
	{ "gateway", "the gateway's door and logs keep the keys in", check_gateway },
	{ "profiles", "auth-profiles.json can be read, every entry counts", check_profiles },
	{ "env", ".env can be read", check_dotenv },
	{ "duplicates", "no variable is set twice in .env", check_duplicates },
	{ "env-readers", "every program reads .env alike", check_readers },
	{ "links", "no file of a gateway is a link", check_links },
	{ "locks", "no lock was left behind", check_locks },
	{ "interrupted", "no change was interrupted half-way", check_interrupted },
	{ "misplaced", "no store lies where no gateway looks", check_misplaced },
	{ "vault", "the vault opens", check_vault },
	{ "references", "every reference opens its own record", check_references },
	{ "plain-text", "no key is in plain text", check_plain },
	{ "residue", "no copy of a sealed key lies about", check_residue },
	{ "resolver", "the resolver is in place", check_resolver },
	{ "secrets-provider", "the configuration names the resolver", check_secrets_provider },
	{ "deprecated", "no profile is of a kind that gateways gave up", check_deprecated },
	{ "cooldowns", "no profile is paused", check_cooldowns },
	{ "expiry", "nothing expired or about to", check_expiry },
	{ "accepted", "no credential was rejected", check_accepted },
	{ "shadows", "no variable hides another", check_shadows },
	{ "shell-import", "the login shell answers", check_shell_import },
	{ "service", "the service gets what is stored here", check_service },
	{ "models", "every model in use has a credential", check_models },
	{ "memory", "keys in memory are locked and cannot be swapped out", check_memory },
	{ "git", "the state folder is in no git work tree", check_git },
	{ "synced", "the state folder is on this machine only", check_synced },
	{ "linger", "the gateway goes on after logout", check_linger },
	{ "term", "the terminal is known", check_term },
	{ "window", "the terminal is large enough", check_window },
	{ "locale", "the locale is there", check_locale },
	{ "other-states", "there is one state folder", check_other_states },
};

size_t doctor_count(void)
{
	return ARRAY_LEN(checks);
}

const struct check *doctor_at(size_t i)
{
	return i < ARRAY_LEN(checks) ? &checks[i] : NULL;
}

static struct finding *new_finding(struct survey *v)
{
	struct snapshot *s = v->s;

	if (s->finding_count == v->finding_cap) {
		size_t cap = v->finding_cap ? 2 * v->finding_cap : 2 * ARRAY_LEN(checks);
		struct finding *grown = realloc(s->findings, cap * sizeof(*grown));

		if (!grown) {
			v->failed = true;
			return &v->unseen;
		}
		s->findings = grown;
		v->finding_cap = cap;
	}
	return &s->findings[s->finding_count++];
}

struct finding *finding_add(
	struct survey *v, const struct check *c, enum severity severity, const char *fmt, ...)
{
	struct finding *f = v->found < PER_CHECK ? new_finding(v) : &v->unseen;
	va_list ap;

	v->found++;
	if (severity > v->worst)
		v->worst = severity;
	*f = (struct finding){ .check = c->id, .severity = severity };
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return f;
}

struct finding *finding_err(struct survey *v, const struct check *c, const struct err *from)
{
	return finding_add(
		v, c, SEVERITY_FAIL, "%s%s%s", from->msg, from->hint[0] ? "; " : "", from->hint);
}

void finding_evidence(struct survey *v, struct finding *f, const char *path, unsigned line)
{
	struct str out = STR_OF(f->evidence);

	fs_shorten(&out, path, v->paths->home);
	if (line)
		str_fmt(&out, ":%u", line);
}

static bool needs_quotes(const char *word)
{
	return !word[0] || word[strspn(word,
				   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "@%+=:,./_-")] != '\0';
}

static void shell_word(struct str *out, const char *word)
{
	if (!needs_quotes(word)) {
		str_add(out, word);
		return;
	}
	str_add(out, "'");
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_addn(out, word, 1);
	}
	str_add(out, "'");
}

void finding_fix(struct finding *f, const char *command, const char *word)
{
	struct str out = STR_OF(f->fix);

	str_add(&out, command);
	if (word) {
		str_add(&out, " ");
		shell_word(&out, word);
	}
	if (out.cut)
		f->fix[0] = '\0'; /* half a command is worse than none */
}

void finding_profile(
	struct survey *v, struct finding *f, const char *command, const struct credential *c)
{
	char usual[AGENT_CAP];
	struct str out = STR_OF(f->fix);

	finding_fix(f, command, c->id);
	out.len = strlen(f->fix);
	agent_normalise(usual, config_default_agent(&v->config));
	if (!out.len || strcmp(usual, v->s->agent) == 0)
		return;
	str_fmt(&out, " --agent %s", v->s->agent);
	if (out.cut)
		f->fix[0] = '\0';
}

void finding_rotate(struct survey *v, struct finding *f, const struct credential *c)
{
	finding_profile(v, f, FIX_ROTATE, c);
}

void finding_edit(struct finding *f, const char *path, unsigned line)
{
	char command[40];
	struct str out = STR_OF(command);

	str_add(&out, "\"${EDITOR:-vi}\"");
	if (line)
		str_fmt(&out, " +%u", line);
	finding_fix(f, command, path);
}

/* ": line 3", as every reader of ours puts it; 0 when the message names none. */
static unsigned line_in(const char *msg)
{
	const char *at = strstr(msg, "line ");
	unsigned long n = at ? strtoul(at + strlen("line "), NULL, 10) : 0;

	return n <= UINT32_MAX ? (unsigned)n : 0;
}

void finding_unread(struct survey *v, struct finding *f, const char *path, const struct err *why)
{
	unsigned line = line_in(why->msg);
	struct fs_stamp st = { 0 };

	finding_evidence(v, f, path, line);
	if (why->code == ERR_DAMAGED)
		finding_edit(f, path, line);
	else if (fs_stat(path, &st, NULL) && st.exists && st.uid == geteuid() && !(st.mode & 0400))
		finding_fix(f, "chmod u+rw", path);
	else
		finding_fix(f, "ls -ld", path);
}

void finding_chown(struct finding *f, const char *path)
{
	char command[40];
	struct str out = STR_OF(command);

	str_fmt(&out, "%schown -R %u", geteuid() == 0 ? "" : "sudo ", (unsigned)geteuid());
	finding_fix(f, command, path);
}

void finding_move(struct finding *f, const char *from, const char *to)
{
	struct str out = STR_OF(f->fix);

	str_add(&out, "mv ");
	shell_word(&out, from);
	str_add(&out, " ");
	shell_word(&out, to);
	if (out.cut)
		f->fix[0] = '\0';
}

void finding_chmod(struct finding *f, const char *path, unsigned mode)
{
	char command[24];
	struct str out = STR_OF(command);

	str_fmt(&out, "chmod %o", mode);
	finding_fix(f, command, path);
	f->safe = str_copy(f->target, sizeof(f->target), path);
	f->mode = mode;
}

static void run(struct survey *v, const struct check *c)
{
	v->found = 0;
	v->worst = SEVERITY_OK;
	if (!c->run(v, c))
		return;
	if (!v->found) {
		finding_add(v, c, SEVERITY_OK, "%s", c->title);
	} else if (v->found > PER_CHECK) {
		size_t more = v->found - PER_CHECK;
		enum severity worst = v->worst;

		v->found = 0;
		finding_add(v, c, worst, "and %zu more like these", more);
	}
}

/* Worst first; of one severity in the table's order. Stable: the lists are short. */
static void sort_findings(struct snapshot *s)
{
	for (size_t i = 1; i < s->finding_count; i++) {
		struct finding f = s->findings[i];
		size_t at = i;

		while (at > 0 && s->findings[at - 1].severity < f.severity) {
			s->findings[at] = s->findings[at - 1];
			at--;
		}
		s->findings[at] = f;
	}
}

void doctor_run(struct survey *v)
{
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		run(v, &checks[i]);
	sort_findings(v->s);
}
