/* SPDX-License-Identifier: MIT */
#include "store/paths.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/user.h"

/* Other gateways' configuration files; the folder that holds one is theirs. */
static const char *const foreign_configs[] = { "openclaw.json", "moltbot.json", "clawdbot.json" };

/* And the names of their state folders, with the file each would make. */
static const char *const foreign_folders[][2] = {
	{ ".openclaw", "openclaw.json" },
	{ ".moltbot", "moltbot.json" },
	{ ".clawdbot", "clawdbot.json" },
};

static const char *get_process(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

struct paths_env paths_env_process(void)
{
	return (struct paths_env){ .get = get_process };
}

/* The variable without blanks around it; NULL when it is not set or blank. */
static const char *variable(const struct paths_env *env, const char *name, char out[FS_PATH_MAX])
{
	const char *value = env->get ? env->get(env->ctx, name) : NULL;
	struct str s = str_on(out, FS_PATH_MAX);
	size_t n;

	if (!value)
		return NULL;
	value += strspn(value, " \t\r\n");
	n = strlen(value);
	while (n && strchr(" \t\r\n", value[n - 1]))
		n--;
	str_addn(&s, value, n);
	/* One that was cut is still too long for a struct paths, which refuses it. */
	return n ? out : NULL;
}

/* One component more, resolving "." and ".."; *n is the length so far. */
static void push(struct str *out, const char *part, size_t n)
{
	if (n == 0 || (n == 1 && part[0] == '.'))
		return;
	if (n == 2 && part[0] == '.' && part[1] == '.') {
		while (out->len && out->p[out->len - 1] != '/')
			out->len--;
		if (out->len)
			out->len--;
		out->p[out->len] = '\0';
		return;
	}
	str_add(out, "/");
	str_addn(out, part, n);
}

static void push_all(struct str *out, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		push(out, path, n);
		path += n + (path[n] == '/');
	}
}

bool paths_absolute(char *out, size_t cap, const char *path, const char *home, struct err *e)
{
	struct str s = str_on(out, cap);
	char cwd[PATHS_CAP];

	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
		push_all(&s, home);
		path++;
	} else if (path[0] != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_sys(e, "cannot tell the current folder");
		push_all(&s, cwd);
	}
	push_all(&s, path);
	if (!s.len)
		str_add(&s, "/");
	return !s.cut || err_set(e, ERR_USAGE, "path is too long: %.80s...", path);
}

static bool find_home(char *out, size_t cap, const struct paths_env *env, struct err *e)
{
	char text[FS_PATH_MAX];
	const char *home = variable(env, "HOME", text);
	struct err why = { 0 };
	struct user user;

	if (!home || home[0] != '/') {
		if (!user_find(&user, geteuid(), &why) && why.code != ERR_NOT_FOUND)
			return err_set(e, why.code, "no home folder: %s", why.msg);
		if (user.home[0] != '/') {
			err_set(e, ERR_CONFIG,
				"no home folder: HOME is not set and uid %u has none",
				(unsigned)geteuid());
			return err_hint(e, "set HOME");
		}
		home = user.home;
	}
	return paths_absolute(out, cap, home, "/", e);
}

static bool find_state(
	struct paths *p, const char *state_dir, const struct paths_env *env, struct err *e)
{
	char text[FS_PATH_MAX];
	char real[FS_PATH_MAX];
	const char *state = state_dir && *state_dir ? state_dir : NULL;

	if (!state)
		state = variable(env, "THINKFLEETBOT_STATE_DIR", text);
	if (!paths_absolute(
		    p->state, sizeof(p->state), state ? state : "~/.thinkfleetbot", p->home, e))
		return false;
	if (!realpath(p->state, real))
		str_copy(real, sizeof(real), p->state);
	if (!str_copy(p->real, sizeof(p->real), real))
		return err_set(e, ERR_USAGE, "path is too long: %.80s...", real);
	return true;
}

/* The name of the configuration file in the state folder. */
static bool config_name(struct paths *p, const char **name, struct err *e)
{
	char path[PATHS_CAP];

	*name = "thinkfleetbot.json";
	for (size_t i = 0; i < ARRAY_LEN(foreign_configs); i++) {
		if (!fs_join(path, sizeof(path), p->state, foreign_configs[i], e))
			return false;
		if (access(path, F_OK) == 0) {
			*name = foreign_configs[i];
			p->foreign = true;
			return true;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign_folders); i++) {
		if (strcmp(fs_basename(p->state), foreign_folders[i][0]) == 0 ||
			strcmp(fs_basename(p->real), foreign_folders[i][0]) == 0) {
			*name = foreign_folders[i][1];
			p->foreign = true;
			return true;
		}
	}
	return true;
}

static bool find_config(struct paths *p, const struct paths_env *env, struct err *e)
{
	char text[FS_PATH_MAX];
	const char *config = variable(env, "THINKFLEETBOT_CONFIG_PATH", text);
	const char *name;

	if (!config_name(p, &name, e))
		return false;
	if (config)
		return paths_absolute(p->config, sizeof(p->config), config, p->home, e);
	return fs_join(p->config, sizeof(p->config), p->state, name, e);
}

