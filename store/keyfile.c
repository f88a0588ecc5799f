/* SPDX-License-Identifier: MIT */
#include "store/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "crypto/b64.h"
#include "crypto/keyslot.h"

static const char prefix[] = "tfkey1_";
static const char anchor_prefix[] = "tfanchor1_";

enum {
	PREFIX_LEN = sizeof(prefix) - 1,
	ANCHOR_PREFIX_LEN = sizeof(anchor_prefix) - 1,
	CHECK_BYTES = 6,
	CHECK_AT = PREFIX_LEN + B64_32 + 1,
	KEY_LEN = CHECK_AT + B64_6,
	FILE_MAX = 256, /* neither file comes near it */
};

/* A small file that tells other programs to leave this folder alone. */
static bool mark(const char *dir, const char *name, const char *text, struct err *e)
{
	char path[FS_PATH_MAX];
	struct fs_stamp st;

	if (!fs_join(path, sizeof(path), dir, name, e) || !fs_stat(path, &st, e))
		return false;
	return st.exists || fs_replace(path, text, strlen(text), NULL, e);
}

bool keydir_prepare(const char *dir, struct err *e)
{
	struct stat sb;

	if (!fs_mkdirs(dir, e))
		return false;
	if (stat(dir, &sb) != 0)
		return err_sys(e, "%s", dir);
	if (sb.st_uid != geteuid())
		return err_set(e, ERR_REFUSED, "the key folder %s belongs to uid %u, not to you",
			dir, (unsigned)sb.st_uid);
	if (sb.st_mode & 077) {
		err_set(e, ERR_REFUSED, "others can look into the key folder %s (mode %04o)", dir,
			(unsigned)(sb.st_mode & 07777));
		return err_hint(e, "chmod 700 %s", dir);
	}
	return mark(dir, ".gitignore", "*\n", e) && mark(dir, ".nobackup", "", e);
}

static bool path_of(char *out, size_t cap, const char *dir, const char *vault_id,
	const char *suffix, struct err *e)
{
	char name[VAULT_ID_CAP + 16];
	struct str s = STR_OF(name);

	str_fmt(&s, "%s%s", vault_id, suffix);
	return fs_join(out, cap, dir, name, e);
}

bool keyfile_path(char *out, size_t cap, const char *dir, const char *vault_id, struct err *e)
{
	return path_of(out, cap, dir, vault_id, ".key", e);
}

bool keyfile_next_path(char *out, size_t cap, const char *dir, const char *vault_id, struct err *e)
{
	return path_of(out, cap, dir, vault_id, ".key.new", e);
}

static bool checksum(char out[B64_6 + 1], const struct secret *key, struct err *e)
{
	static const char label[] = "tfv1/keyfile"; /* with its NUL */
	struct secret text = { 0 };
	unsigned char hash[MAC_BYTES];

	if (!secret_init(&text, sizeof(label) + key->len, e))
		return false;
	secret_set(&text, label, sizeof(label));
	secret_insert(&text, text.len, key->bytes, key->len);
	hash_of(hash, text.bytes, text.len);
	secret_release(&text);
	return b64_encode(out, B64_6 + 1, hash, CHECK_BYTES);
}

static bool text_of(struct secret *out, const struct secret *key, struct err *e)
{
	struct secret b64 = { 0 };
	char check[B64_6 + 1];
	bool ok = false;

	if (!checksum(check, key, e) || !b64_encode_secret(&b64, key, e) ||
		!secret_init(out, KEY_LEN + 1, e))
		goto out;
	ok = secret_insert(out, 0, prefix, PREFIX_LEN) &&
	     secret_insert(out, out->len, b64.bytes, b64.len) &&
	     secret_insert(out, out->len, "_", 1) && secret_insert(out, out->len, check, B64_6) &&
	     secret_insert(out, out->len, "\n", 1);
out:
	secret_release(&b64);
	return ok;
}

static bool parse_failed(struct err *e, const char *what)
{
	err_set(e, ERR_DAMAGED, "%s", what);
	return err_hint(e, "restore the key file from a copy; the vault itself is not affected");
}

