/* SPDX-License-Identifier: MIT */
#include "health/order.h"

#include <stdlib.h>
#include <string.h>

/* A candidate while it is sorted. */
struct entry {
	size_t profile;
	size_t place; /* where the base list has it */
	int rank;     /* round robin: oauth, token, api_key */
	int64_t when; /* round robin: last used; cooling: end of the cooldown */
	bool cooling;
};

/* Profiles by id, so that a list of ids is looked up in n log n. */
struct by_id {
	const struct order_profile *profile;
	size_t index;
};

struct work {
	const struct order_input *in;
	struct by_id *sorted;
	bool *taken;
	struct entry *entries;
	size_t count;
};

static int compare_id(const void *a, const void *b)
{
	const struct by_id *x = a;
	const struct by_id *y = b;
	int c = strcmp(x->profile->id, y->profile->id);

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static int compare_key(const void *key, const void *row)
{
	return strcmp(key, ((const struct by_id *)row)->profile->id);
}

static int order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Usable before cooling; then type, then time, then the place in the list. */
static int compare_entry(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	int c = (int)x->cooling - (int)y->cooling;

	if (!c)
		c = x->rank - y->rank;
	if (!c)
		c = order_of(x->when, y->when);
	return c ? c : (x->place > y->place) - (x->place < y->place);
}

static int kind_rank(enum cred_kind k)
{
	static const int ranks[] = {
		[CRED_NONE] = 3, [CRED_API_KEY] = 2, [CRED_TOKEN] = 1, [CRED_OAUTH] = 0
	};

	return ranks[k];
}

static bool mode_agrees(const struct order_profile *p)
{
	if (strcmp(p->configured_provider, p->provider) != 0)
		return false;
	return p->configured_mode == p->kind ||
	       (p->configured_mode == CRED_OAUTH && p->kind == CRED_TOKEN);
}

/* gateway-family.md 10.1, step 3. */
static enum fate judge(const struct order_profile *p, int64_t now_ms)
{
	if (p->configured && !mode_agrees(p))
		return FATE_DIFFERS;
	if (!p->has_secret)
		return FATE_NO_SECRET;
	if (p->kind == CRED_TOKEN && p->expires_ms > 0 && now_ms >= p->expires_ms)
		return FATE_EXPIRED;
	return now_ms < p->unusable_until_ms ? FATE_COOLING : FATE_USABLE;
}

/* One id of the base list: judged, and kept the first time it is met. */
static void add_profile(struct work *w, enum fate *fates, size_t index)
{
	const struct order_profile *p = &w->in->profiles[index];
	bool in_given_order = w->in->explicit_given;
	enum fate fate;

	if (w->taken[index] || fates[index] == FATE_OTHER_PROVIDER)
		return;
	w->taken[index] = true;
	fate = judge(p, w->in->now_ms);
	fates[index] = fate;
	if (fate != FATE_USABLE && fate != FATE_COOLING)
		return;
	w->entries[w->count] = (struct entry){
		.profile = index,
		.place = w->count,
		.cooling = fate == FATE_COOLING,
	};
	if (fate == FATE_COOLING)
		w->entries[w->count].when = p->unusable_until_ms;
	else if (!in_given_order) {
		w->entries[w->count].rank = kind_rank(p->kind);
		w->entries[w->count].when = p->last_used_ms;
	}
	w->count++;
}

static void add_ids(struct work *w, enum fate *fates, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct by_id *hit =
			bsearch(ids[i], w->sorted, w->in->count, sizeof(*w->sorted), compare_key);

		if (hit)
			add_profile(w, fates, hit->index);
	}
}

/* gateway-family.md 10.1, step 2; what the base leaves out keeps `left_out`. */
static void add_base(struct work *w, enum fate *fates)
{
	const struct order_input *in = w->in;
	enum fate left_out = in->explicit_given ? FATE_NOT_LISTED : FATE_NOT_CONFIGURED;

	for (size_t i = 0; i < in->count; i++)
		fates[i] = strcmp(in->profiles[i].provider, in->provider) == 0
				   ? left_out
				   : FATE_OTHER_PROVIDER;
	if (in->explicit_given) {
		add_ids(w, fates, in->explicit_ids, in->explicit_count);
	} else if (in->configured_count) {
		add_ids(w, fates, in->configured_ids, in->configured_count);
	} else {
		for (size_t i = 0; i < in->count; i++)
			add_profile(w, fates, i);
	}
}

/* Step 7: the pinned profile goes to the front, even out of a cooldown. */
static void prefer(struct order_result *r, const struct order_input *in)
{
	for (size_t i = 0; in->preferred && i < r->ranked_count; i++) {
		size_t wanted = r->ranked[i];

		if (strcmp(in->profiles[wanted].id, in->preferred) != 0)
			continue;
		memmove(r->ranked + 1, r->ranked, i * sizeof(*r->ranked));
		r->ranked[0] = wanted;
		return;
	}
}

bool order_resolve(struct order_result *out, const struct order_input *in, struct err *e)
{
	size_t room = in->count ? in->count : 1;
	struct work w = { .in = in };
	bool ok = false;

	*out = (struct order_result){
		.ranked = calloc(room, sizeof(*out->ranked)),
		.fates = calloc(room, sizeof(*out->fates)),
	};
	w.sorted = calloc(room, sizeof(*w.sorted));
	w.taken = calloc(room, sizeof(*w.taken));
	w.entries = calloc(room, sizeof(*w.entries));
	if (!out->ranked || !out->fates || !w.sorted || !w.taken || !w.entries) {
		err_set(e, ERR_MEMORY, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < in->count; i++)
		w.sorted[i] = (struct by_id){ .profile = &in->profiles[i], .index = i };
	qsort(w.sorted, in->count, sizeof(*w.sorted), compare_id);
	add_base(&w, out->fates);
	qsort(w.entries, w.count, sizeof(*w.entries), compare_entry);
	for (size_t i = 0; i < w.count; i++)
		out->ranked[i] = w.entries[i].profile;
	out->ranked_count = w.count;
	prefer(out, in);
	ok = true;
out:
	free(w.sorted);
	free(w.taken);
	free(w.entries);
	if (!ok)
		order_release(out);
	return ok;
}

void order_release(struct order_result *r)
{
	free(r->ranked);
	free(r->fates);
	*r = (struct order_result){ 0 };
}
