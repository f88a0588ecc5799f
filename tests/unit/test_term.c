/* SPDX-License-Identifier: MIT */

/*
 * The terminal, end to end: every scenario is a child with a pty of its own as
 * its controlling terminal; the test reads what it wrote and how it ended.
 */
#include "tests/unit/test.h"

#include <errno.h>
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

#include "base/clock.h"
#include "base/str.h"
#include "tui/term.h"
#include "tui/term_names.h"
#ifdef TFB_HAVE_VTERM
#include <vterm.h>
#endif

#define READY "thinkfleet ready"

/* --- the parent's side ------------------------------------------------------------------- */

struct session {
	int master;
	int slave; /* stays open, so that the modes can be read when the child has gone */
	pid_t child;
	struct termios before;
	struct buf seen;
	int status;
};

#ifdef TFB_SANITIZE
/* Dozens of children, each of which would look for leaks of the ended parent's buffers. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static const char *term_name;
static const char *locale_name;

static void session_open(struct session *s, int rows, int cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	*s = (struct session){ 0 };
	assert_int_equal(openpty(&s->master, &s->slave, NULL, NULL, &ws), 0);
	fcntl(s->master, F_SETFD, FD_CLOEXEC);
	assert_int_equal(tcgetattr(s->slave, &s->before), 0);
}

static void environment(void)
{
	static const char *const gone[] = { "LC_CTYPE", "LANG", "NO_COLOR", "SSH_CONNECTION",
		"LINES", "COLUMNS" };

	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		unsetenv(gone[i]);
	setenv("LC_ALL", locale_name ? locale_name : "C.UTF-8", 1);
	if (term_name)
		setenv("TERM", term_name, 1);
	else
		unsetenv("TERM");
}

/* In the child: its own session with the pty as controlling terminal. */
static void take_terminal(struct session *s)
{
	setsid();
	ioctl(s->slave, TIOCSCTTY, 0);
	environment();
}

static void start(struct session *s, int rows, int cols, void (*play)(struct session *s))
{
	session_open(s, rows, cols);
	fflush(NULL);
	s->child = fork();
	assert_true(s->child >= 0);
	if (s->child)
		return;
	close(s->master); /* or a closed terminal would never hang up */
	take_terminal(s);
	play(s);
	exit(0);
}

static void pump(struct session *s, int timeout_ms)
{
	struct pollfd p = { .fd = s->master, .events = POLLIN };
	char bytes[65536];
	struct err e = { 0 };
	ssize_t n;

	if (poll(&p, 1, timeout_ms) != 1)
		return;
	n = read(s->master, bytes, sizeof(bytes));
	if (n > 0)
		assert_ok(buf_add(&s->seen, bytes, (size_t)n, &e), e);
}

static bool saw(const struct session *s, const char *text)
{
	return s->seen.len && memmem(s->seen.p, s->seen.len, text, strlen(text));
}

static int count(const struct session *s, const char *text)
{
	const char *p = s->seen.p;
	int n = 0;

	while (p && (p = memmem(p, s->seen.len - (size_t)(p - s->seen.p), text, strlen(text)))) {
		p += strlen(text);
		n++;
	}
	return n;
}

static void await(struct session *s, const char *text)
{
	int64_t end = clock_mono_ms() + 10000;

	while (!saw(s, text)) {
		if (clock_mono_ms() > end)
			fail_msg("never saw \"%s\" in %zu bytes", text, s->seen.len);
		pump(s, 50);
	}
}

static void await_end(struct session *s)
{
	int64_t end = clock_mono_ms() + 20000;

	while (waitpid(s->child, &s->status, WNOHANG) == 0) {
		pump(s, 5);
		if (clock_mono_ms() > end) {
			kill(s->child, SIGKILL);
			fail_msg("the child does not end");
		}
	}
	for (int i = 0; i < 4; i++)
		pump(s, 0);
}

/* The same when there is nothing left to read from. */
static void await_death(struct session *s)
{
	for (int i = 0; i < 2000 && waitpid(s->child, &s->status, WNOHANG) == 0; i++)
		usleep(5000);
	kill(s->child, SIGKILL);
}

