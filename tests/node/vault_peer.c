/* SPDX-License-Identifier: MIT */

/*
 * The C side of the conversation with tests/node/interop.mjs:
 *
 *   vault_peer write FOLDER            a vault of ours: FOLDER/vault.json, FOLDER/keys/
 *   vault_peer read VAULT KEYFILE      "id<TAB>secret" of every record, one per line
 */
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "store/vault.h"

static bool put(struct vault *v, const char *profile, const char *provider, struct err *e)
{
	char id[VAULT_RECORD_ID_CAP];
	char text[512];
	struct str s = STR_OF(text);
	struct vault_put how = {
		.id = id,
		.agent = "main",
		.profile = profile,
		.provider = provider,
		.field = "key",
		.ts = 1760000000,
		.keep_previous = true,
	};
	struct secret value = { 0 };
	bool ok;

	if (!vault_record_id(id, "main", profile, "key", e))
		return false;
	str_fmt(&s, "secret of %s", id);
	ok = secret_from(&value, s.p, s.len, e) && vault_put(v, &how, &value, NULL, e);
	secret_release(&value);
	return ok;
}

static bool write_vault(const char *folder, struct err *e)
{
	char path[FS_PATH_MAX];
	char keys[FS_PATH_MAX];
	struct vault v = { 0 };
	bool ok;

	ok = fs_join(path, sizeof(path), folder, "vault.json", e) &&
	     fs_join(keys, sizeof(keys), folder, "keys", e) && vault_create(&v, keys, e) &&
	     put(&v, "anthropic:default", "anthropic", e) &&
	     put(&v, "google:a \"quoted\\\" \xc3\xbc@example.com", "google", e) &&
	     vault_save(&v, path, e) && put(&v, "openai:default", "openai", e) &&
	     put(&v, "anthropic:default", "anthropic", e) && vault_save(&v, path, e);
	vault_release(&v);
	return ok;
}

static bool read_vault(const char *path, const char *keyfile, struct err *e)
{
	struct vault v = { 0 };
	struct secret kek = { 0 };
	struct secret value = { 0 };
	bool ok;

	ok = keyfile_read(keyfile, &kek, e) && vault_load(&v, path, e) &&
	     vault_unlock_key(&v, &kek, e);
	for (size_t i = 0; ok && i < v.record_count; i++) {
		ok = vault_get(&v, v.records[i].id, &value, e);
		if (ok)
			printf("%s\t%s\n", v.records[i].id, value.bytes);
		secret_release(&value);
	}
	secret_release(&kek);
	vault_release(&v);
	return ok;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	bool ok;

	if (!crypto_start(&e))
		ok = false;
	else if (argc == 3 && strcmp(argv[1], "write") == 0)
		ok = write_vault(argv[2], &e);
	else if (argc == 4 && strcmp(argv[1], "read") == 0)
		ok = read_vault(argv[2], argv[3], &e);
	else
		ok = err_set(&e, ERR_USAGE, "usage: vault_peer write FOLDER | read VAULT KEYFILE");
	if (!ok)
		fprintf(stderr, "vault_peer: %s\n", e.msg);
	return ok ? 0 : 1;
}
