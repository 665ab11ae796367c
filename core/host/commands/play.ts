import { playFiles } from '../../ingest/play.ts'
import type { Command } from '../command.ts'
import { parse, WrongUse } from '../command.ts'
import { calledOff } from '../signals.ts'

const usage = `FILE... --broker URL [--speed X|max] [--keep-times] [--topic NAME] [--username NAME]

  FILE             CSV (ts,value[,...]; epoch ms or ISO 8601) or JSON Lines; its name without extension is the topic
  --broker URL     mqtt://host:1883, mqtts://, ws:// or wss://
  --speed X        X times as fast as it was recorded (default: 1); max: as fast as the broker takes it
  --keep-times     keep the times of the files; else all move by one span, so that the last reading is now
  --topic NAME     topics begin with NAME/
  --username NAME  user at the broker; the password comes from FIELDWATCH_PLAY_PASSWORD
  --json           the result as one line of JSON`

const options = {
  broker: { type: 'string' },
  speed: { type: 'string', default: '1' },
  'keep-times': { type: 'boolean', default: false },
  topic: { type: 'string' },
  username: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const play: Command = {
  name: 'play',
  summary: 'Publish the rows of files to a broker, by time',
  usage,
  run: async (args, io) => {
    const { values, files } = parse(args, options, 'files')
    if (files.length === 0) throw new WrongUse('a file is missing')
    if (values.broker === undefined) throw new WrongUse('--broker is missing')
    const { published } = await playFiles({
      files,
      broker: values.broker,
      speed: speedOf(values.speed),
      keepTimes: values['keep-times'],
      prefix: values.topic ?? null,
      username: values.username ?? null,
      password: process.env.FIELDWATCH_PLAY_PASSWORD ?? null,
      now: Date.now,
      signal: calledOff(),
      onProgress: (done) => io.err(`${done} published`),
    })
    io.out(values.json === true ? JSON.stringify({ published }) : `${published} messages published and acknowledged.`)
    return 0
  },
}

function speedOf(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const speed = Number(text)
  if (!(speed > 0 && Number.isFinite(speed))) throw new WrongUse(`--speed: "${text}" is not a number above 0, or max`)
  return speed
}
