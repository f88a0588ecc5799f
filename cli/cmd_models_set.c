/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/config_change.h"
#include "cli/out_base.h"
#include "cli/say.h"

/*
 * `models set`, `models set-image` and `models aliases`: one edit of the configuration
 * each, with the texts of gateway-family.md 9.9.
 */

static struct {
	bool json;
	const char *model; /* what was typed */
	const char *alias;
	enum config_slot slot;
} given;

static const struct opt none[] = { { .kind = OPT_END } };

static const struct opt list_opts[] = {
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

/* The resolved "provider/model" of the last edit. */
static char target[MODEL_CAP];

static void say_line(const char *name, const char *text)
{
	printf("%s: ", name);
	out_text(stdout, text);
	putchar('\n');
}

/* --- the default model and the image model ---------------------------------------------------
 */

static bool edit_model(struct config_change *x, struct err *e)
{
	if (!config_target(&x->config, given.model, target, e))
		return false;
	return given.slot == CONFIG_SLOT_MODEL ? config_put_model(&x->config.doc, target, false, e)
					       : config_put_image(&x->config.doc, target, e);
}

static bool set(struct cli *c, const char *name, struct err *e)
{
	struct config_change x;
	bool ok;

	given.model = c->args.items[0];
	ok = config_change(&x, c->cmd->name, edit_model, e);
	if (ok) {
		config_change_tell(&x);
		say_line(name, target);
	}
	config_change_release(&x);
	return ok;
}

static bool run_set(struct cli *c, struct err *e)
{
	given.slot = CONFIG_SLOT_MODEL;
	return set(c, "Default model", e);
}

static bool run_set_image(struct cli *c, struct err *e)
{
	given.slot = CONFIG_SLOT_IMAGE;
	return set(c, "Image model", e);
}

/* --- aliases ----------------------------------------------------------------------------------
 */

static size_t alias_count(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->allowed_count; i++)
		n += c->allowed[i].alias[0] != '\0';
	return n;
}

static void print_aliases(const struct config *c)
{
	size_t n = alias_count(c);

	if (!globals.plain)
		printf("Aliases (%zu):\n%s", n, n ? "" : "- none\n");
	for (size_t i = 0; i < c->allowed_count; i++) {
		if (!c->allowed[i].alias[0])
			continue;
		fputs(globals.plain ? "" : "- ", stdout);
		out_text(stdout, c->allowed[i].alias);
		fputs(globals.plain ? " " : " -> ", stdout);
		out_text(stdout, c->allowed[i].model);
		putchar('\n');
	}
}

static bool print_aliases_json(const struct config *c, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *map = json_object_new_object();

	for (size_t i = 0; i < c->allowed_count; i++)
		if (c->allowed[i].alias[0])
			json_put_text(map, c->allowed[i].alias, json_text(c->allowed[i].model));
	json_put(root, "aliases", map);
	return json_finish(stdout, root, e);
}

static bool run_aliases_list(struct cli *c, struct err *e)
{
	struct config_change x = { 0 };
	bool ok;

	/* --plain is an option of every command; here it is the family's plain list. */
	if (given.json && globals.plain)
		return err_set(e, ERR_USAGE, "Choose either --json or --plain, not both.");
	ok = config_look(&x, c->cmd->name, e);

	if (ok && given.json)
		ok = print_aliases_json(&x.config, e);
	else if (ok)
		print_aliases(&x.config);
	config_change_release(&x);
	return ok;
}

static bool take_alias(const char *typed, struct err *e)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";

	if (!typed[0])
		return err_set(e, ERR_USAGE, "Alias cannot be empty.");
	if (typed[strspn(typed, letters)])
		return err_set(e, ERR_USAGE,
			"Alias must use letters, numbers, dots, underscores, colons, or dashes.");
	given.alias = typed;
	return true;
}

/* The entry of the list that is this model, as it is written there; else the model itself. */
static const char *entry_of(const struct config *c, const char *model)
{
	for (size_t i = 0; i < c->allowed_count; i++)
		if (config_same_model(c, c->allowed[i].model, model))
			return c->allowed[i].model;
	return model;
}

static bool edit_alias_add(struct config_change *x, struct err *e)
{
	const struct config *c = &x->config;
	char entry[MODEL_CAP];

	if (!config_target(c, given.model, target, e))
		return false;
	str_copy(entry, sizeof(entry), entry_of(c, target));
	for (size_t i = 0; i < c->allowed_count; i++)
		if (strcmp(c->allowed[i].alias, given.alias) == 0 &&
			strcmp(c->allowed[i].model, entry) != 0)
			return err_set(e, ERR_USAGE, "Alias %s already points to %.100s.",
				given.alias, c->allowed[i].model);
	return config_put_alias(&x->config.doc, entry, given.alias, e);
}

static bool run_aliases_add(struct cli *c, struct err *e)
{
	struct config_change x = { 0 };
	bool ok;

	given.model = c->args.items[1];
	ok = take_alias(c->args.items[0], e) && config_change(&x, c->cmd->name, edit_alias_add, e);
	if (ok) {
		config_change_tell(&x);
		printf("Alias %s -> ", given.alias);
		out_text(stdout, target);
		putchar('\n');
		/* The list of aliases is the list of models that may be used. */
		if (x.changed && x.config.allowed_count == 1)
			say_warning(
				"from now on only the default model and %s may be used: add "
				"the others too",
				target);
	}
	config_change_release(&x);
	return ok;
}

static bool edit_alias_remove(struct config_change *x, struct err *e)
{
	const struct config *c = &x->config;

	for (size_t i = 0; i < c->allowed_count; i++)
		if (strcmp(c->allowed[i].alias, given.alias) == 0)
			return config_remove_alias(&x->config.doc, c->allowed[i].model, e);
	err_set(e, ERR_NOT_FOUND, "Alias not found: %s", given.alias);
	return err_hint(e, "thinkfleetbot models aliases list shows them");
}

static bool run_aliases_remove(struct cli *c, struct err *e)
{
	struct config_change x = { 0 };
	bool ok = take_alias(c->args.items[0], e) &&
		  config_change(&x, c->cmd->name, edit_alias_remove, e);

	if (ok) {
		config_change_tell(&x);
		if (!alias_count(&x.config))
			puts("No aliases configured.");
	}
	config_change_release(&x);
	return ok;
}

/* --- rows ---------------------------------------------------------------------------------------
 */

const struct cmd cmd_models_set = {
	.name = "models set",
	.args = "MODEL",
	.summary = "set the default model: provider/model or an alias",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_set,
};

const struct cmd cmd_models_set_image = {
	.name = "models set-image",
	.args = "MODEL",
	.summary = "set the model for images",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_set_image,
};

const struct cmd cmd_aliases_list = {
	.name = "models aliases list",
	.args = "[--json|--plain]",
	.summary = "list the short names of models",
	.opts = list_opts,
	.run = run_aliases_list,
};

const struct cmd cmd_aliases_add = {
	.name = "models aliases add",
	.args = "ALIAS MODEL",
	.summary = "give a model a short name",
	.opts = none,
	.args_min = 2,
	.args_max = 2,
	.run = run_aliases_add,
};

const struct cmd cmd_aliases_remove = {
	.name = "models aliases remove",
	.args = "ALIAS",
	.summary = "take a short name away",
	.opts = none,
	.args_min = 1,
	.args_max = 1,
	.run = run_aliases_remove,
};
