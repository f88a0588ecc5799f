/* SPDX-License-Identifier: MIT */
#include "cli/probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/hold.h"
#include "cli/livecheck.h"
#include "health/survey.h"
#include "net/client.h"
#include "store/checks.h"

#define GRACE_MS 250    /* for the network side to say itself that the time is up */
#define PROGRESS_MS 300 /* a person is told nothing about what is over sooner */
#define TICK_MS 100

struct run {
	struct probe_report *r;
	struct snapshot *s;
	const struct place *place;
	struct opener opener;
	struct client client;
	size_t next;    /* the first row that was not looked at */
	size_t running; /* checks on their way */
	size_t done;    /* targets that are over */
	bool *waiting;  /* per row: on its way */
	bool progress;  /* may a line be drawn? */
	bool drawn;
	int64_t from, until; /* monotonic */
};

/* --- signals: only while the probe runs ------------------------------------------------------
 */

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };

struct signals {
	struct sigaction before[ARRAY_LEN(deadly)];
	sigset_t mask;
};

/* Blocked but for the wait itself, so that none is lost between a look and the wait. */
static void signals_take(struct signals *s)
{
	struct sigaction take = { .sa_handler = on_signal };
	sigset_t block;

	caught = 0;
	sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_LEN(deadly); i++) {
		sigaction(deadly[i], NULL, &s->before[i]);
		if (s->before[i].sa_handler == SIG_IGN)
			continue; /* nohup: the caller does not want to be stopped */
		sigaction(deadly[i], &take, NULL);
		sigaddset(&block, deadly[i]);
	}
	sigprocmask(SIG_BLOCK, &block, &s->mask);
}

static void signals_give_back(const struct signals *s)
{
	/* One that is pending arrives at our handler, not at the default one. */
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
		sigaction(deadly[i], &s->before[i], NULL);
}

/* --- progress -----------------------------------------------------------------------------------
 */

static void draw_progress(struct run *x)
{
	if (!x->progress || clock_mono_ms() - x->from < PROGRESS_MS)
		return;
	fprintf(stderr, "\rProbing: %zu of %zu answered ", x->done, x->r->targets);
	fflush(stderr);
	x->drawn = true;
}

static void clear_progress(const struct run *x)
{
	if (!x->drawn)
		return;
	fprintf(stderr, "\r%50s\r", "");
	fflush(stderr);
}

/* --- what came back ---------------------------------------------------------------------------
 */

/* What the family's runtime would make of it (10.4); an accepted key is ok whatever it may not do.
 */
static enum probe_status status_of(const struct check_result *c)
{
	static const enum probe_status verdicts[] = {
		[VERDICT_NONE] = PROBE_UNKNOWN,
		[VERDICT_ACCEPTED] = PROBE_OK,
		[VERDICT_REJECTED] = PROBE_AUTH,
		[VERDICT_LIMITED] = PROBE_RATE_LIMIT,
		[VERDICT_NO_CREDIT] = PROBE_BILLING,
		[VERDICT_UNKNOWN] = PROBE_UNKNOWN,
	};

	if (c->verdict != VERDICT_UNKNOWN)
		return verdicts[c->verdict];
	if (c->reason == REASON_TIMEOUT || c->reason == REASON_CLOSED || c->status == 408)
		return PROBE_TIMEOUT;
	if (c->reason == REASON_FORMAT)
		return PROBE_FORMAT;
	return c->status == 529 ? PROBE_RATE_LIMIT : PROBE_UNKNOWN;
}

static void land(struct run *x, struct probe_row *row, const struct check_result *c)
{
	struct str why = STR_OF(row->error);
	const struct provider *p;
	const struct method *m;

	row->status = status_of(c);
	row->verdict = c->verdict;
	row->reason = c->reason;
	row->at_ms = c->at_ms;
	row->latency_ms = c->latency_ms;
	row->skew_ms = check_skew_ms(c);
	str_copy(row->account, sizeof(row->account), c->account);
	str_copy(row->credit, sizeof(row->credit), c->credit);
	str_copy(row->limits, sizeof(row->limits), c->limits);
	if (row->status != PROBE_OK && probe_method(row, &x->place->config, &p, &m)) {
		check_headline(&why, c, p, m);
		if (c->text[0])
			str_fmt(&why, ": %s", c->text);
	}
	x->done++;
}

