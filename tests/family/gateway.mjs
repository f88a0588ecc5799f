// What a gateway of the family answers: its own modules, in one process, for one case after another.
//   node gateway.mjs PACKAGE-FOLDER <cases as JSON lines >answers as JSON lines
// HOME is an empty folder; the files of a case are written there and removed again.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";

const dist = path.join(process.argv[2], "dist");
const load = (name) => import(path.join(dist, name));
process.env.CLAWDBOT_DISABLE_CONFIG_CACHE = "1";
process.env.NO_COLOR = "1";
const { loadDotEnv } = await load("infra/dotenv.js");
const { normalizeEnv } = await load("infra/env.js");
const { loadConfig } = await load("config/config.js");
const { modelsStatusCommand } = await load("commands/models/list.status-command.js");
const { modelsAuthOrderGetCommand } = await load("commands/models/auth-order.js");
const { ensureAuthProfileStore, resolveAuthProfileOrder } = await load("agents/auth-profiles.js");
const clean = { ...process.env };
const state = path.join(process.env.HOME, ".clawdbot");
const agent = path.join(state, "agents/main/agent");

// Points in time as cases.py writes them, from now on.
function dated(text, now) {
	return text.replace(/"@T([+-]\d+)"/g, (_, offset) => String(now + Number(offset)));
}

function lay(file, text) {
	if (text === null || text === "")
		return;
	fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
	fs.writeFileSync(file, text, { mode: 0o600 });
}

// As a new process finds it: what one command put into the environment is not there for the next.
function setUp(c, now) {
	for (const name of Object.keys(process.env))
		if (!(name in clean))
			delete process.env[name];
	Object.assign(process.env, clean, c.env);
	fs.rmSync(state, { recursive: true, force: true });
	lay(path.join(state, "clawdbot.json"), c.config && dated(JSON.stringify(c.config), now));
	lay(path.join(agent, "auth-profiles.json"), c.store && dated(JSON.stringify(c.store), now));
	lay(path.join(state, ".env"), c.dotenv);
	loadDotEnv({ quiet: true });
	normalizeEnv();
}

async function printed(command, options) {
	const out = { text: "", status: 0 };
	const runtime = {
		log: (line) => { out.text += `${line}\n`; },
		error: (line) => { out.text += `error: ${line}\n`; },
		exit: (status) => { out.status = status; },
	};
	try {
		await command(options, runtime);
	} catch (error) {
		out.text += `Error: ${error.message}\n`;
		out.status = 1;
	}
	return out;
}

async function answer(c) {
	const now = Date.now();
	const ask = async (command, options) => {
		setUp(c, now);
		return printed(command, options);
	};
	const json = await ask(modelsStatusCommand, { json: true, check: true });
	const said = { number: c.number, now, check: json.status, json: json.text, orders: {}, get: {} };
	said.text = (await ask(modelsStatusCommand, {})).text;
	said.plain = (await ask(modelsStatusCommand, { plain: true })).text;
	for (const provider of c.asked) {
		setUp(c, now);
		said.orders[provider] =
			resolveAuthProfileOrder({ cfg: loadConfig(), store: ensureAuthProfileStore(), provider });
		said.get[provider] = (await ask(modelsAuthOrderGetCommand, { provider, json: true })).text;
	}
	return said;
}

for await (const line of readline.createInterface({ input: process.stdin }))
	fs.writeSync(3, `${JSON.stringify(await answer(JSON.parse(line)))}\n`);
process.exit(0);
