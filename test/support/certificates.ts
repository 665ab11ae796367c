import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, part } from './parts.ts'

/** For `describe.skipIf(!hasOpenssl)`. */
export const hasOpenssl = part('openssl', findProgram('openssl') !== null)

export const passphrase = 'open sesame'

/** Certificates of one authority, made for one test run. */
export interface Certificates {
  /** Path of a file in their directory: ca.pem, other.pem (another authority), server.*, expired.*, client.*, stranger.*, client.locked. */
  file(name: string): string
  /** Texts of files, for a broker to have beside its configuration. */
  files(...names: string[]): Record<string, string>
  remove(): void
}

/**
 * `server` is for localhost and `expired` too; `client` and `stranger` are for machines, the second of the other
 * authority; `client.locked` is the key of `client` under the passphrase.
 */
export function makeCertificates(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'certificates-'))
  const openssl = (line: string, ...more: string[]) =>
    execFileSync(findProgram('openssl')!, [...line.split(' '), ...more], { cwd: dir, stdio: 'pipe' })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  const sign = (name: string, subject: string, ca: string, days: number) => {
    openssl(`req ${newKey} -keyout ${name}.key -out ${name}.csr -subj /CN=${subject}`)
    openssl(`x509 -req -in ${name}.csr -CA ${ca}.pem -CAkey ${ca}.key -CAcreateserial -days ${days} -out ${name}.pem`)
  }
  for (const name of ['ca', 'other'])
    openssl(`req -x509 ${newKey} -days 2 -keyout ${name}.key -out ${name}.pem -subj /CN=${name}`)
  sign('server', 'localhost', 'ca', 2)
  sign('expired', 'localhost', 'ca', -1)
  sign('client', 'recorder', 'ca', 2)
  sign('stranger', 'recorder', 'other', 2)
  openssl('pkey -in client.key -aes256 -out client.locked -passout', `pass:${passphrase}`)
  return {
    file: (name) => join(dir, name),
    files: (...names) => Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name), 'utf8')])),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