bool keyfile_parse(const char *p, size_t n, struct secret *kek, struct err *e)
{
	char check[B64_6 + 1];
	struct err why = { 0 };

	if (n && p[n - 1] == '\n')
		n--;
	if (n == 0)
		return parse_failed(e, "the key is empty");
	if (memcmp(p, prefix, n < PREFIX_LEN ? n : PREFIX_LEN) != 0)
		return parse_failed(e, "not a thinkfleetbot key (it starts differently)");
	if (n < KEY_LEN) {
		err_set(e, ERR_DAMAGED, "the key is cut off (%zu of %d characters)", n, KEY_LEN);
		return err_hint(e, "copy the whole line again");
	}
	if (n > KEY_LEN || p[CHECK_AT - 1] != '_' ||
		!b64_decode_secret(kek, p + PREFIX_LEN, B64_32, &why)) {
		if (why.code != ERR_MEMORY)
			return parse_failed(e, "the key holds characters that do not belong there");
		return err_set(e, why.code, "%s", why.msg);
	}
	if (!checksum(check, kek, e))
		goto fail;
	if (kek->len != SEAL_KEY_BYTES || !bytes_equal(check, p + CHECK_AT, B64_6)) {
		parse_failed(e, "the key was changed or mistyped: its checksum is wrong");
		goto fail;
	}
	return true;
fail:
	secret_release(kek);
	return false;
}

bool keyfile_read(const char *path, struct secret *kek, struct err *e)
{
	struct buf text = { 0 };
	struct err why = { 0 };
	bool ok;

	if (!fs_read_private(path, FILE_MAX, &text, &why)) {
		buf_release(&text);
		if (why.code == ERR_NOT_FOUND) {
			err_set(e, ERR_NOT_FOUND, "the key file %s is missing", path);
			return err_hint(e,
				"the vault cannot be opened without it; restore it from "
				"a copy, or name its folder with THINKFLEETBOT_KEY_DIR");
		}
		if (e)
			*e = why;
		return false;
	}
	ok = keyfile_parse(text.p, text.len, kek, e);
	buf_release(&text);
	return ok || err_wrap(e, "%s", path);
}

static bool write_new(const char *path, const struct secret *key, struct err *e)
{
	/* Expecting nothing: a file that appears meanwhile is not replaced. */
	static const struct fs_stamp nothing = { .exists = false };
	static const struct fs_replace how = { .expect = &nothing, .mode = 0400, .secret = true };
	struct secret back = { 0 };
	struct secret text = { 0 };
	bool ok;

	ok = text_of(&text, key, e) && fs_replace(path, text.bytes, text.len, &how, e) &&
	     keyfile_read(path, &back, e);
	if (ok && !secret_equal(&back, key))
		ok = err_set(e, ERR_IO, "%s does not hold the key that was written", path);
	secret_release(&text);
	secret_release(&back);
	return ok;
}

bool keyfile_create_at(const char *path, struct secret *kek, struct err *e)
{
	struct fs_stamp st;

	if (!fs_stat(path, &st, e))
		return false;
	if (st.exists) {
		err_set(e, ERR_CREATE, "the key file %s exists already", path);
		return err_hint(e,
			"a key file is never overwritten: it may be the only one that "
			"opens its vault");
	}
	if (random_key(kek, e) && write_new(path, kek, e))
		return true;
	secret_release(kek);
	return false;
}

bool keyfile_create(const char *dir, const char *vault_id, struct secret *kek, struct err *e)
{
	char path[FS_PATH_MAX];

	return keydir_prepare(dir, e) && keyfile_path(path, sizeof(path), dir, vault_id, e) &&
	       keyfile_create_at(path, kek, e);
}

bool keyfile_create_next(const char *dir, const char *vault_id, struct secret *kek, struct err *e)
{
	char path[FS_PATH_MAX];

	return keydir_prepare(dir, e) && keyfile_next_path(path, sizeof(path), dir, vault_id, e) &&
	       keyfile_create_at(path, kek, e);
}

/* A rename is durable when its folder is. */
static bool sync_dir(const char *dir, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (!ok)
		err_sys(e, "%s", dir);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Moves the successor to the key file's name; false with *error 0 when a path failed. */
static bool rename_next(
	const char *dir, const char *vault_id, unsigned flags, int *error, struct err *e)
{
	char path[FS_PATH_MAX];
	char next[FS_PATH_MAX];

	*error = 0;
	if (!keyfile_path(path, sizeof(path), dir, vault_id, e) ||
		!keyfile_next_path(next, sizeof(next), dir, vault_id, e))
		return false;
	if (renameat2(AT_FDCWD, next, AT_FDCWD, path, flags) == 0)
		return sync_dir(dir, e);
	*error = errno;
	return err_sys(e, "%s", path);
}

bool keyfile_exchange(const char *dir, const char *vault_id, bool *done, struct err *e)
{
	struct err why = { 0 };
	int error;

	*done = rename_next(dir, vault_id, RENAME_EXCHANGE, &error, &why);
	if (*done || error == EINVAL || error == ENOSYS)
		return true;
	if (e)
		*e = why;
	return false;
}

bool keyfile_promote(const char *dir, const char *vault_id, struct err *e)
{
	int error;

	return rename_next(dir, vault_id, 0, &error, e);
}

bool credential_name_valid(const char *name)
{
	const char *at = name;

	/* No way out of the folder, and nothing that a unit file would have to quote. */
	if (*at == '.')
		return false;
	for (; *at; at++)
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			    (*at >= '0' && *at <= '9') || strchr("._-", *at)))
			return false;
	return at > name && at - name < KEYSLOT_NAME_CAP;
}

