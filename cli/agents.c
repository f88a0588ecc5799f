/* SPDX-License-Identifier: MIT */
#include "cli/agents.h"

#include <dirent.h>
#include <string.h>

static void add(struct agents *a, const char *name)
{
	char id[AGENT_CAP];

	agent_normalise(id, name);
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->ids[i], id) == 0)
			return;
	if (a->count == AGENTS_MAX)
		a->more = true;
	else
		str_copy(a->ids[a->count++], AGENT_CAP, id);
}

bool agents_find(struct agents *a, const struct place *p, struct err *e)
{
	char path[FS_PATH_MAX];
	struct dirent *d;
	DIR *dir;

	a->count = 0;
	a->more = false;
	for (size_t i = 0; i < p->config.agent_count; i++)
		add(a, p->config.agents[i].id);
	if (!fs_join(path, sizeof(path), p->paths.state, "agents", e))
		return false;
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			add(a, d->d_name);
	if (dir)
		closedir(dir);
	add(a, AGENT_DEFAULT);
	return true;
}

bool agents_dir(char *out, size_t cap, const struct place *p, const char *agent, struct err *e)
{
	const struct config_agent *row = config_agent(&p->config, agent);

	return paths_agent_dir(out, cap, &p->paths, agent, row ? row->agent_dir : NULL, e);
}

bool agents_profiles(char *out, size_t cap, const struct place *p, const char *agent, struct err *e)
{
	char dir[FS_PATH_MAX];

	return agents_dir(dir, sizeof(dir), p, agent, e) && paths_profiles(out, cap, dir, e);
}
