/* SPDX-License-Identifier: MIT */
#include "provider/paste.h"

#include <string.h>

#include "base/text.h"
#include "provider/paste_parts.h"

/* A value in a value in a value is not a key any more. */
#define PASSES 4

static void say(struct paste_report *r, enum paste_verdict v, const char *text)
{
	r->verdict = v;
	str_copy(r->message, sizeof(r->message), text);
}

static void say_placeholder(struct paste_report *r)
{
	say(r, PASTE_PLACEHOLDER, "This is a placeholder or a shortened key, not the key itself.");
}

static void say_bad_character(struct paste_report *r, size_t at, uint32_t cp)
{
	struct str m = STR_OF(r->message);
	char shown[5] = { 0 };

	r->verdict = PASTE_BAD_CHARACTER;
	r->bad_at = at;
	text_put(cp, shown);
	if (cp == TEXT_BAD || text_width(cp) < 1)
		str_fmt(&m, "Character %zu cannot be part of a key.", at);
	else
		str_fmt(&m, "Character %zu (\"%s\") cannot be part of a key.", at, shown);
}

/* --- judging -------------------------------------------------------------------------------- */

static const char *matching_prefix(const struct method *m, const struct secret *s)
{
	const char *best = "";

	for (size_t i = 0; m && i < PROVIDER_PREFIXES && m->prefixes[i]; i++) {
		size_t n = strlen(m->prefixes[i]);

		if (s->len >= n && memcmp(s->bytes, m->prefixes[i], n) == 0 && n > strlen(best))
			best = m->prefixes[i];
	}
	return best;
}

static void describe_wanted(struct str *out, const struct provider *p, const struct method *m)
{
	str_fmt(out, "%s %s", p->label, m ? m->noun : "credential");
}

static const char *article(const char *noun)
{
	return strchr("AEIOUaeiox", noun[0]) ? "an" : "a";
}

static void recognise(const struct secret *s, struct paste_report *r)
{
	const struct kind *k = kind_of(s->bytes, s->len);

	if (k) {
		struct str kind = STR_OF(r->kind);

		kind_name(&kind, k);
		str_copy(r->prefix, sizeof(r->prefix), k->prefix);
		r->provider = k->provider ? provider_find(k->provider) : NULL;
		if (r->provider && k->method)
			r->method = provider_method(r->provider, k->method);
	} else if (looks_zai(s->bytes, s->len)) {
		str_copy(r->kind, sizeof(r->kind), "Z.AI API key");
		r->provider = provider_find("zai");
		r->method = provider_method(r->provider, "api-key");
	}
}

/* Something is wanted, and what is here says that it is something else. */
static bool judge_other(const struct secret *s, const struct provider *want,
	const struct method *method, struct paste_report *r)
{
	const struct kind *k = kind_of(s->bytes, s->len);
	struct str m = STR_OF(r->message);

	if (k && k->provider && !k->method) {
		r->verdict = PASTE_OTHER;
		str_fmt(&m, "This is %s %s: it cannot be used for models.", article(r->kind),
			r->kind);
		return true;
	}
	if (!want || !r->provider || (r->provider == want && (!method || method == r->method)))
		return false;
	/* A wanted prefix that is as exact as the table's row is the same thing. */
	if (k && strlen(matching_prefix(method, s)) >= strlen(k->prefix))
		return false;
	if (want->custom) { /* a proxy may well want the provider's own key: its owner knows */
		r->verdict = PASTE_UNUSUAL;
		str_fmt(&m, "This is %s %s: %s would get it.", article(r->kind), r->kind,
			want->label);
		return true;
	}
	r->verdict = PASTE_OTHER;
	str_fmt(&m, "This is %s %s, not %s ", article(r->kind), r->kind, article(want->label));
	describe_wanted(&m, want, method);
	str_add(&m, ".");
	return true;
}

static bool judge_length(
	const struct secret *s, const struct method *method, struct paste_report *r)
{
	struct str m = STR_OF(r->message);

	if (!method)
		return false;
	if (method->min_len && s->len < method->min_len) {
		r->verdict = PASTE_SHORT;
		str_fmt(&m, "%zu characters. A complete %s has %zu or more.", s->len, method->noun,
			method->min_len);
	} else if (method->max_len && s->len > method->max_len) {
		r->verdict = PASTE_LONG;
		str_fmt(&m, "%zu characters. %s %s has at most %zu.", s->len,
			article(method->noun)[1] ? "An" : "A", method->noun, method->max_len);
	}
	return r->verdict != PASTE_GOOD;
}

static void judge_shape(const struct secret *s, const struct provider *want,
	const struct method *method, struct paste_report *r)
{
	const char *prefix = matching_prefix(method, s);
	struct str m = STR_OF(r->message);

	if (*prefix)
		str_copy(r->prefix, sizeof(r->prefix), prefix);
	if (!want && !r->provider) {
		say(r, PASTE_UNUSUAL, "Not a key of a known kind.");
	} else if (method && method->prefixes[0] && !*prefix) {
		r->verdict = PASTE_UNUSUAL;
		str_fmt(&m, "Does not start with %s.", method->prefixes[0]);
	} else if (want && method && !*prefix && r->provider != want && r->prefix[0]) {
		r->verdict = PASTE_UNUSUAL;
		str_fmt(&m, "Starts with %s, unlike a %s key.", r->prefix, want->label);
	} else if (want && method && r->provider != want) {
		struct str kind = STR_OF(r->kind);

		describe_wanted(&kind, want, method);
		r->provider = want;
		r->method = method;
	}
}

