/* SPDX-License-Identifier: MIT */
#include "net/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/self.h"

#define PROBE "thinkfleetbot-probe"
#define PROBE_FD 3

/* The probe's own limit (net/transfer.h), and time to say so. */
#define PATIENCE_MS 20000

/* What the probe may know of our environment: where the network and its trust are. */
static const char *const passed[] = { "LANG", "https_proxy", "HTTPS_PROXY", "all_proxy",
	"ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE" };

/* --- finding and starting --------------------------------------------------------------------- */

struct environment {
	char text[ARRAY_LEN(passed)][8192]; /* lists of exceptions are long */
	char *list[ARRAY_LEN(passed) + 2];
};

static void fill_environment(struct environment *env)
{
	static char path[] = "PATH=/usr/bin:/bin";
	size_t n = 0;

	env->list[n++] = path;
	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		const char *value = getenv(passed[i]);
		struct str s = STR_OF(env->text[i]);

		if (!value || !*value)
			continue;
		str_fmt(&s, "%s=%s", passed[i], value);
		if (!s.cut)
			env->list[n++] = env->text[i];
	}
	env->list[n] = NULL;
}

static int spawn_actions(posix_spawn_file_actions_t *a, int sock)
{
	int rc = posix_spawn_file_actions_adddup2(a, sock, PROBE_FD);

	for (int fd = 0; fd < 3 && !rc; fd++) {
#ifdef TFB_SANITIZE
		if (fd == 2) /* the sanitizers' reports */
			break;
#endif
		rc = posix_spawn_file_actions_addopen(a, fd, "/dev/null", O_RDWR, 0);
	}
	return rc;
}

static bool spawn(pid_t *pid, const char *path, int sock, struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	struct environment env;
	sigset_t none, standard;
	char *argv[] = { (char[]){ PROBE }, NULL };
	int rc;

	fill_environment(&env);
	sigemptyset(&none);
	sigfillset(&standard);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	/* Our signal mask and ignored signals are not the probe's. */
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &standard);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = spawn_actions(&actions, sock);
	if (!rc)
		rc = posix_spawn(pid, path, &actions, &attr, argv, env.list);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	/* A proxy's address may hold a password. */
	explicit_bzero(&env, sizeof(env));
	errno = rc;
	return !rc || err_sys(e, "cannot start %s", path);
}

bool client_start(struct client *c, struct err *e)
{
	char path[FS_PATH_MAX];
	int pair[2] = { -1, -1 };
	bool ok;

	*c = CLIENT_NONE;
	if (!self_program(path, sizeof(path), PROBE, e))
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "cannot make a socket for %s", PROBE);
	ok = wire_reader_init(&c->reader, e) && spawn(&c->pid, path, pair[1], e);
	close(pair[1]);
	if (ok) {
		c->fd = pair[0];
		return true;
	}
	close(pair[0]);
	wire_reader_release(&c->reader);
	*c = CLIENT_NONE;
	return false;
}

/* --- talking ---------------------------------------------------------------------------------- */

static bool died(struct client *c, struct err *e)
{
	client_stop(c);
	return err_set(e, ERR_FAILED, "%s stopped before it answered", PROBE);
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool begin_frame(const struct client *c, struct secret *frame, struct err *e)
{
	if (c->fd < 0)
		return err_set(e, ERR_FAILED, "%s is not running", PROBE);
	return secret_init(frame, WIRE_MAX, e);
}

/* Sends the frame if it was made, and wipes it. */
static bool end_frame(struct client *c, struct secret *frame, bool made, struct err *e)
{
	bool ok = made;

	if (ok && !send_all(c->fd, frame->bytes, frame->len))
		ok = died(c, e);
	secret_release(frame);
	return ok;
}

bool client_send(struct client *c, const struct wire_check *check, struct err *e)
{
	struct secret frame = { 0 };
	bool made = begin_frame(c, &frame, e) && wire_put_check(&frame, check, e);
	bool ok = end_frame(c, &frame, made, e);

	c->pending += ok;
	return ok;
}

bool client_send_exchange(struct client *c, const struct wire_exchange *x, struct err *e)
{
	struct secret frame = { 0 };
	bool made = begin_frame(c, &frame, e) && wire_put_exchange(&frame, x, e);
	bool ok = end_frame(c, &frame, made, e);

	c->pending += ok;
	return ok;
}

bool client_send_part(struct client *c, uint32_t id, const char *p, size_t n, struct err *e)
{
	struct secret frame = { 0 };
	bool made = begin_frame(c, &frame, e) && wire_put_part(&frame, id, 0, p, n, e);

	return end_frame(c, &frame, made, e);
}

/* Reads what is there. *over: the probe closed its end. */
static bool read_more(struct client *c, bool *over, struct err *e)
{
	char part[4096];
	ssize_t n;
	bool ok;

	do
		n = recv(c->fd, part, sizeof(part), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	*over = n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
	if (n <= 0)
		return true;
	ok = wire_feed(&c->reader, part, (size_t)n, e);
	explicit_bzero(part, (size_t)n); /* an exchange's answer may be a token */
	return ok;
}

bool client_take(struct client *c, struct wire_message *m, bool *got, struct err *e)
{
	bool over = false;

	*got = false;
	*m = (struct wire_message){ 0 };
	if (c->fd < 0)
		return c->pending == 0 || err_set(e, ERR_FAILED, "%s is not running", PROBE);
	if (!wire_take(&c->reader, m, got, e))
		return false;
	/* A message may come in several pieces: read until there is one, or nothing. */
	while (!*got && !over) {
		size_t had = c->reader.in.len;

		if (!read_more(c, &over, e) || !wire_take(&c->reader, m, got, e))
			return false;
		if (c->reader.in.len == had && !*got)
			break;
	}
	if (*got && (m->type == WIRE_RESULT || m->type == WIRE_EXCHANGED) && c->pending)
		c->pending--;
	if (over && !*got) {
		if (c->pending)
			return died(c, e);
		client_stop(c);
	}
	return true;
}

void client_stop(struct client *c)
{
	/* A zeroed client owns nothing; descriptor 0 is never ours. */
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (c->fd >= 0)
			close(c->fd);
	}
	wire_reader_release(&c->reader);
	*c = CLIENT_NONE;
}

static bool wait_for(struct client *c, int64_t until, struct check_result *out, struct err *e)
{
	for (;;) {
		struct wire_message m;
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		bool got;

		if (!client_take(c, &m, &got, e))
			return false;
		if (got && m.type == WIRE_RESULT) {
			*out = m.result;
			return true;
		}
		wire_message_release(&m);
		if (left <= 0)
			return err_set(e, ERR_FAILED, "%s does not answer", PROBE);
		/* Several messages may have come in one read: only then is there news to wait for.
		 */
		if (!got && poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return err_sys(e, "cannot wait for %s", PROBE);
	}
}

bool client_check(const struct wire_check *check, struct check_result *out, struct err *e)
{
	struct client c;
	bool ok;

	*out = (struct check_result){ .skew_ms = INT64_MIN, .latency_ms = -1 };
	if (!client_start(&c, e))
		return false;
	ok = client_send(&c, check, e) && wait_for(&c, clock_mono_ms() + PATIENCE_MS, out, e);
	client_stop(&c);
	return ok;
}
