/* SPDX-License-Identifier: MIT */
#include "net/transfer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "provider/url.h"

#define TIMEOUT_MAX_MS 15000
#define CONNECT_MS 5000L
#define BODY_MAX ((size_t)1 << 20)
#define HEADER_MAX ((size_t)64 << 10)

struct transfer {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct wire_check check;
	struct check_request request;
	struct url url;
	struct check_result result;
	struct buf body;
	size_t header_bytes;
	char error[CURL_ERROR_SIZE];
	char moved_to[104]; /* host of a Location header */
	bool too_much;
	bool foreign_peer;
	int stage; /* last reported, -1: none */
};

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

/* --- setting up ------------------------------------------------------------------------------- */

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
	return curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
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
static bool set_trust(CURL *easy)
{
	const char *file = getenv("SSL_CERT_FILE");
	const char *folder = hashed_ca_folder();

	if (folder && (curl_easy_setopt(easy, CURLOPT_CAPATH, folder) != CURLE_OK ||
			      curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) != CURLE_OK))
		return false;
	return !file || !*file || curl_easy_setopt(easy, CURLOPT_CAINFO, file) == CURLE_OK;
}

static bool set_address(struct transfer *t)
{
	CURL *easy = t->easy;
	long timeout = t->check.timeout_ms;

	if (!timeout || timeout > TIMEOUT_MAX_MS)
		timeout = TIMEOUT_MAX_MS;
	/* A proxy must never see what is meant for this machine. */
	if (t->request.loopback && curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK)
		return false;
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, t->url.https ? "https" : "http") ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_URL, t->request.url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK;
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
	bool ok = secret_init(&line, strlen(name) + t->check.key.len, NULL) &&
		  secret_insert(&line, 0, name, strlen(name)) &&
		  secret_insert(&line, line.len, t->check.key.bytes, t->check.key.len) &&
		  add_header(t, line.bytes);

	secret_release(&line);
	return ok;
}

static bool set_headers(struct transfer *t)
{
	static const char *const key_names[] = {
		[AUTH_BEARER] = "authorization: Bearer ",
		[AUTH_X_API_KEY] = "x-api-key: ",
		[AUTH_GOOG] = "x-goog-api-key: ",
		[AUTH_TOKEN] = "authorization: Token ",
		[AUTH_XI] = "xi-api-key: ",
	};
	const char *key_name = key_names[t->request.auth];
	bool ok = add_header(t, "accept: application/json");

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
	const struct secret *key = &t->check.key;

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
	return url_parse(&t->url, check_address(p, m, t->check.base_url), e);
}

static bool set_up(struct transfer *t, struct err *e)
{
	if (!prepare(t, e))
		return false;
	t->easy = curl_easy_init();
	if (!t->easy || !set_numbers(t->easy) || !set_callbacks(t->easy, t) ||
		!set_trust(t->easy) || !set_address(t) || !set_headers(t) ||
		curl_multi_add_handle(t->multi, t->easy) != CURLM_OK)
		return err_set(e, ERR_FAILED, "the request could not be set up");
	return true;
}

static const struct check_result unreached = {
	.verdict = VERDICT_UNKNOWN,
	.reason = REASON_INTERNAL,
	.latency_ms = -1,
	.dns_ms = -1,
	.tls_ms = -1,
	.answer_ms = -1,
	.skew_ms = INT64_MIN,
};

void transfer_none(struct check_result *out, const char *why)
{
	*out = unreached;
	out->at_ms = clock_now_ms();
	str_copy(out->text, sizeof(out->text), why);
}

struct transfer *transfer_new(CURLM *multi, struct wire_check *c, struct check_result *out)
{
	struct transfer *t = calloc(1, sizeof(*t));
	struct err e = { 0 };
	struct str host;

