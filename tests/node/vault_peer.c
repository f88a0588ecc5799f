/* SPDX-License-Identifier: MIT */

/*
 * The C side of the conversation with tests/node/interop.mjs:
 *
 *   vault_peer write FOLDER            a vault of ours: FOLDER/vault.json, FOLDER/keys/
 *   vault_peer read VAULT KEYFILE      "id<TAB>secret" of every record, one per line
 *   vault_peer capsule FILE            a capsule of two records, at the lowest cost
 */
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "store/capsule.h"

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

static bool put_value(struct vault *v, const char *profile, const char *text, struct err *e)
{
	char id[VAULT_RECORD_ID_CAP];
	struct vault_put how = { .id = id,
		.agent = "main",
		.profile = profile,
		.provider = "anthropic",
		.field = "key",
		.ts = 1760000000 };
	struct secret value = { 0 };
	bool ok = vault_record_id(id, "main", profile, "key", e) &&
		  secret_from(&value, text, strlen(text), e) && vault_put(v, &how, &value, NULL, e);

	secret_release(&value);
	return ok;
}

static bool write_capsule(const char *path, struct err *e)
{
	static const char words[] = "correct horse battery staple";
	static const struct capsule_line line = { "A_KEY", "main/a/key" };
	const struct kdf_cost cheapest = { .ops = 2, .mem = UINT64_C(19) << 20 };
	struct secret passphrase = { 0 };
	struct secret kek = { 0 };
	struct vault v = { 0 };
	const struct capsule_contents in = {
		.vault = &v, .lines = &line, .line_count = 1, .made_s = 1760000000
	};
	struct buf file = { 0 };
	bool ok;

	ok = random_key(&kek, e) && vault_create_with_key(&v, &kek, e) &&
	     put_value(&v, "a", "the first", e) && put_value(&v, "b", "the second", e) &&
	     secret_from(&passphrase, words, strlen(words), e) &&
	     capsule_make(&file, &in, &passphrase, &cheapest, e) &&
	     fs_replace(path, file.p, file.len, NULL, e);
	buf_release(&file);
	secret_release(&passphrase);
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
	else if (argc == 3 && strcmp(argv[1], "capsule") == 0)
		ok = write_capsule(argv[2], &e);
	else
		ok = err_set(&e, ERR_USAGE,
			"usage: vault_peer write FOLDER | read VAULT KEYFILE | capsule FILE");
	if (!ok)
		fprintf(stderr, "vault_peer: %s\n", e.msg);
	return ok ? 0 : 1;
}