static bool find_keys(
	char *out, size_t cap, const char *home, const struct paths_env *env, struct err *e)
{
	char text[FS_PATH_MAX];
	char data[PATHS_CAP];
	const char *keys = variable(env, "THINKFLEETBOT_KEY_DIR", text);

	if (keys)
		return paths_absolute(out, cap, keys, home, e);
	keys = variable(env, "XDG_DATA_HOME", text);
	/* The base directory specification: a relative one is ignored. */
	if (!keys || keys[0] != '/')
		keys = "~/.local/share";
	return paths_absolute(data, sizeof(data), keys, home, e) &&
	       fs_join(out, cap, data, "thinkfleetbot/keys", e);
}

bool paths_keys(char *out, size_t cap, const struct paths_env *env, struct err *e)
{
	char home[PATHS_CAP];

	return find_home(home, sizeof(home), env, e) && find_keys(out, cap, home, env, e);
}

bool paths_resolve(
	struct paths *p, const char *state_dir, const struct paths_env *env, struct err *e)
{
	*p = (struct paths){ 0 };
	if (!find_home(p->home, sizeof(p->home), env, e) || !find_state(p, state_dir, env, e) ||
		!find_config(p, env, e) || !find_keys(p->keys, sizeof(p->keys), p->home, env, e))
		return false;
	return fs_join(p->env, sizeof(p->env), p->state, ".env", e) &&
	       fs_join(p->secrets, sizeof(p->secrets), p->state, "secrets", e) &&
	       fs_join(p->vault, sizeof(p->vault), p->secrets, "vault.json", e) &&
	       fs_join(p->vault_bak, sizeof(p->vault_bak), p->secrets, "vault.json.bak", e) &&
	       fs_join(p->lock, sizeof(p->lock), p->secrets, ".lock", e) &&
	       fs_join(p->txn, sizeof(p->txn), p->secrets, ".txn", e) &&
	       fs_join(p->checks, sizeof(p->checks), p->secrets, "checks.json", e) &&
	       fs_join(p->resolver, sizeof(p->resolver), p->state, "bin/thinkfleetbot-resolve", e);
}

static const char *user_name(uid_t uid, char out[64])
{
	struct str s = str_on(out, 64);
	struct user user;

	if (user_find(&user, uid, NULL) && user.name[0])
		str_add(&s, user.name);
	else
		str_fmt(&s, "#%u", (unsigned)uid);
	return out;
}

bool paths_check(const struct paths *p, uid_t euid, const struct paths_env *env,
	const char *command, struct err *e)
{
	const char *sudo = env->get ? env->get(env->ctx, "SUDO_UID") : NULL;
	struct stat sb;
	char owner[64];

	if (euid == 0 && sudo && *sudo && strcmp(sudo, "0") != 0) {
		err_set(e, ERR_REFUSED,
			"this runs as root through sudo; the files would belong to root, and the "
			"gateway could not read them");
		return err_hint(e, "run it as yourself, without sudo: %s", command);
	}
	if (stat(p->home, &sb) != 0 || sb.st_uid == euid)
		return true;
	err_set(e, ERR_REFUSED, "the home folder %s belongs to %s, not to you", p->home,
		user_name(sb.st_uid, owner));
	return err_hint(e, "run it as its owner: sudo -u '%s' -H %s", owner, command);
}

/* --- agents --- */

static bool is_agent_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_agent_id(const char *id, size_t n)
{
	if (!n || n > 64 || lower(*id) == '_' || *id == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_agent_char(lower(id[i])))
			return false;
	}
	return true;
}

void agent_normalise(char out[AGENT_CAP], const char *id)
{
	size_t start;
	size_t end;
	size_t n = 0;

	if (!id)
		id = "";
	start = strspn(id, " \t\r\n");
	end = strlen(id);
	while (end > start && strchr(" \t\r\n", id[end - 1]))
		end--;
	if (is_agent_id(id + start, end - start)) {
		for (; start < end; start++)
			out[n++] = lower(id[start]);
		out[n] = '\0';
		return;
	}
	/* The family's order: runs of foreign bytes, then the ends, then the length. */
	while (start < end && (!is_agent_char(lower(id[start])) || id[start] == '-'))
		start++;
	while (end > start && (!is_agent_char(lower(id[end - 1])) || id[end - 1] == '-'))
		end--;
	for (; start < end && n < AGENT_CAP - 1; start++) {
		bool known = is_agent_char(lower(id[start]));

		if (known)
			out[n++] = lower(id[start]);
		else if (is_agent_char(lower(id[start - 1])))
			out[n++] = '-';
	}
	out[n] = '\0';
	if (!n)
		str_copy(out, AGENT_CAP, AGENT_DEFAULT);
}

bool paths_agent_dir(char *out, size_t cap, const struct paths *p, const char *agent,
	const char *agent_dir, struct err *e)
{
	char tail[AGENT_CAP + 32];
	struct str s = STR_OF(tail);

	if (agent_dir && *agent_dir)
		return paths_absolute(out, cap, agent_dir, p->home, e);
	str_fmt(&s, "agents/%s/agent", agent);
	return fs_join(out, cap, p->state, tail, e);
}

bool paths_profiles(char *out, size_t cap, const char *agent_dir, struct err *e)
{
	return fs_join(out, cap, agent_dir, "auth-profiles.json", e);
}

bool paths_auth_state(char *out, size_t cap, const char *agent_dir, struct err *e)
{
	return fs_join(out, cap, agent_dir, "auth-state.json", e);
}