	if (!t) {
		transfer_none(out, "out of memory");
		return NULL;
	}
	t->multi = multi;
	t->stage = -1;
	t->result = unreached;
	t->check = *c;
	c->key = (struct secret){ 0 };
	if (!set_up(t, &e)) {
		transfer_none(out, e.msg);
		if (e.code == ERR_NOT_FOUND)
			out->reason = REASON_UNPROVEN;
		transfer_free(t);
		return NULL;
	}
	host = STR_OF(t->result.host);
	url_shown(&host, &t->url);
	return t;
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	if (t->easy) {
		curl_multi_remove_handle(t->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	for (struct curl_slist *h = t->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(t->headers);
	secret_release(&t->check.key);
	buf_release(&t->body);
	free(t);
}

struct transfer *transfer_of(CURL *easy)
{
	char *t = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
	return (struct transfer *)(void *)t;
}

uint32_t transfer_id(const struct transfer *t)
{
	return t->check.id;
}

/* --- while it runs, and after ----------------------------------------------------------------- */

static int64_t reached_us(const struct transfer *t, CURLINFO what)
{
	curl_off_t us = 0;

	curl_easy_getinfo(t->easy, what, &us);
	return us;
}

bool transfer_stage(struct transfer *t, enum check_stage *s)
{
	int now = STAGE_DNS;

	if (reached_us(t, CURLINFO_PRETRANSFER_TIME_T) > 0)
		now = STAGE_ANSWER;
	else if (reached_us(t, CURLINFO_NAMELOOKUP_TIME_T) > 0)
		now = STAGE_TLS;
	if (now <= t->stage)
		return false;
	t->stage = now;
	*s = (enum check_stage)now;
	return true;
}

static int ms_between(int64_t from_us, int64_t to_us)
{
	return to_us > 0 ? (int)((to_us - from_us + 500) / 1000) : -1;
}

static void take_timings(struct transfer *t)
{
	int64_t dns = reached_us(t, CURLINFO_NAMELOOKUP_TIME_T);
	int64_t ready = t->url.https ? reached_us(t, CURLINFO_APPCONNECT_TIME_T)
				     : reached_us(t, CURLINFO_CONNECT_TIME_T);
	int64_t answer = reached_us(t, CURLINFO_STARTTRANSFER_TIME_T);
	int64_t total = reached_us(t, CURLINFO_TOTAL_TIME_T);

	t->result.dns_ms = ms_between(0, dns);
	t->result.tls_ms = ms_between(dns, ready);
	t->result.answer_ms = ready > 0 ? ms_between(ready, answer) : -1;
	t->result.latency_ms = ms_between(0, total);
}

static enum reason transport_reason(const struct transfer *t, CURLcode code)
{
	static const struct {
		CURLcode code;
		enum reason reason;
	} rows[] = {
		{ CURLE_OK, REASON_NONE },
		{ CURLE_COULDNT_RESOLVE_HOST, REASON_DNS },
		{ CURLE_COULDNT_RESOLVE_PROXY, REASON_PROXY },
		{ CURLE_PROXY, REASON_PROXY },
		{ CURLE_COULDNT_CONNECT, REASON_CONNECT },
		{ CURLE_ABORTED_BY_CALLBACK, REASON_CONNECT },
		{ CURLE_INTERFACE_FAILED, REASON_CONNECT },
		{ CURLE_SSL_CONNECT_ERROR, REASON_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, REASON_TLS },
		{ CURLE_SSL_CERTPROBLEM, REASON_TLS },
		{ CURLE_SSL_CIPHER, REASON_TLS },
		{ CURLE_SSL_CACERT_BADFILE, REASON_TLS },
		{ CURLE_SSL_ISSUER_ERROR, REASON_TLS },
		{ CURLE_SSL_INVALIDCERTSTATUS, REASON_TLS },
		{ CURLE_GOT_NOTHING, REASON_CLOSED },
		{ CURLE_RECV_ERROR, REASON_CLOSED },
		{ CURLE_SEND_ERROR, REASON_CLOSED },
		{ CURLE_PARTIAL_FILE, REASON_CLOSED },
		{ CURLE_WEIRD_SERVER_REPLY, REASON_FORMAT },
		{ CURLE_UNSUPPORTED_PROTOCOL, REASON_FORMAT }, /* HTTP/0.9 */
		{ CURLE_BAD_CONTENT_ENCODING, REASON_FORMAT },
		{ CURLE_OUT_OF_MEMORY, REASON_INTERNAL },
	};
	long connect_status = 0;

	if (t->too_much)
		return REASON_TOO_MUCH;
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
	if (code != CURLE_OK && connect_status >= 300)
		return REASON_PROXY;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return reached_us(t, CURLINFO_NAMELOOKUP_TIME_T) > 0 ? REASON_TIMEOUT : REASON_DNS;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].code == code)
			return rows[i].reason;
	}
	return REASON_INTERNAL;
}

static void transport_text(const struct transfer *t, CURLcode code, struct check_answer *a)
{
	struct str text = STR_OF(a->transport_text);
	const char *words = t->error[0] ? t->error : curl_easy_strerror(code);

	if (t->foreign_peer)
		str_add(&text, "the address for this machine led to another one");
	else if (t->too_much)
		str_add(&text, "the answer is larger than any model list");
	else if (code != CURLE_OK)
		text_clean(&text, words, strlen(words), 200);
	else if (t->moved_to[0])
		str_fmt(&text, "moved to %s", t->moved_to);
}

void transfer_finish(struct transfer *t, CURLcode code, struct check_result *out)
{
	struct check_answer answer = { .body = t->body.p, .body_len = t->body.len };
	const char *address = NULL;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &address);
	answer.status = (int)status;
	answer.transport = transport_reason(t, code);
	transport_text(t, code, &answer);
	t->result.at_ms = clock_now_ms();
	take_timings(t);
	if (address)
		str_copy(t->result.address, sizeof(t->result.address), address);
	check_judge(&t->result, &t->request, &answer, &t->check.key);
	*out = t->result;
}
