/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chat/clean.h"
#include "cli/chat.h"
#include "cli/lineio.h"
#include "cli/out_base.h"
#include "cli/say.h"

#define MESSAGE_MAX ((size_t)256 << 10)
#define LINE_MAX_BYTES 8192 /* a terminal's own line has at most 4095 */

static struct {
	const char *agent;
	const char *session;
	const char *message;
	const char *model;
	bool list;
	bool json;
	bool no_stream;
} given;

static const struct opt opts[] = {
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "session", "KEY", "the session whose model and pin are used (default: main)", OPT_TEXT,
		{ .text = &given.session } },
	{ "message", "TEXT", "one message instead of a conversation", OPT_TEXT,
		{ .text = &given.message } },
	{ "model", "REF", "model, alias or MODEL@PROFILE for this run; the session stays as it is",
		OPT_TEXT, { .text = &given.model } },
	{ "list", NULL, "list the sessions with their models and pins", OPT_FLAG,
		{ .flag = &given.list } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ "no-stream", NULL, "show an answer when it is complete", OPT_FLAG,
		{ .flag = &given.no_stream } },
	{ .kind = OPT_END },
};

/* --- what is shown ---------------------------------------------------------------------------- */

static bool show_reply(const struct chat_reply *r, struct err *e)
{
	if (!r->text.len)
		return true;
	if (!chat_print(stdout, r->text.p, r->text.len, e))
		return false;
	putchar('\n');
	fflush(stdout);
	return true;
}

/* whole: nothing failed; else the error follows. */
static void end_answer(const struct chat_answer *a, bool whole)
{
	if (a->text.len && a->text.p[a->text.len - 1] != '\n')
		putchar('\n');
	fflush(stdout);
	if (!whole)
		return;
	if (a->cancelled)
		say_warning("cancelled: the question and its answer are forgotten");
	else if (a->cut)
		say_warning("the answer was cut at the model's limit of length");
	else if (!a->text.len)
		say_warning("the model said nothing");
}

/* Many lines, cleaned as for a terminal. */
static struct json_object *lines_json(const struct buf *b)
{
	struct clean clean = { 0 };
	struct buf text = { 0 };
	struct json_object *o = NULL;

	if (clean_add(&clean, &text, b->p, b->len, NULL) && clean_end(&clean, &text, NULL))
		o = json_object_new_string_len(text.len ? text.p : "", (int)text.len);
	buf_release(&text);
	return o;
}

/* answer: or NULL, where nothing was asked. */
static bool show_json(const struct chat *c, const struct chat_reply *r,
	const struct chat_answer *answer, struct err *e)
{
	struct json_object *root = json_object_new_object();

	json_put(root, "agentId", json_text(c->place.agent));
	json_put(root, "session", json_text(c->key));
	json_put(root, "model", json_text(c->model));
	json_put(root, "pinned", c->pin[0] ? json_text(c->pin) : NULL);
	json_put(root, "reply", r->text.len ? lines_json(&r->text) : NULL);
	json_put(root, "profile", answer ? json_text(answer->profile) : NULL);
	json_put(root, "answer", answer ? lines_json(&answer->text) : NULL);
	json_put(root, "truncated", json_object_new_boolean(answer && answer->cut));
	return json_finish(stdout, root, e);
}

/* --- one message ------------------------------------------------------------------------------ */

static bool answer_once(struct chat *c, const struct chat_reply *r, struct err *e)
{
	const struct chat_how how = {
		.stream = !given.no_stream, .show = !given.json && !given.no_stream, .cancel_fd = -1
	};
	struct chat_answer a;
	bool ok = chat_ask(c, r->rest.p, &how, &a, e);

	if (ok && given.json)
		ok = show_json(c, r, &a, e);
	else if (!given.json && a.text.len && !how.show)
		fwrite(a.text.p, 1, a.text.len, stdout);
	if (!given.json && (ok || a.text.len))
		end_answer(&a, ok);
	chat_answer_release(&a);
	return ok;
}

static bool one_message(struct chat *c, const char *text, int *status, struct err *e)
{
	struct chat_reply r = { 0 };
	bool ok = chat_hear(c, text, &r, e) && (given.json || show_reply(&r, e));

	if (ok && r.code != ERR_NONE)
		*status = err_exit_status(r.code);
	if (ok && r.rest.len)
		ok = answer_once(c, &r, e);
	else if (ok && given.json)
		ok = show_json(c, &r, NULL, e);
	chat_reply_release(&r);
	return ok;
}

static bool join_words(struct buf *out, const struct args *args, struct err *e)
{
	bool ok = !given.message || buf_text(out, given.message, e);

	for (size_t i = 0; ok && i < args->count; i++)
		ok = (!out->len || buf_add(out, " ", 1, e)) && buf_text(out, args->items[i], e);
	return ok;
}

