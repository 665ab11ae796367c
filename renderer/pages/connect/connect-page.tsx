import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Config, ProbeResult } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { go, type Route } from '../../route.ts'
import { useCall, useCore } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { BrokerForm } from './broker-form.tsx'
import styles from './connect.module.css'
import { type Draft, forgetDraft, secretsOf, speaksFor, toDraft, toSource, useDraft } from './draft.ts'
import { FoundDevices } from './found-devices.tsx'
import { Sources } from './sources.tsx'
import { TopicList } from './topic-list.tsx'
import { foundDevices } from './topic-tree.ts'

const listenMs = 3_000

/** From a broker's address to watched devices, on one page: broker, what it sends, devices found. */
export default function ConnectPage({ route }: { readonly route: Extract<Route, { page: 'connect' }> }) {
  const config = useCall('config', {})
  const [draft, change] = useDraft()
  const probe = useProbe()
  const save = useSave()
  const result = speaksFor(probe.variables, draft) ? probe.data : undefined
  const heard = result?.topics ?? []
  const devices = foundDevices(heard)
  const away = route.at !== null || config.data === undefined
  const watch = () => config.data !== undefined && save.mutate(withSource(config.data, draft))
  return (
    <div className={styles.page}>
      <PageHead title="Connect" sentence={<Steps at={step(result)} />}>
        {result?.ok === true && (
          <Button icon="again" disabled={route.at !== null || probe.isPending} onClick={() => probe.mutate(draft)}>
            Listen again
          </Button>
        )}
        <Button look="primary" disabled={away || save.isPending || draft.url.trim() === ''} onClick={watch}>
          {devices.length === 0 ? 'Watch this broker' : `Watch ${many(devices.length, 'device')}`}
        </Button>
      </PageHead>
      {save.error !== null && <ErrorNote error={save.error} />}
      <div className={styles.columns}>
        <div className={styles.broker}>
          <BrokerForm
            draft={draft}
            change={change}
            probe={probe}
            current={result !== undefined}
            past={route.at !== null}
          />
          {config.data !== undefined && (
            <Sources
              config={config.data}
              disabled={route.at !== null || save.isPending}
              onEdit={(source) => change(toDraft(source))}
              onSave={(next, secrets = []) => save.mutate({ config: next, secrets, stay: true })}
            />
          )}
        </div>
        <Heard result={result} pending={probe.isPending} />
        <FoundDevices devices={devices} unreadable={heard.filter((topic) => topic.undecodable !== null)} />
      </div>
    </div>
  )
}

function Heard({ result, pending }: { readonly result: ProbeResult | undefined; readonly pending: boolean }) {
  if (pending) return <Hint title="Listening" text={`What the broker sends appears here in ${listenMs / 1000} s.`} />
  if (result === undefined)
    return <Hint title="What it sends" text="Test the broker to hear its topics. Nothing is stored yet." />
  if (!result.ok) return <Hint title="Not connected" text="Correct what the form says, then test again." />
  if (result.topics.length === 0)
    return (
      <Hint
        title="Connected, nothing heard"
        text="No message came while listening. Slow devices appear after you watch the broker."
      />
    )
  return <TopicList topics={result.topics} />
}

function Hint({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <Empty icon="radio" title={title}>
      {text}
    </Empty>
  )
}

const steps = ['Broker', 'What it sends', 'Start watching'] as const

function Steps({ at }: { readonly at: number }) {
  return (
    <span className={styles.steps}>
      {steps.map((name, i) => (
        <span key={name} className={i === at ? styles.step : undefined} aria-current={i === at ? 'step' : undefined}>
          {i + 1} {name}
        </span>
      ))}
    </span>
  )
}

function step(result: ProbeResult | undefined): number {
  if (result === undefined || !result.ok) return 0
  return result.topics.length === 0 ? 1 : 2
}

function useProbe() {
  const core = useCore()
  return useMutation<ProbeResult, Error, Draft>({
    mutationFn: (draft) =>
      core.call('probe', {
        source: toSource(draft, []),
        password: draft.password === '' ? null : draft.password,
        passphrase: draft.passphrase === '' ? null : draft.passphrase,
        listenMs,
      }),
  })
}

interface Saving {
  readonly config: Config
  readonly secrets: readonly { readonly name: string; readonly value: string }[]
  readonly stay?: boolean
}

function useSave() {
  const core = useCore()
  const client = useQueryClient()
  return useMutation<Config, Error, Saving>({
    mutationFn: ({ config, secrets }) => core.call('config.put', { config, secrets }),
    onSuccess: async (_, { stay }) => {
      await client.invalidateQueries()
      if (stay === true) return
      forgetDraft()
      go({ page: 'health', at: null })
    },
  })
}

function withSource(config: Config, draft: Draft): Saving {
  const source = toSource(draft, config.sources)
  const others = config.sources.filter((other) => other.name !== source.name)
  return {
    config: { ...config, sources: [...others, source] },
    secrets: secretsOf(draft, source.name),
  }
}
