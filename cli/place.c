/* SPDX-License-Identifier: MIT */
#include "cli/place.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "health/survey.h"

bool place_find(
	struct place *p, const char *agent, enum place_use use, const char *command, struct err *e)
{
	struct paths_env env = paths_env_process();
	const struct config_agent *row;
	char typed[80];

	*p = (struct place){ 0 };
	if (!paths_resolve(&p->paths, globals.state_dir, &env, e))
		return false;
	snprintf(typed, sizeof(typed), "thinkfleetbot %s", command);
	if (use != PLACE_READ && !paths_check(&p->paths, geteuid(), &env, typed, e))
		return false;
	if (!config_load(&p->config, p->paths.config, &p->config_error) &&
		(use == PLACE_WRITE || p->config_error.code == ERR_MEMORY)) {
		if (e)
			*e = p->config_error;
		return false;
	}
	survey_learn(&p->config);
	agent_normalise(p->agent, agent ? agent : config_default_agent(&p->config));
	row = config_agent(&p->config, p->agent);
	if (paths_agent_dir(p->agent_dir, sizeof(p->agent_dir), &p->paths, p->agent,
		    row ? row->agent_dir : NULL, e) &&
		paths_profiles(p->profiles, sizeof(p->profiles), p->agent_dir, e))
		return true;
	place_release(p);
	return false;
}

void place_release(struct place *p)
{
	config_release(&p->config);
}
