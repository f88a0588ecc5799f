/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_RESIDUE_IMPL_H
#define HEALTH_RESIDUE_IMPL_H

#include <sys/types.h>

#include "health/residue_places.h"

/*
 * One search through many places: each file once, whatever its names, within the bounds of files,
 * bytes and time. residue_search.c reads files and folders, residue_places.c knows which.
 */

/* A file that was met. */
struct search_met {
	dev_t dev;
	ino_t ino;
};

struct search {
	struct residue *r;
	const struct places_options *o;
	const struct places_events *ev;
	struct search_met *met; /* open addressing; ino 0: free */
	size_t met_count, met_cap;
	size_t files_max, files;
	uint64_t file_max, bytes_max, bytes;
	int64_t until;
	bool full; /* a bound was reached, and said */
	bool failed;
	struct places_file now; /* for hit() */
};

/* Says why something was not searched. */
void search_note(const struct search *s, const char *path, const char *why);

/* Is a bound reached? Said once, of this path. */
bool search_exhausted(struct search *s, const char *path);

/* A file by its absolute path; a link is somebody's own way to it. */
void search_file(struct search *s, const char *path, enum residue_place place);

struct search_walk {
	enum residue_place place;
	bool follow;                     /* links to files count as the files */
	bool own;                        /* only what belongs to this account */
	bool (*wants)(const char *name); /* NULL: every file */
	const char *root;                /* where it began, for links */
};

/* A folder with all that is below it. */
void search_folder(struct search *s, const char *dir, const struct search_walk *how);

#endif