static void assert_restored(struct session *s)
{
	struct termios after;

	assert_int_equal(tcgetattr(s->slave, &after), 0);
	assert_int_equal(after.c_iflag, s->before.c_iflag);
	assert_int_equal(after.c_oflag, s->before.c_oflag);
	assert_int_equal(after.c_cflag, s->before.c_cflag);
	assert_int_equal(after.c_lflag, s->before.c_lflag);
	assert_memory_equal(after.c_cc, s->before.c_cc, sizeof(after.c_cc));
	assert_int_equal(count(s, "\033[?1049h"), 1);
	assert_int_equal(count(s, "\033[?1049l"), 1);
	assert_int_equal(count(s, "\033[?2004h"), count(s, "\033[?2004l"));
	/* The very last words are the way back. */
	assert_true(str_ends(s->seen.p, "\033[?1049l\033[23;0;0t"));
}

static void end(struct session *s)
{
	close(s->master);
	close(s->slave);
	buf_release(&s->seen);
}

static void assert_passed(struct session *s)
{
	await_end(s);
	assert_true(WIFEXITED(s->status));
	assert_int_equal(WEXITSTATUS(s->status), 0);
}

/* --- the child's side -------------------------------------------------------------------- */

#define CHECK(holds)                                                                               \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: %s (TERM=%s)\n", __FILE__, __LINE__, #holds,       \
				term_name ? term_name : "");                                       \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

static struct frame frame;

static void open_terminal(const struct term_options *o)
{
	struct err e = { 0 };
	int rows;
	int cols;

	CHECK(crypto_start(&e));
	if (!term_open(o, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		_exit(98);
	}
	term_size(&rows, &cols);
	CHECK(frame_resize(&frame, rows, cols, &e));
	frame.glyphs = term_glyphs();
}

static void show(void)
{
	struct err e = { 0 };

	CHECK(term_show(&frame, &e));
}

static void open_usual(void)
{
	open_terminal(&(struct term_options){ .glyphs = -1 });
	frame_text(&frame, 0, 0, ROLE_TITLE, READY);
	frame_cursor(&frame, 1, 0);
	str_copy(frame.title, sizeof(frame.title), "thinkfleetbot: setup 1/7");
	show();
}

static void play_exit(struct session *s)
{
	(void)s;
	open_usual();
	exit(7);
}

/* What the program does: waits, and leaves by the signal it was sent. */
static void play_wait(struct session *s)
{
	unsigned wake;

	(void)s;
	open_usual();
	do {
		wake = term_wait(-1, -1);
	} while (!(wake & (TERM_QUIT | TERM_INTERRUPT)));
	if (wake & TERM_INTERRUPT) {
		term_close();
		term_close();
		exit(130);
	}
	_exit(term_quit_signal());
}

static void play_busy(struct session *s)
{
	(void)s;
	open_usual();
	for (;;)
		pause();
}

/* --- leaving ----------------------------------------------------------------------------- */

static void exit_restores_the_terminal_once(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_exit);
	await_end(&s);
	assert_true(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 7);
	assert_restored(&s);
	end(&s);
}

static void ended_by(void (*play)(struct session *s), int signo, bool by_exit, int status)
{
	struct session s;

	term_name = "xterm-256color";
	start(&s, 24, 80, play);
	await(&s, READY);
	kill(s.child, signo);
	await_end(&s);
	assert_int_equal(WIFEXITED(s.status), by_exit);
	assert_int_equal(by_exit ? WEXITSTATUS(s.status) : WTERMSIG(s.status), status);
	assert_restored(&s);
	end(&s);
}

static void an_interrupt_is_an_event_and_restores(void **state)
{
	(void)state;
	ended_by(play_wait, SIGINT, true, 130);
}

static void terminate_and_hangup_end_by_their_signal(void **state)
{
	(void)state;
	ended_by(play_wait, SIGTERM, false, SIGTERM);
	ended_by(play_wait, SIGHUP, false, SIGHUP);
}

