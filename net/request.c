/* SPDX-License-Identifier: MIT */

/* The rules for a key on the network (security.md 6), as libcurl is told them. */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/proxy.h"
#include "net/transfer_parts.h"

#define TIMEOUT_MAX_MS 15000L
#define EXCHANGE_MAX_MS 600000L /* a long answer of a slow model */
#define CONNECT_MS 5000L

/* --- callbacks -------------------------------------------------------------------------------- */

static size_t on_body(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;

	n *= size;
	if (n > BODY_MAX - t->body.len) {
		t->too_much = true;
		return 0;
	}
	return buf_add(&t->body, p, n, NULL) ? n : 0;
}

/* An exchange's: told at once, and not kept here. What comes with a redirect is for nobody. */
static size_t on_part(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	int status = transfer_status(t);
	size_t max =
		t->exchange.streams && status / 100 == 2 ? EXCHANGE_STREAM_MAX : EXCHANGE_TAKE_MAX;

	n *= size;
	if (status / 100 == 3)
		return n;
	if (n > max - t->streamed) {
		t->too_much = true;
		return 0;
	}
	t->streamed += n;
	return t->sink.take(t->sink.context, t, p, n) ? n : 0;
}

/* The value of "name: value\r\n" in a bounded text of its own, or false. */
static bool header_value(char *out, size_t cap, const char *p, size_t n, const char *name)
{
	size_t skip = strlen(name);
	char head[24];

	if (n <= skip || skip >= sizeof(head))
		return false;
	str_copy(head, skip + 1, p);
	if (!str_equal_nocase(head, name))
		return false;
	while (skip < n && (p[skip] == ' ' || p[skip] == '\t'))
		skip++;
	while (n > skip && (unsigned char)p[n - 1] <= ' ')
		n--;
	n -= skip;
	if (n >= cap || memchr(p + skip, '\0', n))
		return false;
	memcpy(out, p + skip, n);
	out[n] = '\0';
	return true;
}

static size_t on_header(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	char line[2048], value[1024];

	n *= size;
	t->header_bytes += n;
	if (t->header_bytes > HEADER_MAX) {
		t->too_much = true;
		return 0;
	}
	if (n >= sizeof(line))
		return n;
	memcpy(line, p, n); /* p has no NUL */
	line[n] = '\0';
	if (str_starts(line, "HTTP/")) /* what came before was "100 Continue" or its like */
		t->seen = (struct check_headers){ 0 };
	check_take_header(&t->seen, line, n);
	if (header_value(value, sizeof(value), line, n, "date:")) {
		time_t date = curl_getdate(value, NULL);

		if (date != (time_t)-1)
			t->result.skew_ms = clock_now_ms() - (int64_t)date * MS_SECOND;
	} else if (header_value(value, sizeof(value), line, n, "location:")) {
		struct str host = STR_OF(t->moved_to);

		url_foreign_host(&host, value);
	}
	return n;
}

static bool is_loopback(const char *ip)
{
	struct in_addr a;

	if (inet_pton(AF_INET, ip, &a) == 1)
		return ntohl(a.s_addr) >> 24 == 127;
	return strcmp(ip, "::1") == 0;
}

