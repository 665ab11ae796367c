import { type Declared, type DraftProps, Fields } from '../../parts/fields.tsx'
import type { Draft } from './draft.ts'

/** Who we are to the cluster, and how we know that it is the right one. */
export function Trust(props: DraftProps<Draft>) {
  return <Fields of={trust(props.draft)} {...props} />
}

function trust(draft: Draft): readonly Declared<Draft>[] {
  return [
    { on: 'tls', label: 'Encrypt with TLS' },
    ...(draft.tls ? certificates : []),
    {
      choice: 'sasl',
      choices: signIns,
      label: 'Sign in',
      help: 'How the broker knows who sends; a client certificate alone may do.',
    },
    ...(draft.sasl === 'none' ? [] : login(draft)),
    ...(draft.sasl === 'oauthbearer' ? token : []),
  ]
}

const kept = 'Kept in the secret store, never in the settings file.'

const certificates: readonly Declared<Draft>[] = [
  { text: 'ca', label: 'CA file', help: 'Path of a PEM file; empty: the certificates of the system.' },
  { text: 'cert', label: 'Client certificate', help: 'Path of a PEM file, where the cluster asks for one.' },
  { text: 'key', label: 'Its key', help: 'Path of a PEM file.' },
  { text: 'passphrase', label: 'Passphrase of the key', help: kept, type: 'password' },
]

function login({ sasl, tls }: Draft): readonly Declared<Draft>[] {
  const tokens = sasl === 'oauthbearer'
  const help = tls || sasl !== 'plain' ? kept : `${kept} Without TLS it can be read on its way.`
  return [
    { text: 'username', label: tokens ? 'Client id' : 'User', required: true },
    { text: 'password', label: tokens ? 'Client secret' : 'Password', help, type: 'password' },
  ]
}

const token: readonly Declared<Draft>[] = [
  {
    text: 'tokenUrl',
    label: 'Token address',
    help: 'Where the client id and its secret are exchanged for a token.',
    placeholder: 'https://login.example/oauth2/token',
    required: true,
  },
  { text: 'scope', label: 'Scope', help: 'Empty: none is asked for.' },
]

const signIns = [
  { value: 'none', label: 'none' },
  { value: 'plain', label: 'user and password (PLAIN)' },
  { value: 'scram-sha-256', label: 'SCRAM-SHA-256' },
  { value: 'scram-sha-512', label: 'SCRAM-SHA-512' },
  { value: 'oauthbearer', label: 'token of a client (OAUTHBEARER)' },
] as const
