import { startForward } from '../../../core/sync/forward.ts'
import type { Step } from '../../../core/sync/wait.ts'
import { destinationAt } from './destination.ts'
import { MadeSource } from './made-source.ts'

/** What a test asks of the forwarder in a process of its own. */
export interface ForwardChild {
  readonly dir: string
  readonly address: string
  readonly name: string
  /** Records of the log. */
  readonly count: number
  /** Kills itself with SIGKILL after the step, the n-th time; `hang`: says "hangs" and stands still for good instead. */
  readonly die: { readonly step: Step; readonly time: number; readonly hang: boolean } | null
}

const child = JSON.parse(process.argv[2]!) as ForwardChild // written by the test
let seen = 0

const forward = startForward(
  {
    dir: child.dir,
    reader: null as never, // the made source is read instead
    viewsFile: '',
    site: 'hall',
    destinations: [{ destination: destinationAt(child.address, child.name), password: null }],
    now: Date.now,
    onStatus: () => setImmediate(endWhenDone),
  },
  { source: new MadeSource(), pace: { lingerMs: 1 }, after },
)
forward.head(child.count)

function after(step: Step): void {
  if (child.die === null || step !== child.die.step || ++seen !== child.die.time) return
  if (!child.die.hang) process.kill(process.pid, 'SIGKILL')
  process.stdout.write('hangs\n')
  process.kill(process.pid, 'SIGSTOP')
}

let ending = false
function endWhenDone(): void {
  const [row] = forward.rows()
  const done = row?.state === 'live' && row.next === child.count
  if (ending || (!done && row?.state !== 'fenced')) return
  ending = true
  process.stdout.write(`${row.state}\n`)
  void forward.stop().then(() => process.exit(0))
}
