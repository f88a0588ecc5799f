/* SPDX-License-Identifier: MIT */
#include "cli/custody.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "store/vault_slots.h"

/* The gateway family's names (gateway-family.md), and ours. */
static bool is_gateway_unit(const char *name)
{
	static const char *const begins[] = { "openclaw", "moltbot", "clawdbot", "thinkfleetbot" };

	if (!str_ends(name, ".service") || !strstr(name, "gateway"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (str_starts(name, begins[i]))
			return true;
	return false;
}

bool custody_has_service(const char *dir)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);
	bool found = false;

	while (d && !found && (entry = readdir(d)))
		found = is_gateway_unit(entry->d_name);
	if (d)
		closedir(d);
	return found;
}

static bool any_service(const char *home)
{
	static const char *const system[] = { "/etc/systemd/system", "/etc/systemd/user",
		"/usr/local/lib/systemd/system", "/lib/systemd/system" };
	static const char *const user[] = { ".config/systemd/user", ".local/share/systemd/user" };
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(system); i++)
		if (custody_has_service(system[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(user); i++)
		if (fs_join(path, sizeof(path), home, user[i], NULL) && custody_has_service(path))
			return true;
	return false;
}

static void find_system_key(struct custody *c)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct secret key = { 0 };
	struct err e = { 0 };

	if (!dir || !dir[0])
		str_copy(c->no_system_key, sizeof(c->no_system_key),
			"Only a system service gets it (a user service from systemd 258 on).");
	else if (!credential_read(dir, CUSTODY_CREDENTIAL, &key, &e))
		str_copy(c->no_system_key, sizeof(c->no_system_key), e.msg);
	secret_release(&key);
}

static void find_passphrase(struct custody *c)
{
	struct kdf_cost cost;
	struct err e = { 0 };

	if (kdf_cost_choose(&cost, false, NULL))
		return;
	c->weak_passphrase = kdf_cost_choose(&cost, true, &e);
	if (!c->weak_passphrase)
		str_copy(c->no_passphrase, sizeof(c->no_passphrase), e.msg);
}

static bool only_typed(const struct vault *v)
{
	for (size_t i = 0; i < v->slot_count; i++)
		if (v->slots[i].type == KEYSLOT_ARGON2ID)
			return vault_unattended(v) == 0;
	return false;
}

void custody_find(struct custody *c, const struct paths *p)
{
	struct vault v = { 0 };

	*c = (struct custody){ .always_on = any_service(p->home) };
	if (vault_load(&v, p->vault, NULL)) {
		str_copy(c->opens, sizeof(c->opens), vault_weakest_words(&v, p->keys));
		c->asks = only_typed(&v);
	} else {
		find_system_key(c);
		find_passphrase(c);
	}
	vault_release(&v);
}
