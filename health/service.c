/* SPDX-License-Identifier: MIT */
#include "health/service.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health/service_impl.h"

void service_gap(struct service *s, const char *fmt, ...)
{
	va_list ap;

	if (s->gap[0])
		return;
	va_start(ap, fmt);
	vsnprintf(s->gap, sizeof(s->gap), fmt, ap);
	va_end(ap);
}

void service_release(struct service *s)
{
	vars_release(&s->vars);
	vars_release(&s->process.vars);
	*s = (struct service){ 0 };
}

/* `thinkfleetbot run` in front: it is the state folder of run that delivers. */
static bool find_state(struct service *s)
{
	const struct service_var *home = vars_find(&s->vars, "HOME");
	const char *from = home && home->value[0] ? home->value : s->home;
	const struct family *f = s->command.run ? family_at(0) : s->command.family;

	if (!f || !*from)
		return false;
	if (s->command.run && s->command.state_dir[0])
		return paths_absolute(s->state, sizeof(s->state), s->command.state_dir, from, NULL);
	return family_state(s->state, sizeof(s->state), f, &s->vars, from);
}

static bool load_one(struct service *s, const struct service_options *o, const struct unit_ref *ref,
	bool *gateway, struct err *e)
{
	bool ok = ref->kind == SERVICE_LAUNCHD ? launchd_load(s, o, ref, gateway, e)
					       : unit_load(s, o, ref, gateway, e);

	if (ok && *gateway)
		s->ours = find_state(s) && same_folder(s->state, o->state);
	return ok;
}

/* Which of two gateways the person means: that of this folder, then one that may be started. */
static int worth(const struct service *s)
{
	return s->ours ? 4 - s->masked : 2 - s->masked;
}

static bool choose(struct service *out, const struct service_options *o,
	const struct unit_list *units, struct err *e)
{
	for (size_t i = 0; i < units->count; i++) {
		struct service *s = calloc(1, sizeof(*s));
		bool gateway = false;
		bool ok = s ? load_one(s, o, &units->list[i], &gateway, e)
			    : err_set(e, ERR_MEMORY, "out of memory");

		if (ok && gateway && (!out->kind || worth(s) > worth(out))) {
			service_release(out);
			*out = *s;
		} else if (s) {
			service_release(s);
		}
		free(s);
		if (!ok)
			return false;
	}
	return true;
}

bool service_look(struct service *out, const struct service_options *o, struct err *e)
{
	struct unit_list *units = calloc(1, sizeof(*units));
	bool ok;

	*out = (struct service){ 0 };
	if (!units)
		return err_set(e, ERR_MEMORY, "out of memory");
	unit_find(units, o, SERVICE_USER);
	unit_find(units, o, SERVICE_SYSTEM);
	launchd_find(units, o);
	ok = choose(out, o, units, e) && systemctl_show(out, o, e) && process_find(out, o, e);
	free(units);
	if (!ok)
		service_release(out);
	return ok;
}
