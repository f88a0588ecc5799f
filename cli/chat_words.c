/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chat/clean.h"
#include "chat/reply.h"
#include "cli/chat.h"
#include "provider/paste.h"

static const char blanks[] = " \t\r\n";

/* What was asked is not done; the text says why. */
static bool refuse(struct chat_reply *out, enum err_code code, const char *text, struct err *e)
{
	out->code = code;
	return buf_text(&out->text, text, e);
}

/* --- /model ----------------------------------------------------------------------------------- */

/* January's releases split at the first "@"; ours is the later rule, which loses no model. */
static enum pin_rule rule_of(const struct chat *c)
{
	return paths_january(c->place.paths.config) ? PIN_JANUARY : PIN_APRIL;
}

static const char *configured_api(const void *ctx, const char *provider)
{
	const struct chat *c = ctx;
	const struct config_provider *row = config_provider(&c->place.config, provider);

	return row ? row->api : "";
}

static bool tell_status(struct chat *c, struct chat_reply *out, struct err *e)
{
	const struct reply_status q = { .s = &c->now,
		.catalog = &c->catalog,
		.current = c->model,
		.pinned = c->pin,
		.source = c->source,
		.reset = c->reset,
		.api = configured_api,
		.ctx = c };

	return reply_status(&out->text, &q, e);
}

/* What a person should know of the profile that was just pinned. */
static bool warn_of_profile(
	struct chat_reply *out, const struct credential *c, int64_t now_ms, struct err *e)
{
	char text[240];
	struct str s = STR_OF(text);

	if (pin_usable(c, now_ms))
		return true;
	str_add(&s, "\nIt cannot be used now: ");
	fact_selected(&s, c, now_ms);
	str_add(&s, ".");
	return buf_text(&out->text, text, e);
}

/* May it be pinned, and would the pin last? */
static bool profile_fits(struct chat *c, const char *profile, const char *provider,
	const struct credential **found, struct err *e)
{
	if (!pin_allowed(&c->now, profile, provider, e))
		return false;
	*found = snapshot_find(&c->now, profile);
	if ((*found)->excluded == EXCLUDED_NOT)
		return true;
	err_set(e, ERR_USAGE, "Auth profile \"%.160s\" is left out by %.80s.", profile,
		(*found)->selected_by);
	return err_hint(e, "thinkfleetbot models auth order set --provider %s %.100s ...", provider,
		profile);
}

static struct session_change change_for(
	const struct chat *c, const struct selection *s, const char *profile, char *provider)
{
	struct session_change change = { .model = s->is_default ? SESSION_CLEAR : SESSION_SET,
		.provider_name = provider,
		.model_name = model_name(s->key),
		.profile = profile,
		.source = pin_source_name(PIN_USER) };

	model_provider(provider, PROVIDER_CAP, s->key);
	if (profile[0])
		change.pin = SESSION_SET;
	else if (s->is_default || c->reset || !model_of(c->model, provider))
		change.pin = SESSION_CLEAR;
	return change;
}

static bool apply(struct chat *c, const struct selection *s, const char *profile,
	struct chat_reply *out, struct err *e)
{
	const struct credential *found = NULL;
	char provider[PROVIDER_CAP];
	struct err why = { 0 };

	model_provider(provider, sizeof(provider), s->key);
	if (profile[0] && !profile_fits(c, profile, provider, &found, &why))
		return refuse(out, why.code, why.msg, e) &&
		       (!why.hint[0] || buf_fmt(&out->text, e, "\n%s", why.hint));
	c->fixed = false; /* what is chosen now is the session's */
	if (!chat_change(c, change_for(c, s, profile, provider), e))
		return false;
	return reply_chosen(&out->text, s, profile, e) &&
	       (!found || warn_of_profile(out, found, c->now.now_ms, e));
}

static bool select_typed(struct chat *c, const char *typed, struct selection *s)
{
	char resolved[MODEL_KEY_CAP];

	if (!config_resolve_model(&c->place.config, typed, resolved, sizeof(resolved)))
		resolved[0] = '\0';
	catalog_select(s, &c->catalog, typed, resolved);
	return s->outcome == SELECT_OK;
}

static bool hear_model(
	struct chat *c, const struct directive *d, struct chat_reply *out, struct err *e)
{
	bool list = str_equal_nocase(d->model, "list");
	bool status = str_equal_nocase(d->model, "status");
	struct selection s;

