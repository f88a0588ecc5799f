/* SPDX-License-Identifier: MIT */
#include "base/self.h"

#include <unistd.h>

#include "base/fs.h"

bool self_program(char *out, size_t cap, const char *name, struct err *e)
{
	static const char gone[] = " (deleted)"; /* an upgrade replaced us while we run */
	static const char *const places[] = { "../libexec/thinkfleetbot", "." };
	char self[FS_PATH_MAX];
	char dir[FS_PATH_MAX];
	char place[FS_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_sys(e, "/proc/self/exe");
	self[n] = '\0';
	if (str_ends(self, gone))
		self[(size_t)n - (sizeof(gone) - 1)] = '\0';
	fs_dirname(dir, sizeof(dir), self);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (fs_join(place, sizeof(place), dir, places[i], e) &&
			fs_join(out, cap, place, name, e) && access(out, X_OK) == 0)
			return true;
	err_set(e, ERR_NOT_FOUND, "%s is not installed beside %s", name, self);
	return err_hint(e, "install the whole package: cmake --install, or the .deb");
}
