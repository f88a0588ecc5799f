/* SPDX-License-Identifier: MIT */
#include "store/config_impl.h"

/* Models: the image model, fallbacks and aliases (gateway-family.md 5.2, 9.9). */

static const char *const slot_names[] = {
	[CONFIG_SLOT_MODEL] = "model",
	[CONFIG_SLOT_IMAGE] = "imageModel",
};

/* agents.defaults.<slot>, and with a member, that one's. */
struct slot_path {
	const char *keys[5];
};

static struct slot_path path_of(enum config_slot slot, const char *member)
{
	return (struct slot_path){ { "agents", "defaults", slot_names[slot], member, NULL } };
}

static bool image_steps(struct doc *d, const char *model, struct err *e)
{
	const struct slot_path whole = path_of(CONFIG_SLOT_IMAGE, NULL);
	const struct slot_path primary = path_of(CONFIG_SLOT_IMAGE, "primary");
	bool text = doc_kind(d, doc_find(d, whole.keys)) == DOC_STRING;

	return config_put_text(d, text ? whole.keys : primary.keys, model, e) &&
	       config_allow(d, model, e);
}

bool config_put_image(struct doc *d, const char *model, struct err *e)
{
	const struct slot_path path = path_of(CONFIG_SLOT_IMAGE, NULL);
	struct doc was = { 0 };

	return config_may_edit(d, path.keys, e) && doc_copy(&was, d, e) &&
	       doc_settle(d, &was, image_steps(d, model, e));
}

/* --- fallbacks --- */

/* "model": "x" becomes "model": { "primary": "x" }, so that it can have fallbacks. */
static bool make_object(struct doc *d, enum config_slot slot, struct err *e)
{
	const struct slot_path path = path_of(slot, NULL);
	uint32_t node = doc_find(d, path.keys);
	struct doc_value v = { 0 };
	char primary[512];
	bool ok;

	if (doc_kind(d, node) != DOC_STRING)
		return true;
	if (!doc_text(d, node, primary, sizeof(primary)))
		return err_set(e, ERR_DAMAGED, "%s: line %u: the model's name is too long", d->name,
			doc_line(d, node));
	doc_value_object(&v);
	doc_value_key(&v, "primary");
	doc_value_string(&v, primary);
	doc_value_end(&v);
	ok = doc_put(d, path.keys, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool append_steps(struct doc *d, enum config_slot slot, const char *model, struct err *e)
{
	const struct slot_path path = path_of(slot, "fallbacks");
	uint32_t list;

	if (!make_object(d, slot, e))
		return false;
	list = doc_find(d, path.keys);
	if (doc_kind(d, list) == DOC_ARRAY ? !doc_list_append(d, list, model, e)
					   : !doc_list_put(d, path.keys, &model, 1, e))
		return false;
	return config_allow(d, model, e);
}

bool config_add_fallback(struct doc *d, enum config_slot slot, const char *model, struct err *e)
{
	const struct slot_path path = path_of(slot, "fallbacks");
	struct doc was = { 0 };

	return config_may_edit(d, path.keys, e) && doc_copy(&was, d, e) &&
	       doc_settle(d, &was, append_steps(d, slot, model, e));
}

bool config_remove_fallback(struct doc *d, enum config_slot slot, const char *raw, struct err *e)
{
	const struct slot_path path = path_of(slot, "fallbacks");
	uint32_t list = doc_find(d, path.keys);

	return config_may_edit(d, path.keys, e) &&
	       (doc_kind(d, list) != DOC_ARRAY || doc_list_remove(d, list, raw, e));
}

bool config_clear_fallbacks(struct doc *d, enum config_slot slot, struct err *e)
{
	const struct slot_path path = path_of(slot, "fallbacks");

	/* Nothing to take away is no reason to write an empty list. */
	return config_may_edit(d, path.keys, e) &&
	       (!doc_count(d, doc_find(d, path.keys)) || doc_list_put(d, path.keys, NULL, 0, e));
}

/* --- aliases --- */

bool config_put_alias(struct doc *d, const char *model, const char *alias, struct err *e)
{
	const char *const path[] = { "agents", "defaults", "models", model, "alias", NULL };

	return config_may_edit(d, path, e) && config_put_text(d, path, alias, e);
}

bool config_remove_alias(struct doc *d, const char *model, struct err *e)
{
	const char *const path[] = { "agents", "defaults", "models", model, "alias", NULL };

	return config_may_edit(d, path, e) && doc_remove(d, path, e);
}