static void a_crash_gives_the_terminal_back(void **state)
{
	(void)state;
	ended_by(play_busy, SIGQUIT, false, SIGQUIT);
	ended_by(play_busy, SIGABRT, false, SIGABRT);
#ifndef TFB_SANITIZE
	ended_by(play_busy, SIGSEGV, false, SIGSEGV);
	ended_by(play_busy, SIGBUS, false, SIGBUS);
	ended_by(play_busy, SIGFPE, false, SIGFPE);
	ended_by(play_busy, SIGILL, false, SIGILL);
#endif
}

static void a_terminal_that_is_gone_is_a_hangup(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_wait);
	await(&s, READY);
	close(s.slave);
	close(s.master);
	await_death(&s);
	assert_true(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGHUP);
	buf_release(&s.seen);
}

static void an_old_terminal_is_left_cleared(void **state)
{
	struct session s;

	(void)state;
	term_name = "vt100";
	start(&s, 24, 80, play_exit);
	await_end(&s);
	assert_false(saw(&s, "1049"));
	assert_false(saw(&s, "$<")); /* paddings are not text */
	assert_true(str_ends(s.seen.p, "\033[H\033[J"));
	end(&s);
}

/* --- suspend ----------------------------------------------------------------------------- */

static void play_suspended(struct session *s)
{
	struct err e = { 0 };
	unsigned wake = 0;

	(void)s;
	open_usual();
	while (!(wake & TERM_RESUMED))
		wake = term_wait(-1, -1);
	frame_text(&frame, 5, 0, ROLE_TEXT, "back again");
	CHECK(term_show(&frame, &e));
	exit(0);
}

/* A small shell: runs the program in its own group, and continues it when it stops. */
static void play_shell(struct session *s)
{
	struct termios now;
	int status;
	pid_t job;

	signal(SIGTTOU, SIG_IGN);
	job = fork();
	if (!job) {
		setpgid(0, 0);
		tcsetpgrp(s->slave, getpid());
		signal(SIGTTOU, SIG_DFL);
		play_suspended(s);
	}
	for (;;) {
		CHECK(waitpid(job, &status, WUNTRACED) == job);
		if (WIFEXITED(status))
			_exit(WEXITSTATUS(status));
		CHECK(WIFSTOPPED(status));
		tcgetattr(s->slave, &now);
		CHECK(now.c_lflag == s->before.c_lflag && now.c_iflag == s->before.c_iflag);
		CHECK(write(s->slave, "STOPPED", 7) == 7);
		kill(job, SIGCONT);
	}
}

static void suspend_leaves_the_screen_and_comes_back(void **state)
{
	struct session s;
	char *stopped;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_shell);
	await(&s, READY);
	assert_int_equal(write(s.master, "\x1a", 1), 1); /* ^Z */
	await(&s, "STOPPED");
	assert_passed(&s);
	stopped = memmem(s.seen.p, s.seen.len, "STOPPED", 7);
	assert_true(stopped > strstr(s.seen.p, "\033[?1049l"));
	assert_non_null(strstr(stopped, "\033[?1049h"));
	assert_non_null(strstr(stopped, READY));
	assert_non_null(strstr(stopped, "\033[?2004h"));
	assert_non_null(strstr(stopped, "back again"));
	assert_int_equal(count(&s, "\033[?1049h"), 2);
	assert_int_equal(count(&s, "\033[?1049l"), 2);
	end(&s);
}

/* --- events ------------------------------------------------------------------------------ */

static void play_events(struct session *s)
{
	struct event ev;
	int got = 0;

	(void)s;
	open_usual();
	while (got < 3) {
		CHECK(term_wait(-1, 5000) & TERM_INPUT);
		while (term_event(&ev)) {
			if (got == 0)
				CHECK(ev.type == EVENT_KEY && ev.key == KEYS_DOWN);
			if (got == 1)
				CHECK(ev.type == EVENT_PASTE &&
					!strcmp(ev.paste->bytes, "sk-1\r2"));
			if (got == 2)
				CHECK(ev.type == EVENT_KEY && ev.key == KEYS_ESC);
			got++;
		}
	}
}