	if (d->profile[0] && (!d->model[0] || list || status))
		return refuse(out, ERR_USAGE, REPLY_NEEDS_MODEL, e);
	if (!d->model[0])
		return reply_current(&out->text, c->model, e);
	if (list)
		return reply_models(&out->text, &c->catalog, "", e);
	if (status)
		return tell_status(c, out, e);
	if (reply_is_number(d->model)) {
		out->code = ERR_USAGE;
		return reply_number(&out->text, e);
	}
	if (select_typed(c, d->model, &s))
		return apply(c, &s, d->profile, out, e);
	out->code = ERR_USAGE;
	return reply_refused(&out->text, &s, d->model, e);
}

bool chat_choose(struct chat *c, const char *reference, struct err *e)
{
	const struct credential *found;
	char model[DIRECTIVE_CAP];
	char profile[DIRECTIVE_CAP];
	char provider[PROVIDER_CAP];
	struct buf text = { 0 };
	struct selection s;
	bool ok;

	if (!directive_split(model, profile, reference, rule_of(c)))
		return err_set(e, ERR_USAGE, "--model is too long");
	if (!model[0])
		return err_set(e, ERR_USAGE, "%s", REPLY_NEEDS_MODEL);
	if (!select_typed(c, model, &s)) {
		ok = reply_refused(&text, &s, model, e) && err_set(e, ERR_USAGE, "%s", text.p);
		buf_release(&text);
		return ok;
	}
	model_provider(provider, sizeof(provider), s.key);
	if (profile[0] && !profile_fits(c, profile, provider, &found, e))
		return false;
	str_copy(c->model, sizeof(c->model), s.key);
	str_copy(c->pin, sizeof(c->pin), profile);
	c->source = PIN_USER;
	c->reset = false;
	c->fixed = true;
	return true;
}

/* --- commands --------------------------------------------------------------------------------- */

static bool hear_help(struct chat *c, const char *arguments, struct chat_reply *out, struct err *e)
{
	(void)c;
	(void)arguments;
	return buf_text(&out->text,
		"/model                    which model answers\n"
		"/model NAME               another model; an alias will do, or a part of its name\n"
		"/model NAME@PROFILE       and pin a credential to this session\n"
		"/model status             the candidates, and which credential is next\n"
		"/models [PROVIDER]        the models that can be chosen\n"
		"/status                   this session\n"
		"/new                      forget what was said; a pin moves on\n"
		"/quit                     end (Ctrl-D does too; Ctrl-C cancels an answer)\n"
		"A blank in front of any other /word sends it to the model as it is.",
		e);
}

static bool hear_models(
	struct chat *c, const char *arguments, struct chat_reply *out, struct err *e)
{
	return reply_models(&out->text, &c->catalog, arguments, e);
}

static bool hear_status(
	struct chat *c, const char *arguments, struct chat_reply *out, struct err *e)
{
	(void)arguments;
	return buf_fmt(&out->text, e,
		"Session: %s\nModel: %s\nAuth profile: %s%s\nSaid so far: %zu", c->key, c->model,
		c->pin[0] ? c->pin : "the first that is usable",
		!c->pin[0]              ? ""
		: c->source == PIN_USER ? " (pinned by you)"
					: " (chosen for this session)",
		c->said.count);
}

/* A person's pin ends with the session: the next profile in the circle has its turn (11.4). */
static bool hear_new(struct chat *c, const char *arguments, struct chat_reply *out, struct err *e)
{
	char provider[PROVIDER_CAP];
	struct pin_question q = { .s = &c->now,
		.provider = provider,
		.profile = c->pin,
		.source = c->source,
		.fresh = true };
	char id[SESSION_ID_CAP];
	struct session_change change = { .id = id };
	struct pin_answer a = { .fate = PIN_KEPT };

	(void)arguments;
	model_provider(provider, sizeof(provider), c->model);
	if (c->pin[0]) {
		pin_settle(&a, &q);
		change.pin = a.to ? SESSION_SET : SESSION_CLEAR;
		change.profile = a.to ? a.to->id : NULL;
		change.source = pin_source_name(PIN_AUTO);
	}
	c->fixed = false;
	if (!session_new_id(id, e) || !chat_change(c, change, e))
		return false;
	talk_cut(&c->said, 0);
	return buf_fmt(&out->text, e, "New session. Model: %s.", c->model) &&
	       (!c->pin[0] || buf_fmt(&out->text, e, " Auth profile: %s (automatic).", c->pin));
}

