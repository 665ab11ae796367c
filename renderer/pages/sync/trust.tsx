import { ChoiceField, SwitchField, TextField } from '../../parts/field.tsx'
import type { PartProps } from './destination-form.tsx'
import type { Draft } from './draft.ts'

/** Who we are to the cluster, and how we know that it is the right one. */
export function Trust({ draft, change }: PartProps) {
  const text = (key: TextKey) => ({ value: draft[key], onChange: (value: string) => change({ [key]: value }) })
  const tokens = draft.sasl === 'oauthbearer'
  return (
    <>
      <SwitchField label="Encrypt with TLS" on={draft.tls} onChange={(tls) => change({ tls })} />
      {draft.tls && <Certificates text={text} />}
      <ChoiceField
        label="Sign in"
        help="How the broker knows who sends; a client certificate alone may do."
        value={draft.sasl}
        choices={signIns}
        onChange={(sasl) => change({ sasl })}
      />
      {draft.sasl !== 'none' && (
        <>
          <TextField label={tokens ? 'Client id' : 'User'} required {...text('username')} />
          <TextField
            label={tokens ? 'Client secret' : 'Password'}
            help={draft.tls || draft.sasl !== 'plain' ? kept : `${kept} Without TLS it can be read on its way.`}
            type="password"
            {...text('password')}
          />
        </>
      )}
      {tokens && <TokenFields text={text} />}
    </>
  )
}

type TextKey = 'ca' | 'cert' | 'key' | 'passphrase' | 'username' | 'password' | 'tokenUrl' | 'scope'
type Text = (key: TextKey) => { readonly value: string; readonly onChange: (value: string) => void }

function Certificates({ text }: { readonly text: Text }) {
  return (
    <>
      <TextField label="CA file" help="Path of a PEM file; empty: the certificates of the system." {...text('ca')} />
      <TextField
        label="Client certificate"
        help="Path of a PEM file, where the cluster asks for one."
        {...text('cert')}
      />
      <TextField label="Its key" help="Path of a PEM file." {...text('key')} />
      <TextField label="Passphrase of the key" help={kept} type="password" {...text('passphrase')} />
    </>
  )
}

function TokenFields({ text }: { readonly text: Text }) {
  return (
    <>
      <TextField
        label="Token address"
        help="Where the client id and its secret are exchanged for a token."
        placeholder="https://login.example/oauth2/token"
        required
        {...text('tokenUrl')}
      />
      <TextField label="Scope" help="Empty: none is asked for." {...text('scope')} />
    </>
  )
}

const kept = 'Kept in the secret store, never in the settings file.'

const signIns: readonly { readonly value: Draft['sasl']; readonly label: string }[] = [
  { value: 'none', label: 'none' },
  { value: 'plain', label: 'user and password (PLAIN)' },
  { value: 'scram-sha-256', label: 'SCRAM-SHA-256' },
  { value: 'scram-sha-512', label: 'SCRAM-SHA-512' },
  { value: 'oauthbearer', label: 'token of a client (OAUTHBEARER)' },
]