static void bytes_become_events(void **state)
{
	static const char bytes[] = "\033OB\033[200~sk-1\r2\033[201~\033";
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_events);
	await(&s, READY);
	assert_int_equal(write(s.master, bytes, sizeof(bytes) - 1), sizeof(bytes) - 1);
	assert_passed(&s);
	end(&s);
}

static void play_wait_others(struct session *s)
{
	int64_t before;
	int fds[2];

	(void)s;
	open_usual();
	CHECK(pipe(fds) == 0);
	before = clock_mono_ms();
	CHECK(term_wait(fds[0], 30) == TERM_TIMEOUT);
	CHECK(clock_mono_ms() - before >= 30);
	CHECK(write(fds[1], "x", 1) == 1);
	CHECK(term_wait(fds[0], 5000) == TERM_OTHER);
}

static void the_wait_ends_by_time_or_by_another_descriptor(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_wait_others);
	assert_passed(&s);
	end(&s);
}

static void play_resize(struct session *s)
{
	int rows;
	int cols;

	(void)s;
	open_usual();
	do {
		CHECK(term_wait(-1, 5000) & TERM_RESIZED);
		term_size(&rows, &cols);
		frame_resize(&frame, rows, cols, NULL);
		frame_text(&frame, rows - 2, 0, ROLE_TEXT, "at the bottom");
		show();
	} while (rows != 40);
	CHECK(cols == 120);
}

static void a_resize_is_an_event_with_the_newest_size(void **state)
{
	struct winsize ws = { .ws_row = 20, .ws_col = 60 };
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_resize);
	await(&s, READY);
	for (int i = 0; i < 20; i++) {
		ws.ws_row++;
		ioctl(s.master, TIOCSWINSZ, &ws);
	}
	ws = (struct winsize){ .ws_row = 40, .ws_col = 120 };
	ioctl(s.master, TIOCSWINSZ, &ws);
	assert_passed(&s);
	assert_true(saw(&s, "at the bottom"));
	end(&s);
}

static void play_size(struct session *s)
{
	int rows;
	int cols;

	(void)s;
	open_usual();
	term_size(&rows, &cols);
	CHECK(rows == 24 && cols == 80);
}

static void a_serial_line_without_a_size_is_24_by_80(void **state)
{
	struct session s;

	(void)state;
	term_name = "vt220";
	start(&s, 0, 0, play_size);
	assert_passed(&s);
	end(&s);
}

/* --- what is written --------------------------------------------------------------------- */

static void draw_list(int at)
{
	static const char *const rows[] = { "Anthropic", "OpenAI", "Google Gemini", "OpenRouter",
		"GitHub Copilot", "xAI", "Mistral", "Groq", "DeepSeek", "Moonshot AI", "Z.AI",
		"MiniMax", "Qwen", "Together AI" };
	char text[96];

	frame_clear(&frame);
	frame_text(&frame, 0, 1, ROLE_TITLE, "ThinkFleetBot setup");
	frame_text(&frame, 0, 58, ROLE_MUTED, "gateway-01  step 1/7");
	frame_text(&frame, 1, 1, ROLE_MUTED,
		"[1 Provider]   2 Method   3 Secret   4 Verify   5 Protect   6 Model   7 Review");
	frame_hline(&frame, 2, 0, frame.cols);
	frame_text(&frame, 3, 1, ROLE_TEXT, "Which provider do you want to connect?");
	for (int i = 0; i < (int)ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "  %-17s %-20s %-26s", rows[i], "model family",
			"API key, OAuth");
		frame_text(&frame, 5 + i, 1, ROLE_TEXT, text);
		if (i == at) {
			frame_glyph(&frame, 5 + i, 1, ROLE_SELECT, GLYPH_SELECT);
			frame_role(&frame, 5 + i, 1, frame.cols - 2, ROLE_SELECT);
			frame_cursor(&frame, 5 + i, 1);
		}
	}
	frame_hline(&frame, 22, 0, frame.cols);
	frame_text(&frame, 23, 1, ROLE_TEXT,
		"Enter choose  type to filter  \xE2\x86\x91\xE2\x86\x93 move  Esc back  ? help  ^C "
		"quit");
}

