'use strict'

// npm run bench:peers and bench:report, with those drivers that need no packages of their own.

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { promisify } = require('node:util')
const t = require('tap')
const { measureVariant } = require('../../bench/peers/measure-variant')
const { Ground } = require('../../bench/peers/ground')
const drivers = require('../../bench/peers/drivers')
const { summary } = require('../../bench/peers/summary')
const { table } = require('../../bench/peers/report/table')
const { winners } = require('../../bench/peers/report/winners')
const { plainEnv, start } = require('../helpers/child')

const execute = promisify(execFile)
const FOLDER = path.join(__dirname, '../../bench/peers')
const driver = name => drivers.find(one => one.name === name)

/** As proc(5) has it: T is stopped. */
function stateOf (pid) {
  try {
    return /^State:\s+(\w)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]
  } catch {
    return 'gone'
  }
}

async function stateIs (pid, ...states) {
  while (!states.includes(stateOf(pid))) await sleep(10)
}

const bench = (args, env) => execute(process.execPath, [path.join(FOLDER, 'index.js'), '--no-install', '--rounds', '1', '--scale', '0.1', ...args], { env: plainEnv(env) })

const aMetric = { median: Number, low: Number, high: Number, rounds: [Number], ratio: Number }
const aLatency = { ...aMetric, p50: Number, p99: Number, p999: Number, samples: Number }

t.test('the lock file names all that npm ci would install', async t => {
  const { stderr } = await execute('npm', ['ci', '--dry-run', '--offline', '--workspaces=false'], { cwd: FOLDER, env: plainEnv() })
  t.notMatch(stderr, 'npm error')
})

t.test('results', async t => {
  const file = path.join(t.testdir(), 'results.json')
  const { stdout } = await bench(['--case', 'local,across', '--variant', '64,64-apart', '--driver', 'shm-sync,socket,worker,cpp,floor', '--into', file])
  const results = JSON.parse(fs.readFileSync(file, 'utf8'))
  t.match(results, { format: 'shmnode-bench-peers/1', machine: { cpu: String, cores: Number, node: process.version, kernel: String }, began: String, quick: false })
  const [local, across] = results.cases
  const of = ({ variants: [{ results }] }, name) => results.find(one => one.driver === name)
  for (const name of ['shm-sync', 'worker', 'cpp', 'floor']) t.match(of(local, name), { metrics: { write: aMetric, read: aMetric }, rss: Number }, `local, ${name}`)
  for (const name of ['shm-sync', 'socket', 'worker', 'cpp', 'floor']) t.match(of(across, name), { metrics: { latency: aLatency } }, `across, ${name}`)
  t.equal(of(local, 'socket'), undefined, 'a socket holds no value')
  t.match(stdout, /shmnode, Sync +write .* read .*\n/)

  // More of it is kept beside what is there.
  await bench(['--case', 'killed', '--driver', 'cpp,semop', '--into', file])
  const { cases } = JSON.parse(fs.readFileSync(file, 'utf8'))
  t.same(cases.map(({ id }) => id), ['local', 'across', 'killed'])
  for (const name of ['cpp', 'semop']) t.match(of(cases[2], name), { metrics: { latency: { median: Number, samples: Number } } }, `killed, ${name}`)
  const { stdout: markdown } = await execute(process.execPath, [path.join(FOLDER, 'report/index.js'), file, '--table'], { env: plainEnv() })
  t.match(markdown, /^\| 64 B, a processor each: round trip \| .*, shmnode, Sync \| .*, Unix socket \|/m)
})

t.test('whole values of a crowd, torn ones of none', async t => {
  const { stdout } = await bench(['--case', 'crowd', '--variant', '1-1-65536,4-0-2048', '--driver', 'shm-sync', '--json'])
  const [{ variants }] = JSON.parse(stdout).cases
  t.match(variants.find(({ id }) => id === '1-1-65536').results[0].metrics, { writes: aMetric, reads: aMetric, torn: { median: 0 }, stale: { median: 0 } })
  t.match(variants.find(({ id }) => id === '4-0-2048').results[0].metrics, { writes: aMetric, least: aMetric })
})

t.test('what cannot be measured is left out with a word', async t => {
  const { stdout } = await bench(['--case', 'local', '--variant', '64', '--driver', 'redis,shm-sync', '--json'], { PATH: '/nonexistent' })
  const [{ variants: [{ results }] }] = JSON.parse(stdout).cases
  t.match(results.find(one => one.driver === 'redis'), { skipped: /^there is no redis-server/ })
  t.match(results.find(one => one.driver === 'shm-sync'), { metrics: { read: aMetric } })
  await t.rejects(bench(['--driver', 'nobody']), { code: 2, stderr: /--driver nobody: there are shm, / })
})

