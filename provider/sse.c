/* SPDX-License-Identifier: MIT */
#include "provider/sse.h"

#include <string.h>

static bool dispatch(struct sse *s, const struct sse_sink *sink, struct err *e)
{
	bool ok = !s->has_data || sink->event(sink->ctx, s->data.p, s->data.len, e);

	s->data.len = 0;
	s->has_data = false;
	return ok;
}

/* "data: x", "data:x" or "data"; anything else is not for us. */
static bool take_field(struct sse *s, struct err *e)
{
	static const char name[] = "data";
	size_t at = sizeof(name) - 1;

	if (s->line.len < at || memcmp(s->line.p, name, at) != 0)
		return true;
	if (s->line.len > at && s->line.p[at] != ':')
		return true;
	at += s->line.len > at;
	at += s->line.len > at && s->line.p[at] == ' ';
	if (s->data.len + s->line.len > SSE_EVENT_MAX)
		return err_set(e, ERR_DAMAGED, "the provider sends an event without an end");
	if (s->has_data && !buf_add(&s->data, "\n", 1, e))
		return false;
	s->has_data = true;
	return buf_add(&s->data, s->line.p + at, s->line.len - at, e);
}

static bool end_line(struct sse *s, const struct sse_sink *sink, struct err *e)
{
	static const char mark[] = "\xEF\xBB\xBF";
	bool ok;

	if (!s->begun && s->line.len >= 3 && memcmp(s->line.p, mark, 3) == 0 &&
		!buf_splice(&s->line, 0, 3, NULL, 0, e))
		return false;
	s->begun = true;
	ok = s->line.len ? take_field(s, e) : dispatch(s, sink, e);
	s->line.len = 0;
	return ok;
}

bool sse_take(struct sse *s, const struct sse_sink *sink, const char *p, size_t n, struct err *e)
{
	while (n) {
		size_t line = 0;

		if (s->after_return && *p == '\n') {
			s->after_return = false;
			p++;
			n--;
			continue;
		}
		s->after_return = false;
		while (line < n && p[line] != '\n' && p[line] != '\r')
			line++;
		if (s->line.len + line > SSE_EVENT_MAX)
			return err_set(e, ERR_DAMAGED, "the provider sends a line without an end");
		if (!buf_add(&s->line, p, line, e))
			return false;
		if (line == n)
			return true;
		s->after_return = p[line] == '\r';
		if (!end_line(s, sink, e))
			return false;
		p += line + 1;
		n -= line + 1;
	}
	return true;
}

bool sse_end(struct sse *s, const struct sse_sink *sink, struct err *e)
{
	return (!s->line.len || end_line(s, sink, e)) && dispatch(s, sink, e);
}

void sse_release(struct sse *s)
{
	buf_release(&s->line);
	buf_release(&s->data);
	*s = (struct sse){ 0 };
}
