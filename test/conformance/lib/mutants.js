'use strict'

// npm run conformance:mutants: does the suite find mistakes? Each is made in a copy of the Python implementation, and the cases named must
// fail with it, or not come to their end. Leaves with 1 where one is not found.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { plainEnv } = require('../../helpers/child')
const { isRoot } = require('../../helpers/run')

/** File of shmnode/, what stands there, what is put in its place, the cases that find it. */
const MUTANTS = [
  ['layout.py', '0x811C9DC5', '0x811C9DC4', 'vectors'],
  ['layout.py', '<Q Q Q I I 64s', '<Q Q Q I I 32s', 'values'],
  ['cell.py', 'facts[8:]', 'facts[8:96]', 'refusals'],
  ['crc32c.py', '0x82F63B78', '0xEDB88320', 'vectors'],
  ['cell.py', 'len(data) > self.constants.capacity', 'len(data) > self.constants.stride', 'values'],
  ['cell.py', 'self._fill(version, data, media_type)', 'self._fill(max(current, 1), data, media_type)', 'kills'],
  ['cell.py', 'store64(descriptor, version)  # [W9]', 'store64(descriptor, version); store64(base, version)', 'kills'],
  ['cell.py', 'if self.has_checksum and crc32c(data) != crc:', 'if False:', 'vectors'],
  ['cell.py', 'if version > MAX_EXACT:', 'if False:', 'vectors'],
  ['cell.py', 'if if_version is not None and if_version != current:', 'if False:', 'values'],
  ['cell.py', 'if load32(base + SEMAPHORE_ID) != self.lock.semid or self.segment.is_retired:', 'if False:', 'refusals'],
  ['segment.py', 'if look_at(seen) != ALIVE:', 'if True:', 'refusals'],
  ['segment.py', 'store64(word, 0)  # [W13]', 'pass', 'locks'],
  ['cell.py', 'store32(base + NOTIFY, version % 2**32)  # [W11]', 'pass', 'changes'],
  ['cell.py', 'futex_wake(self.segment.base + NOTIFY)  # [W15]', 'pass', 'changes'],
  ['cell.py', 'compare_and_swap32(word, awaited, seen)', 'awaited', 'changes'],
  ['segment.py', 'store32(writable.base + AWAITED_ALWAYS, 1)', 'pass', 'changes'],
  ['linux.py', 'FUTEX_WAIT, FUTEX_WAKE, EVERYBODY = 0, 1,', 'FUTEX_WAIT, FUTEX_WAKE, EVERYBODY = 128, 129,', 'changes'],
  ['lock.py', 'flags = SEM_UNDO |', 'flags = 0 |', 'locks'],
  ['lock.py', 'EXCLUSIVE: [(_GATE, 0), (_WRITER, 0), (_READERS, 0), (_WRITER, 1)]', 'EXCLUSIVE: [(_GATE, 0), (_WRITER, 0), (_WRITER, 1)]', 'locks'],
  ['lock.py', 'SHARED: [(_GATE, 0), (_WRITER, 0), (_READERS, 1)]', 'SHARED: [(_WRITER, 0), (_READERS, 1)]', 'locks'],
  ['lock.py', 'self._give(_GATE)  # [L4]', 'pass', 'locks'],
  ['lock.py', 'if self._value(_GATE) & 1 == 0:', 'if False:', 'locks'],
  ['segment.py', 'store32(self.base + RETIRED, 1)', 'pass', 'values'],
  ['opening.py', 'if constants.major != MAJOR:', 'if (constants.major, constants.minor) != (MAJOR, 0):', 'refusals'],
  ['opening.py', '("slot stride", constants.stride == stride_for(constants.capacity))', '("slot stride", True)', 'vectors'],
  ['opening.py', 'raise ShmError("NAME_COLLISION")', 'pass', 'refusals'],
  ['places.py', 'raise ShmError("OWNER", f"of user {facts.cuid}")', 'pass', 'refusals'],
  ['lifecycle.py', 'store64(segment.base, int.from_bytes(MAGIC, "little"))  # [K10]', 'store64(segment.base, int.from_bytes(b"SHMNODE2", "little"))', 'values'],
  ['lifecycle.py', 'elif not is_untouched(segment):', 'elif False:', 'refusals']
]

const PYTHON_FOLDER = path.join(__dirname, '../python')
const TIMEOUT = 120_000
/** In an IPC namespace of its own, where the system lets us: what is cut short leaves segments behind. */
const ALONE = isRoot ? ['unshare', '--ipc'] : []

/** A copy of the implementation with the mistake in it. */
function plant (folder, [file, before, after]) {
  fs.cpSync(PYTHON_FOLDER, folder, { recursive: true })
  const target = path.join(folder, 'shmnode', file)
  const text = fs.readFileSync(target, 'utf8')
  if (text.split(before).length < 2) throw new Error(`${file} has no '${before}' any more`)
  fs.writeFileSync(target, text.replaceAll(before, after))
}

/** True where the cases pass. */
function passes (folder, cases) {
  const env = plainEnv({ CONFORMANCE_ONLY: 'Python', CONFORMANCE_PYTHON: folder })
  const [program, ...args] = [...ALONE, process.execPath, path.join(__dirname, `../${cases}.js`)]
  return spawnSync(program, args, { env, stdio: 'ignore', timeout: TIMEOUT, killSignal: 'SIGKILL' }).status === 0
}

function main () {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmnode-mutants-'))
  const missed = MUTANTS.filter((mutant, i) => {
    const [file, before, after, cases] = mutant
    const folder = path.join(scratch, String(i))
    plant(folder, mutant)
    const isMissed = passes(folder, cases)
    console.log(`${isMissed ? 'not found' : 'found'}: ${file}: ${before} → ${after} (${cases})`)
    return isMissed
  })
  const sound = new Set(MUTANTS.map(([, , , cases]) => cases))
  const failing = [...sound].filter(cases => !passes(PYTHON_FOLDER, cases))
  for (const cases of failing) console.log(`fails without a mistake: ${cases}`)
  fs.rmSync(scratch, { recursive: true })
  console.log(`${MUTANTS.length - missed.length} of ${MUTANTS.length} mistakes found`)
  process.exitCode = missed.length + failing.length > 0 ? 1 : 0
}

main()
