import { existsSync, statSync } from 'node:fs'
import { type At, type Calls, type ReadCall, readCalls } from '../contract/calls.ts'
import type { Millis } from '../contract/model.ts'
import { type LogReader, openReader } from '../log/reader.ts'
import { defaultRules } from '../stream/rules.ts'
import { AlertAnswers } from './alerts.ts'
import { ContinuityAnswers } from './continuity.ts'
import { DeviceContinuity } from './device-continuity.ts'
import { DeviceAnswers } from './devices.ts'
import { GapHistory } from './gaps.ts'
import { HealthAnswers } from './health.ts'
import { type Instant, instantOf } from './instant.ts'
import { MappingAnswers } from './mappings.ts'
import { MessageAnswers } from './messages.ts'
import { refer } from './refer.ts'
import { RuleHistory } from './rules.ts'
import { SeriesAnswers } from './series.ts'
import { TimelineAnswers } from './timeline.ts'
import { type Views, viewsOf } from './views.ts'

type Answers = { readonly [K in ReadCall]: (input: Calls[K]['in']) => Calls[K]['out'] }
/** Of the views as they are. */
type Made = { readonly views: Views; readonly answers: Answers; readonly file: string }

/**
 * What pages ask, one function for each call that reads. Each answers from one state of the views; with `at` it answers
 * as the screen would have been then, with nothing that came later. Read-only, and synchronous: for a thread of its own.
 */
export interface Queries extends Answers {
  /** The command as it goes into the log. */
  refer(command: Calls['command']['in']): Calls['command']['in']
  /** Closes the views; the next question opens them. */
  letGo(): void
  close(): void
}

/**
 * Views that are not made yet are waited for: until then each call throws `stopped`, but what a person says can be said:
 * the rules are those that hold from the first, and there is nothing that a command could refer to.
 */
export function openQueries(viewsFile: string, logDir: string, clock: () => Millis = Date.now): Queries {
  let log: LogReader | null = null
  let made: Made | null = null
  const now = (): Made => {
    if (made !== null && made.file !== fileOf(viewsFile)) letGo() // the views were made again, in another file
    log ??= openReader(logDir)
    if (made === null) {
      const views = viewsOf(viewsFile, log, clock)
      made = { views, answers: answersFrom(views), file: fileOf(viewsFile) }
    }
    return made
  }
  const letGo = () => {
    made?.views.db.close()
    made = null
  }
  const asked = <K extends ReadCall>(name: K) => [name, (input: Calls[K]['in']) => now().answers[name](input)]
  return {
    ...(Object.fromEntries(readCalls.map(asked)) as unknown as Answers), // one entry for each name
    rules: (input) => (existsSync(viewsFile) ? now().answers.rules(input) : defaultRules),
    refer: (command) =>
      existsSync(viewsFile) ? ask(now().views, { at: null }, () => refer(now().views, command)) : command,
    letGo,
    close() {
      letGo()
      log?.close()
    },
  }
}

function fileOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`
}

function answersFrom(views: Views): Answers {
  const gaps = new GapHistory(views.db)
  const alerts = new AlertAnswers(views)
  const devices = new DeviceAnswers(views)
  const series = new SeriesAnswers(views)
  const messages = new MessageAnswers(views)
  const health = new HealthAnswers(views, alerts, gaps)
  const continuity = new ContinuityAnswers(views, gaps)
  const byDevice = new DeviceContinuity(views, gaps)
  const timeline = new TimelineAnswers(views, gaps)
  const rules = new RuleHistory(views.db)
  const mappings = new MappingAnswers(views)
  return {
    bounds: () => boundsOf(views),
    health: asOf(views, (instant) => health.health(instant)),
    devices: asOf(views, (instant, input: Calls['devices']['in']) => devices.devices(instant, input)),
    device: asOf(views, (instant, { id }: Calls['device']['in']) => devices.device(instant, id)),
    series: asOf(views, (instant, input: Calls['series']['in']) => series.series(instant, input)),
    messages: asOf(views, (instant, input: Calls['messages']['in']) => messages.messages(instant, input)),
    record: ({ offset }) => ask(views, { at: null }, (instant) => messages.record(instant, offset)),
    alerts: asOf(views, (instant, input: Calls['alerts']['in']) => alerts.alerts(instant, input)),
    alert: asOf(views, (instant, { id }: Calls['alert']['in']) => alerts.alert(instant, id)),
    alertLoad: asOf(views, (instant) => alerts.load(instant)),
    continuity: asOf(views, (instant, input: Calls['continuity']['in']) => continuity.continuity(instant, input)),
    'continuity.device': asOf(views, (instant, input: Calls['continuity.device']['in']) =>
      byDevice.device(instant, input),
    ),
    'continuity.devices': asOf(views, (instant, input: Calls['continuity.devices']['in']) =>
      byDevice.devices(instant, input),
    ),
    'continuity.silent': asOf(views, (instant, input: Calls['continuity.silent']['in']) =>
      continuity.silent(instant, input),
    ),
    timeline: asOf(views, (instant, input: Calls['timeline']['in']) => timeline.timeline(instant, input)),
    mappings: asOf(views, ({ offset }) => mappings.at(offset)),
    'mapping.preview': ({ mapping, limit }) =>
      ask(views, { at: null }, ({ offset }) => mappings.preview(mapping, offset, limit)),
    rules: asOf(views, ({ offset }) => rules.at(offset)),
    'rules.use': asOf(views, (instant) => rules.use(instant)),
  }
}

function boundsOf({ log, now }: Views): Calls['bounds']['out'] {
  return { from: log.firstTime(), first: log.base(), until: log.lastTime() ?? now(), head: log.head() }
}

function asOf<In extends { readonly at: At }, Out>(
  views: Views,
  answer: (instant: Instant, input: In) => Out,
): (input: In) => Out {
  return (input) => ask(views, input, (instant) => answer(instant, input))
}

/** One read transaction, so that all parts of an answer are of one state. */
function ask<Out>(views: Views, { at }: { readonly at: At }, answer: (instant: Instant) => Out): Out {
  return views.db.transaction(() => {
    const upto = views.refresh()
    return answer(instantOf(at, views.log, upto, views.now()))
  })()
}