static bool hear_quit(struct chat *c, const char *arguments, struct chat_reply *out, struct err *e)
{
	(void)c;
	(void)arguments;
	(void)e;
	out->quit = true;
	return true;
}

static const struct word {
	const char *name;
	bool (*hear)(struct chat *c, const char *arguments, struct chat_reply *out, struct err *e);
} words[] = {
	{ "help", hear_help },
	{ "models", hear_models },
	{ "status", hear_status },
	{ "new", hear_new },
	{ "quit", hear_quit },
	{ "exit", hear_quit },
};

/* "/name" at the beginning, in lower or upper case; arguments: what follows it. */
static const struct word *find_word(const char *text, const char **arguments)
{
	char name[16];
	struct str s = STR_OF(name);
	size_t n = strcspn(text + 1, ": \t\r\n");

	str_addn(&s, text + 1, n);
	*arguments = text + 1 + n;
	*arguments += **arguments == ':';
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_equal_nocase(words[i].name, name))
			return &words[i];
	return NULL;
}

/* "/modle": a word of letters alone is meant for us. "/etc/passwd" is not. */
static bool is_mistyped(const char *text)
{
	size_t n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");

	return n > 0 && (text[n + 1] == '\0' || strchr(blanks, text[n + 1]));
}

/* A key that was pasted into the wrong place must not be sent to whom it does not belong. */
static bool holds_secret(const char *text)
{
	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);

		if (paste_looks_secret(text, n, NULL))
			return true;
		text += n;
	}
	return false;
}

static bool hear_text(struct chat *c, const char *text, struct chat_reply *out, struct err *e)
{
	const char **aliases = calloc(c->catalog.count + 1, sizeof(*aliases));
	struct directive d;
	size_t n = 0;
	bool ok;

	if (!aliases)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < c->catalog.count; i++)
		if (c->catalog.list[i].alias[0])
			aliases[n++] = c->catalog.list[i].alias;
	if (!directive_find(&d, text, aliases, n, rule_of(c)))
		ok = refuse(out, ERR_USAGE, "No model has so long a name.", e);
	else if (d.found)
		ok = hear_model(c, &d, out, e) && directive_rest(&out->rest, text, &d, e);
	else if (text[0] == '/' && is_mistyped(text))
		ok = refuse(out, ERR_USAGE,
			"That is no command. /help lists them; a blank in front of it sends it to "
			"the model.",
			e);
	else
		ok = buf_text(&out->rest, text, e);
	free(aliases);
	return ok;
}

bool chat_hear(struct chat *c, const char *text, struct chat_reply *out, struct err *e)
{
	const char *arguments;
	const struct word *word;
	bool ok;

	*out = (struct chat_reply){ 0 };
	if (!text[strspn(text, blanks)])
		return true;
	if (!c->looked && !chat_look(c, e))
		return false;
	c->looked = false; /* files may have changed when the next word comes */
	if (holds_secret(text))
		return refuse(out, ERR_REFUSED,
			"That looks like a key. It was not sent to the model; thinkfleetbot models "
			"auth add stores one.",
			e);
	word = text[0] == '/' ? find_word(text, &arguments) : NULL;
	ok = word ? word->hear(c, arguments, out, e) : hear_text(c, text, out, e);
	if (out->code != ERR_NONE || (out->rest.len && !out->rest.p[strspn(out->rest.p, blanks)]))
		buf_release(&out->rest);
	return ok;
}

void chat_reply_release(struct chat_reply *r)
{
	buf_release(&r->text);
	buf_release(&r->rest);
	*r = (struct chat_reply){ 0 };
}

bool chat_print(FILE *out, const char *p, size_t n, struct err *e)
{
	struct clean clean = { 0 };
	struct buf text = { 0 };
	bool ok = clean_add(&clean, &text, p, n, e) && clean_end(&clean, &text, e);

	if (ok && text.len)
		fwrite(text.p, 1, text.len, out);
	buf_release(&text);
	return ok;
}
