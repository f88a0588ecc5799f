/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/config_change.h"
#include "cli/out_base.h"

/*
 * `models fallbacks` and `models image-fallbacks`: the same commands for two lists
 * of the configuration, with the texts of gateway-family.md 9.9.
 */

static struct {
	bool json;
	bool plain;
	const char *model; /* what was typed */
	enum config_slot slot;
} given;

static const struct opt none[] = { { .kind = OPT_END } };

static const struct opt list_opts[] = {
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

/* The resolved "provider/model" of the last edit. */
static char target[MODEL_CAP];

/* Which list stands in the command's name; --plain is the family's plain list here. */
static bool choose(const struct cli *c, struct err *e)
{
	given.plain = globals.plain;
	given.slot =
		str_starts(c->cmd->name, "models image-") ? CONFIG_SLOT_IMAGE : CONFIG_SLOT_MODEL;
	return !(given.json && given.plain) ||
	       err_set(e, ERR_USAGE, "Choose either --json or --plain, not both.");
}

static const struct config_model *slot_of(const struct config *c)
{
	return given.slot == CONFIG_SLOT_MODEL ? &c->model : &c->image_model;
}

/* The family's words for the two lists. */
static const char *fallbacks_name(void)
{
	return given.slot == CONFIG_SLOT_MODEL ? "Fallbacks" : "Image fallbacks";
}

static void print_fallbacks(const struct config_model *m)
{
	if (!given.plain)
		printf("%s (%zu):\n%s", fallbacks_name(), m->fallback_count,
			m->fallback_count ? "" : "- none\n");
	for (size_t i = 0; i < m->fallback_count; i++) {
		fputs(given.plain ? "" : "- ", stdout);
		out_text(stdout, m->fallbacks[i]);
		putchar('\n');
	}
}

static bool print_fallbacks_json(const struct config_model *m, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < m->fallback_count; i++)
		json_append(list, json_text(m->fallbacks[i]));
	json_put(root, "fallbacks", list);
	return json_finish(stdout, root, e);
}

static bool run_list(struct cli *c, struct err *e)
{
	struct config_change x = { 0 };
	bool ok = choose(c, e) && config_look(&x, c->cmd->name, e);

	if (ok && given.json)
		ok = print_fallbacks_json(slot_of(&x.config), e);
	else if (ok)
		print_fallbacks(slot_of(&x.config));
	config_change_release(&x);
	return ok;
}

static bool edit_add(struct config_change *x, struct err *e)
{
	const struct config_model *m = slot_of(&x->config);

	if (!config_target(&x->config, given.model, target, e))
		return false;
	for (size_t i = 0; i < m->fallback_count; i++)
		if (config_same_model(&x->config, m->fallbacks[i], target))
			return true;
	return config_add_fallback(&x->config.doc, given.slot, target, e);
}

static bool edit_remove(struct config_change *x, struct err *e)
{
	const struct config_model *m = slot_of(&x->config);
	bool found = false;

	if (!config_target(&x->config, given.model, target, e))
		return false;
	for (size_t i = 0; i < m->fallback_count; i++) {
		if (!config_same_model(&x->config, m->fallbacks[i], target))
			continue;
		found = true;
		if (!config_remove_fallback(&x->config.doc, given.slot, m->fallbacks[i], e))
			return false;
	}
	if (found)
		return true;
	err_set(e, ERR_NOT_FOUND, "%s not found: %s",
		given.slot == CONFIG_SLOT_MODEL ? "Fallback" : "Image fallback", target);
	return err_hint(e, "thinkfleetbot models status shows what is configured");
}

static bool edit_clear(struct config_change *x, struct err *e)
{
	return config_clear_fallbacks(&x->config.doc, given.slot, e);
}

static bool change(struct cli *c, bool (*edit)(struct config_change *, struct err *), struct err *e)
{
	struct config_change x = { 0 };
	const struct config_model *m;
	bool ok;

	given.model = c->args.items[0];
	ok = choose(c, e) && config_change(&x, c->cmd->name, edit, e);
	if (ok) {
		config_change_tell(&x);
		m = slot_of(&x.config);
		printf("%s: ", fallbacks_name());
		for (size_t i = 0; i < m->fallback_count; i++) {
			fputs(i ? ", " : "", stdout);
			out_text(stdout, m->fallbacks[i]);
		}
		putchar('\n');
	}
	config_change_release(&x);
	return ok;
}

static bool run_add(struct cli *c, struct err *e)
{
	return change(c, edit_add, e);
}

static bool run_remove(struct cli *c, struct err *e)
{
	return change(c, edit_remove, e);
}

static bool run_clear(struct cli *c, struct err *e)
{
	struct config_change x = { 0 };
	bool ok = choose(c, e) && config_change(&x, c->cmd->name, edit_clear, e);

	if (ok) {
		config_change_tell(&x);
		printf("%s list cleared.\n",
			given.slot == CONFIG_SLOT_MODEL ? "Fallback" : "Image fallback");
	}
	config_change_release(&x);
	return ok;
}

const struct cmd cmd_fallbacks_list = {
	.name = "models fallbacks list",
	.args = "[--json|--plain]",
	.summary = "list the models that are tried after the default one",
	.opts = list_opts,
	.run = run_list,
};

const struct cmd cmd_fallbacks_add = {
	.name = "models fallbacks add",
	.args = "MODEL",
	.summary = "add one at the end",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_add,
};

const struct cmd cmd_fallbacks_remove = {
	.name = "models fallbacks remove",
	.args = "MODEL",
	.summary = "take one out",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_remove,
};

const struct cmd cmd_fallbacks_clear = {
	.name = "models fallbacks clear",
	.args = "",
	.summary = "take all out",
	.opts = none,
	.run = run_clear,
};

const struct cmd cmd_image_fallbacks_list = {
	.name = "models image-fallbacks list",
	.args = "[--json|--plain]",
	.summary = "list the models that are tried after the image model",
	.opts = list_opts,
	.run = run_list,
};

const struct cmd cmd_image_fallbacks_add = {
	.name = "models image-fallbacks add",
	.args = "MODEL",
	.summary = "add one at the end",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_add,
};

const struct cmd cmd_image_fallbacks_remove = {
	.name = "models image-fallbacks remove",
	.args = "MODEL",
	.summary = "take one out",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_remove,
};

const struct cmd cmd_image_fallbacks_clear = {
	.name = "models image-fallbacks clear",
	.args = "",
	.summary = "take all out",
	.opts = none,
	.run = run_clear,
};
