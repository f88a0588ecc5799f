/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_VAULT_FIXTURE_H
#define TESTS_UNIT_VAULT_FIXTURE_H

#include "store/vault.h"
#include "tests/unit/test.h"

/* A folder of its own for each test, with a vault's place and a key folder in it. */
struct fixture {
	char dir[64];
	char keys[96];
	char path[96]; /* of vault.json */
	char bak[96];
	struct vault v;
};

/* For cmocka: a fresh folder and an empty vault struct; everything goes again. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A saved vault with the records a, b and c ("main/<name>/key") and values "value-of-<name>". */
int fixture_setup_three(void **state);

/* Seals `value` for the profile `name` of agent main; fails the test when that fails. */
uint64_t fixture_put(struct vault *v, const char *name, const char *value, bool keep_previous);

/* The record opens to this text. */
void fixture_expect(const struct vault *v, const char *id, const char *value);

/* Whole files, for tests that change them. */
struct buf fixture_read(const char *path);
void fixture_write(const char *path, const void *p, size_t n, mode_t mode);

struct secret fixture_secret(const char *text);

/* The 32 bytes first, first + 1, ... */
struct secret fixture_key(unsigned char first);

/* The key that is in the key folder now, by its name's end: ".key", ".key.new". */
struct secret fixture_key_of(const struct fixture *fx, const char *suffix);

/* The vault as the next program finds it: opened by what is in the key folder, with its three
 * records. */
struct vault fixture_reopen(const struct fixture *fx);

#endif
