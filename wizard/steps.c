/* SPDX-License-Identifier: MIT */
#include "wizard/steps.h"

/* The onboarding, in order. Adding a step is a file, a row, and a name in the enum. */
const struct step *const steps[STEP_COUNT] = {
	[STEP_START] = &step_start,
	[STEP_PROFILE] = &step_profile,
	[STEP_PROVIDER] = &step_provider,
	[STEP_CUSTOM] = &step_custom,
	[STEP_METHOD] = &step_method,
	[STEP_SECRET] = &step_secret,
	[STEP_CHECK] = &step_check,
	[STEP_PROTECT] = &step_protect,
	[STEP_OFFLINE] = &step_offline,
	[STEP_PASSPHRASE] = &step_passphrase,
	[STEP_MODEL] = &step_model,
	[STEP_REVIEW] = &step_review,
	[STEP_APPLY] = &step_apply,
};
