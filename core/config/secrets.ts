import { readFileSync } from 'node:fs'
import { FieldError } from '../contract/errors.ts'
import { replaceFile } from './file.ts'

/**
 * Where passwords live. Names are `source/<name>/password`, `source/<name>/passphrase` (of a key file),
 * the same two of `destination/<name>`, and `broker/password` (of the broker inside).
 * The shell gives one over the system's key store; without a window it is a file that only its owner reads.
 */
export interface Secrets {
  get(name: string): Promise<string | null>
  /** Null removes it. */
  put(name: string, value: string | null): Promise<void>
}

export function secretName(kind: 'source' | 'destination', name: string): string {
  return `${kind}/${name}/password`
}

/** Of its key file. */
export function passphraseName(kind: 'source' | 'destination', name: string): string {
  return `${kind}/${name}/passphrase`
}

/** What devices give to the broker inside. */
export const brokerSecret = 'broker/password'

/** True for a name of a secret. */
export function isSecretName(name: string): boolean {
  return name === brokerSecret || /^(source|destination)\/[^/]+\/(password|passphrase)$/.test(name)
}

/** Secrets in a file of mode 0600 (on Windows: what its folder allows). */
export function fileSecrets(file: string): Secrets {
  return {
    get: async (name) => readAll(file)[name] ?? null,
    put: async (name, value) => {
      const { [name]: _, ...rest } = readAll(file)
      const all = value === null ? rest : { ...rest, [name]: value }
      replaceFile(file, `${JSON.stringify(all, null, 2)}\n`, 0o600)
    },
  }
}

/** FIELDWATCH_SOURCE_<NAME>_PASSWORD and so on come before what `under` holds. */
export function withEnvironment(under: Secrets, env: Readonly<Record<string, string | undefined>>): Secrets {
  return {
    get: async (name) => env[variableOf(name)] ?? (await under.get(name)),
    put: (name, value) => under.put(name, value),
  }
}

/** The environment variable of a secret: upper case, each other character an underscore. */
export function variableOf(name: string): string {
  return `FIELDWATCH_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
}

function readAll(file: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string> // written by fileSecrets only
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new FieldError(
      'config_invalid',
      `the secrets in ${file} cannot be read; correct the file, or remove it and enter the passwords again`,
      { cause },
    )
  }
}
