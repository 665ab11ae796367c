import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SourceConfig } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'

/** What is agreed with the broker under TLS, as Node takes it. */
export interface Credentials {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly passphrase?: string
  readonly servername?: string
  readonly ALPNProtocols?: string[]
}

/**
 * Reads the files of a source, each time anew, so that a renewed certificate is taken at the next connection.
 * Throws FieldError broker_tls that names the file which is not what it should be.
 */
export function credentialsOf(source: SourceConfig, passphrase: string | null): Credentials {
  const { ca, cert, key, serverName, alpn } = source
  return {
    ...(ca === null ? {} : { ca: readCertificate('ca', ca).pem }),
    ...(cert === null || key === null ? {} : ownCertificate(cert, key, passphrase)),
    ...(serverName === null ? {} : { servername: serverName }),
    ...(alpn === null ? {} : { ALPNProtocols: [alpn] }),
  }
}

function ownCertificate(cert: string, key: string, passphrase: string | null): Credentials {
  const { pem, certificate } = readCertificate('cert', cert)
  const keyPem = readFile('key', key)
  if (!certificate.checkPrivateKey(privateKey(key, keyPem, passphrase)))
    throw wrong('key', key, 'is not the key of the certificate', 'give the key with which the certificate was made')
  return { cert: pem, key: keyPem, ...(passphrase === null ? {} : { passphrase }) }
}

type Field = 'ca' | 'cert' | 'key'

function readCertificate(field: Field, file: string): { pem: Buffer; certificate: X509Certificate } {
  const pem = readFile(field, file)
  try {
    return { pem, certificate: new X509Certificate(pem) }
  } catch (cause) {
    throw wrong(field, file, 'holds no certificate', 'give a PEM file: it begins with BEGIN CERTIFICATE', cause)
  }
}

function privateKey(file: string, key: Buffer, passphrase: string | null): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === null ? {} : { passphrase }) })
  } catch (cause) {
    throw unreadableKey(file, cause, passphrase)
  }
}

function unreadableKey(file: string, cause: unknown, passphrase: string | null): FieldError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (passphrase === null && /PASSPHRASE|INTERRUPTED/.test(code))
    return wrong('key', file, 'is locked with a passphrase', 'give the passphrase of the key', cause)
  if (passphrase !== null && /DECRYPT|BAD_PASSWORD/.test(code))
    return wrong('key', file, 'does not open with this passphrase', 'correct the passphrase of the key', cause)
  return wrong('key', file, 'holds no private key', 'give a PEM file: it begins with BEGIN ... PRIVATE KEY', cause)
}

const whatItIs: Readonly<Record<Field, string>> = {
  ca: 'give the PEM file with the certificate authority of the broker',
  cert: 'give the PEM file with the certificate of this machine',
  key: 'give the PEM file with the private key of this machine',
}

function readFile(field: Field, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw wrong(field, file, 'cannot be read', whatItIs[field], cause)
  }
}

function wrong(field: Field, file: string, what: string, hint: string, cause?: unknown): FieldError {
  return new FieldError('broker_tls', `${field}: "${file}" ${what}`, { hint, path: field, cause })
}
