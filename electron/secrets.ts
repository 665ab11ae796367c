import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { safeStorage } from 'electron'
import { FieldError } from '../core/contract/errors.ts'
import type { HostOptions } from '../core/host/host.ts'

type Secrets = NonNullable<HostOptions['secrets']>

/**
 * Passwords in `file`, sealed with a key that the system's key store holds. Only after Electron is ready.
 * `get` throws FieldError `config_invalid` for one that this account cannot open.
 */
export function keyStoreSecrets(file: string): Secrets {
  const put: Secrets['put'] = async (name, value) => {
    const sealed = value === null ? null : await seal(name, value)
    const { [name]: _, ...rest } = readAll(file) // read after the wait, so that two at once do not lose one
    replace(file, sealed === null ? rest : { ...rest, [name]: sealed })
  }
  return {
    put,
    get: async (name) => {
      const sealed = readAll(file)[name]
      if (sealed === undefined) return null
      const { result, shouldReEncrypt } = await unseal(file, name, sealed)
      if (shouldReEncrypt) await put(name, result) // the key was changed: the old one may go
      return result
    },
  }
}

/** What a person should know about the key store, in a sentence; null when it protects. */
export async function weakness(): Promise<string | null> {
  const trial = await encrypted('trial').catch(() => null)
  if (trial === null) return `Passwords cannot be kept: ${noKeyStore}`
  return isBuiltInKey(trial) ? `Passwords are kept, but not protected: ${noKeyStore}` : null
}

const noKeyStore = 'this desktop has no key store. Start GNOME Keyring or KWallet, then Fieldwatch.'

/** The name of the backend may come late; what Chromium seals with the key that everyone has begins with v10. */
function isBuiltInKey(sealed: Buffer): boolean {
  if (process.platform !== 'linux') return false
  return safeStorage.getSelectedStorageBackend() === 'basic_text' || sealed.subarray(0, 3).toString() === 'v10'
}

async function seal(name: string, value: string): Promise<string> {
  const sealed = await encrypted(value).catch((cause: unknown) => {
    throw new FieldError('config_invalid', `${name} cannot be kept: ${noKeyStore}`, { cause })
  })
  return sealed.toString('base64')
}

async function encrypted(value: string): Promise<Buffer> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) throw new Error('there is no key')
  return safeStorage.encryptStringAsync(value)
}

async function unseal(file: string, name: string, sealed: string) {
  try {
    return await safeStorage.decryptStringAsync(Buffer.from(sealed, 'base64'))
  } catch (cause) {
    throw new FieldError(
      'config_invalid',
      `${name} in ${file} cannot be opened with the key store of this account: ${(cause as Error).message}`,
      { hint: 'Unlock the key store and start again; or remove the file and enter the passwords again.', cause },
    )
  }
}

function readAll(file: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string> // written by keyStoreSecrets only
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new FieldError('config_invalid', `${file} cannot be read; remove it and enter the passwords again`, { cause })
  }
}

/** Written beside, flushed, renamed over: a crash leaves the old file or the new one. */
function replace(file: string, all: Readonly<Record<string, string>>): void {
  const beside = `${file}.new`
  rmSync(beside, { force: true })
  const handle = openSync(beside, 'wx', 0o600)
  try {
    writeSync(handle, `${JSON.stringify(all, null, 2)}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(beside, file)
}