t.test('how each is called', async t => {
  for (const program of ['.', 'http', 'instructions', 'peers', 'peers/report']) {
    const run = (...args) => execute(process.execPath, [path.join(FOLDER, '..', program, 'index.js'), ...args], { env: plainEnv() })
    t.match((await run('--help')).stdout, /^usage: npm run bench/)
    await t.rejects(run('--wrong'), { code: 2, stderr: /--wrong.*\nusage: npm run bench/s })
  }
  await t.rejects(bench(['--rounds', 'x']), { code: 2, stderr: /--rounds x\nusage: / })
})

t.test('a runner that is killed leaves nobody stopped', async t => {
  const script = `require(${JSON.stringify(path.join(FOLDER, 'subject'))}).Subject
    .start({ module: 'across', driver: { native: 'polled' }, spec: { size: 64 } }).then(async subject => { await subject.round(1); console.log('stopped') })`
  const runner = start(t, process.execPath, ['-e', script])
  await runner.line()
  const [child] = fs.readFileSync(`/proc/${runner.pid}/task/${runner.pid}/children`, 'utf8').trim().split(' ')
  await stateIs(child, 'T') // it takes its signal when it is its turn to run
  await runner.kill()
  await stateIs(child, 'gone', 'Z')
})

t.test('a driver that fails, and one that is not there', async t => {
  const ground = await Ground.make()
  t.teardown(() => ground.end())
  const plan = { module: 'local', metrics: [{ name: 'read', title: 'read', unit: 'ns', better: 'less' }], rounds: 1, milliseconds: 1, alone: false }
  const specOf = () => ground.specOf({ spec: { size: -1 } })
  const told = await measureVariant({ ...plan, specOf, drivers: [driver('shm-sync'), { name: 'not-installed', title: 'x', kind: 'peer' }] }, () => {})
  t.match(told, [{ driver: 'shm-sync', skipped: /^failed: RangeError/ }, { driver: 'not-installed', skipped: /Cannot find module/ }])
})

t.test('values of two numbers are torn', async t => {
  const { fill, numberIn } = require('../../bench/peers/values')
  const bytes = fill(Buffer.alloc(64), 7)
  t.equal(numberIn(bytes), 7)
  fill(bytes.subarray(40), 8)
  t.equal(numberIn(bytes), -1)
})

t.test('losses are told like wins', async t => {
  const metric = { name: 'read', title: 'read', unit: 'ns', better: 'less' }
  const outcome = (name, ...values) => ({ driver: driver(name), rounds: values.map(read => ({ values: { read }, rss: 1 })) })
  const results = summary([outcome('shm', 40, 20, 30), outcome('shm-sync', 20, 10, 20), outcome('cpp', 1, 1, 1), outcome('lmdb', 10, 10, 10), outcome('mmap-io', 5, 5, 5)], [metric])
  t.equal(results.find(one => one.driver === 'lmdb').metrics.read.ratio, 0.5, 'the median of 0.5, 1 and 0.5, C++ not being its peer')
  t.match(winners(results, drivers, metric), { ours: { value: 20 }, peer: { driver: { name: 'lmdb' }, first: false, ratio: 0.5 }, any: { driver: { name: 'mmap-io' }, first: false, ratio: 0.25 } })
  const markdown = table({ drivers, cases: [{ id: 'local', title: 'T', metrics: [metric], variants: [{ id: '64', title: '64 B', results }] }] })
  t.match(markdown, '| 64 B: read | 20.0 ns, shmnode, Sync | 10.0 ns, lmdb | **0.50** | 5.00 ns, @riaskov/mmap-io: **0.25** |')
})

const hasCharts = fs.existsSync(path.join(FOLDER, 'node_modules/echarts')) ? {} : { skip: 'npm run bench:peers has not installed its packages yet' }

t.test('the page', hasCharts, async t => {
  const file = path.join(t.testdir(), 'results.json')
  const html = path.join(t.testdirName, 'page.html')
  await bench(['--case', 'local,watch', '--variant', '64,2048', '--driver', 'shm-sync,socket,floor', '--into', file])
  await execute(process.execPath, [path.join(FOLDER, 'report/index.js'), file, '--html', html], { env: plainEnv() })
  const text = fs.readFileSync(html, 'utf8')
  t.equal(text.match(/<svg/g).length, 3, 'lines of writes and of reads, bars of latencies')
  t.notMatch(text, /<script/)
  t.match(text, 'shmnode, Sync')
})
