/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/complete.h"

/*
 * The scripts only ask this program at each Tab, so they never know an older set of
 * commands than the program that they complete. The build installs their output.
 */

static const struct opt opts[] = { { .kind = OPT_END } };

/* Without bash-completion: words are split here, because COMP_WORDS is also cut at colons. */
static const char bash[] =
	"# bash completion of thinkfleetbot; source it, or put it where bash-completion looks\n"
	"_thinkfleetbot()\n"
	"{\n"
	"	local line=${COMP_LINE:0:COMP_POINT} word cur head\n"
	"	local -a words\n"
	"	read -ra words <<<\"$line\"\n"
	"	[[ $line == *[[:blank:]] ]] && words+=(\"\")\n"
	"	cur=${words[${#words[@]} - 1]}\n"
	"	# Bash replaces what stands after the last colon or equals sign only.\n"
	"	head=${cur%\"${cur##*[:=]}\"}\n"
	"	COMPREPLY=()\n"
	"	while IFS= read -r word; do\n"
	"		word=${word%%$'\\t'*}\n"
	"		case $word in\n"
	"		:files) compopt -o default ;;\n"
	"		:dirs) compopt -o dirnames ;;\n"
	"		*) COMPREPLY+=(\"${word#\"$head\"}\") ;;\n"
	"		esac\n"
	"	done < <(\"${words[0]}\" completion words -- \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _thinkfleetbot thinkfleetbot\n";

static const char zsh[] =
	"#compdef thinkfleetbot\n"
	"_thinkfleetbot() {\n"
	"	local -a found\n"
	"	local line word\n"
	"	for line in \"${(@f)$(\"$words[1]\" completion words -- "
	"\"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"		word=${line%%$'\\t'*}\n"
	"		case $word in\n"
	"		'') ;;\n"
	"		:files) _files; return ;;\n"
	"		:dirs) _files -/; return ;;\n"
	"		*) found+=(\"${word//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
	"		esac\n"
	"	done\n"
	"	_describe thinkfleetbot found\n"
	"}\n"
	"if [[ $funcstack[1] == _thinkfleetbot ]]; then\n"
	"	_thinkfleetbot \"$@\"\n"
	"else\n"
	"	compdef _thinkfleetbot thinkfleetbot\n"
	"fi\n";

static const char fish[] =
	"# fish completion of thinkfleetbot\n"
	"function __thinkfleetbot_words\n"
	"	set -l words (commandline -opc)\n"
	"	set -l cursor (commandline -ct)\n"
	"	for line in ($words[1] completion words -- $words[2..-1] \"$cursor\" 2>/dev/null)\n"
	"		switch $line\n"
	"			case ':files*'\n"
	"				__fish_complete_path \"$cursor\"\n"
	"			case ':dirs*'\n"
	"				__fish_complete_directories \"$cursor\"\n"
	"			case '*'\n"
	"				echo $line\n"
	"		end\n"
	"	end\n"
	"end\n"
	"complete -c thinkfleetbot -f -a '(__thinkfleetbot_words)'\n";

static const struct shell {
	const char *name;
	const char *script;
} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

static void print_word(void *to, const char *word, const char *about)
{
	fprintf(to, "%s\t%s\n", word, about);
}

/* `completion words -- WORD...`: what the scripts ask. */
static bool words(struct cli *c)
{
	complete_words(c->args.items + 1, c->args.count - 1, print_word, stdout);
	return true;
}

static bool run(struct cli *c, struct err *e)
{
	const char *name = c->args.count ? c->args.items[0] : "";

	if (strcmp(name, "words") == 0)
		return words(c);
	for (size_t i = 0; c->args.count == 1 && i < ARRAY_LEN(shells); i++)
		if (strcmp(name, shells[i].name) == 0) {
			fputs(shells[i].script, stdout);
			return true;
		}
	err_set(e, ERR_USAGE, "completion: for which shell: bash, zsh or fish?");
	return err_hint(e, "thinkfleetbot help completion shows where to put the script");
}

const struct cmd cmd_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.summary = "print the completion script of a shell",
	.detail =
		"For one session:   source <(thinkfleetbot completion bash)\n"
		"Bash:  thinkfleetbot completion bash > "
		"~/.local/share/bash-completion/completions/thinkfleetbot\n"
		"Zsh:   thinkfleetbot completion zsh > a folder of $fpath, as _thinkfleetbot\n"
		"Fish:  thinkfleetbot completion fish > "
		"~/.config/fish/completions/thinkfleetbot.fish",
	.opts = opts,
	.args_max = 1000, /* the words that the scripts ask about */
	.run = run,
};
