import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { FieldError } from '../../contract/errors.ts'

export interface RealBroker {
  readonly port: number
  stop(): Promise<void>
}

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin']

/** Null where there is none on this machine. */
export async function startMosquitto(dir: string): Promise<RealBroker | null> {
  const program = folders
    .map((folder) => join(folder, 'mosquitto'))
    .find((file) => spawnSync(file, ['-h']).error === undefined)
  if (program === undefined) return null
  const port = await freePort()
  const conf = join(dir, 'mosquitto.conf')
  const rootUser = process.getuid?.() === 0 ? 'user root\n' : ''
  writeFileSync(
    conf,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1000\nmax_queued_messages 0\nlog_dest none\n${rootUser}`,
  )
  const child = spawn(program, ['-c', conf], { stdio: 'ignore' })
  await answers(port)
  return {
    port,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL') // it keeps nothing
      await gone
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    await later(100)
  }
  throw new FieldError('internal', `mosquitto does not answer on 127.0.0.1:${port}`)
}
