/* SPDX-License-Identifier: MIT */

/* Questions in lines, on a real pseudo-terminal and on pipes: a child asks, the test answers. */

#include "tests/unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/lineio.h"

#define ROOM 4096

/* A conversation: what the child's terminal shows, and what it made of the answer. */
struct chat {
	int master, slave; /* of the terminal; or the ends of two pipes */
	int result;
	pid_t child;
	char shown[ROOM];
	size_t shown_len;
	char heard[ROOM];
	struct termios before;
	int status;
};

static struct chat chat;

struct question {
	bool hidden;
	int turns; /* that something else has meanwhile, before it ends the question; 0: nothing */
	size_t cap;
	int cols;
};

static void answer_to(int fd, enum heard heard, const struct secret *text, size_t total)
{
	char out[ROOM];
	struct str s = STR_OF(out);

	str_fmt(&s, "%d %zu %s", (int)heard, total, text->len ? text->bytes : "");
	assert_true(write(fd, out, s.len + 1) == (ssize_t)(s.len + 1));
}

static bool take_turn(void *ctx)
{
	int *left = ctx;

	return --*left > 0;
}

/* In the child: one question, its answer to the test, and the signal as main() would raise it. */
static void ask_one(const struct question *q, int in, int out, int result)
{
	struct lineio io;
	struct secret text = { 0 };
	struct err e = { 0 };
	size_t total = 0;
	enum heard heard;
	int number, left = q->turns;
	const struct lineio_meanwhile m = {
		.fd = -1, .every_ms = 20, .turn = take_turn, .ctx = &left
	};

	if (!secret_init(&text, q->cap, &e) || !lineio_open(&io, in, out, &e))
		_exit(99);
	if (q->turns)
		io.meanwhile = &m;
	heard = lineio_ask(&io, "Token: ", q->hidden, &text, &total);
	number = lineio_close(&io);
	answer_to(result, heard, &text, total);
	secret_release(&text);
	if (number)
		raise(number);
	_exit(0);
}

static void start(const struct question *q)
{
	struct winsize ws = { .ws_row = 24, .ws_col = 80 };
	int pipe_fds[2];

	chat = (struct chat){ 0 };
	assert_int_equal(openpty(&chat.master, &chat.slave, NULL, NULL, &ws), 0);
	assert_int_equal(tcgetattr(chat.slave, &chat.before), 0);
	assert_int_equal(pipe(pipe_fds), 0);
	chat.result = pipe_fds[0];
	fflush(NULL);
	chat.child = fork();
	if (!chat.child) {
		setsid();
		ioctl(chat.slave, TIOCSCTTY, 0);
		close(chat.master);
		ask_one(q, chat.slave, chat.slave, pipe_fds[1]);
	}
	close(pipe_fds[1]);
}

static void hear(int timeout_ms)
{
	struct pollfd fd = { .fd = chat.master, .events = POLLIN };

	while (poll(&fd, 1, timeout_ms) > 0) {
		ssize_t n = read(chat.master, chat.shown + chat.shown_len,
			sizeof(chat.shown) - 1 - chat.shown_len);

		if (n <= 0)
			return;
		chat.shown_len += (size_t)n;
		if (timeout_ms > 0 && strstr(chat.shown, "Token: "))
			return;
	}
}

static void see_prompt(void)
{
	for (int i = 0; i < 100 && !strstr(chat.shown, "Token: "); i++)
		hear(50);
	assert_non_null(strstr(chat.shown, "Token: "));
}

static void type(const char *text)
{
	assert_true(write(chat.master, text, strlen(text)) == (ssize_t)strlen(text));
}

/* The child is gone; its terminal is as it was. */
static void finish(void)
{
	struct termios after = { 0 };
	size_t n = 0;
	ssize_t got;

	while ((got = read(chat.result, chat.heard + n, sizeof(chat.heard) - 1 - n)) > 0)
		n += (size_t)got;
	assert_int_equal(waitpid(chat.child, &chat.status, 0), chat.child);
	assert_int_equal(tcgetattr(chat.slave, &after), 0);
	assert_memory_equal(&after, &chat.before, sizeof(after));
	hear(0);
	close(chat.master);
	close(chat.slave);
	close(chat.result);
}

static const struct question secret = { .hidden = true, .cap = 256 };

/* One secret, typed as `text`; what came of it. */
static const char *secret_of(const char *text)
{
	start(&secret);
	see_prompt();
	type(text);
	finish();
	return chat.heard;
}

static const struct question beside = { .hidden = true, .cap = 256, .turns = 100 };

static void what_goes_on_meanwhile_can_end_a_question(void **state)
{
	const struct question q = { .hidden = true, .cap = 256, .turns = 3 };

	(void)state;
	start(&q);
	finish();
	assert_string_equal(chat.heard, "3 0 ");
}

