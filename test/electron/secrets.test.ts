import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { keyStoreSecrets, weakness } from '../../electron/secrets.ts'
import { tempDir } from '../support/temp-dir.ts'
import { app, machine, reset } from './double.ts'

vi.mock('electron', () => import('./double.ts'))

const name = 'source/plant-a/password'
let file: string
let secrets: ReturnType<typeof keyStoreSecrets>
beforeEach(async () => {
  reset()
  await app.becomeReady()
  file = join(tempDir(), 'secrets.sealed.json')
  secrets = keyStoreSecrets(file)
})

test('what is put can be got, also by the next start, and is not in the file', async () => {
  await secrets.put(name, 'geheim')
  expect(await keyStoreSecrets(file).get(name)).toBe('geheim')
  expect(readFileSync(file, 'utf8')).not.toContain('geheim')
  expect(existsSync(`${file}.new`)).toBe(false)
})

test.skipIf(process.platform === 'win32')('only its owner reads the file', async () => {
  await secrets.put(name, 'geheim')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('one that was never put is null, and null removes one', async () => {
  expect(await secrets.get(name)).toBeNull()
  await secrets.put(name, 'geheim')
  await secrets.put(name, null)
  expect(await secrets.get(name)).toBeNull()
})

test('two that are put at once are both kept', async () => {
  await Promise.all([secrets.put(name, 'a'), secrets.put('destination/b/password', 'b')])
  expect([await secrets.get(name), await secrets.get('destination/b/password')]).toEqual(['a', 'b'])
})

test('after the key was changed, what is got is sealed anew', async () => {
  await secrets.put(name, 'geheim')
  const before = statSync(file).ino
  machine.keyChanged = true
  expect(await secrets.get(name)).toBe('geheim')
  expect(statSync(file).ino).not.toBe(before)
  machine.keyChanged = false
  expect(await secrets.get(name)).toBe('geheim')
})

test('what another account has sealed is refused, with the way out', async () => {
  writeFileSync(file, JSON.stringify({ [name]: 'AAAA' }))
  await expect(secrets.get(name)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringMatching(/source\/plant-a\/password in .* cannot be opened with the key store/),
    hint: expect.stringMatching(/enter the passwords again/),
  })
})

test('a damaged file is refused in words', async () => {
  writeFileSync(file, '{')
  await expect(secrets.get(name)).rejects.toMatchObject({ message: expect.stringMatching(/remove it and enter/) })
})

test.each(['keyStoreThere', 'keyWorks'] as const)(
  'without %s nothing is written, and the reason is said',
  async (missing) => {
    machine[missing] = false
    await expect(secrets.put(name, 'geheim')).rejects.toMatchObject({
      code: 'config_invalid',
      message:
        'source/plant-a/password cannot be kept: this desktop has no key store. Start GNOME Keyring or KWallet, then Fieldwatch.',
    })
    expect(existsSync(file)).toBe(false)
    expect(await weakness()).toMatch(/^Passwords cannot be kept/)
  },
)

describe.runIf(process.platform === 'linux')('on Linux', () => {
  test('a key store that protects is not mentioned', async () => expect(await weakness()).toBeNull())

  test('basic_text is said: it hides, and does not protect', async () => {
    machine.keyStore = 'basic_text'
    expect(await weakness()).toMatch(/^Passwords are kept, but not protected: this desktop has no key store/)
  })

  test('a key that everyone has is said, also when the backend has no name yet', async () => {
    machine.keyStore = 'unknown'
    machine.keyTag = 'v10'
    expect(await weakness()).toMatch(/^Passwords are kept, but not protected/)
  })
})
