/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cli/livecheck.h"

#define CHECK_TIMEOUT_MS 15000
#define SHELL_MAX_MS 2000 /* a person waits for this screen */

/* Folders, because files are replaced by rename. Missing ones are watched once they exist. */
static void watch_folders(struct session *s)
{
	const struct paths *p = &s->place.paths;
	const char *const dirs[] = { p->state, p->secrets, p->keys, s->place.agent_dir };
	const uint32_t what =
		IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_CREATE;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		inotify_add_watch(s->watch, dirs[i], what | IN_ONLYDIR);
}

static void poll_also(struct session *s, int fd)
{
	struct epoll_event want = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &want);
}

bool session_open(struct session *s, const char *agent, enum place_use use, const char *command,
	struct err *e)
{
	*s = (struct session){ .probe = CLIENT_NONE, .watch = -1, .epoll = -1, .probe_fd = -1 };
	if (!place_find(&s->place, agent, use, command, e))
		return false;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return err_sys(e, "epoll");
	/* Without inotify the panel still shows changes at its next check. */
	s->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->watch >= 0) {
		watch_folders(s);
		poll_also(s, s->watch);
	}
	return session_look(s, e);
}

void session_close(struct session *s)
{
	client_stop(&s->probe);
	if (s->watch >= 0)
		close(s->watch);
	if (s->epoll >= 0)
		close(s->epoll);
	frame_release(&s->frame);
	snapshot_release(&s->now);
	place_release(&s->place);
}

/* The configuration belongs to the place and may have changed with the rest. */
bool session_look(struct session *s, struct err *e)
{
	struct snapshot next = { 0 };

	if (!look_take(&next, &s->place,
		    &(struct look){ .findings = true, .shell_max_ms = SHELL_MAX_MS }, e))
		return false;
	snapshot_release(&s->now);
	s->now = next;
	return true;
}

bool session_changed(struct session *s)
{
	char events[4096];
	bool any = false;

	while (s->watch >= 0 && read(s->watch, events, sizeof(events)) > 0)
		any = true;
	if (any)
		watch_folders(s);
	return any;
}

void session_cancel(struct session *s)
{
	if (s->probe_fd >= 0)
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->probe_fd, NULL);
	s->probe_fd = -1;
	client_stop(&s->probe);
}

bool session_check(struct session *s, const struct session_check *c, struct err *e)
{
	struct wire_check check = { .id = c->id, .timeout_ms = CHECK_TIMEOUT_MS };
	bool ok = false;

	live_check_address(&check, c->provider, c->method, c->base_url);
	if (c->key->len && !secret_copy(&check.key, c->key, e))
		return false;
	if (s->probe.fd < 0) {
		if (!client_start(&s->probe, e))
			goto out;
		s->probe_fd = s->probe.fd;
		poll_also(s, s->probe_fd);
	}
	ok = client_send(&s->probe, &check, e);
	if (!ok)
		session_cancel(s);
out:
	secret_release(&check.key);
	return ok;
}

unsigned session_wait(struct session *s, int timeout_ms)
{
	return term_wait(s->epoll, timeout_ms);
}
