// SPDX-License-Identifier: MIT
// Random .env files: ours and dotenv 17 must read the same variables, and after our edits dotenv
// must see the new value and nothing else changed. usage: node compare.js DUMP_PROGRAM [ROUNDS]
'use strict'
const { spawnSync } = require('child_process')
let dotenv
try { dotenv = require('dotenv') } catch { console.log('dotenv is not installed: npm ci'); process.exit(77) }

const [program, rounds = '20000'] = process.argv.slice(2)
let seed = 20260127
const pick = n => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return (seed >>> 8) % n }
const pieces = ['A', 'B', 'KEY', 'export ', 'export', '=', ' = ', ': ', ':', '\n', '\n', '\r\n', '\r', '#', ' # c', "'", '"',
  '`', '\\', "\\'", '\\"', '\\n', '\\r', ' ', '\t', 'x', 'sk-1', '$', '${A}', '\u00e4', '\ufeff', '\u00a0', '\u2028', '.', '-',
  'A=1\n', "B='x y'\n", 'C="q\\nr"\n', '# note\n', '\n\n']
const text = n => { let s = ''; for (let i = pick(n); i >= 0; i--) s += pieces[pick(pieces.length)]; return s }
const hex = s => s === '' ? '-' : Buffer.from(s, 'utf8').toString('hex')
const ask = lines => {
  const run = spawnSync(program, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 })
  if (run.status !== 0) { console.error(run.stderr.toString()); process.exit(1) }
  return run.stdout.toString().split('\n').slice(0, lines.length)
}
const show = o => JSON.stringify(Object.entries(o).sort())
let failures = 0
const fail = (...what) => { console.error(...what.map(x => JSON.stringify(x))); if (++failures > 5) process.exit(1) }

const files = Array.from({ length: Number(rounds) }, () => text(14))
ask(files.map(hex)).forEach((line, i) => {
  const ours = {}
  for (const pair of line.split(' ').filter(Boolean)) {
    const [k, v] = pair.split('=')
    ours[Buffer.from(k, 'hex').toString()] = Buffer.from(v, 'hex').toString()
  }
  if (show(ours) !== show(dotenv.parse(files[i]))) fail(files[i], ours, dotenv.parse(files[i]))
})

const values = files.map(() => Array.from({ length: pick(6) }, () => ['a', '1', ' ', "'", '"', '`', '\\', '#', '$', '=', '\n'][pick(11)]).join(''))
let refused = 0
ask(files.map((f, i) => `${hex(f)} ${hex('KEY')} ${hex(values[i])}`)).forEach((line, i) => {
  if (line === 'refused') { refused++; return }
  const want = { ...dotenv.parse(files[i]), KEY: values[i] }
  const got = dotenv.parse(Buffer.from(line, 'hex'))
  if (show(want) !== show(got)) fail(files[i], values[i], Buffer.from(line, 'hex').toString(), got)
})
let kept = 0
ask(files.map(f => `${hex(f)} ${hex('KEY')}`)).forEach((line, i) => {
  if (line === 'refused') { kept++; return }
  const want = dotenv.parse(files[i])
  delete want.KEY
  const got = dotenv.parse(Buffer.from(line, 'hex'))
  if (show(want) !== show(got)) fail(files[i], Buffer.from(line, 'hex').toString(), got)
})
console.log(`${files.length} files read, set (${refused} refused) and removed (${kept} refused), ${failures} differences`)
process.exit(failures ? 1 : 0)
