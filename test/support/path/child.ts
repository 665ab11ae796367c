import { openReader } from '../../../core/log/reader.ts'
import { Scratch } from '../../../core/log/scratch.ts'
import { beginViews } from '../../../core/views/begin.ts'
import type { StateSave } from '../../../core/views/saved-state.ts'
import { random } from '../stream.ts'

// Reads the log into views as the stream thread does, in random slices, to be killed at any moment.
// Arguments: directory of the log, file of the views, seed; `whole` for one slice a block, each in memory of its own, and no kill.

const [logDir, viewsFile, seed, mode] = process.argv.slice(2) as [string, string, string, string]
const chance = mode === 'whole' ? () => 0.999 : random(Number(seed))
const reader = openReader(logDir)
const { views, path } = beginViews(viewsFile, reader)
const room = mode === 'whole' ? undefined : new Scratch()
let save: StateSave | null = null

for (let block = reader.read(path.next, room); block !== null; block = reader.read(path.next, room)) {
  const from = path.next - block.first
  path.step(block, from, Math.min(block.n, from + 1 + Math.floor(chance() * block.n)), views)
  if (chance() < 0.3) views.flush()
  if (save === null && chance() < 0.2) save = views.beginState(path)
  else if (save !== null && !save.write(1)) save = null
  if (chance() < 0.08 && mode === 'killed') process.kill(process.pid, 'SIGKILL')
}
while (save?.write(1));
views.saveState(path)
views.close()
reader.close()