static void not_answered(
	struct run *x, struct probe_row *row, enum probe_status status, const char *why)
{
	row->status = status;
	row->verdict = VERDICT_UNKNOWN;
	row->reason = status == PROBE_TIMEOUT ? REASON_TIMEOUT : REASON_INTERNAL;
	str_copy(row->error, sizeof(row->error), why);
	x->done++;
}

/* The rest of the targets, on their way or not yet. */
static void give_up(struct run *x, enum probe_status status, const char *why)
{
	for (size_t i = 0; i < x->r->count; i++)
		if (x->waiting[i] || (i >= x->next && x->r->rows[i].target))
			not_answered(x, &x->r->rows[i], status, why);
	x->next = x->r->count;
	x->running = 0;
	client_stop(&x->client);
}

/* --- asking -------------------------------------------------------------------------------------
 */

static bool open_key(struct run *x, struct secret *key, const struct probe_row *row)
{
	const struct config_provider *from;

	if (row->credential)
		return opener_get(&x->opener, key, row->credential, NULL);
	from = config_provider(&x->place->config, row->provider->id);
	return from && from->key == CONFIG_KEY_VARIABLE &&
	       opener_variable(&x->opener, key, from->variable, NULL);
}

/* False only when the probe is gone. */
static bool start_one(struct run *x, size_t i, struct err *e)
{
	struct probe_row *row = &x->r->rows[i];
	struct wire_check check = { .id = (uint32_t)i + 1,
		.timeout_ms = (uint32_t)x->r->timeout_ms };
	const struct provider *p;
	const struct method *m;
	bool ok;

	if (!open_key(x, &check.key, row)) {
		probe_refuse(row, "unresolved_ref");
		x->r->targets--;
		return true;
	}
	probe_method(row, &x->place->config, &p, &m);
	live_check_address(&check, p, m, row->provider->base_url);
	ok = client_send(&x->client, &check, e);
	secret_release(&check.key);
	x->waiting[i] = ok;
	x->running += ok;
	return ok;
}

static bool start_more(struct run *x, struct err *e)
{
	while (x->next < x->r->count && x->running < (size_t)x->r->concurrency) {
		size_t i = x->next;

		if (x->r->rows[i].target && !start_one(x, i, e))
			return false;
		x->next++;
	}
	return true;
}

static bool hear(struct run *x, struct err *e)
{
	struct wire_message m;
	bool got = true;

	while (got && x->running) {
		size_t i;

		if (!client_take(&x->client, &m, &got, e))
			return false;
		i = (size_t)m.id - 1;
		if (got && m.type == WIRE_RESULT && i < x->r->count && x->waiting[i]) {
			x->waiting[i] = false;
			x->running--;
			land(x, &x->r->rows[i], &m.result);
		}
		if (got)
			wire_message_release(&m);
	}
	return true;
}

static void wait_for_news(struct run *x, const sigset_t *mask)
{
	struct pollfd p = { .fd = x->client.fd, .events = POLLIN };
	int64_t left = x->until - clock_mono_ms();
	struct timespec t;

	if (x->progress && left > TICK_MS)
		left = TICK_MS;
	if (left < 0)
		left = 0;
	t = (struct timespec){ .tv_sec = left / MS_SECOND,
		.tv_nsec = (left % MS_SECOND) * 1000000 };
	ppoll(&p, 1, &t, mask);
}

static void loop(struct run *x, const sigset_t *mask)
{
	struct err e = { 0 };

	while (x->next < x->r->count || x->running) {
		if (!start_more(x, &e) || !hear(x, &e)) {
			give_up(x, PROBE_UNKNOWN, e.msg);
			return;
		}
		if (caught)
			return;
		if (clock_mono_ms() >= x->until) {
			char why[80];

			snprintf(why, sizeof(why), "no answer within %lld ms",
				(long long)x->r->timeout_ms);
			give_up(x, PROBE_TIMEOUT, why);
			return;
		}
		draw_progress(x);
		if (x->running)
			wait_for_news(x, mask);
	}
}

