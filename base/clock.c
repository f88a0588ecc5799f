/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	const char *pinned = getenv("THINKFLEETBOT_TEST_NOW");

	if (pinned && pinned[0])
		return strtoll(pinned, NULL, 10);
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

struct unit {
	const char *name;
	int64_t ms;
};

static const struct unit units[] = {
	{ "ms", 1 },
	{ "s", MS_SECOND },
	{ "m", MS_MINUTE },
	{ "h", MS_HOUR },
	{ "d", MS_DAY },
	{ "w", 7 * MS_DAY },
	{ "y", 365 * MS_DAY },
};

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* Digits, at most one point, digits on both sides of it; where it ends. */
static const char *number_end(const char *p)
{
	const char *start = p;

	while (*p >= '0' && *p <= '9')
		p++;
	if (p == start || *p != '.')
		return p == start ? NULL : p;
	start = ++p;
	while (*p >= '0' && *p <= '9')
		p++;
	return p == start ? NULL : p;
}

bool clock_parse_duration(const char *text, const char *default_unit, int64_t *ms, struct err *e)
{
	char t[40];
	struct str s = STR_OF(t);
	const struct unit *u;
	const char *end;
	double value;

	while (*text == ' ' || *text == '\t')
		text++;
	for (const char *p = text; *p; p++) {
		char c = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);

		str_addn(&s, &c, 1);
	}
	while (s.len && (t[s.len - 1] == ' ' || t[s.len - 1] == '\t'))
		t[--s.len] = '\0';
	if (!s.len)
		return err_set(e, ERR_USAGE, "invalid duration (empty)");
	end = s.cut ? NULL : number_end(t);
	u = end ? find_unit(*end ? end : default_unit) : NULL;
	if (!u) {
		err_set(e, ERR_USAGE, "invalid duration: %.60s", text);
		return err_hint(e, "a number and a unit, for example 365d, 12h, 30m");
	}
	value = strtod(t, NULL) * (double)u->ms;
	if (value > 9e15)
		return err_set(e, ERR_USAGE, "invalid duration: %.60s", text);
	*ms = (int64_t)llround(value);
	return true;
}

void clock_remaining(struct str *out, int64_t ms)
{
	int64_t minutes = (ms + MS_MINUTE / 2) / MS_MINUTE;
	int64_t hours;

	if (ms <= 0) {
		str_add(out, "0m");
		return;
	}
	if (minutes < 1)
		minutes = 1;
	if (minutes < 60) {
		str_fmt(out, "%" PRId64 "m", minutes);
		return;
	}
	hours = (minutes + 30) / 60;
	if (hours < 48)
		str_fmt(out, "%" PRId64 "h", hours);
	else
		str_fmt(out, "%" PRId64 "d", (hours + 12) / 24);
}

void clock_local(struct str *out, int64_t epoch_ms)
{
	time_t t = (time_t)(epoch_ms / 1000);
	char text[40];
	struct tm tm;

	if (localtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm))
		str_add(out, text);
	else
		str_add(out, "?");
}
