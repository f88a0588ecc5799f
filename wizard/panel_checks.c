/* SPDX-License-Identifier: MIT */

/* Which check is due, and what became of the last ones. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wizard/panel_state.h"

#define CHECK_EVERY_MS (60 * MS_SECOND)
#define CHECK_IDLE_MS (5 * MS_MINUTE)
#define IDLE_AFTER_MS (10 * MS_MINUTE)
#define CHECKS_MAX 3
#define SPINNER_MS 200

static struct probe *probe_of(const struct panel *p, const char *id)
{
	for (size_t i = 0; i < p->probe_count; i++) {
		if (strcmp(p->probes[i].id, id) == 0)
			return &p->probes[i];
	}
	return NULL;
}

const struct probe *panel_probe(const struct panel *p, const char *id)
{
	return probe_of(p, id);
}

bool panel_checkable(const struct credential *c)
{
	const struct provider *p = provider_find(c->provider);

	if (!p || c->kind == CRED_OAUTH || c->stored == STORED_MISSING)
		return false;
	if (c->opens != OPENS_YES && c->opens != OPENS_UNTRIED && c->opens != OPENS_OLDER)
		return false;
	return provider_method_of_kind(p, c->kind) != NULL;
}

static void log_add(struct panel *p, int64_t at_ms, enum severity s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void log_add(struct panel *p, int64_t at_ms, enum severity s, const char *fmt, ...)
{
	struct log_line *l = &p->lines[p->line_at];
	va_list ap;

	l->at_ms = at_ms;
	l->severity = s;
	va_start(ap, fmt);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
	p->line_at = (p->line_at + 1) % LOG_LINES;
	if (p->line_count < LOG_LINES)
		p->line_count++;
}

/* Spread over 10 % both ways, so that many hosts and profiles do not move in step. */
static int64_t jitter(const struct probe *b, int64_t interval)
{
	uint32_t h = 2166136261u + b->turns * 7919u;

	for (const char *c = b->id; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	return interval / 5 * (int64_t)(h % 1000) / 1000 - interval / 10;
}

static void schedule(const struct panel *p, struct probe *b, int64_t from_ms)
{
	static const int64_t backoff[] = { 1, 2, 5, 10 };
	int64_t interval = CHECK_EVERY_MS;

	if (p->now_ms - p->key_ms > IDLE_AFTER_MS)
		interval = CHECK_IDLE_MS;
	if (b->failures) {
		size_t n = b->failures < ARRAY_LEN(backoff) ? b->failures : ARRAY_LEN(backoff);

		if (interval < backoff[n - 1] * MS_MINUTE)
			interval = backoff[n - 1] * MS_MINUTE;
	}
	b->turns++;
	b->due_ms = from_ms + interval + jitter(b, interval);
}

/* A result that is newer than the last one seen goes to the log and moves the next check. */
static void take_result(struct panel *p, struct probe *b, const struct credential *c, bool first)
{
	bool good = c->accepted == VERDICT_ACCEPTED || c->accepted == VERDICT_LIMITED ||
		    c->accepted == VERDICT_NO_CREDIT;
	char text[96];
	struct str s = STR_OF(text);

	if (c->accepted == VERDICT_NONE || c->accepted_at_ms <= b->seen_ms)
		return;
	b->seen_ms = c->accepted_at_ms;
	b->failures = good ? 0 : b->failures + 1;
	schedule(p, b, c->accepted_at_ms);
	if (first)
		return;
	str_add(&s, verdict_name(c->accepted));
	if (c->accepted_reason != REASON_NONE)
		str_fmt(&s, ", %s", reason_name(c->accepted_reason));
	if (c->accepted_latency_ms > 0)
		str_fmt(&s, ", %d ms", c->accepted_latency_ms);
	log_add(p, c->accepted_at_ms,
		good                              ? SEVERITY_OK
		: c->accepted == VERDICT_REJECTED ? SEVERITY_FAIL
						  : SEVERITY_WARN,
		"%s %s", c->id, text);
}

/* False when memory ran out: the old probes stay, new profiles are then not checked. */
bool panel_match_probes(struct panel *p)
{
	const struct snapshot *s = p->world;
	struct probe *now = calloc(s->credential_count ? s->credential_count : 1, sizeof(*now));

	if (!now)
		return false;
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct probe *old = probe_of(p, s->credentials[i].id);

		if (old)
			now[i] = *old;
		else
			str_copy(now[i].id, sizeof(now[i].id), s->credentials[i].id);
		take_result(p, &now[i], &s->credentials[i], !old);
	}
	free(p->probes);
	p->probes = now;
	p->probe_count = s->credential_count;
	return true;
}

static size_t running(const struct panel *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->probe_count; i++)
		n += p->probes[i].running;
	return n;
}

/* A due time further away than any interval means that the clock was set back. */
static bool is_due(const struct panel *p, const struct probe *b, int64_t now_ms)
{
	if (b->running || b->asked)
		return !b->running;
	return !p->paused && (b->due_ms <= now_ms || b->due_ms - now_ms > 12 * MS_MINUTE);
}

void panel_ask_all(struct panel *p)
{
	for (size_t i = 0; i < p->probe_count; i++)
		p->probes[i].asked = true;
}

enum panel_effect panel_tick(struct panel *p, int64_t now_ms)
{
	p->now_ms = now_ms;
	if (running(p) >= CHECKS_MAX)
		return PFX_NONE;
	for (size_t i = 0; i < p->probe_count; i++) {
		struct probe *b = &p->probes[i];
		const struct credential *c = snapshot_find(p->world, b->id);

		if (!c || !panel_checkable(c) || !is_due(p, b, now_ms))
			continue;
		b->asked = false;
		schedule(p, b, now_ms); /* also when the caller cannot start it */
		str_copy(p->due, sizeof(p->due), b->id);
		return PFX_CHECK_ONE;
	}
	return PFX_NONE;
}

const char *panel_due(const struct panel *p)
{
	return p->due[0] ? p->due : NULL;
}

static int64_t until_due(const struct panel *p, int64_t now_ms)
{
	int64_t wait = MS_HOUR;

	if (running(p) >= CHECKS_MAX)
		return wait;
	for (size_t i = 0; i < p->probe_count; i++) {
		const struct probe *b = &p->probes[i];
		const struct credential *c = snapshot_find(p->world, b->id);

		if (!c || b->running || !panel_checkable(c))
			continue;
		if (is_due(p, b, now_ms))
			return 0;
		if (!p->paused && b->due_ms - now_ms < wait)
			wait = b->due_ms - now_ms;
	}
	return wait;
}

int panel_wait(const struct panel *p, int64_t now_ms)
{
	int64_t wait = until_due(p, now_ms);

	for (size_t i = 0; i < p->world->credential_count; i++) {
		int64_t words = words_wait(&p->world->credentials[i], now_ms);

		if (words < wait)
			wait = words;
	}
	if (running(p)) {
		int64_t frame = SPINNER_MS - now_ms % SPINNER_MS;

		if (frame < wait)
			wait = frame;
	}
	return (int)wait;
}

void panel_probing(struct panel *p, const char *profile_id, bool probing)
{
	struct probe *b = probe_of(p, profile_id);

	if (!b)
		return;
	b->running = probing;
	b->since_ms = p->now_ms;
}
