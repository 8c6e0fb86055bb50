// Never run: `npm run types` compiles it. What must not compile says so.
import Fastify from 'fastify'
import plugin from '@shmnode/server'

export async function usage (): Promise<void> {
  const fastify = Fastify()
  await fastify.register(plugin)
  await fastify.register(plugin, {
    prefix: '/shm',
    serve: true,
    segment: { key: 'prices', capacity: 4096, mode: 0o640, timeout: undefined },
    tokens: [{ token: 'secret', access: 'read' }],
    hosts: ['shm.example'],
    timeout: 1000,
    maxStreams: undefined
  })
  await fastify.register(plugin, { hosts: 'any', segment: { key: { ftok: ['/etc/hostname', 1] } } })
  const options: plugin.Options = { rateLimit: 100, maxAnswerBytes: 2 ** 30 }
  const token: plugin.Token = { token: 'x', access: 'write' }

  const value: Buffer = await fastify.shm.segment.use(segment => segment.read())
  const version: number = await fastify.shm.named.use('prices', segment => segment.use(handle => handle.write(value)))
  const [first] = await fastify.shm.list()
  const isDefault: boolean | undefined = first?.default
  const name: string | null | undefined = first?.name
  fastify.get('/', { config: { access: 'public' } }, () => fastify.shm.segment.handle?.version ?? 0)
  console.log(options, token, version, isDefault, name)

  // @ts-expect-error there is no such access
  await fastify.register(plugin, { tokens: [{ token: 'x', access: 'admin' }] })
  // @ts-expect-error names, or any
  await fastify.register(plugin, { hosts: 'shm.example' })
  // @ts-expect-error the option is called timeout
  await fastify.register(plugin, { timeOut: 1 })
  // @ts-expect-error read-only
  fastify.shm.segment = null
  // @ts-expect-error what everybody may see, or nothing
  fastify.get('/x', { config: { access: 'read' } }, () => 0)
}
