/* SPDX-License-Identifier: MIT */

/*
 * Runs a fuzz target over every file of a folder, so that inputs which once
 * broke something are tried again by every test run. A folder without files is
 * an error: a replay that replays nothing would pass for ever.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay(const char *dir, const char *name)
{
	struct buf content = { 0 };
	char path[FS_PATH_MAX];
	struct err e = { 0 };
	char *exact;

	if (!fs_join(path, sizeof(path), dir, name, &e) || !fs_read(path, 0, &content, NULL, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return false;
	}
	/* An exact allocation, so that AddressSanitizer sees one byte too far. */
	exact = malloc(content.len ? content.len : 1);
	if (!exact)
		return false;
	for (size_t i = 0; i < content.len; i++)
		exact[i] = content.p[i];
	LLVMFuzzerTestOneInput((const uint8_t *)exact, content.len);
	free(exact);
	buf_release(&content);
	return true;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	if (argc != 2 || !(dir = opendir(argv[1]))) {
		fprintf(stderr, "usage: replay FOLDER\n");
		return 2;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!replay(argv[1], entry->d_name))
			return 1;
		count++;
	}
	closedir(dir);
	printf("%u inputs replayed\n", count);
	return count ? 0 : 1;
}
