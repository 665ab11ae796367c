import { useMutation } from '@tanstack/react-query'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { formatRoute } from '../../route.ts'
import { useCore } from '../../use-core.ts'

/** The first start: nothing came yet, and two ways to change that. */
export function NothingYet({ title, past }: { readonly title: string; readonly past: boolean }) {
  const core = useCore()
  const demo = useMutation<unknown, Error>({
    mutationFn: async () => {
      const config = await core.call('config', {})
      await core.call('config.put', { config: { ...config, demo: true }, secrets: [] })
    },
  })
  return (
    <>
      <PageHead title={title} />
      {demo.error !== null && <ErrorNote error={demo.error} />}
      {past ? (
        <Empty icon="history" title="Nothing was watched then">
          No device had been heard at this instant.
        </Empty>
      ) : (
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
      )}
    </>
  )
}
