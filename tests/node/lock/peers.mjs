// SPDX-License-Identifier: MIT
// Gateways as their neighbours see them: how each locks a file, adds one, and lets go.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STALE_MS = 30000;

// January 2026: proper-lockfile 4.1.2 with the options of that release.
async function january() {
	const { default: lockfile } = await import('proper-lockfile');
	return {
		async lock(file, onCompromised) {
			return lockfile.lock(file, {
				stale: STALE_MS,
				retries: { retries: 10, factor: 2, minTimeout: 100, maxTimeout: 10000, randomize: true },
				onCompromised: onCompromised ?? ((e) => { throw e; }),
			});
		},
	};
}

function alive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (e) {
		return e.code === 'EPERM';
	}
}

function stale(lock) {
	const { mtimeMs } = fs.statSync(lock);
	if (Date.now() - mtimeMs > STALE_MS)
		return true;
	try {
		const { pid, createdAt } = JSON.parse(fs.readFileSync(lock, 'utf8'));
		return (typeof pid === 'number' && !alive(pid)) || Date.now() - Date.parse(createdAt) > STALE_MS;
	} catch {
		return false;
	}
}

// April 2026: a file made with O_EXCL, as reference/gateway-family.md 3.2 describes it.
// spin: its flaw with a leftover folder, which rm() without `recursive` cannot remove.
async function april() {
	return {
		async lock(file) {
			const lock = path.join(fs.realpathSync(path.dirname(file)), path.basename(file)) + '.lock';
			let spins = 0;
			for (let attempt = 0; attempt <= 10; attempt++) {
				try {
					const fd = fs.openSync(lock, 'wx', 0o600);
					fs.writeSync(fd, JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() }));
					fs.closeSync(fd);
					return async () => fs.rmSync(lock, { force: true });
				} catch (e) {
					if (e.code !== 'EEXIST')
						throw e;
				}
				let old = false;
				try {
					old = stale(lock);
				} catch {
					continue; // gone meanwhile
				}
				if (old) {
					try {
						fs.rmSync(lock, { force: true });
					} catch {
						// ERR_FS_EISDIR: swallowed, like there
					}
					if (++spins > 1000)
						throw new Error('this peer spins');
					attempt--;
					continue;
				}
				await sleep(Math.min(10000, 100 * 2 ** attempt) * (1 + Math.random()));
			}
			throw new Error('file lock timeout');
		},
	};
}

export const kinds = { january, april };

// Ours, through the program the test was given: it adds one under the lock and leaves.
export function addOne(file) {
	const store = JSON.parse(fs.readFileSync(file, 'utf8'));
	store.n++;
	return store;
}

export function tempFolder() {
	return fs.mkdtempSync(path.join(os.tmpdir(), 'tfb-lock-'));
}

export { sleep };

// node peers.mjs KIND FILE TIMES HOLD_MS: a gateway as a process of its own.
if (process.argv[1] === new URL(import.meta.url).pathname) {
	const [kind, file, times, hold] = process.argv.slice(2);
	const peer = await kinds[kind]();
	for (let i = 0; i < Number(times); i++) {
		let release;
		try {
			release = await peer.lock(file);
		} catch (e) {
			if (e.message === 'this peer spins') {
				console.error(e.message);
				process.exit(3);
			}
			i--;
			continue;
		}
		const store = addOne(file);
		await sleep(Number(hold));
		const temp = `${file}.${process.pid}.tmp`;
		fs.writeFileSync(temp, JSON.stringify(store), { mode: 0o600 });
		fs.renameSync(temp, file);
		await release();
	}
}