static size_t cost(void)
{
	size_t before = term_bytes_written();
	unsigned frames = term_frames_written();

	show();
	CHECK(term_frames_written() - frames == (term_bytes_written() > before ? 1 : 0));
	return term_bytes_written() - before;
}

static void play_bandwidth(struct session *s)
{
	(void)s;
	open_terminal(&(struct term_options){ .glyphs = -1 });
	draw_list(0);
	CHECK(cost() <= 2500);
	CHECK(cost() == 0);
	for (int i = 1; i < 10; i++) {
		draw_list(i);
		CHECK(cost() <= 220);
	}
	frame_text(&frame, 4, 1, ROLE_TEXT, "Find: m");
	frame_cursor(&frame, 4, 8);
	cost();
	frame_text(&frame, 4, 8, ROLE_TEXT, "i");
	frame_cursor(&frame, 4, 9);
	CHECK(cost() <= 80);
	CHECK(cost() == 0);
}

static void bandwidth_is_within_its_limits(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_bandwidth);
	assert_passed(&s);
	end(&s);
}

static void play_everything(struct session *s)
{
	(void)s;
	open_usual();
	for (int g = 0; g < GLYPH_COUNT; g++)
		frame_glyph(&frame, 3, g, (enum role)(g % ROLE_COUNT), (enum glyph)g);
	for (int r = 0; r < ROLE_COUNT; r++)
		frame_text(&frame, 5 + r, 0, (enum role)r, "“é” → …");
	frame_box(&frame, 15, 0, 5, 40, ROLE_ACCENT, "Überschrift");
	show();
}

static void without_utf8_no_byte_is_above_7e(void **state)
{
	static const char *const names[] = { "xterm-256color", "linux", "screen" };
	struct session s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		term_name = names[i];
		locale_name = "C";
		start(&s, 24, 80, play_everything);
		assert_passed(&s);
		locale_name = NULL;
		for (size_t k = 0; k < s.seen.len; k++)
			assert_true((unsigned char)s.seen.p[k] <= 0x7E);
		end(&s);
	}
}

static void a_utf8_locale_that_is_not_installed_still_gives_unicode(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	locale_name = "xx_YY.UTF-8";
	start(&s, 24, 80, play_everything);
	assert_passed(&s);
	locale_name = NULL;
	assert_true(saw(&s, "▸"));
	end(&s);
}

static void play_colorless(struct session *s)
{
	setenv("NO_COLOR", "1", 1);
	play_everything(s);
}

/* SGR 30-49, 90-107, 38 and 48. */
static bool has_color(const struct session *s)
{
	const char *p = s->seen.p;
	const char *limit = s->seen.p + s->seen.len;

	while (p && (p = memmem(p, (size_t)(limit - p), "\033[", 2))) {
		const char *q = p + 2;

		while (q < limit && ((*q >= '0' && *q <= '9') || *q == ';')) {
			long n = strtol(q, NULL, 10);

			if (*q != ';' && ((n >= 30 && n <= 49) || (n >= 90 && n <= 107)) &&
				strspn(q, "0123456789;") == strcspn(q, "m"))
				return true;
			q += *q == ';' ? 1 : strspn(q, "0123456789");
		}
		p = q;
	}
	return false;
}

static void no_color_means_no_color(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_everything);
	assert_passed(&s);
	assert_true(has_color(&s));
	end(&s);
	start(&s, 24, 80, play_colorless);
	assert_passed(&s);
	assert_false(has_color(&s));
	end(&s);
}

static void sync_marks_and_titles_go_only_to_those_who_know_them(void **state)
{
	struct session s;

	(void)state;
	term_name = "xterm-256color";
	start(&s, 24, 80, play_everything);
	assert_passed(&s);
	assert_true(count(&s, "\033[?2026h") > 0);
	/* One more "off": the way back says it again. */
	assert_int_equal(count(&s, "\033[?2026h") + 1, count(&s, "\033[?2026l"));
	assert_true(saw(&s, "\033]2;thinkfleetbot: setup 1/7\007"));
	assert_false(saw(&s, "\033]104"));
	end(&s);
	term_name = "linux";
	start(&s, 24, 80, play_everything);
	assert_passed(&s);
	assert_false(saw(&s, "2026") || saw(&s, "\033]"));
	end(&s);
}