static void judge_ending(const struct secret *s, struct paste_report *r)
{
	const struct kind *k = kind_of(s->bytes, s->len);

	r->steps &= ~(unsigned)PASTE_ENDING;
	if (r->verdict == PASTE_GOOD && k && k->ending && !kind_ends(k, s->bytes, s->len))
		r->steps |= PASTE_ENDING;
}

void paste_judge(const struct secret *s, const struct provider *want, const struct method *method,
	struct paste_report *r)
{
	r->verdict = PASTE_GOOD;
	r->provider = NULL;
	r->method = NULL;
	r->kind[0] = r->prefix[0] = r->message[0] = '\0';
	r->bad_at = 0;
	if (!s->len) {
		say(r, PASTE_EMPTY, "Nothing was pasted.");
		return;
	}
	for (size_t i = 0; i < s->len;) {
		size_t used;
		uint32_t cp = text_next(s->bytes + i, s->len - i, &used);

		if (cp < 0x21 || cp > 0x7E) {
			say_bad_character(r, i + 1, cp);
			return;
		}
		i += used;
	}
	if (looks_placeholder(s->bytes, s->len)) {
		say_placeholder(r);
		return;
	}
	if (looks_address(s->bytes, s->len)) {
		say(r, PASTE_ADDRESS, "This is an address, not a key.");
		return;
	}
	recognise(s, r);
	if (!method)
		method = want && r->provider == want ? r->method : r->provider ? r->method : NULL;
	if (judge_other(s, want, method, r))
		return;
	judge_shape(s, want, method, r);
	if (r->verdict == PASTE_GOOD)
		judge_length(s, method, r);
	judge_ending(s, r);
}

/* --- cleaning ------------------------------------------------------------------------------- */

/* What may be kept: everything that a person can still decide to use. */
static bool keeps(enum paste_verdict v)
{
	return !paste_blocks(v) || v == PASTE_OTHER;
}

static void say_nothing_found(const struct secret *text, struct paste_report *r)
{
	bool blank = true, placeholder = false;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->bytes[i];

		blank = blank && (c == ' ' || c == '\n');
		placeholder = placeholder || c == '<' || c == '$' ||
			      starts_nocase(text->bytes + i, text->len - i, "your ");
	}
	if (blank)
		say(r, PASTE_EMPTY, "Nothing was pasted.");
	else if (placeholder)
		say_placeholder(r);
	else
		say(r, PASTE_EMPTY, "No key was found in the pasted text.");
}

static void say_two(struct paste_report *r)
{
	say(r, PASTE_TWO, "Two different secrets were pasted. Keep one: ^U, then paste again.");
}

static bool clean_once(struct secret *out, const struct secret *text, const struct provider *want,
	const struct method *method, struct paste_report *r, struct err *e)
{
	struct err failed = { 0 };
	uint32_t bad_cp = 0;
	enum extract found;

	secret_clear(out);
	found = paste_extract(out, text, method, r, &bad_cp, &failed);
	if (failed.code != ERR_NONE)
		return err_set(e, failed.code, "%s", failed.msg);
	switch (found) {
	case EXTRACT_NONE:
		say_nothing_found(text, r);
		break;
	case EXTRACT_TWO:
		say_two(r);
		break;
	case EXTRACT_UNCLEAR:
		say(r, PASTE_TWO,
			"Two secrets, or one with a gap? Neither was taken: paste one, on one "
			"line.");
		break;
	case EXTRACT_PLACEHOLDER:
		say_placeholder(r);
		break;
	case EXTRACT_BAD:
		say_bad_character(r, r->bad_at, bad_cp);
		break;
	case EXTRACT_ONE:
		paste_judge(out, want, method, r);
		/* Not what was asked for, and that may be what was left out. */
		if (r->beside && (r->verdict == PASTE_OTHER || r->verdict == PASTE_UNUSUAL))
			say_two(r);
		break;
	}
	if (!keeps(r->verdict))
		secret_clear(out);
	return true;
}

static void say_too_much(struct paste_report *r, size_t n)
{
	struct str m = STR_OF(r->message);

	r->verdict = PASTE_TOO_MUCH;
	if (n < 1000000)
		str_fmt(&m, "That is %zu KB of text, not a secret. Nothing was kept.", n / 1000);
	else
		str_fmt(&m, "That is %zu.%zu MB of text, not a secret. Nothing was kept.",
			n / 1000000, n / 100000 % 10);
}