static void an_answer_ends_what_goes_on_meanwhile(void **state)
{
	(void)state;
	start(&beside);
	see_prompt();
	usleep(100000);
	type("first-half\rsecond\r");
	finish();
	assert_string_equal(chat.heard, "0 17 first-half\nsecond");
	assert_null(strstr(chat.shown, "first"));
}

static void escape_leaves_and_other_keys_do_not(void **state)
{
	(void)state;
	start(&beside);
	see_prompt();
	type("\033[A");
	usleep(150000);
	type("\033");
	finish();
	assert_string_equal(chat.heard, "4 0 ");
}

static void escape_is_no_key_when_nothing_goes_on(void **state)
{
	(void)state;
	assert_string_equal(secret_of("\033x\r"), "0 2 \033x");
}

static void a_secret_is_read_and_not_shown(void **state)
{
	(void)state;
	assert_string_equal(secret_of("hush-hush\r"), "0 9 hush-hush");
	assert_null(strstr(chat.shown, "hush"));
}

static void lines_of_one_paste_belong_together(void **state)
{
	(void)state;
	assert_string_equal(secret_of("first-half\rsecond-half\r"), "0 22 first-half\nsecond-half");
}

static void a_line_that_comes_later_is_not_part_of_it(void **state)
{
	(void)state;
	start(&secret);
	see_prompt();
	type("first\r");
	usleep(400000);
	type("second\r");
	finish();
	assert_string_equal(chat.heard, "0 5 first");
}

static void backspace_and_clear_edit_what_nobody_sees(void **state)
{
	(void)state;
	assert_string_equal(secret_of("wrong\025ab\303\251\177c\r"), "0 3 abc");
}

static void a_secret_may_be_longer_than_a_line_of_the_terminal(void **state)
{
	char text[6002];
	char *chunk = text;
	const struct question q = { .hidden = true, .cap = 5000 };

	(void)state;
	memset(text, 'x', 6000);
	text[4999] = '\r';
	text[5000] = '\0';
	start(&q);
	see_prompt();
	for (; *chunk; chunk += strnlen(chunk, 500)) {
		assert_true(write(chat.master, chunk, strnlen(chunk, 500)) > 0);
		usleep(2000);
	}
	finish();
	assert_true(str_starts(chat.heard, "0 4999 xxxx"));
}

static void what_does_not_fit_is_not_kept_in_part(void **state)
{
	const struct question q = { .hidden = true, .cap = 8 };

	(void)state;
	start(&q);
	see_prompt();
	type("0123456789abcdef\r");
	finish();
	assert_string_equal(chat.heard, "0 17 ");
}

static void ctrl_c_ends_it_with_the_echo_on_again(void **state)
{
	(void)state;
	secret_of("half a tok\003");
	assert_true(WIFSIGNALED(chat.status));
	assert_int_equal(WTERMSIG(chat.status), SIGINT);
	assert_int_equal(chat.heard[0], '0' + HEARD_SIGNAL);
}

static void sigterm_and_sighup_end_it_with_the_echo_on_again(void **state)
{
	static const int numbers[] = { SIGTERM, SIGHUP, SIGQUIT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		start(&secret);
		see_prompt();
		kill(chat.child, numbers[i]);
		finish();
		assert_true(WIFSIGNALED(chat.status));
		assert_int_equal(WTERMSIG(chat.status), numbers[i]);
	}
}

static void a_crash_leaves_the_echo_on(void **state)
{
	(void)state;
	start(&secret);
	see_prompt();
	kill(chat.child, SIGABRT);
	finish();
	assert_true(WIFSIGNALED(chat.status));
}

static void a_stopped_question_gives_the_terminal_back_and_begins_anew(void **state)
{
	struct termios stopped;
	int status;

	(void)state;
	start(&secret);
	see_prompt();
	type("before");
	usleep(50000);
	/* SIGSTOP by way of our handler: an orphaned group is not stopped by SIGTSTP. */
	kill(chat.child, SIGTSTP);
	usleep(50000);
	if (waitpid(chat.child, &status, WUNTRACED | WNOHANG) == chat.child) {
		assert_int_equal(tcgetattr(chat.slave, &stopped), 0);
		assert_true(stopped.c_lflag & ECHO);
		kill(chat.child, SIGCONT);
		usleep(50000);
	}
	type("after\r");
	finish();
	assert_string_equal(chat.heard, "0 5 after");
	assert_null(strstr(chat.shown, "after"));
}

static void the_end_of_the_input_is_no_answer(void **state)
{
	(void)state;
	assert_string_equal(secret_of("\004"), "1 0 ");
}

