import { startForward } from '../../../core/sync/forward.ts'
import type { Step } from '../../../core/sync/wait.ts'
import { destinationAt } from '../kafka/destination.ts'
import { endless, MadeSource } from '../kafka/made-source.ts'
import type { ForwarderOptions, Order, Word } from './forwarder.ts'

// A forwarder in a process of its own, so that it can be killed, halted, and live by a clock of its own.

const options = JSON.parse(process.argv[2]!) as ForwarderOptions // written by forwarder.ts
let due: Extract<Order, { kind: 'at' }> | null = null
let telling = false

const realNow = Date.now
const { address, name, delivery, replication, partitions } = options
const destination = destinationAt(address, name, {
  brokers: address.split(','),
  delivery,
  create: { allowed: true, partitions, replication, retentionHours: -1 },
})
const source = new MadeSource({ from: options.from })
const forward = startForward(
  {
    dir: options.dir,
    reader: null as never, // the made source is read instead
    head: options.end ?? endless,
    viewsFile: '',
    site: 'hall',
    destinations: [{ destination, password: null }],
    now: () => Date.now(),
    onStatus: tellSoon,
  },
  { source, pace: { lingerMs: 5, requestMs: 2_000, stepMs: 8_000, transactionMs: 6_000, renewEveryMs: 20_000 }, after },
)

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'head':
      return forward.head(order.head)
    case 'clock':
      Date.now = () => realNow() + order.aheadMs
      return undefined
    case 'retry':
      return forward.retryNow(options.name)
    case 'at':
      due = order
      return undefined
    case 'stop':
      return void forward.stop().then(() => process.exit(0))
  }
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL')) // nobody is left to ask for anything

function after(step: Step): void {
  if (step !== due?.step) return
  const { act } = due
  due = null
  if (act === 'kill') process.kill(process.pid, 'SIGKILL')
  say({ kind: 'reached', step })
  if (act === 'halt') setImmediate(() => process.kill(process.pid, 'SIGSTOP'))
}

function tellSoon(): void {
  if (telling) return
  telling = true
  setTimeout(() => {
    telling = false
    say({ kind: 'row', row: forward.rows()[0]! })
  }, 20)
}

function say(word: Word): void {
  process.send?.(word)
}