static void lay_over(struct run *x)
{
	for (size_t i = 0; i < x->r->count; i++) {
		const struct probe_row *row = &x->r->rows[i];
		struct credential *c;

		if (!row->credential || row->at_ms <= 0)
			continue;
		c = &x->s->credentials[row->credential - x->s->credentials];
		c->accepted = row->verdict;
		c->accepted_reason = row->reason;
		c->accepted_at_ms = row->at_ms;
		c->accepted_latency_ms = row->latency_ms;
		c->accepted_skew_ms = row->skew_ms;
	}
}

/* The deadline of all: no check waits longer than its own timeout once it has begun. */
static int64_t whole_time(const struct probe_report *r)
{
	int64_t rounds = ((int64_t)r->targets + r->concurrency - 1) / r->concurrency;

	return rounds * r->timeout_ms + GRACE_MS;
}

bool probe_run(struct probe_report *r, struct snapshot *s, const struct place *place, bool progress,
	struct err *e)
{
	struct run x = { .r = r, .s = s, .place = place, .client = CLIENT_NONE };
	struct signals signals;
	struct err started = { 0 };

	x.waiting = calloc(r->count + 1, sizeof(*x.waiting));
	if (!x.waiting)
		return err_set(e, ERR_MEMORY, "out of memory");
	opener_init(&x.opener, place);
	x.progress = progress;
	x.from = clock_mono_ms();
	x.until = x.from + whole_time(r);
	r->started_ms = clock_now_ms();
	signals_take(&signals);
	if (r->targets && !client_start(&x.client, &started))
		give_up(&x, PROBE_UNKNOWN, started.msg);
	loop(&x, &signals.mask);
	client_stop(&x.client);
	clear_progress(&x);
	signals_give_back(&signals);
	r->caught = caught;
	r->finished_ms = clock_now_ms();
	r->duration_ms = clock_mono_ms() - x.from;
	lay_over(&x);
	opener_release(&x.opener);
	free(x.waiting);
	return true;
}

/* --- kept for next time -------------------------------------------------------------------------
 */

/* Names and notes point at each other: both lists are as long as the report. */
struct notes {
	struct check_note *list;
	char (*names)[ID_CAP + 8];
	size_t count;
};

static void add_note(struct notes *n, const struct probe_row *row)
{
	const struct credential *c = row->credential;
	struct str name = STR_OF(n->names[n->count]);

	if (!c || row->at_ms <= 0)
		return;
	survey_note_name(&name, c);
	n->list[n->count] = (struct check_note){ .credential = n->names[n->count],
		.fingerprint = c->fingerprint,
		.verdict = verdict_name(row->verdict),
		.reason = reason_name(row->reason),
		.expires_source = c->expires_ms > 0 ? expiry_source_name(c->expires_source) : "",
		.at_ms = row->at_ms,
		.latency_ms = row->latency_ms,
		.skew_ms = row->skew_ms };
	n->count++;
}

static bool write_notes(const struct notes *n, const struct place *place, struct err *e)
{
	struct fs_lock lock = { .fd = -1 };
	bool ok = own_lock(&lock, &place->paths, e) &&
		  checks_record_all(place->paths.checks, n->list, n->count, e);

	fs_unlock(&lock);
	return ok;
}

bool probe_keep(const struct probe_report *r, const struct place *place, struct err *e)
{
	struct paths_env env = paths_env_process();
	struct notes n = { .list = calloc(r->count + 1, sizeof(*n.list)),
		.names = calloc(r->count + 1, sizeof(*n.names)) };
	bool ok = n.list && n.names;

	if (!ok)
		err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; ok && i < r->count; i++)
		add_note(&n, &r->rows[i]);
	if (ok && n.count)
		ok = paths_check(&place->paths, geteuid(), &env,
			     "thinkfleetbot models status --probe", e) &&
		     write_notes(&n, place, e);
	free(n.list);
	free(n.names);
	return ok;
}
