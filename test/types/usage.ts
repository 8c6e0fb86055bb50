// Never run: `npm run types` compiles it. What must not compile says so.
import * as shm from '../..'

export async function usage (): Promise<void> {
  const bytes: Buffer = await shm.read()
  const version: number = await shm.write(bytes, { mediaType: 'application/json', ifVersion: 3, timeout: Infinity })
  const segment: shm.Segment = await shm.open('prices', { capacity: 4096, slots: 4, mode: 0o640, checksum: true, owner: 'any', timeout: 100 })
  await shm.open(32140895)
  await shm.open({ ftok: ['/etc/hostname', 1] })
  await shm.open({ id: segment.id }, { readOnly: true })
  await shm.open(shm.PRIVATE)
  await shm.destroy('prices', { timeout: 0, owner: 1000 })

  const part: Buffer = await segment.read({ offset: 1, length: 2 })
  const { length }: { length: number } = await segment.readInto(new Float64Array(8))
  const { data, committedAt, mediaType }: shm.Snapshot = await segment.snapshot()
  const age: number = committedAt === null ? 0 : Date.now() - committedAt.getTime()
  const newer: shm.Snapshot = await segment.snapshot({ newerThan: version, timeout: 100, signal: AbortSignal.timeout(50) })
  for await (const { data, version } of segment.watch({ from: newer.version, spin: 50, signal: AbortSignal.timeout(50) })) console.log(data.length, version)
  const watch: AsyncIterableIterator<shm.Snapshot> = shm.watch()
  await watch.return?.()
  await segment.write(new SharedArrayBuffer(8))
  await segment.write(new ArrayBuffer(8), { transfer: true })
  await segment.update(({ data }) => data.length > 0 ? undefined : 'first', { mediaType: mediaType ?? undefined })
  await segment.update(async () => new DataView(new ArrayBuffer(8)))
  const now: number = segment.writeSync(part) + segment.readIntoSync(data).version + segment.snapshotSync().version
  const info: shm.SegmentInfo = await segment.stat()
  const key: number | null = info.key ?? segment.key
  const lock: shm.Lock = await segment.lock({ signal: AbortSignal.timeout(100), timeout: Infinity })
  await segment.read({ timeout: undefined, signal: undefined })
  if (lock.held && !lock.signal.aborted) await lock.release()
  const sum: number = await segment.withLock(signal => signal.aborted ? 0 : 1)
  const { pending, reads: { waitTime } }: shm.Stats = segment.stats()
  console.log(await segment.tryLock(), sum, pending, waitTime?.p99)
  await shm.open('prices', { inlineLimit: 64, signal: AbortSignal.timeout(100) })
  await segment[Symbol.asyncDispose]()

  const raw: shm.RawSegment = await shm.open(32140895, { layout: 'raw', nulTerminated: true, semaphore: '/prices', mode: 0o660, owner: 'any', timeout: 10 })
  const nothing: void = await raw.write('text', { offset: 8, timeout: 100, transfer: false })
  const floats: Float64Array = raw.view(Float64Array, 8, 2)
  const views: [Uint8Array, Buffer, DataView] = [raw.view(), raw.view(Buffer), raw.view(DataView, 4)]
  const copied: { length: number } = await raw.readInto(floats, { offset: 16 })
  const { data: text, version: none }: { data: Buffer, version: null } = await raw.snapshot({ timeout: 10 })
  const infos: shm.RawSegmentInfo[] = await shm.list({ layout: 'raw' })
  console.log(nothing, views, copied, text, none, infos, raw.readSync({ offset: 1 }), await raw.withLock(() => 1), await raw.stat())
  await shm.destroy({ id: raw.id }, { layout: 'raw', timeout: 0 })

  try {
    await shm.list()
  } catch (error) {
    if (error instanceof shm.ShmError && error.code === 'ERR_SHM_TIMEOUT') console.log(error.holderPid, error.errno)
    // @ts-expect-error no such code
    if (error instanceof shm.ShmError && error.code === 'ERR_SHM_NONE') console.log(error)
  }
  console.log(version, length, age, now, key)

  // @ts-expect-error segments come from open()
  const made = new shm.Segment()
  // @ts-expect-error there is nothing to write
  await segment.write(42)
  // @ts-expect-error read-only
  segment.version = 1
  // @ts-expect-error no such layout
  await shm.open('prices', { layout: 'none' })
  // @ts-expect-error no versions
  await raw.write('x', { ifVersion: 1 })
  // @ts-expect-error of the raw layout only
  await shm.open('prices', { nulTerminated: true })
  // @ts-expect-error of the cell layout only
  await shm.open('prices', { layout: 'raw', checksum: true })
  // @ts-expect-error a private segment has no key to be destroyed by
  await shm.destroy(shm.PRIVATE)
  // @ts-expect-error a watch waits as long as it takes
  segment.watch({ timeout: 1 })
  // @ts-expect-error copies before it returns
  segment.writeSync(part, { transfer: true })
  // @ts-expect-error never waits
  segment.readSync({ timeout: 1 })
  // @ts-expect-error locks come from lock()
  const taken: shm.Lock = new shm.Lock()
  console.log(taken)
  console.log(made)
}
