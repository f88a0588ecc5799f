/* SPDX-License-Identifier: MIT */

/*
 * The screen, through curses: the only file that draws with it. Curses writes
 * into a memory file and never sees the terminal; what it wrote there goes out
 * as one write() per frame. It is asked for nothing but the cheapest way from
 * one frame to the next: modes, size, input, cursor and title are ours
 * (terminal.md 4).
 */

/* For memfd_create() and memmem(). */
#include <curses.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"
#include "tui/term_names.h"
#include "tui/term_parts.h"

#define SYNC_ROWS 3 /* up to here the marks cost more than they help */

static struct {
	bool open;
	pid_t owner;
	const struct term_family *family;
	SCREEN *screen;
	FILE *mem_file;
	int mem;
	FILE *null;
	struct decoder *decoder;
	enum glyph_set glyphs;
	bool color;
	bool short_rows; /* writing the last column would scroll or wrap */
	bool saves_title;
	int rows;
	int cols;
	struct frame shown;
	bool has_shown;
	struct frame wanted; /* came while the line was busy */
	bool has_wanted;
	char smcup[64];
	char smkx[64];
	char cursor_on[32];
	char cursor_off[32];
	bool cursor;
} term = { .mem = -1 };

/* --- bytes for coming and going ----------------------------------------------------------- */

/* Ends everything that may be on, in the order in which it went on, backwards. */
static void prepare_bytes(void)
{
	char leave[TTY_LEAVE_CAP];
	struct str out = STR_OF(leave);
	struct str smcup = STR_OF(term.smcup);
	struct str smkx = STR_OF(term.smkx);
	struct str on = STR_OF(term.cursor_on);
	struct str off = STR_OF(term.cursor_off);

	if (term.family->sync)
		str_add(&out, "\033[?2026l");
	str_add(&out, "\033[?2004l");
	terminfo_add(&out, "rmkx");
	terminfo_add(&out, "sgr0");
	terminfo_add(&out, "clear"); /* nothing stays in the other screen's memory */
	terminfo_add(&out, "cnorm");
	terminfo_add(&out, "rmcup");
	tty_on_leave(out.p, out.len);

	terminfo_add(&smcup, "smcup");
	terminfo_add(&smkx, "smkx");
	terminfo_add(&on, "cnorm");
	terminfo_add(&off, "civis");
}

/* --- curses ------------------------------------------------------------------------------ */

