/* SPDX-License-Identifier: MIT */
#include "health/residue_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"

#define DEPTH_MAX 16

/* --- one file ----------------------------------------------------------------------------------
 */

void search_note(const struct search *s, const char *path, const char *why)
{
	s->ev->note(s->ev->ctx, path, why);
}

static size_t place_in(const struct search_met *met, size_t cap, struct search_met id)
{
	size_t at = (size_t)((uint64_t)id.ino * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (cap - 1);

	while (met[at].ino && (met[at].ino != id.ino || met[at].dev != id.dev))
		at = (at + 1) & (cap - 1);
	return at;
}

static bool grow_met(struct search *s)
{
	size_t cap = s->met_cap ? 2 * s->met_cap : 256;
	struct search_met *met = calloc(cap, sizeof(*met));

	if (!met)
		return false;
	for (size_t i = 0; i < s->met_cap; i++)
		if (s->met[i].ino)
			met[place_in(met, cap, s->met[i])] = s->met[i];
	free(s->met);
	s->met = met;
	s->met_cap = cap;
	return true;
}

/* True the first time; without memory everything is new, and the search fails at its end. */
static bool is_new(struct search *s, const struct stat *st)
{
	struct search_met id = { st->st_dev, st->st_ino };
	size_t at;

	if (2 * s->met_count >= s->met_cap && !grow_met(s)) {
		s->failed = true;
		return true;
	}
	at = place_in(s->met, s->met_cap, id);
	if (s->met[at].ino)
		return false;
	s->met[at] = id;
	s->met_count++;
	return true;
}

bool search_exhausted(struct search *s, const char *path)
{
	const char *why = s->files >= s->files_max     ? "stopped here: too many files"
			  : s->bytes >= s->bytes_max   ? "stopped here: too many bytes"
			  : clock_mono_ms() > s->until ? "stopped here: out of time"
						       : NULL;

	if (why && !s->full)
		search_note(s, path, why);
	s->full = s->full || why;
	return s->full;
}

static void pass_hit(void *ctx, const struct residue_hit *hit)
{
	struct search *s = ctx;

	s->ev->hit(s->ev->ctx, &s->now, hit);
}

static void search_fd(struct search *s, int fd)
{
	const char *path = s->now.path;
	struct err e = { 0 };

	s->now.read.max = s->file_max;
	s->ev->file(s->ev->ctx, &s->now);
	if (!residue_scan_fd(s->r, fd, &s->now.read, pass_hit, s, &e)) {
		s->failed = s->failed || e.code == ERR_MEMORY;
		if (s->now.place != PLACE_PROCESS) /* it ended meanwhile, or is the kernel's */
			search_note(s, path, e.msg);
	}
	s->files++;
	s->bytes += s->now.read.bytes;
	if (s->now.read.cut)
		search_note(s, path, "too large: only its beginning was searched");
	s->ev->done(s->ev->ctx, &s->now);
}

/* dir AT_FDCWD: path is absolute. follow: a link is somebody's own way to the file. */
static void search_at(struct search *s, int dir, const char *name, const char *path,
	enum residue_place place, bool follow)
{
	struct stat st;
	int fd;

	if (search_exhausted(s, path))
		return;
	fd = openat(dir, name,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		search_note(s, path, strerror(errno));
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_new(s, &st)) {
		s->now = (struct places_file){
			.path = path,
			.place = place,
			.private = !(st.st_mode & 077),
		};
		search_fd(s, fd);
	}
	close(fd);
}

void search_file(struct search *s, const char *path, enum residue_place place)
{
	search_at(s, AT_FDCWD, path, path, place, true);
}

/* --- folders -----------------------------------------------------------------------------------
 */

static void walk_folder(
	struct search *s, const struct search_walk *w, const char *dir, unsigned depth);

static bool starts_with_path(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Inside the tree it is met under its own name; outside it is said. */
static void walk_link(const struct search *s, const struct search_walk *w, const char *path)
{
	char *real = realpath(path, NULL);

	if (real && !starts_with_path(real, w->root))
		search_note(s, path, "a link out of this folder: not followed");
	free(real);
}

static void walk_entry(
	struct search *s, const struct search_walk *w, int dir, const char *path, unsigned depth)
{
	const char *name = fs_basename(path);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		if (!w->own || st.st_uid == geteuid())
			walk_folder(s, w, path, depth + 1);
		return;
	}
	if (w->own && st.st_uid != geteuid())
		return;
	if (S_ISLNK(st.st_mode) && !w->follow)
		walk_link(s, w, path);
	else if ((S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) && (!w->wants || w->wants(name)))
		search_at(s, dir, name, path, w->place, w->follow);
}

static void walk_folder(
	struct search *s, const struct search_walk *w, const char *dir, unsigned depth)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	DIR *d;

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		search_note(s, dir, strerror(errno));
	if (fd < 0)
		return;
	if (depth > DEPTH_MAX) {
		search_note(s, dir, "too deep: not searched");
		close(fd);
		return;
	}
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	while ((entry = readdir(d)) && !search_exhausted(s, dir)) {
		char path[FS_PATH_MAX];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fs_join(path, sizeof(path), dir, entry->d_name, NULL))
			walk_entry(s, w, dirfd(d), path, depth);
		else
			search_note(s, dir, "a path in it is too long");
	}
	closedir(d);
}

void search_folder(struct search *s, const char *dir, const struct search_walk *how)
{
	char *real = realpath(dir, NULL);
	struct search_walk w = *how;

	w.root = real;
	if (real)
		walk_folder(s, &w, real, 0);
	else if (errno != ENOENT && errno != ENOTDIR)
		search_note(s, dir, strerror(errno));
	free(real);
}