/* Blocked output: frames do not queue up, the newest one arrives. */
static int blocked[2];

static void play_blocked(struct session *s)
{
	char text[16];

	(void)s;
	open_usual();
	for (int i = 0; i < 3000; i++) {
		frame_clear(&frame);
		snprintf(text, sizeof(text), "number %d", i);
		for (int y = 0; y < frame.rows; y++) {
			for (int x = i % 3; x < 68; x += 14)
				frame_text(&frame, y, x, ROLE_TEXT, text);
		}
		show();
	}
	CHECK(term_bytes_written() < 100000);
	CHECK(write(blocked[1], "x", 1) == 1);
	frame_clear(&frame);
	frame_text(&frame, 0, 0, ROLE_TEXT, "the newest one");
	show();
	for (int i = 0; i < 10; i++)
		term_wait(-1, 20);
}

static void a_blocked_line_gets_the_newest_frame_only(void **state)
{
	struct session s;
	char c;

	(void)state;
	term_name = "xterm-256color";
	assert_int_equal(pipe2(blocked, O_CLOEXEC), 0);
	start(&s, 24, 80, play_blocked);
	close(blocked[1]);
	/* Until then nobody reads, as after ^S. */
	assert_int_equal(read(blocked[0], &c, 1), 1);
	assert_passed(&s);
	assert_true(saw(&s, "newest"));
	end(&s);
}

/* --- names ------------------------------------------------------------------------------- */

static void play_refused(struct session *s)
{
	struct err e = { 0 };

	(void)s;
	CHECK(term_unusable() != NULL);
	CHECK(!term_open(&(struct term_options){ .glyphs = -1 }, &e));
	CHECK(e.code == ERR_REFUSED && strstr(e.hint, "--plain"));
}

static void terminals_that_cannot_show_a_screen_are_refused_without_a_byte(void **state)
{
	static const char *const names[] = { "dumb", "unknown", "emacs", "", NULL };
	struct session s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		term_name = names[i];
		start(&s, 24, 80, play_refused);
		assert_passed(&s);
		assert_int_equal(s.seen.len, 0);
		end(&s);
	}
}

