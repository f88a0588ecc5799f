/* SPDX-License-Identifier: MIT */
#include "cli/mend.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/repair.h"

const char *mend_result_name(enum mend_result r)
{
	static const char *const names[] = {
		[MEND_PLANNED] = "planned",
		[MEND_DONE] = "fixed",
		[MEND_LEFT] = "left",
		[MEND_FAILED] = "failed",
	};

	return names[r];
}

void mend_release(struct mend *m)
{
	free(m->steps);
	*m = (struct mend){ 0 };
}

/* The same thing, although its words may have changed. */
static bool same(const struct finding *a, const struct finding *b)
{
	return strcmp(a->check, b->check) == 0 && strcmp(a->evidence, b->evidence) == 0 &&
	       strcmp(a->target, b->target) == 0;
}

static bool add(struct mend *m, const struct finding *f, struct err *e)
{
	if (m->count == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 8;
		struct mend_step *grown = realloc(m->steps, cap * sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_MEMORY, "out of memory");
		m->steps = grown;
		m->cap = cap;
	}
	m->steps[m->count++] = (struct mend_step){ .finding = *f };
	return true;
}

/* What can be mended and was not tried yet. */
static bool plan(struct mend *m, const struct snapshot *s, struct err *e)
{
	for (size_t i = 0; i < s->finding_count; i++) {
		const struct finding *f = &s->findings[i];
		bool known = f->severity < SEVERITY_WARN || !repair_possible(f);

		for (size_t k = 0; !known && k < m->count; k++)
			known = same(&m->steps[k].finding, f);
		if (!known && !add(m, f, e))
			return false;
	}
	return true;
}

static void perform(
	struct mend_step *s, const struct place *p, const struct mend_how *how, int64_t deadline_ms)
{
	s->result = MEND_LEFT;
	if (clock_mono_ms() >= deadline_ms) {
		err_set(&s->why, ERR_BUSY, "the time for repairs is over; run it again");
		return;
	}
	if (how->agreed && !how->agreed(&s->finding)) {
		err_set(&s->why, ERR_REFUSED, "left as it is");
		return;
	}
	s->result = repair_noted(p, &s->finding, s->backup, sizeof(s->backup), &s->why)
			    ? MEND_DONE
			    : MEND_FAILED;
}

/* A repair that changed nothing is no repair, whatever it returned. */
static void judge(struct mend_step *s, const struct snapshot *now)
{
	for (size_t i = 0; s->result == MEND_DONE && i < now->finding_count; i++) {
		if (!same(&s->finding, &now->findings[i]))
			continue;
		s->result = MEND_FAILED;
		err_set(&s->why, ERR_FAILED, "it is still found afterwards");
	}
}

static bool pass(struct mend *m, size_t from, struct snapshot *s, const struct place *p,
	const struct look *look, struct err *e)
{
	snapshot_release(s);
	if (!look_take(s, p, look, e))
		return false;
	for (size_t i = from; i < m->count; i++)
		judge(&m->steps[i], s);
	return true;
}

bool mend_run(struct mend *m, struct snapshot *s, const struct place *p, const struct look *look,
	const struct mend_how *how, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + MEND_TIME_MS;

	for (unsigned n = 0; n < MEND_PASSES; n++) {
		size_t from = m->count;

		if (!plan(m, s, e))
			return false;
		if (m->count == from || how->dry_run)
			return true;
		for (size_t i = from; i < m->count; i++)
			perform(&m->steps[i], p, how, deadline_ms);
		if (!pass(m, from, s, p, look, e))
			return false;
		for (size_t i = from; how->done && i < m->count; i++)
			how->done(&m->steps[i]);
	}
	return true;
}
