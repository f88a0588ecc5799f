/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/audit_impl.h"
#include "store/txn.h"

/*
 * The edits of `secrets audit --fix`. Each proves for itself, under our lock and on
 * the bytes it is about to change, that the value it takes away is sealed, opens and
 * is delivered: an audit of a minute ago is no proof.
 */

struct fix {
	const struct audit_finding *f;
	const struct audit_options *o;
	struct vault vault;
};

static bool open_vault(struct fix *x, struct err *e)
{
	return vault_load(&x->vault, x->o->paths->vault, e) &&
	       (x->o->key ? vault_unlock_key(&x->vault, x->o->key, e)
			  : vault_unlock_keyfile(&x->vault, x->o->paths->keys, e));
}

/* The file loses a plain text. A gateway's store is changed under the gateway's lock. */
static bool put_text(
	const struct fix *x, const struct buf *text, const struct fs_stamp *was, struct err *e)
{
	const struct peerlock_how peer = { .january = paths_january(x->o->paths->config) };
	const struct txn_change c = { .path = x->f->file,
		.p = text->p ? text->p : "",
		.n = text->len,
		.expect = was,
		.secret = true,
		.peer = x->f->mend == AUDIT_DROP_VALUE ? &peer : NULL };

	return txn_write(x->o->paths->txn, &c, e);
}

static bool no_longer(const struct fix *x, struct err *e)
{
	return err_set(
		e, ERR_REFUSED, "%s: this is not the copy that was found any more", x->f->file);
}

/* Is this value what the vault holds as `record`, or as its previous revision? */
static bool is_record(const struct fix *x, const char *record, const struct secret *value)
{
	char previous[VAULT_RECORD_ID_CAP + 8];
	struct str name = STR_OF(previous);
	const char *const ids[] = { record, previous };
	bool same = false;

	str_fmt(&name, "%s/prev", record);
	for (size_t i = 0; i < ARRAY_LEN(ids) && !same; i++) {
		struct secret sealed = { 0 };

		same = vault_get(&x->vault, ids[i], &sealed, NULL) && secret_equal(&sealed, value);
		secret_release(&sealed);
	}
	return same;
}

/* --- a line of .env ----------------------------------------------------------------------------
 */

/* Any record: that something refers to it was found by the audit, and cannot be asked here. */
static bool is_sealed(const struct fix *x, const struct secret *value)
{
	for (size_t i = 0; i < x->vault.record_count; i++)
		if (is_record(x, x->vault.records[i].id, value))
			return true;
	return false;
}

/* Of several lines with the name each must be sealed: dotenv_remove() takes them all. */
static bool all_sealed(const struct fix *x, const struct dotenv *env, const char *name)
{
	size_t lines = 0;

	for (uint32_t i = 0; i < env->count; i++) {
		struct secret value = { 0 };
		bool ok;

		if (!dotenv_key_is(env, i, name) || dotenv_blank(env, i))
			continue;
		ok = dotenv_value(env, i, &value, NULL) && is_sealed(x, &value);
		secret_release(&value);
		if (!ok)
			return false;
		lines++;
	}
	return lines > 0;
}

static bool drop_line(struct fix *x, struct err *e)
{
	static const char prefix[] = "$env.";
	const char *name = x->f->path + sizeof(prefix) - 1;
	struct dotenv env = { 0 };
	struct fs_stamp st = { 0 };
	bool ok = false;

	if (!str_starts(x->f->path, prefix))
		return err_set(e, ERR_USAGE, "this finding names no variable");
	if (!dotenv_load(&env, x->f->file, &st, e))
		goto out;
	if (!all_sealed(x, &env, name)) {
		err_set(e, ERR_REFUSED, "%s: not every line that sets %.80s is a sealed value",
			x->f->file, name);
		goto out;
	}
	ok = dotenv_remove(&env, name, e) && put_text(x, &env.text, &st, e);
out:
	dotenv_release(&env);
	return ok;
}

/* --- a plain copy beside its reference ---------------------------------------------------------
 */

static bool drop_value(struct fix *x, struct err *e)
{
	struct profiles list = { 0 };
	struct secret value = { 0 };
	const struct profile *p;
	bool ok = false;

	if (!profiles_load(&list, x->f->file, NULL, e))
		return false;
	p = profiles_find(&list, x->f->profile);
	if (!p || !p->ref_ours || !profiles_secret(&list.doc, p->id, &value, NULL) ||
		!is_record(x, p->ref_id, &value)) {
		no_longer(x, e);
		goto out;
	}
	ok = profiles_put_sealed(&list.doc,
		     &(struct profile_seal){ .id = p->id,
			     .provider = p->provider_raw,
			     .kind = p->kind,
			     .ref_id = p->ref_id,
			     .expires_ms = p->expires_ms },
		     e) &&
	     put_text(x, &list.doc.text, &list.stamp, e);
out:
	secret_release(&value);
	profiles_release(&list);
	return ok;
}

static bool drop_file(struct fix *x, struct err *e)
{
	struct stat st;

	if (lstat(x->f->file, &st) != 0)
		return errno == ENOENT || err_sys(e, "%s", x->f->file);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return no_longer(x, e);
	return fs_unlink(x->f->file, e);
}

bool audit_fix(const struct audit_finding *f, const struct audit_options *o, struct err *e)
{
	static bool (*const ways[])(struct fix *, struct err *) = {
		[AUDIT_DROP_LINE] = drop_line,
		[AUDIT_DROP_VALUE] = drop_value,
		[AUDIT_DROP_FILE] = drop_file,
	};
	struct fix x = { .f = f, .o = o };
	struct fs_lock lock = { .fd = -1 };
	bool ok;

	if (f->mend >= ARRAY_LEN(ways) || !ways[f->mend])
		return err_set(e, ERR_USAGE, "%s: nothing here can be scrubbed safely", f->file);
	ok = txn_lock(&lock, o->paths, NULL, e) &&
	     (f->mend == AUDIT_DROP_FILE || open_vault(&x, e)) && ways[f->mend](&x, e);
	vault_release(&x.vault);
	fs_unlock(&lock);
	return ok;
}
