/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cmd.h"

/* The rows; each lives in its own cmd_*.c. */
extern const struct cmd cmd_onboard;
extern const struct cmd cmd_status;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_models;
extern const struct cmd cmd_models_status;
extern const struct cmd cmd_models_list;
extern const struct cmd cmd_models_set;
extern const struct cmd cmd_models_set_image;
extern const struct cmd cmd_aliases_list;
extern const struct cmd cmd_aliases_add;
extern const struct cmd cmd_aliases_remove;
extern const struct cmd cmd_fallbacks_list;
extern const struct cmd cmd_fallbacks_add;
extern const struct cmd cmd_fallbacks_remove;
extern const struct cmd cmd_fallbacks_clear;
extern const struct cmd cmd_image_fallbacks_list;
extern const struct cmd cmd_image_fallbacks_add;
extern const struct cmd cmd_image_fallbacks_remove;
extern const struct cmd cmd_image_fallbacks_clear;
extern const struct cmd cmd_add;
extern const struct cmd cmd_paste_token;
extern const struct cmd cmd_setup_token;
extern const struct cmd cmd_login;
extern const struct cmd cmd_login_copilot;
extern const struct cmd cmd_refresh;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_list;
extern const struct cmd cmd_remove;
extern const struct cmd cmd_rotate;
extern const struct cmd cmd_cooldown_list;
extern const struct cmd cmd_cooldown_clear;
extern const struct cmd cmd_order_get;
extern const struct cmd cmd_order_set;
extern const struct cmd cmd_order_clear;
extern const struct cmd cmd_secrets_export;
extern const struct cmd cmd_secrets_import;
extern const struct cmd cmd_run;
extern const struct cmd cmd_chat;
extern const struct cmd cmd_secrets_status;
extern const struct cmd cmd_secrets_verify;
extern const struct cmd cmd_slot_list;
extern const struct cmd cmd_slot_add;
extern const struct cmd cmd_slot_remove;
extern const struct cmd cmd_rekey_file;
extern const struct cmd cmd_rekey_vault;
extern const struct cmd cmd_secrets_audit;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_help_row;

#endif
