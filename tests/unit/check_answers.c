/* SPDX-License-Identifier: MIT */
#include "tests/unit/check_answers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

#define FOLDER TFB_SOURCE_DIR "/tests/provider/answers"
#define FILES_MAX 128
#define CASES_MAX 4096

static struct {
	char name[64];
	struct json_object *root;
} files[FILES_MAX];
static size_t file_count;
static struct answer_case cases[CASES_MAX];
static size_t case_count;

static struct json_object *member(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	if (o)
		json_object_object_get_ex(o, name, &found);
	return found;
}

static const char *text(struct json_object *o, const char *name)
{
	return json_object_get_string(member(o, name));
}

static void load_file(const char *name)
{
	char path[400];

	if (file_count == FILES_MAX)
		fail_msg("more than %d files of answers", FILES_MAX);
	snprintf(path, sizeof(path), "%s/%s", FOLDER, name);
	snprintf(
		files[file_count].name, sizeof(files[0].name), "%.*s", (int)strlen(name) - 5, name);
	files[file_count].root = json_object_from_file(path);
	if (!files[file_count].root)
		fail_msg("%s: %s", name, json_util_get_last_err());
	if (!text(files[file_count].root, "source"))
		fail_msg("%s does not say where its answers come from", name);
	file_count++;
}

static struct json_object *file_of(const char *name)
{
	for (size_t i = 0; i < file_count; i++) {
		if (strcmp(files[i].name, name) == 0)
			return files[i].root;
	}
	return NULL;
}

static const char *file_for(const struct provider *p, const struct method *m)
{
	/* A local server of the user's is another thing than the provider that it imitates. */
	if (file_of(p->id) && !(p->custom && m->judge == JUDGE_LOCAL))
		return p->id;
	if (p->local || m->judge == JUDGE_LOCAL)
		return "local";
	if (m->judge == JUDGE_PUBLIC)
		return "public";
	if (m->judge == JUDGE_ACCOUNT)
		return "account";
	return p->api == API_ANTHROPIC ? "anthropic-compatible" : "openai-compatible";
}

/* The answer, and the file it is in, from the provider's file or those that it is like. */
static struct json_object *find(const char **file, const char *situation)
{
	struct json_object *found = NULL;

	while (*file && !found) {
		found = member(member(file_of(*file), "answers"), situation);
		if (!found)
			*file = text(file_of(*file), "like");
	}
	if (!found) {
		*file = "common";
		found = member(member(file_of("common"), "answers"), situation);
	}
	return found;
}

static void add_case(const struct provider *p, const struct method *m, const char *situation)
{
	struct answer_case *c = &cases[case_count];
	struct json_object *expect;

	if (case_count == CASES_MAX)
		fail_msg("more than %d cases", CASES_MAX);
	*c = (struct answer_case){ .provider = p, .method = m, .situation = situation };
	c->file = file_for(p, m);
	c->answer = find(&c->file, situation);
	if (!c->answer)
		fail_msg("no answer \"%s\" for %s", situation, p->id);
	expect = member(c->answer, "expect");
	if (!expect)
		expect = member(member(file_of("common"), "expect"), situation);
	if (!expect ||
		!verdict_parse(json_object_get_string(json_object_array_get_idx(expect, 0)),
			&c->verdict) ||
		!reason_parse(
			json_object_get_string(json_object_array_get_idx(expect, 1)), &c->reason))
		fail_msg("%s of %s: no verdict to expect", situation, c->file);
	case_count++;
}

static bool is_common(const char *situation)
{
	return member(member(file_of("common"), "expect"), situation) != NULL;
}

static void add_method(const struct provider *p, const struct method *m)
{
	struct json_object *all = member(file_of("common"), "situations");

	if (!m->check_path && !m->check_url)
		return; /* never asked */
	for (size_t i = 0; i < json_object_array_length(all); i++)
		add_case(p, m, json_object_get_string(json_object_array_get_idx(all, i)));
	/* What only this provider says; for what it is like, the other has the case. */
	if (file_of(p->id)) {
		json_object_object_foreach(member(file_of(p->id), "answers"), name, answer)
		{
			(void)answer;
			if (!is_common(name))
				add_case(p, m, name);
		}
	}
}

void answers_load(void)
{
	DIR *dir = opendir(FOLDER);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (str_ends(entry->d_name, ".json"))
			load_file(entry->d_name);
	}
	closedir(dir);
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t k = 0; k < provider_method_count(p); k++)
			add_method(p, &p->methods[k]);
	}
}

void answers_release(void)
{
	for (size_t i = 0; i < file_count; i++)
		json_object_put(files[i].root);
	file_count = case_count = 0;
}

size_t answers_count(void)
{
	return case_count;
}

const struct answer_case *answers_at(size_t i)
{
	return &cases[i];
}

const char *answer_text(const struct answer_case *c, const char *name)
{
	return text(c->answer, name);
}

void answer_name(char out[128], const struct answer_case *c)
{
	snprintf(out, 128, "%s/%s %s (%s.json)", c->provider->id, c->method->id, c->situation,
		c->file);
}

static bool same(const struct answer_case *c, const char *name, const char *is)
{
	const char *wanted = answer_text(c, name);
	char what[128];

	if (!wanted || strcmp(is, wanted) == 0)
		return true;
	answer_name(what, c);
	print_error("%s: %s is \"%s\", wanted \"%s\"\n", what, name, is, wanted);
	return false;
}

static bool same_verdict(const struct answer_case *c, const struct check_result *r)
{
	char what[128];

	if (r->verdict == c->verdict && r->reason == c->reason)
		return true;
	answer_name(what, c);
	print_error("%s: %s/%s, wanted %s/%s: %s\n", what, verdict_name(r->verdict),
		reason_name(r->reason), verdict_name(c->verdict), reason_name(c->reason), r->text);
	return false;
}

bool answer_right(const struct answer_case *c, const struct check_result *r)
{
	char models[24];

	if (strstr(r->text, ANSWER_KEY) || strstr(r->account, "4vT"))
		fail_msg("the key is in a text: %s", c->situation);
	snprintf(models, sizeof(models), "%zu", r->model_count);
	return same_verdict(c, r) && same(c, "account", r->account) &&
	       same(c, "credit", r->credit) && same(c, "limits", r->limits) &&
	       same(c, "models", models);
}
