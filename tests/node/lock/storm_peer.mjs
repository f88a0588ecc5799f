// SPDX-License-Identifier: MIT
// node storm_peer.mjs january|april|none HOME: a gateway that saves its store all the time.
//
// It says "ready" first. Under its lock it adds one to a counter of its own in auth-profiles.json.
// Whoever overwrites that has lost its update. On SIGTERM it looks once more, prints one line of
// JSON, and ends with 0 when no update was lost. "none" takes no lock: the control, which must lose
// or destroy something.
import fs from 'node:fs';
import path from 'node:path';
import { kinds, sleep } from './peers.mjs';

const [kind, home] = process.argv.slice(2);
const file = path.join(home, '.thinkfleetbot/agents/main/agent/auth-profiles.json');
const name = `peer-${kind}-${process.pid}`;
const result = { kind, updates: 0, lost: 0, torn: 0, busy: 0, longest_ms: 0 };
const peer = kind === 'none' ? { lock: async () => async () => {} } : await kinds[kind]();
let stop = false;
process.on('SIGTERM', () => { stop = true; });

function read() {
	try {
		return JSON.parse(fs.readFileSync(file, 'utf8'));
	} catch (e) {
		if (!(e instanceof SyntaxError))
			throw e;
		result.torn++;
		return null;
	}
}

const counter = (store) => store.usageStats?.[name]?.count ?? 0;

// Under the lock: what we find must be what we left.
async function update(last) {
	const store = read();
	if (!store)
		return;
	const found = counter(store);
	if (found !== result.updates - result.lost) {
		result.lost += result.updates - result.lost - found;
	}
	if (last)
		return;
	store.usageStats ??= {};
	store.usageStats[name] = { count: found + 1 };
	await sleep(kind === 'none' ? 30 : 2);
	const temp = `${file}.${process.pid}.peer`;
	fs.writeFileSync(temp, JSON.stringify(store, null, 2) + '\n', { mode: 0o600 });
	fs.renameSync(temp, file);
	result.updates++;
}

async function locked(work) {
	let release;
	try {
		release = await peer.lock(file);
	} catch (e) {
		if (e.message === 'this peer spins')
			throw e;
		result.busy++;
		return false;
	}
	const since = performance.now();
	await work();
	await release();
	result.longest_ms = Math.max(result.longest_ms, Math.round(performance.now() - since));
	return true;
}

console.log('ready');
while (!stop) {
	await locked(() => update(false));
	await sleep(kind === 'none' ? 1 : 20 + 20 * Math.random());
}
while (!(await locked(() => update(true))))
	;
console.log(JSON.stringify(result));
process.exitCode = result.lost || result.torn ? 1 : 0;