static bool credential_private(const char *path, const struct fs_stamp *st, struct err *e)
{
	/* systemd gives a root-owned file with an ACL (seen as group bits), or one of ours. */
	mode_t others = st->uid == 0 ? 007 : 077;

	if ((st->uid == 0 || st->uid == geteuid()) && !(st->mode & others))
		return true;
	return err_set(e, ERR_REFUSED,
		"the credential %s can be read by others (uid %u, mode %04o)", path,
		(unsigned)st->uid, (unsigned)st->mode);
}

bool credential_read(const char *dir, const char *name, struct secret *kek, struct err *e)
{
	char path[FS_PATH_MAX];
	struct buf text = { 0 };
	struct fs_stamp st;
	bool ok = false;

	*kek = (struct secret){ 0 };
	if (!credential_name_valid(name))
		return err_set(e, ERR_USAGE,
			"a credential's name is made of letters, digits, '.', '_' and '-'");
	if (dir[0] != '/')
		return err_set(e, ERR_CONFIG, "CREDENTIALS_DIRECTORY is not an absolute path");
	if (!fs_join(path, sizeof(path), dir, name, e))
		return false;
	if (!fs_read(path, FILE_MAX, &text, &st, e)) {
		err_wrap(e, "the systemd credential");
		goto out;
	}
	if (!credential_private(path, &st, e))
		goto out;
	ok = text.len == SEAL_KEY_BYTES ? secret_from(kek, text.p, text.len, e)
					: keyfile_parse(text.p, text.len, kek, e) ||
						  err_wrap(e, "the systemd credential %s", path);
out:
	buf_release(&text);
	return ok;
}

static bool anchor_parse(const char *p, size_t n, struct anchor *a)
{
	const char *at = p + ANCHOR_PREFIX_LEN;
	const char *end;
	uint64_t gen = 0;

	if (n < ANCHOR_PREFIX_LEN + B64_32 + 3 || p[n - 1] != '\n' ||
		memcmp(p, anchor_prefix, ANCHOR_PREFIX_LEN) != 0 ||
		!b64_decode(a->mac, sizeof(a->mac), at, B64_32) || at[B64_32] != '_')
		return false;
	at += B64_32 + 1;
	end = p + n - 1;
	for (; at < end && gen <= UINT64_MAX / 100; at++) {
		if (*at < '0' || *at > '9')
			return false;
		gen = gen * 10 + (uint64_t)(*at - '0');
	}
	a->gen = gen;
	return at == end;
}

bool anchor_read(const char *dir, const char *vault_id, struct anchor *a, struct err *e)
{
	char path[FS_PATH_MAX];
	struct buf text = { 0 };
	struct err why = { 0 };
	bool ok = false;

	*a = (struct anchor){ 0 };
	if (!path_of(path, sizeof(path), dir, vault_id, ".anchor", e))
		return false;
	if (!fs_read(path, FILE_MAX, &text, NULL, &why)) {
		ok = why.code == ERR_NOT_FOUND;
		if (!ok && e)
			*e = why;
		goto out;
	}
	ok = anchor_parse(text.p, text.len, a);
	if (!ok) {
		*a = (struct anchor){ 0 };
		err_set(e, ERR_DAMAGED, "%s is damaged", path);
		err_hint(e,
			"it only remembers the newest generation of the vault; remove it if "
			"the vault is the right one");
		goto out;
	}
	a->exists = true;
out:
	buf_release(&text);
	return ok;
}

bool anchor_write(const char *dir, const char *vault_id, const struct anchor *a, struct err *e)
{
	char path[FS_PATH_MAX];
	char mac[B64_32 + 1];
	char line[128];
	struct str s = STR_OF(line);

	if (!path_of(path, sizeof(path), dir, vault_id, ".anchor", e) ||
		!b64_encode(mac, sizeof(mac), a->mac, sizeof(a->mac)))
		return false;
	str_fmt(&s, "%s%s_%" PRIu64 "\n", anchor_prefix, mac, a->gen);
	return fs_replace(path, s.p, s.len, NULL, e);
}
