import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { FieldError } from '../../contract/errors.ts'
import type { Stoppable } from '../supervise.ts'
import { type Channel, type Handlers, moduleBeside, openChannel, type Port, type Side } from '../thread.ts'

/** A process of its own, so that its processor time is its own. It answers `stop` and then ends. */
export interface Child<There extends Stoppable> extends Channel<There> {
  stop(): Promise<void>
}

type Nothing = { readonly asks: Record<never, never>; readonly tells: Record<never, never> }

export function startChild<There extends Stoppable>(
  name: 'feeder' | 'subscriber' | 'path' | 'recovery' | 'forward',
  data: unknown,
): Child<There> {
  const file = moduleBeside(import.meta.url, `${name}-child`)
  const child = fork(file, [JSON.stringify(data)], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const channel = openChannel<There, Nothing>(portOf(child), { asks: {}, tells: {} })
  const gone = once(child, 'exit').then(([code]) => {
    channel.close(new FieldError('stopped', `the ${name} process of the bench ended with ${String(code)}`))
  })
  return {
    ask: channel.ask.bind(channel),
    tell: channel.tell.bind(channel),
    close: channel.close.bind(channel),
    async stop() {
      if (!child.connected) return
      await (channel as unknown as Channel<Stoppable>).ask('stop', null).catch(() => undefined) // it may have ended already
      if (child.connected) child.disconnect()
      await gone
    },
  }
}

/** Inside the process: answers what the parent asks, until that has gone. */
export function answerParent<Here extends Side>(handlers: Handlers<Here>): void {
  openChannel<Nothing, Here>(
    { postMessage: (message) => void process.send!(message), on: process.on.bind(process) },
    handlers,
  )
  process.once('disconnect', () => process.exit(0))
}

/** What the parent gave it. */
export function dataFromParent(): unknown {
  return JSON.parse(process.argv[2] ?? 'null')
}

function portOf(child: ChildProcess): Port {
  return {
    postMessage: (message) => void child.send(message as object),
    on: (event, listen) => child.on(event, listen),
  }
}