static void an_open_question_keeps_the_terminals_own_editing(void **state)
{
	const struct question q = { .cap = 64 };

	(void)state;
	start(&q);
	see_prompt();
	type("anth\177\177two\r");
	finish();
	assert_string_equal(chat.heard, "0 5 antwo");
	assert_non_null(strstr(chat.shown, "anth"));
}

/* In a pipe nobody waits 120 ms: every line is an answer. */
static void answers_from_a_pipe_are_one_line_each(void **state)
{
	int in[2], out[2];
	struct lineio io;
	struct secret text = { 0 };
	struct err e = { 0 };
	size_t total;

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_true(write(in[1], "one\r\ntwo\nlast", 13) == 13);
	close(in[1]);
	assert_ok(lineio_open(&io, in[0], out[1], &e), e);
	assert_ok(secret_init(&text, 64, &e), e);
	assert_int_equal(lineio_ask(&io, "? ", true, &text, &total), HEARD_LINE);
	assert_string_equal(text.bytes, "one");
	assert_int_equal(lineio_ask(&io, "? ", false, &text, &total), HEARD_LINE);
	assert_string_equal(text.bytes, "two");
	assert_int_equal(lineio_ask(&io, "? ", false, &text, &total), HEARD_LINE);
	assert_string_equal(text.bytes, "last");
	assert_int_equal(lineio_ask(&io, "? ", false, &text, &total), HEARD_END);
	assert_int_equal(lineio_close(&io), 0);
	secret_release(&text);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

/* What is said to a terminal of this width, in this locale. */
static const char *said(int cols, const char *locale, const char *lead, const char *text)
{
	static char shown[ROOM];
	struct winsize ws = { .ws_row = 24, .ws_col = (unsigned short)cols };
	struct lineio io;
	struct err e = { 0 };
	int master, slave;
	ssize_t n;

	setenv("LC_ALL", locale, 1);
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &ws), 0);
	assert_ok(lineio_open(&io, slave, slave, &e), e);
	lineio_item(&io, lead, text);
	lineio_close(&io);
	n = read(master, shown, sizeof(shown) - 1);
	assert_true(n > 0);
	shown[n] = '\0';
	close(master);
	close(slave);
	unsetenv("LC_ALL");
	return shown;
}

static void sentences_are_wrapped_and_addresses_are_not(void **state)
{
	(void)state;
	assert_string_equal(
		said(40, "C.UTF-8", "  1. ", "Sealed: the gateway starts by itself here"),
		"  1. Sealed: the gateway starts by\r\n     itself here\r\n");
	assert_string_equal(
		said(40, "C.UTF-8", "", "https://console.anthropic.com/settings/keys/and/more"),
		"https://console.anthropic.com/settings/keys/and/more\r\n");
}

static void without_utf8_only_ascii_is_said(void **state)
{
	const char *text = said(80, "C", "", "“quoted” … ↑↓ é ✓ end");

	(void)state;
	for (const char *p = text; *p; p++)
		assert_in_range((unsigned char)*p, 1, 0x7E);
	assert_non_null(strstr(text, "\"quoted\""));
	assert_non_null(strstr(text, "end"));
}

static void no_escape_sequence_gets_out(void **state)
{
	(void)state;
	assert_null(strchr(said(80, "C.UTF-8", "", "a\033[2Jb\x07"), '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_on_meanwhile_can_end_a_question),
		cmocka_unit_test(an_answer_ends_what_goes_on_meanwhile),
		cmocka_unit_test(escape_leaves_and_other_keys_do_not),
		cmocka_unit_test(escape_is_no_key_when_nothing_goes_on),
		cmocka_unit_test(a_secret_is_read_and_not_shown),
		cmocka_unit_test(lines_of_one_paste_belong_together),
		cmocka_unit_test(a_line_that_comes_later_is_not_part_of_it),
		cmocka_unit_test(backspace_and_clear_edit_what_nobody_sees),
		cmocka_unit_test(a_secret_may_be_longer_than_a_line_of_the_terminal),
		cmocka_unit_test(what_does_not_fit_is_not_kept_in_part),
		cmocka_unit_test(ctrl_c_ends_it_with_the_echo_on_again),
		cmocka_unit_test(sigterm_and_sighup_end_it_with_the_echo_on_again),
		cmocka_unit_test(a_crash_leaves_the_echo_on),
		cmocka_unit_test(a_stopped_question_gives_the_terminal_back_and_begins_anew),
		cmocka_unit_test(the_end_of_the_input_is_no_answer),
		cmocka_unit_test(an_open_question_keeps_the_terminals_own_editing),
		cmocka_unit_test(answers_from_a_pipe_are_one_line_each),
		cmocka_unit_test(sentences_are_wrapped_and_addresses_are_not),
		cmocka_unit_test(without_utf8_only_ascii_is_said),
		cmocka_unit_test(no_escape_sequence_gets_out),
	};

	setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
	if (!crypto_start(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
