/* SPDX-License-Identifier: MIT */
#include "cli/config_change.h"

#include <stdio.h>
#include <string.h>

#include "cli/changes.h"
#include "cli/hold.h"
#include "cli/out_base.h"

static bool write_it(
	struct config_change *x, struct txn *t, const struct buf *before, struct err *e)
{
	struct changes c = { 0 };
	bool ok = changes_add(&c, x->place.paths.config, &x->config.stamp, before,
			  &x->config.doc.text, e) &&
		  changes_can(&c, e) && changes_into(t, &c, x->place.paths.config, e) &&
		  txn_commit(t, e);

	x->changed = ok && c.count > 0;
	changes_release(&c);
	return ok;
}

/* What is changed, and how. */
struct change_of {
	struct config_change *x;
	bool (*edit)(struct config_change *, struct err *);
};

static bool change_once(void *ctx, struct txn *t, struct err *e)
{
	const struct change_of *of = ctx;
	struct config_change *x = of->x;
	struct buf before = { 0 };
	bool ok;

	config_release(&x->config);
	ok = config_load(&x->config, x->place.paths.config, e) &&
	     buf_add(&before, x->config.doc.text.p, x->config.doc.text.len, e) && of->edit(x, e) &&
	     write_it(x, t, &before, e);
	buf_release(&before);
	return ok;
}

bool config_change(struct config_change *x, const char *command,
	bool (*edit)(struct config_change *, struct err *), struct err *e)
{
	struct change_of of = { .x = x, .edit = edit };

	*x = (struct config_change){ 0 };
	if (!place_find(&x->place, NULL, PLACE_WRITE, command, e) ||
		!hold_change(&x->place.paths, NULL, change_once, &of, e))
		return false;
	config_release(&x->config);
	return config_load(&x->config, x->place.paths.config, e);
}

bool config_look(struct config_change *x, const char *command, struct err *e)
{
	*x = (struct config_change){ 0 };
	return place_find(&x->place, NULL, PLACE_READ, command, e) &&
	       config_load(&x->config, x->place.paths.config, e);
}

void config_change_release(struct config_change *x)
{
	config_release(&x->config);
	place_release(&x->place);
}

void config_change_tell(const struct config_change *x)
{
	fputs(x->changed ? "Updated " : "Unchanged ", stdout);
	out_path(stdout, x->place.paths.config, x->place.paths.home);
	putchar('\n');
}

bool config_target(const struct config *c, const char *typed, char out[MODEL_CAP], struct err *e)
{
	if (config_resolve_model(c, typed, out, MODEL_CAP))
		return true;
	err_set(e, ERR_USAGE, "Invalid model reference: %.100s", typed);
	return err_hint(e,
		"write it as provider/model, or as an alias: thinkfleetbot models "
		"aliases list");
}

bool config_same_model(const struct config *c, const char *raw, const char *model)
{
	char full[MODEL_CAP];

	return config_resolve_model(c, raw, full, sizeof(full)) && strcmp(full, model) == 0;
}