static void no_terminal_at_all_is_refused(void **state)
{
	struct err e = { 0 };
	int status;
	pid_t child;

	(void)state;
	fflush(NULL);
	child = fork();
	if (!child) {
		setsid();
		setenv("TERM", "xterm", 1);
		if (!crypto_start(&e) || term_open(&(struct term_options){ .glyphs = -1 }, &e))
			_exit(1);
		_exit(e.code == ERR_REFUSED && strstr(e.hint, "--plain") ? 0 : 2);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void unknown_terminals_fall_back_by_family(void **state)
{
	static const char *const names[] = { "xterm-ghostty", "foot-extra", "xterm-nobody",
		"screen.nobody", "tmux-nobody", "nobody-256color", "nobody" };
	struct session s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		term_name = names[i];
		start(&s, 24, 80, play_everything);
		assert_passed(&s);
		assert_true(saw(&s, "ready"));
		end(&s);
	}
}

static void the_ladder_ends(void **state)
{
	static const char *const names[] = { "xterm-kitty", "screen.xterm-256color", "tmux",
		"vt52" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *name = names[i];
		int steps = 0;

		while ((name = term_name_fallback(name)))
			assert_true(++steps < 5);
	}
	assert_string_equal(term_name_fallback("xterm-kitty"), "xterm-256color");
	assert_string_equal(term_name_fallback("xterm-nobody"), "xterm");
	assert_string_equal(term_name_fallback("tmux-direct"), "screen");
	assert_string_equal(term_name_fallback("wy60"), "vt100");
	assert_null(term_name_fallback("vt100"));
}

static void glyphs_follow_locale_and_terminal(void **state)
{
	/* clang-format off */
	static const struct {
		const char *all, *ctype, *lang, *term;
		enum glyph_set want;
	} rows[] = {
		{ "", "", "en_US.UTF-8", "xterm", GLYPHS_UNICODE },
		{ "", "", "de_DE.utf8", "xterm", GLYPHS_UNICODE },
		{ "C", "", "en_US.UTF-8", "xterm", GLYPHS_ASCII },
		{ "", "C.UTF-8", "C", "xterm", GLYPHS_UNICODE },
		{ "", "", "", "xterm", GLYPHS_ASCII },
		{ "", "", "de_DE.ISO-8859-1", "xterm", GLYPHS_ASCII },
		{ "", "", "C.UTF-8", "linux", GLYPHS_CP437 },
		{ "", "", "C", "linux", GLYPHS_ASCII },
		{ "", "", "C.UTF-8", "vt220", GLYPHS_ASCII },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		setenv("LC_ALL", rows[i].all, 1);
		setenv("LC_CTYPE", rows[i].ctype, 1);
		setenv("LANG", rows[i].lang, 1);
		assert_int_equal(term_choose_glyphs(rows[i].term), rows[i].want);
	}
}

/* --- the judge: what an emulator shows is what the frame holds ---------------------------- */

#ifdef TFB_HAVE_VTERM
static uint32_t seed;

static uint32_t any(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void draw_anything(void)
{
	static const char *const texts[] = { "plain text", "日本語テキスト", "e\u0301a\u0302 x",
		"one two three four five six seven", "▸ ✓ ✗ │ ─ ● •", "          ",
		"the quick brown fox jumps over the lazy dog, twice" };
	int y = (int)any((uint32_t)frame.rows + 2) - 1;
	int x = (int)any((uint32_t)frame.cols + 8) - 8;
	enum role role = (enum role)any(ROLE_COUNT);

	switch (any(7)) {
	case 0:
		frame_box(&frame, y, x, (int)any(12), (int)any(60), role, "title");
		break;
	case 1:
		frame_erase(&frame, y, x, (int)any(8), (int)any(60));
		break;
	case 2:
		frame_role(&frame, y, x, (int)any(80), role);
		break;
	case 3:
		frame_hline(&frame, y, x, (int)any(90));
		break;
	default:
		frame_text(&frame, y, x, role, texts[any(ARRAY_LEN(texts))]);
	}
	frame_cursor(&frame, (int)any((uint32_t)frame.rows), (int)any((uint32_t)frame.cols));
	/* Sometimes another screen, sometimes everything one row up: curses scrolls then. */
	if (!any(15))
		frame_clear(&frame);
	if (!any(15))
		memmove(frame.cells, frame.cells + frame.cols,
			(size_t)(frame.rows - 1) * (size_t)frame.cols * sizeof(*frame.cells));
}

static void read_all(struct session *s, VTerm *vt)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(s->master, bytes, sizeof(bytes))) > 0)
		vterm_input_write(vt, bytes, (size_t)n);
}

/* The cells a terminal may not be given: the very last, or all of the last column. */
static bool is_spared(int y, int x)
{
	static const char *const narrow[] = { "ansi", "cygwin" };

	if (y == frame.rows - 1 && x >= frame.cols - 2)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(narrow); i++) {
		if (!strcmp(term_name, narrow[i]) && x >= frame.cols - 2)
			return true;
	}
	return false;
}

static bool is_bold(enum role role)
{
	return role == ROLE_TITLE || role == ROLE_KEY || role == ROLE_FAIL;
}

