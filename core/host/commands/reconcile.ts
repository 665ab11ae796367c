import { secretName, variableOf } from '../../config/secrets.ts'
import type { OffsetSpan, Proof } from '../../contract/calls.ts'
import { reconcile as compare } from '../../sync/reconcile.ts'
import { type Command, parse } from '../command.ts'
import { aboutOne, openAsked, tenths } from '../one-destination.ts'
import { defaultDataDir } from '../paths.ts'

const usage = `--destination NAME [--data DIR] [--from FROM] [--to TO] [--json]

  --destination NAME  which one, as the configuration names it
  --data DIR          data directory; it may be in use (default: ${defaultDataDir()})
  --from FROM         a log offset, or a time as 2026-11-24T14:00Z (default: where it began to be sent, or the log begins)
  --to TO             the same; that record itself is not compared (default: what is confirmed)
  --json              the counts and the first that differ, as one line of JSON

A password that the desktop app keeps is given as ${variableOf(secretName('destination', 'NAME'))}.
Exit code 1: something is missing, twice, out of order or not in the log`

export const reconcile: Command = {
  name: 'reconcile',
  summary: 'Read the topics of a Kafka back and compare each record with the log: exactly once, proven or not',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, { ...aboutOne, json: { type: 'boolean' } }, 'no files')
    const { name, how } = await openAsked(values)
    const progress = tenths((text) => io.err(text))
    const found = await compare({ ...how, progress }).finally(() => how.reader.close())
    if (values.json === true) io.out(JSON.stringify({ destination: name, ...found }))
    else for (const line of lines(name, found)) io.out(line)
    return isProven(found.proof) ? 0 : 1
  },
}

function isProven({ missing, twice, outOfOrder, unknown }: Proof): boolean {
  return missing + twice + outOfOrder + unknown === 0
}

function lines(name: string, { from, to, proof }: OffsetSpan & { readonly proof: Proof }): readonly string[] {
  const { expected, arrived, missing, twice, outOfOrder, unknown, setAside, deleted, sentAgain, maybeTwice } = proof
  return [
    `"${name}", log offsets ${from} to ${to - 1}: ${expected} records by the log, ${arrived} of them in ${proof.topics.join(', ')} (${proof.read} read, read_committed).`,
    `missing ${missing}, twice ${twice}, out of order per device ${outOfOrder}, not in the log ${unknown}.`,
    `set aside ${setAside}, deleted by the topic since ${deleted}, copies sent again by a person ${sentAgain}, marked as maybe twice ${maybeTwice} (really a further copy: ${proof.reallyTwice}).`,
    ...(proof.others === 0 ? [] : [`${proof.others} copies of other destinations in the same topics were left out.`]),
    ...proof.differences.map(({ offset, index, what }) => `  ${offset}:${index} ${what}`),
    isProven(proof) ? 'Exactly once, as measured.' : 'Not exactly once.',
  ]
}
