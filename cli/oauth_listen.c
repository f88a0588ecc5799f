/* SPDX-License-Identifier: MIT */
#include "cli/oauth_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES OAUTH_PASTE_MAX
#define LINGER_MS 200 /* for a browser to take its answer and close */

/* --- opening ---------------------------------------------------------------------------------- */

static bool watch(const struct oauth_listener *l, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(l->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool bind_here(int sock, unsigned port, struct err *e)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int on = 1;

	/* Of an attempt that just ended connections may linger; a program that listens does not
	 * let us in by this. */
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(sock, (const struct sockaddr *)&here, sizeof(here)) == 0 &&
		listen(sock, LISTEN_CLIENTS) == 0)
		return true;
	if (errno == EADDRINUSE)
		return err_set(
			e, ERR_BUSY, "port %u of this machine is taken by another program", port);
	return err_sys(e, "cannot listen on 127.0.0.1:%u", port);
}

bool oauth_listen(struct oauth_listener *l, unsigned port, const char *path, struct err *e)
{
	*l = OAUTH_LISTENER_NONE;
	for (size_t i = 0; i < LISTEN_CLIENTS; i++)
		l->clients[i].fd = -1;
	str_copy(l->path, sizeof(l->path), path);
	l->sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	l->fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->sock >= 0 && l->fd >= 0 && bind_here(l->sock, port, e) && watch(l, l->sock))
		return true;
	if (e && !e->code)
		err_sys(e, "cannot listen on 127.0.0.1:%u", port);
	oauth_listen_close(l);
	return false;
}

static void client_close(struct listen_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	secret_release(&c->line);
	c->fd = -1;
}

void oauth_listen_close(struct oauth_listener *l)
{
	if (l->sock >= 0)
		close(l->sock);
	if (l->fd >= 0) {
		for (size_t i = 0; i < LISTEN_CLIENTS; i++)
			client_close(&l->clients[i]);
		close(l->fd);
	}
	*l = OAUTH_LISTENER_NONE;
}

/* --- answering -------------------------------------------------------------------------------- */

struct page {
	const char *status, *title, *text;
};

static const struct page pages[] = {
	[OAUTH_REQUEST_GRANT] = { "200 OK", "Approved",
		"Go back to the terminal: thinkfleetbot goes on there. This page can be closed." },
	[OAUTH_REQUEST_NO_CODE] = { "400 Bad Request", "No code", "The address brings no code." },
	[OAUTH_REQUEST_ELSEWHERE] = { "404 Not Found", "Not found", "There is nothing here." },
	[OAUTH_REQUEST_BAD] = { "400 Bad Request", "Bad request", "This is no answer." },
};

static const struct page wrong_state = { "400 Bad Request", "State mismatch",
	"This answer belongs to another sign-in attempt." };

static const struct page denied = { "200 OK", "Refused",
	"The sign-in was refused. Go back to the terminal; this page can be closed." };

/* A socket that is closed with something unread takes the answer away with it. */
static void let_it_read(int fd)
{
	char rest[1024];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	shutdown(fd, SHUT_WR);
	while (poll(&p, 1, LINGER_MS) > 0 && read(fd, rest, sizeof(rest)) > 0)
		;
	explicit_bzero(rest, sizeof(rest));
}

static void answer(int fd, const struct page *page)
{
	char body[400], text[800];
	struct str s = STR_OF(text);
	struct str b = STR_OF(body);

	str_fmt(&b,
		"<!doctype html><meta charset=\"utf-8\"><title>%s</title><h1>%s</h1><p>%s</p>\n",
		page->title, page->title, page->text);
	str_fmt(&s,
		"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
		"Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
		"\r\n%s",
		page->status, b.len, body);
	(void)!send(fd, text, s.len, MSG_NOSIGNAL);
	let_it_read(fd);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void take_client(struct oauth_listener *l)
{
	int fd = accept4(l->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct listen_client *c;

	if (fd < 0)
		return;
	/* Who says nothing makes room for who comes next. */
	c = &l->clients[l->next];
	l->next = (l->next + 1) % LISTEN_CLIENTS;
	client_close(c);
	c->fd = fd;
	if (!secret_init(&c->line, LINE_MAX_BYTES, NULL) || !watch(l, fd))
		client_close(c);
}

static bool judge(struct listen_client *c, const char *path, const struct pkce *p,
	struct oauth_grant *g, size_t n)
{
	enum oauth_request kind = oauth_read_request(g, c->line.bytes, n, path);
	const struct page *page = &pages[kind];

	if (kind == OAUTH_REQUEST_GRANT && !oauth_state_fits(g, p, false)) {
		kind = OAUTH_REQUEST_BAD;
		page = &wrong_state;
	} else if (kind == OAUTH_REQUEST_GRANT && !g->code.len) {
		page = &denied;
	}
	answer(c->fd, page);
	client_close(c);
	if (kind == OAUTH_REQUEST_GRANT)
		return true;
	oauth_grant_release(g);
	return false;
}

/* True when a whole line was there and brought what is waited for. */
static bool read_client(
	struct listen_client *c, const char *path, const struct pkce *p, struct oauth_grant *g)
{
	struct secret *s = &c->line;
	const char *end;
	ssize_t n = recv(c->fd, s->bytes + s->len, s->cap - s->len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		client_close(c);
		return false;
	}
	s->len += (size_t)n;
	s->bytes[s->len] = '\0';
	end = memchr(s->bytes, '\n', s->len);
	if (end)
		return judge(c, path, p, g, (size_t)(end - s->bytes));
	if (s->len == s->cap) {
		answer(c->fd, &pages[OAUTH_REQUEST_BAD]);
		client_close(c);
	}
	return false;
}

bool oauth_listen_turn(struct oauth_listener *l, const struct pkce *p, struct oauth_grant *g)
{
	struct epoll_event events[LISTEN_CLIENTS + 1];
	int n = l->fd < 0 ? 0 : epoll_wait(l->fd, events, LISTEN_CLIENTS + 1, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == l->sock)
			take_client(l);
		for (size_t k = 0; k < LISTEN_CLIENTS; k++)
			if (l->clients[k].fd >= 0 && l->clients[k].fd == events[i].data.fd &&
				read_client(&l->clients[k], l->path, p, g))
				return true;
	}
	return false;
}