/* Connected, TLS done, nothing sent yet: the last moment to keep the key. */
static int before_request(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *t = context;

	(void)local;
	(void)peer_port;
	(void)local_port;
	if (t->request.loopback && !is_loopback(peer)) {
		t->foreign_peer = true;
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

/* --- options ---------------------------------------------------------------------------------- */

static bool set_numbers(CURL *easy)
{
	static const struct {
		CURLoption option;
		long value;
	} rows[] = {
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_MAXREDIRS, 0 },
		{ CURLOPT_UNRESTRICTED_AUTH, 0 },
		{ CURLOPT_SSL_VERIFYPEER, 1 },
		{ CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
		{ CURLOPT_SSL_SESSIONID_CACHE, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_HTTP09_ALLOWED, 0 },
		{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },
		{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		{ CURLOPT_FORBID_REUSE, 1 },
		{ CURLOPT_FRESH_CONNECT, 1 },
		{ CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS },
		{ CURLOPT_LOW_SPEED_LIMIT, 1 },
		{ CURLOPT_LOW_SPEED_TIME, 10 },
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_HTTPGET, 1 },
		{ CURLOPT_BUFFERSIZE, 16384 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (curl_easy_setopt(easy, rows[i].option, rows[i].value) != CURLE_OK)
			return false;
	}
	return true;
}

static bool set_callbacks(CURL *easy, struct transfer *t)
{
	curl_write_callback body = transfer_is_exchange(t) ? on_part : on_body;

	return curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, t) == CURLE_OK;
}

/* A folder in OpenSSL's hashed form, as Debian's is: looked up, not read whole (20 ms). */
static const char *hashed_ca_folder(void)
{
	static const char folder[] = "/etc/ssl/certs";
	struct dirent *entry;
	bool hashed = false;
	DIR *dir = opendir(folder);

	while (dir && !hashed && (entry = readdir(dir)))
		hashed = strlen(entry->d_name) == 10 && str_ends(entry->d_name, ".0");
	if (dir)
		closedir(dir);
	return hashed ? folder : NULL;
}

/* SSL_CERT_FILE adds to the system's authorities; it never switches checking off. */
static bool set_trust(struct transfer *t)
{
	CURL *easy = t->easy;
	const char *file = getenv("SSL_CERT_FILE");
	const char *folder = hashed_ca_folder();
	struct str shown = STR_OF(t->result.trust);

	if (folder && (curl_easy_setopt(easy, CURLOPT_CAPATH, folder) != CURLE_OK ||
			      curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) != CURLE_OK))
		return false;
	if (!file || !*file)
		return true;
	text_clean(&shown, file, strlen(file), sizeof(t->result.trust) - 1);
	return curl_easy_setopt(easy, CURLOPT_CAINFO, file) == CURLE_OK;
}

static bool set_address(struct transfer *t)
{
	CURL *easy = t->easy;
	long max = transfer_is_exchange(t) ? EXCHANGE_MAX_MS : TIMEOUT_MAX_MS;
	long timeout = t->timeout_ms ? t->timeout_ms : TIMEOUT_MAX_MS;

	if (timeout > max)
		timeout = max;
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, t->url.https ? "https" : "http") ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_URL, t->request.url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK;
}

/*
 * What is meant for this machine never passes through a proxy; what goes to another passes as a
 * tunnel, in which the proxy sees the host's name and no more. The choice is made here, not by
 * libcurl, so that it can be shown.
 */
static bool set_proxy(struct transfer *t)
{
	struct proxy proxy = { 0 };
	bool ok;

	t->by_proxy = !t->request.loopback && proxy_find(&proxy, &t->url);
	str_copy(t->result.proxy, sizeof(t->result.proxy), proxy.shown);
	ok = curl_easy_setopt(t->easy, CURLOPT_PROXY, proxy.url) == CURLE_OK &&
	     curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "") == CURLE_OK;
	explicit_bzero(&proxy, sizeof(proxy)); /* it may hold a password */
	return ok;
}

static bool add_header(struct transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->headers, line);

	if (longer)
		t->headers = longer;
	return longer != NULL;
}

/* libcurl copies the line and does not wipe its copy; transfer_free() does. */
static bool add_key_header(struct transfer *t, const char *name)
{
	struct secret line = { 0 };
	bool ok = secret_init(&line, strlen(name) + t->key.len, NULL) &&
		  secret_insert(&line, 0, name, strlen(name)) &&
		  secret_insert(&line, line.len, t->key.bytes, t->key.len) &&
		  add_header(t, line.bytes);

	secret_release(&line);
	return ok;
}

/* What a check and an exchange have in common. */
static bool set_headers(struct transfer *t, const char *accept)
{
	static const char *const key_names[] = {
		[AUTH_BEARER] = "authorization: Bearer ",
		[AUTH_X_API_KEY] = "x-api-key: ",
		[AUTH_GOOG] = "x-goog-api-key: ",
		[AUTH_TOKEN] = "authorization: Token ",
		[AUTH_XI] = "xi-api-key: ",
	};
	const char *key_name = key_names[t->request.auth];
	bool ok = add_header(t, accept);

	for (size_t i = 0; ok && i < PROVIDER_HEADERS && t->request.headers[i]; i++)
		ok = add_header(t, t->request.headers[i]);
	if (ok && key_name)
		ok = add_key_header(t, key_name);
	return ok && curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
	       curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "thinkfleetbot/" TFB_VERSION) ==
		       CURLE_OK;
}