/* The words of the command line, else all of stdin. */
static bool read_message(struct buf *out, const struct args *args, struct err *e)
{
	bool words = given.message || args->count;

	if (words && !join_words(out, args, e))
		return false;
	if (!words && !fs_read_fd(STDIN_FILENO, MESSAGE_MAX, out, e))
		return err_wrap(e, "the message on stdin");
	if (out->len && strlen(out->p) == out->len && out->p[strspn(out->p, " \t\r\n")])
		return true;
	err_set(e, ERR_USAGE, words ? "the message is empty" : "there is no text on stdin");
	return err_hint(e, "echo TEXT | thinkfleetbot chat, or run it on a terminal");
}

/* --- a conversation --------------------------------------------------------------------------- */

struct loop {
	struct chat *c;
	struct lineio io;
	bool over;
};

/* ^C ends what is being done here; any other signal ends the chat. */
static void mind_signal(struct loop *l)
{
	if (lineio_signal() == SIGINT)
		lineio_forget_interrupt();
	else if (lineio_signal())
		l->over = true;
}

static bool converse(struct loop *l, const char *question, struct err *e)
{
	const struct chat_how how = { .stream = !given.no_stream,
		.show = !given.no_stream,
		.cancel_fd = lineio_signal_fd() };
	struct chat_answer a;
	bool ok = chat_ask(l->c, question, &how, &a, e);

	if (!ok && lineio_signal()) { /* the terminal sent it to the network side, too */
		a.cancelled = true;
		ok = true;
	}
	if (ok && !how.show && a.text.len)
		fwrite(a.text.p, 1, a.text.len, stdout);
	if (ok || a.text.len)
		end_answer(&a, ok);
	chat_answer_release(&a);
	mind_signal(l);
	return ok;
}

/* A turn that fails is told, and the conversation goes on. */
static void turn(struct loop *l, const char *text)
{
	struct chat_reply r = { 0 };
	struct err e = { 0 };

	if (!chat_hear(l->c, text, &r, &e) || !show_reply(&r, &e) ||
		(r.rest.len && !converse(l, r.rest.p, &e)))
		say_error(&e);
	l->over = l->over || r.quit;
	chat_reply_release(&r);
}

static bool greet(const struct chat *c)
{
	char text[MODEL_KEY_CAP + ID_CAP + 160];
	struct str s = STR_OF(text);

	str_fmt(&s, "%s%s%s. /help lists the commands, Ctrl-D ends.\n", c->model,
		c->pin[0] ? " with " : "", c->pin);
	return chat_print(stdout, text, s.len, NULL) && fflush(stdout) == 0;
}

static bool loop_run(struct loop *l, struct err *e)
{
	struct secret line = { 0 };
	size_t total;

	if (!secret_init(&line, LINE_MAX_BYTES, e))
		return false;
	while (!l->over) {
		enum heard heard = lineio_ask(&l->io, "> ", false, &line, &total);

		if (heard == HEARD_END)
			l->over = true;
		else if (heard == HEARD_SIGNAL)
			mind_signal(l);
		else if (total > line.len)
			say_warning("the line is too long and was not sent");
		else
			turn(l, line.bytes);
	}
	secret_release(&line);
	return true;
}

static bool conversation(struct chat *c, int *status, struct err *e)
{
	struct loop l = { .c = c };
	int number;
	bool ok;

	greet(c);
	if (!lineio_open(&l.io, STDIN_FILENO, isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : -1, e))
		return false;
	ok = loop_run(&l, e);
	number = lineio_close(&l.io);
	if (ok && number) {
		raise(number);
		*status = 128 + number; /* it was blocked */
	}
	return ok;
}

static bool run(struct cli *cli, struct err *e)
{
	struct chat c = { 0 };
	struct buf message = { 0 };
	bool once = given.message || cli->args.count || isatty(STDIN_FILENO) != 1;
	bool ok = false;

	if (given.list && once && (given.message || cli->args.count))
		return err_set(e, ERR_USAGE, "--list takes no message");
	if (given.list)
		return chat_list(given.agent, given.json, e);
	if (given.json && !once)
		return err_set(e, ERR_USAGE, "--json needs a message");
	if ((once && !read_message(&message, &cli->args, e)) ||
		!chat_open(&c, given.agent, given.session, e) ||
		(given.model && !chat_choose(&c, given.model, e)))
		goto out;
	ok = once ? one_message(&c, message.p, &cli->status, e) : conversation(&c, &cli->status, e);
out:
	chat_close(&c);
	buf_release(&message);
	return ok;
}

const struct cmd cmd_chat = {
	.name = "chat",
	.args = "[--agent ID] [--session KEY] [--model REF] [OPTION...] [MESSAGE...]",
	.summary = "talk to a model; /model NAME@PROFILE pins a credential to the session",
	.detail =
		"On a terminal it is a conversation, line by line; what was said is kept in "
		"memory\n"
		"only. With a message, or in a pipe, it answers once. /model NAME@PROFILE chooses "
		"the\n"
		"model and pins a credential to the session, which gateways use too; /model "
		"status\n"
		"shows the candidates, /help the rest. Without a pin the credentials are tried in "
		"the\n"
		"gateway's order; one that a person pinned is never replaced by another.",
	.opts = opts,
	.shared = unlock_opts,
	.args_max = 256,
	.run = run,
};
