/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_WIZARD_SCENES_H
#define TESTS_UNIT_WIZARD_SCENES_H

#include "tests/unit/wizard_world.h"

/* One screen in one state, by name. */
struct scene {
	const char *name;
	void (*play)(void);
	bool large; /* also as 120x40 */
};

extern const struct scene scenes[];
extern const size_t scene_count;

void scene_start(void);
void scene_start_used(void);
void scene_provider(void);
void scene_provider_filter(void);
void scene_provider_elsewhere(void);
void scene_secret_first(void);
void scene_provider_none(void);
void scene_provider_paste(void);
void scene_profile(void);
void scene_method(void);
void scene_secret(void);
void scene_secret_good(void);
void scene_secret_other(void);
void scene_secret_cut(void);
void scene_secret_anyway(void);
void scene_secret_same(void);
void scene_secret_paste_only(void);
void scene_custom(void);
void scene_custom_name(void);
void scene_custom_refused(void);
void scene_custom_host(void);
void scene_custom_here(void);
void scene_custom_letters(void);
void scene_custom_other_key(void);
void scene_custom_rejected(void);
void scene_custom_unlisted(void);
void scene_custom_model(void);
void scene_check(void);
void scene_check_slow(void);
void scene_check_accepted(void);
void scene_check_account(void);
void scene_check_rejected(void);
void scene_check_rejected_rotate(void);
void scene_check_unreachable(void);
void scene_check_clock(void);
void scene_check_claude_code(void);
void scene_protect(void);
void scene_protect_plain(void);
void scene_protect_new(void);
void scene_protect_weaker(void);
void scene_recovery_done(void);
void scene_offline(void);
void scene_passphrase(void);
void scene_passphrase_again(void);
void scene_passphrase_asked(void);
void scene_model(void);
void scene_model_compiled(void);
void scene_model_typed(void);
void scene_review(void);
void scene_review_waiting(void);
void scene_review_failed(void);
void scene_review_diff(void);
void scene_apply(void);
void scene_apply_done(void);
void scene_apply_failed(void);
void scene_quit(void);
void scene_help(void);
void scene_details(void);

#endif
