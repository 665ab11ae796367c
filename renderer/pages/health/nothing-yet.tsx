import { useMutation } from '@tanstack/react-query'
import type { SourceRow } from '../../../core/contract/calls.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { formatRoute } from '../../route.ts'
import { useCore, useStatus } from '../../use-core.ts'
import { BrokerAway } from './notes.tsx'

/** No device has been heard: because nothing is watched, because it does not speak, or because it is away. */
export function NothingYet({ title, past }: { readonly title: string; readonly past: boolean }) {
  const sources = useStatus()?.sources
  return (
    <>
      <PageHead title={title} />
      {past ? (
        <Empty icon="history" title="Nothing was watched then">
          No device had been heard at this instant.
        </Empty>
      ) : sources === undefined ? null : sources.length === 0 ? (
        <FirstStart />
      ) : (
        <>
          <BrokerAway />
          <NotHeard sources={sources} />
        </>
      )}
    </>
  )
}

/** Nothing is watched, and two ways to change that. */
function FirstStart() {
  const core = useCore()
  const demo = useMutation<unknown, Error>({
    mutationFn: async () => {
      const config = await core.call('config', {})
      await core.call('config.put', { config: { ...config, demo: true }, secrets: [] })
    },
  })
  return (
    <>
      {demo.error !== null && <ErrorNote error={demo.error} />}
      <Empty
        icon="plug"
        title="Nothing to watch yet"
        actions={
          <>
            <LinkButton look="primary" href={formatRoute({ page: 'connect', at: null })}>
              Connect a broker
            </LinkButton>
            <Button disabled={demo.isPending} onClick={() => demo.mutate()}>
              Demo plant
            </Button>
          </>
        }
      >
        Type a broker address and Fieldwatch finds the rest. Or look around with a demo plant.
      </Empty>
    </>
  )
}

function NotHeard({ sources }: { readonly sources: readonly SourceRow[] }) {
  const names = sources.map((source) => source.name).join(', ')
  const away = sources.every((source) => source.state !== 'up')
  return (
    <Empty
      icon="radio"
      title="No device heard yet"
      actions={<LinkButton href={formatRoute({ page: 'connect', at: null })}>Open Connect</LinkButton>}
    >
      {away
        ? `Devices appear here once ${names} can be reached and a message has come.`
        : `${names}: connected. Devices appear here with the first message that can be read.`}
    </Empty>
  )
}
