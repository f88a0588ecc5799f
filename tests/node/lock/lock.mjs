// SPDX-License-Identifier: MIT
// node lock.mjs LOCK_TOOL [TIMES]: our lock against real and modelled gateways.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test, after } from 'node:test';
import { kinds, sleep, tempFolder } from './peers.mjs';

const tool = process.env.LOCK_TOOL;
const times = Number(process.env.LOCK_TIMES ?? 12);
const nightly = process.env.LOCK_NIGHTLY === '1';
const here = path.dirname(new URL(import.meta.url).pathname);
const folders = [];

function world() {
	const dir = tempFolder();
	folders.push(dir);
	const file = path.join(dir, 'auth-profiles.json');
	fs.writeFileSync(file, '{"n":0}', { mode: 0o600 });
	return { dir, file, lock: `${file}.lock` };
}

after(() => folders.forEach((dir) => fs.rmSync(dir, { recursive: true, force: true })));

function run(command, args) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		let out = '';
		child.stdout.on('data', (d) => { out += d; });
		child.stderr.on('data', (d) => { out += d; });
		child.on('close', (status, signal) => resolve({ status, signal, out }));
	});
}

const ours = (verb, kind, file, n) => run(tool, [verb, kind, file, String(n ?? 0)]);
const peer = (kind, file, n, hold = 1) =>
	run(process.execPath, [path.join(here, 'peers.mjs'), kind, file, String(n), String(hold)]);
const tryIt = (kind, file) => spawnSync(tool, ['try', kind, file], { encoding: 'utf8' }).stdout.trim();

function started(child) {
	return new Promise((resolve) => child.stdout.once('data', resolve));
}

function age(lock, seconds) {
	const then = Date.now() / 1000 - seconds;
	fs.utimesSync(lock, then, then);
}

const tidy = (w) => assert.deepEqual(fs.readdirSync(w.dir), ['auth-profiles.json']);

const count = (w) => JSON.parse(fs.readFileSync(w.file, 'utf8')).n;

// The harness itself: without a lock additions must get lost, or it would show nothing.
test('control: without a lock additions are lost', async () => {
	const w = world();
	await Promise.all([1, 2, 3, 4].map(() => ours('add', 'none', w.file, 20)));
	assert.ok(count(w) < 80, `${count(w)} of 80`);
});

for (const theirs of Object.keys(kinds)) {
	for (const kind of ['auto', 'file', 'dir']) {
		test(`no addition is lost between us (${kind}) and a gateway of ${theirs}`, async () => {
			const w = world();
			const results = await Promise.all([
				ours('add', kind, w.file, times),
				ours('add', kind, w.file, times),
				peer(theirs, w.file, times),
				peer(theirs, w.file, times),
			]);
			for (const r of results)
				assert.equal(r.status, 0, r.out);
			assert.equal(count(w), 4 * times);
			tidy(w);
			const longest = Math.max(...results.map((r) => Number(/hold (\d+)/.exec(r.out)?.[1] ?? 0)));
			assert.ok(longest < 1000, `held for ${longest} ms`);
		});
	}

	test(`while a gateway of ${theirs} holds the lock we wait`, async () => {
		const w = world();
		const release = await (await kinds[theirs]()).lock(w.file);
		for (const kind of ['auto', 'file', 'dir'])
			assert.equal(tryIt(kind, w.file), 'busy');
		await release();
		assert.equal(tryIt('auto', w.file), 'taken');
		tidy(w);
	});

	test(`while we hold the lock a gateway of ${theirs} waits`, async () => {
		for (const kind of ['file', 'dir']) {
			const w = world();
			const child = spawn(tool, ['hold', kind, w.file, '400']);
			await started(child);
			const release = await (await kinds[theirs]()).lock(w.file);
			assert.notEqual(child.exitCode ?? (await new Promise((r) => child.on('close', r))), null);
			await release();
			tidy(w);
		}
	});

	test(`a lock that a dead gateway of ${theirs} left is taken over when it is old`, async () => {
		const w = world();
		if (theirs === 'january')
			fs.mkdirSync(w.lock);
		else
			fs.writeFileSync(w.lock, '{"pid":1,"createdAt":"2999-01-01T00:00:00Z"}');
		assert.equal(tryIt('auto', w.file), 'busy');
		age(w.lock, 32);
		assert.equal(tryIt('auto', w.file), 'taken');
		tidy(w);
	});
}

test('after SIGTERM, SIGINT or SIGHUP during the hold no lock is left', async () => {
	for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
		for (const kind of ['file', 'dir']) {
			const w = world();
			const child = spawn(tool, ['hold', kind, w.file, '200']);
			const closed = new Promise((r) => child.on('close', (status, by) => r(by)));
			await started(child);
			child.kill(signal);
			assert.equal(await closed, signal);
			tidy(w);
		}
	}
});