/* libcurl does not look at header values: a line end in a key would be a second header. */
static bool key_is_sendable(const struct transfer *t, struct err *e)
{
	const struct secret *key = &t->key;

	if (t->request.auth == AUTH_NO_HEADER)
		return true;
	if (!key->len)
		return err_set(e, ERR_USAGE, "no key was given");
	for (size_t i = 0; i < key->len; i++) {
		if (key->bytes[i] < 0x21 || key->bytes[i] > 0x7E)
			return err_set(
				e, ERR_USAGE, "the key has a character that no request can carry");
	}
	return true;
}

static bool prepare(struct transfer *t, struct err *e)
{
	const struct provider *p = provider_find(t->check.provider);
	const struct method *m = p ? provider_method(p, t->check.method) : NULL;

	if (!m)
		return err_set(e, ERR_USAGE, "unknown provider or method");
	if (!check_build(&t->request, p, m, t->check.base_url, e) || !key_is_sendable(t, e))
		return false;
	/* Without the query of the check itself, which url_parse() refuses in a base address. */
	if (!url_parse(&t->url, check_address(p, m, t->check.base_url), e))
		return false;
	t->url.path = NULL; /* into a text of another */
	return true;
}

static bool not_set_up(struct err *e)
{
	return err_set(e, ERR_FAILED, "the request could not be set up");
}

static bool set_common(struct transfer *t)
{
	t->easy = curl_easy_init();
	return t->easy && set_numbers(t->easy) && set_callbacks(t->easy, t) && set_trust(t) &&
	       set_address(t) && set_proxy(t);
}

bool request_set_up(struct transfer *t, struct err *e)
{
	if (!prepare(t, e))
		return false;
	return (set_common(t) && set_headers(t, "accept: application/json")) || not_set_up(e);
}

/* --- an exchange ------------------------------------------------------------------------------ */

/* A second line in a value would be a header that nobody asked for. */
static bool line_is_sendable(const char *line, struct err *e)
{
	for (; *line; line++) {
		if (*line < 0x20 || *line > 0x7E)
			return err_set(
				e, ERR_USAGE, "a header has a character that no request can carry");
	}
	return true;
}

/* The address may have a query here: asked for as a path, all other rules hold for it too. */
static bool take_address(struct transfer *t, struct err *e)
{
	char plain[CHECK_URL_CAP];
	char *query;

	str_copy(plain, sizeof(plain), t->exchange.url);
	query = strchr(plain, '?');
	if (query)
		*query = '/';
	if (!url_parse(&t->url, plain, e))
		return false;
	t->url.path = NULL; /* into a text of another */
	str_copy(t->request.url, sizeof(t->request.url), t->exchange.url);
	t->request.loopback = t->url.loopback;
	t->request.auth = t->exchange.auth;
	return true;
}

static bool set_body(struct transfer *t)
{
	char line[96];
	struct str type = STR_OF(line);

	if (!t->exchange.posts)
		return true;
	str_fmt(&type, "content-type: %s", t->exchange.content_type);
	/* Without "expect", libcurl asks for leave first and waits a second for it. */
	return add_header(t, t->exchange.content_type[0] ? line : "content-type:") &&
	       add_header(t, "expect:") &&
	       curl_easy_setopt(t->easy, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->upload.bytes) == CURLE_OK &&
	       curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)t->exchange.body_len) ==
		       CURLE_OK;
}

static bool set_own_headers(struct transfer *t)
{
	bool ok = true;

	for (size_t i = 0; ok && i < EXCHANGE_HEADERS && t->exchange.headers[i][0]; i++)
		ok = add_header(t, t->exchange.headers[i]);
	return ok;
}

static bool set_patience(struct transfer *t)
{
	return !t->exchange.idle_s || curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME,
					      (long)t->exchange.idle_s) == CURLE_OK;
}

bool request_set_up_exchange(struct transfer *t, struct err *e)
{
	bool ok = take_address(t, e) && key_is_sendable(t, e) &&
		  line_is_sendable(t->exchange.content_type, e);

	for (size_t i = 0; ok && i < EXCHANGE_HEADERS; i++)
		ok = line_is_sendable(t->exchange.headers[i], e);
	if (!ok)
		return false;
	return (set_common(t) && set_patience(t) && set_own_headers(t) && set_body(t) &&
		       set_headers(t, t->exchange.streams
					      ? "accept: text/event-stream, application/json"
					      : "accept: application/json")) ||
	       not_set_up(e);
}

bool request_send(struct transfer *t, struct err *e)
{
	return curl_multi_add_handle(t->multi, t->easy) == CURLM_OK || not_set_up(e);
}