/* What a role looks like; NO_COLOR and monochrome are the second half of the row. */
static const struct look {
	short color; /* of the palette, -1: the terminal's own */
	attr_t with_color;
	attr_t without;
} looks[ROLE_COUNT] = {
	[ROLE_TEXT] = { -1, A_NORMAL, A_NORMAL },
	[ROLE_MUTED] = { 8, A_NORMAL, A_NORMAL },
	[ROLE_TITLE] = { -1, A_BOLD, A_BOLD },
	[ROLE_KEY] = { -1, A_BOLD, A_BOLD },
	[ROLE_ACCENT] = { COLOR_CYAN, A_NORMAL, A_NORMAL },
	[ROLE_SELECT] = { -1, A_REVERSE, A_REVERSE },
	[ROLE_OK] = { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[ROLE_WARN] = { COLOR_YELLOW, A_NORMAL, A_BOLD },
	[ROLE_FAIL] = { COLOR_RED, A_BOLD, A_BOLD },
};

static bool color_wanted(enum term_color choice)
{
	const char *no = getenv("NO_COLOR");

	if (choice == TERM_COLOR_NEVER)
		return false;
	return choice == TERM_COLOR_ALWAYS || !no || !*no;
}

static void start_colors(enum term_color choice)
{
	term.color = color_wanted(choice) && has_colors() && start_color() == OK &&
		     use_default_colors() == OK;
	for (int role = 0; term.color && role < ROLE_COUNT; role++) {
		int color = looks[role].color < COLORS ? looks[role].color : -1;

		init_pair((short)(role + 1), (short)color, -1);
	}
}

static bool open_memory(struct err *e)
{
	term.mem = memfd_create("thinkfleetbot-screen", MFD_CLOEXEC);
	term.mem_file = term.mem >= 0 ? fdopen(term.mem, "w") : NULL;
	term.null = fopen("/dev/null", "re");
	if (!term.mem_file || !term.null)
		return err_sys(e, "cannot make the screen's memory file");
	return true;
}

static bool open_curses(const struct term_options *o, const char *name, struct err *e)
{
	const char *entry = terminfo_find(name);

	if (!entry)
		return err_set(e, ERR_REFUSED, "TERM=%s is not in terminfo", name);
	del_curterm(cur_term);
	term.screen = newterm(entry, term.mem_file, term.null);
	if (!term.screen)
		return err_set(e, ERR_REFUSED, "TERM=%s cannot show a screen", name);
	set_term(term.screen);
	nonl();
	noecho();
	keypad(stdscr, TRUE);
	start_colors(o->color);
	resize_term(term.rows, term.cols); /* whatever curses has guessed: its output has no size */
	term.short_rows = tigetflag("am") > 0 && tigetflag("xenl") <= 0;
	term.saves_title = term.family->title && terminfo_has("smcup") &&
			   strstr(tigetstr("smcup"), "\033[22;") != NULL;
	prepare_bytes();
	return true;
}

/* --- opening and closing ----------------------------------------------------------------- */

static bool open_parts(const struct term_options *o, struct err *e)
{
	const char *name = getenv("TERM");

	if (!tty_open(e) || !signals_open(e))
		return false;
	term.decoder = decoder_new(getenv("SSH_CONNECTION") != NULL, e);
	if (!term.decoder || !open_memory(e))
		return false;
	tty_size(&term.rows, &term.cols);
	term.family = term_family_of(name);
	term.glyphs = o->glyphs >= 0 ? (enum glyph_set)o->glyphs : term_choose_glyphs(name);
	return open_curses(o, name, e) && tty_raw(true, e);
}

bool term_open(const struct term_options *o, struct err *e)
{
	static bool registered;
	const char *why = term_unusable();

	if (term.open)
		return err_set(e, ERR_FAILED, "the terminal is open already");
	if (why) {
		err_set(e, ERR_REFUSED, "no full screen here: %s", why);
		return err_hint(e, "use --plain");
	}
	/* Curses must see UTF-8 in any locale; what the user can see is decided by the glyphs. */
	setlocale(LC_CTYPE, "C.UTF-8");
	term.open = true;
	term.owner = getpid();
	loop_reset();
	if (!open_parts(o, e)) {
		term_close();
		return false;
	}
	if (!registered)
		atexit(term_close);
	registered = true;
	return true;
}

static void frame_wipe(struct frame *f)
{
	if (f->cells)
		explicit_bzero(f->cells, f->room * sizeof(*f->cells));
	frame_release(f);
}

void term_close(void)
{
	/* A child that was forked must not restore what is not its own. */
	if (!term.open || term.owner != getpid())
		return;
	tty_flush(300);
	tty_leave();
	signals_close();
	tty_close();
	if (term.screen)
		delscreen(term.screen);
	if (term.mem_file)
		fclose(term.mem_file);
	else if (term.mem >= 0)
		close(term.mem);
	if (term.null)
		fclose(term.null);
	decoder_free(term.decoder);
	frame_wipe(&term.shown);
	frame_wipe(&term.wanted);
	explicit_bzero(&term, sizeof(term));
	term.mem = -1;
}

/* --- drawing ----------------------------------------------------------------------------- */

/* Does curses agree about the width? Its table is another one than ours. */
static bool curses_agrees(const struct cell *c)
{
	return wcwidth((wchar_t)c->ch[0]) == c->width &&
	       (term.glyphs != GLYPHS_ASCII || c->ch[0] < 0x7F);
}

static void put_cell(int y, int x, const struct cell *c)
{
	const struct look *look = &looks[c->role];
	wchar_t text[4] = { 0 };
	size_t n = 0;
	cchar_t cc;

	if (!c->width)
		return;
	if (!curses_agrees(c)) {
		text[n++] = L'?';
	} else {
		text[n++] = (wchar_t)c->ch[0];
		/* Behind the last column a mark would start a new line on some terminals. */
		for (size_t i = 1; i < ARRAY_LEN(c->ch) && c->ch[i] && x < term.cols - 1; i++) {
			if (wcwidth((wchar_t)c->ch[i]) == 0)
				text[n++] = (wchar_t)c->ch[i];
		}
	}
	setcchar(&cc, text, term.color ? look->with_color : look->without,
		(short)(term.color ? c->role + 1 : 0), NULL);
	mvadd_wch(y, x, &cc);
}

static void put_frame(const struct frame *f)
{
	int rows = f->rows < term.rows ? f->rows : term.rows;
	int cols = f->cols < term.cols ? f->cols : term.cols;

	erase();
	for (int y = 0; y < rows; y++) {
		/* The last cell of all scrolls most terminals. */
		int end = cols == term.cols && (term.short_rows || y == term.rows - 1) ? cols - 1
										       : cols;

		for (int x = 0; x < end; x++) {
			const struct cell *c = &f->cells[(size_t)y * (size_t)f->cols + (size_t)x];

			if (x + c->width <= end)
				put_cell(y, x, c);
		}
	}
	move(f->cursor_y < rows ? f->cursor_y : 0, f->cursor_x < cols ? f->cursor_x : 0);
}

static void cut_all(struct buf *b, const char *text)
{
	size_t n = strlen(text);
	char *at;

	while (b->len && (at = memmem(b->p, b->len, text, n)))
		buf_splice(b, (size_t)(at - b->p), n, "", 0, NULL);
}

/*
 * What curses says and knows no way not to: it resets the user's palette, and with every
 * end of an attribute it chooses the character set that the first frame has chosen for good.
 */
static void cut_noise(struct buf *b)
{
	cut_all(b, "\033]104\007");
	if (term.has_shown)
		cut_all(b, "\033(B");
}

/* Adds what curses has written into its memory, and wipes that. */
static bool take_memory(struct buf *out, struct err *e)
{
	off_t n = lseek(term.mem, 0, SEEK_CUR);
	struct buf part = { 0 };
	bool ok = false;

	if (n < 0 || !buf_reserve(&part, (size_t)n, e))
		return false;
	if (pread(term.mem, part.p, (size_t)n, 0) != n) {
		err_sys(e, "cannot read the screen's memory file");
		goto out;
	}
	part.len = (size_t)n;
	cut_noise(&part);
	ok = buf_add(out, part.p, part.len, e);
	explicit_bzero(part.p, part.cap);
	if (pwrite(term.mem, part.p, part.cap, 0) < 0 || ftruncate(term.mem, 0) != 0)
		ok = err_sys(e, "cannot clear the screen's memory file");
	lseek(term.mem, 0, SEEK_SET);
out:
	buf_release(&part);
	return ok;
}

/* How many rows the update will touch. */
static int rows_changed(const struct frame *f)
{
	return term.has_shown ? frame_changed(f, &term.shown) : f->rows;
}

static bool add_title(struct buf *out, const struct frame *f, struct err *e)
{
	const char *old = term.has_shown ? term.shown.title : "";
	char clean[sizeof(f->title)];
	struct str text = STR_OF(clean);

	if (!term.saves_title || !strcmp(old, f->title))
		return true;
	text_clean(&text, f->title, strlen(f->title), sizeof(clean));
	return buf_fmt(out, e, "\033]2;%s\007", clean);
}

/* Everything around the cells: paste mode, cursor, title. */
static bool add_rest(struct buf *out, const struct frame *f, struct err *e)
{
	bool first = !term.has_shown;

	if (first && !buf_text(out, "\033[?2004h", e))
		return false;
	if (first || f->cursor != term.cursor) {
		if (!buf_text(out, f->cursor ? term.cursor_on : term.cursor_off, e))
			return false;
	}
	term.cursor = f->cursor;
	return add_title(out, f, e);
}

static bool build(const struct frame *f, struct buf *out, struct err *e)
{
	bool sync = term.family->sync && rows_changed(f) > SYNC_ROWS;

	if (sync && !buf_text(out, "\033[?2026h", e))
		return false;
	put_frame(f);
	wnoutrefresh(stdscr);
	doupdate();
	return take_memory(out, e) && add_rest(out, f, e) &&
	       (!sync || buf_text(out, "\033[?2026l", e));
}

static bool draw(const struct frame *f, struct err *e)
{
	struct buf out = { 0 };
	bool ok = build(f, &out, e);

	if (ok && out.len && !tty_send(out.p, out.len))
		ok = err_set(e, ERR_IO, "the terminal is gone");
	buf_release(&out);
	term.has_shown = ok && frame_copy(&term.shown, f, e);
	return term.has_shown;
}

bool term_show(const struct frame *f, struct err *e)
{
	if (!term.open)
		return err_set(e, ERR_FAILED, "the terminal is not open");
	if (tty_pending() && !tty_flush(0))
		return err_set(e, ERR_IO, "the terminal is gone");
	if (tty_busy()) { /* only the newest frame will be drawn */
		term.has_wanted = frame_copy(&term.wanted, f, e);
		return term.has_wanted;
	}
	term.has_wanted = false;
	if (term.has_shown && frame_equal(f, &term.shown))
		return true;
	return draw(f, e);
}

void term_redraw(void)
{
	if (!term.open)
		return;
	clearok(curscr, TRUE);
	term.has_shown = false;
}

/* --- for the loop ------------------------------------------------------------------------ */

struct decoder *screen_decoder(void)
{
	return term.decoder;
}

bool screen_is_open(void)
{
	return term.open;
}

bool screen_waiting(void)
{
	return term.has_wanted;
}

bool screen_catch_up(struct err *e)
{
	if (!term.has_wanted || tty_busy())
		return true;
	term.has_wanted = false;
	if (term.has_shown && frame_equal(&term.wanted, &term.shown))
		return true;
	return draw(&term.wanted, e);
}

bool screen_fit(void)
{
	int rows;
	int cols;

	tty_size(&rows, &cols);
	if (rows == term.rows && cols == term.cols)
		return false;
	term.rows = rows;
	term.cols = cols;
	resize_term(rows, cols);
	return true;
}

void screen_enter(void)
{
	struct err ignored = { 0 };
	bool left = !tty_entered();

	decoder_reset(term.decoder);
	if (!tty_raw(false, &ignored))
		return;
	/* After SIGSTOP the screen was never left: entering twice would save its title twice. */
	if (left)
		tty_send(term.smcup, strlen(term.smcup));
	tty_send(term.smkx, strlen(term.smkx));
	screen_fit();
	term_redraw();
	/* The same picture again, until the caller has a newer one. */
	if (term.shown.cells && frame_copy(&term.wanted, &term.shown, &ignored))
		term.has_wanted = true;
	screen_catch_up(&ignored);
}

void term_size(int *rows, int *cols)
{
	*rows = term.rows;
	*cols = term.cols;
}

enum glyph_set term_glyphs(void)
{
	return term.glyphs;
}

bool term_slow(void)
{
	return tty_slow();
}