// What SIGKILL leaves is what the other side must survive: each kind with its own gateway.
test('a lock file of ours that was killed lets an April gateway in at once', async () => {
	const w = world();
	const child = spawn(tool, ['hold', 'file', w.file, '60000']);
	await started(child);
	child.kill('SIGKILL');
	await new Promise((r) => child.on('close', r));
	assert.ok(fs.statSync(w.lock).isFile());
	const before = Date.now();
	assert.equal((await peer('april', w.file, 1)).status, 0);
	assert.ok(Date.now() - before < 3000);
	tidy(w);
});

test('a lock folder of ours that was killed lets a January gateway in once it is old', async () => {
	const w = world();
	const child = spawn(tool, ['hold', 'dir', w.file, '60000']);
	await started(child);
	child.kill('SIGKILL');
	await new Promise((r) => child.on('close', r));
	assert.deepEqual(fs.readdirSync(w.lock), []);
	age(w.lock, 32);
	assert.equal((await peer('january', w.file, 1)).status, 0);
	tidy(w);
});

// The two dangers that decide the kind (security.md 0), and that we remove them.
test('an old folder makes an April gateway spin, until we come by', async () => {
	const w = world();
	fs.mkdirSync(w.lock);
	age(w.lock, 32);
	const r = await peer('april', w.file, 1);
	assert.equal(r.status, 3, 'the model of the flaw must show it');
	assert.equal(tryIt('auto', w.file), 'taken');
	assert.equal((await peer('april', w.file, 1)).status, 0);
	tidy(w);
});

test('an old file shuts a January gateway out, until we come by', async () => {
	const w = world();
	fs.writeFileSync(w.lock, '');
	age(w.lock, 32);
	const { default: lockfile } = await import('proper-lockfile');
	await assert.rejects(lockfile.lock(w.file, { stale: 30000 }), { code: 'ENOTDIR' });
	assert.equal(tryIt('auto', w.file), 'taken');
	assert.equal((await peer('january', w.file, 1)).status, 0);
	tidy(w);
});

// proper-lockfile judges, then removes: it can remove the fresh lock of the one who was quicker.
test('a lock that a peer takes from us is noticed before the rename', async () => {
	const w = world();
	const child = spawn(tool, ['hold', 'dir', w.file, '300']);
	let out = '';
	child.stdout.on('data', (d) => { out += d; });
	await started(child);
	fs.rmdirSync(w.lock);
	fs.mkdirSync(w.lock);
	await new Promise((r) => child.on('close', r));
	assert.match(out, /lost/);
	assert.ok(fs.existsSync(w.lock), 'and the lock of the other is not ours to remove');
});

test('six of us on one stale lock: one after the other', async () => {
	const w = world();
	fs.mkdirSync(w.lock);
	age(w.lock, 32);
	const results = await Promise.all(
		Array.from({ length: 6 }, () => ours('add', 'auto', w.file, 3)),
	);
	for (const r of results)
		assert.equal(r.status, 0, r.out);
	assert.equal(count(w), 18);
	await sleep(10);
	tidy(w);
});

// Issue 3, "Done when" 4: eight of us, both gateways, a reader, and random kills.
test('eight of us and both gateways, read throughout, some of us killed', { skip: !nightly }, async () => {
	const w = world();
	let reads = 0;
	let stop = false;
	const reader = (async () => {
		while (!stop) {
			assert.equal(typeof count(w), 'number');
			reads++;
			if (reads % 50 === 0)
				await sleep(1);
		}
	})();
	let kills = 0;
	let acknowledged = 0;
	const victims = (async () => {
		while (!stop) {
			const child = spawn(tool, ['add', 'file', w.file, '1000']);
			const closed = new Promise((r) => child.on('close', r));
			child.stdout.on('data', (d) => { acknowledged += String(d).split('added').length - 1; });
			await sleep(20 + Math.random() * 300);
			child.kill('SIGKILL');
			await closed;
			kills++;
		}
	})();
	const results = await Promise.all([
		...Array.from({ length: 8 }, () => ours('add', 'file', w.file, times)),
		peer('january', w.file, Math.ceil(times / 10)),
		peer('april', w.file, Math.ceil(times / 10)),
	]);
	stop = true;
	await Promise.all([reader, victims]);
	for (const r of results)
		assert.equal(r.status, 0, r.out.slice(-300));
	const sure = 8 * times + 2 * Math.ceil(times / 10) + acknowledged;
	assert.ok(count(w) >= sure && count(w) <= sure + kills, `${count(w)} of ${sure}, ${kills} kills`);
	console.log(`# ${reads} reads, ${kills} kills, ${count(w)} additions`);
	assert.equal(tryIt('auto', w.file), 'taken');
	for (const name of fs.readdirSync(w.dir))
		assert.ok(!name.includes('.lock'), name);
});