/* Cleans again and again until nothing changes, so that cleaning the result changes nothing. */
static bool settle(struct secret *out, struct secret *text, const struct provider *want,
	const struct method *method, struct paste_report *r, struct err *e)
{
	for (int pass = 0; pass < PASSES; pass++) {
		if (!clean_once(out, text, want, method, r, e))
			return false;
		if (!out->len || secret_equal(out, text))
			return true;
		secret_set(text, out->bytes, out->len);
	}
	secret_clear(out);
	say(r, PASTE_EMPTY, "No key was found in the pasted text.");
	return true;
}

/* NOLINTNEXTLINE(readability-function-size): the contract with the callers has 7 parameters. */
bool paste_clean(struct secret *out, const char *raw, size_t n, const struct provider *want,
	const struct method *method, struct paste_report *r, struct err *e)
{
	struct secret text = { 0 };
	bool ok = false;

	*r = (struct paste_report){ 0 };
	if (!secret_init(out, SECRET_MAX, e))
		return false;
	if (n > SECRET_MAX) {
		say_too_much(r, n);
		return true;
	}
	if (!secret_init(&text, n, e))
		goto out;
	paste_scrub(&text, raw, n, r);
	if (r->removed)
		r->steps |= PASTE_INVISIBLE;
	ok = settle(out, &text, want, method, r, e);
out:
	secret_release(&text);
	if (!ok)
		secret_release(out);
	return ok;
}

bool paste_looks_secret(const char *p, size_t n, const struct provider **which)
{
	struct paste_report r;
	struct secret s = { 0 };
	const struct provider *found = NULL;
	bool known, unknown;

	if (which)
		*which = NULL;
	if (n < 20)
		return false;
	if (!paste_clean(&s, p, n, NULL, NULL, &r, NULL))
		return false;
	known = s.len >= 20 && r.prefix[0] != '\0';
	/* No known kind: long, and as mixed as only a key is. */
	unknown = s.len >= 24 && !(r.steps & PASTE_PROSE) && looks_random(s.bytes, s.len);
	if (known || unknown || (s.len && r.provider))
		found = r.provider;
	if (which)
		*which = found;
	known = known || unknown || r.verdict == PASTE_TWO || (s.len && r.provider);
	secret_release(&s);
	return known;
}

bool paste_blocks(enum paste_verdict v)
{
	return !paste_warns(v) && v != PASTE_GOOD;
}

bool paste_warns(enum paste_verdict v)
{
	return v == PASTE_UNUSUAL || v == PASTE_SHORT || v == PASTE_LONG;
}

/* --- words ---------------------------------------------------------------------------------- */

static void note(struct str *out, const struct paste_report *r, enum paste_step step)
{
	switch (step) {
	case PASTE_INVISIBLE:
		str_fmt(out, "Removed %u invisible character%s", r->removed,
			r->removed == 1 ? "" : "s");
		break;
	case PASTE_JOINED:
		str_fmt(out, "Joined %u lines", r->lines);
		break;
	case PASTE_TRIMMED:
		str_add(out, "Removed blanks or line ends around it");
		break;
	case PASTE_BLANKS:
		str_add(out, "Removed blanks inside");
		break;
	case PASTE_ASSIGNMENT:
		str_fmt(out, "Took the value of %s", r->name);
		break;
	case PASTE_QUOTES:
		str_add(out, "Removed quotes");
		break;
	case PASTE_HEADER:
		str_add(out, "Took the token from a header line");
		break;
	case PASTE_JSON:
		str_fmt(out, "Took \"%s\" from the pasted JSON", r->name);
		break;
	case PASTE_TWICE:
		str_add(out, "Pasted twice; one copy kept");
		break;
	case PASTE_PROSE:
		str_add(out, "Left out the text around it");
		break;
	case PASTE_ENDING:
		str_add(out, "Complete ones usually end in AA; this one does not");
		break;
	}
}

size_t paste_notes(const struct paste_report *r, char lines[][80], size_t max)
{
	size_t n = 0;

	for (unsigned step = PASTE_INVISIBLE; step <= PASTE_ENDING; step <<= 1) {
		struct str line;

		if (!(r->steps & step))
			continue;
		if (n < max) {
			line = str_on(lines[n], sizeof(lines[n]));
			note(&line, r, (enum paste_step)step);
		}
		n++;
	}
	return n;
}

static bool is_terminal_width(size_t len, int columns)
{
	static const size_t usual[] = { 80, 100, 120 };

	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (len == usual[i])
			return true;
	}
	return columns > 0 && len + 2 >= (size_t)columns && len <= (size_t)columns + 2;
}

void paste_cut_hint(
	struct str *out, const struct secret *s, int columns, const struct method *method)
{
	const struct kind *k = kind_of(s->bytes, s->len);

	if (k && k->full_len) {
		if (s->len < k->full_len)
			str_fmt(out, "%zu characters instead of %zu", s->len, k->full_len);
	} else if (k && k->ending && !kind_ends(k, s->bytes, s->len)) {
		str_fmt(out, "%zu characters without the usual ending", s->len);
	} else if (method && method->min_len >= 40 && is_terminal_width(s->len, columns) &&
		   !kind_complete(s->bytes, s->len)) {
		/* Where the length is unknown or short, a width is no news. */
		str_fmt(out, "%zu characters", s->len);
	}
	if (out->len)
		str_add(out, ": looks cut at your terminal width");
}