static void compare_cell(VTermScreen *screen, int y, int x)
{
	const struct cell *want = &frame.cells[(size_t)y * (size_t)frame.cols + (size_t)x];
	VTermScreenCell got = { 0 };

	if (!want->width || is_spared(y, x))
		return;
	vterm_screen_get_cell(screen, (VTermPos){ .row = y, .col = x }, &got);
	if (!got.chars[0])
		got.chars[0] = ' ';
	CHECK(got.chars[0] == want->ch[0]);
	/* There a mark is not sent: libvterm 0.1.4 puts it on a line of its own. */
	CHECK(got.chars[1] == want->ch[1] || x == frame.cols - 1);
	CHECK(got.width == want->width);
	CHECK(got.attrs.reverse == (want->role == ROLE_SELECT));
	/* A warning is bold only where there is no colour. */
	if (want->ch[0] != ' ' && want->role != ROLE_WARN)
		CHECK(got.attrs.bold == is_bold((enum role)want->role));
}

static void play_judged(struct session *s)
{
	VTerm *vt = vterm_new(24, 80);
	VTermScreen *screen = vterm_obtain_screen(vt);

	vterm_set_utf8(vt, 1);
	vterm_screen_enable_altscreen(screen, 1);
	vterm_screen_reset(screen, 1);
	fcntl(s->master, F_SETFL, O_NONBLOCK);
	open_usual();
	seed = 4711;
	for (int i = 0; i < 200; i++) {
		for (uint32_t k = any(6) + 1; k; k--)
			draw_anything();
		show();
		read_all(s, vt);
		CHECK(!term_wait(-1, 0) || true); /* sends what the line did not take */
		read_all(s, vt);
		for (int y = 0; y < frame.rows; y++) {
			for (int x = 0; x < frame.cols; x++)
				compare_cell(screen, y, x);
		}
	}
	vterm_free(vt);
}

static void an_emulator_shows_what_the_frame_holds(void **state)
{
	static const char *const names[] = { "xterm", "xterm-256color", "xterm-mono",
		"tmux-256color", "screen", "screen-256color", "linux", "vt100", "vt102", "vt220",
		"rxvt", "rxvt-unicode-256color", "ansi", "cygwin" };
	struct session s;
	int status;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		term_name = names[i];
		session_open(&s, 24, 80);
		fflush(NULL);
		s.child = fork();
		if (!s.child) {
			take_terminal(&s);
			play_judged(&s);
			_exit(0);
		}
		assert_int_equal(waitpid(s.child, &status, 0), s.child);
		if (status)
			fail_msg("TERM=%s: the emulator shows something else", names[i]);
		end(&s);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_restores_the_terminal_once),
		cmocka_unit_test(an_interrupt_is_an_event_and_restores),
		cmocka_unit_test(terminate_and_hangup_end_by_their_signal),
		cmocka_unit_test(a_crash_gives_the_terminal_back),
		cmocka_unit_test(a_terminal_that_is_gone_is_a_hangup),
		cmocka_unit_test(an_old_terminal_is_left_cleared),
		cmocka_unit_test(suspend_leaves_the_screen_and_comes_back),
		cmocka_unit_test(bytes_become_events),
		cmocka_unit_test(the_wait_ends_by_time_or_by_another_descriptor),
		cmocka_unit_test(a_resize_is_an_event_with_the_newest_size),
		cmocka_unit_test(a_serial_line_without_a_size_is_24_by_80),
		cmocka_unit_test(bandwidth_is_within_its_limits),
		cmocka_unit_test(without_utf8_no_byte_is_above_7e),
		cmocka_unit_test(a_utf8_locale_that_is_not_installed_still_gives_unicode),
		cmocka_unit_test(no_color_means_no_color),
		cmocka_unit_test(sync_marks_and_titles_go_only_to_those_who_know_them),
		cmocka_unit_test(a_blocked_line_gets_the_newest_frame_only),
		cmocka_unit_test(terminals_that_cannot_show_a_screen_are_refused_without_a_byte),
		cmocka_unit_test(no_terminal_at_all_is_refused),
		cmocka_unit_test(unknown_terminals_fall_back_by_family),
		cmocka_unit_test(the_ladder_ends),
		cmocka_unit_test(glyphs_follow_locale_and_terminal),
#ifdef TFB_HAVE_VTERM
		cmocka_unit_test(an_emulator_shows_what_the_frame_holds),
#endif
	};

	return cmocka_run_group_tests_name("term", tests, NULL, NULL);
}
