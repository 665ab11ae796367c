import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { FieldError } from '../contract/errors.ts'

/** What the settings of a broker say about TLS: paths of PEM files, and names. */
export interface TlsSettings {
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
  readonly serverName?: string | null
  readonly alpn?: string | null
}

/** What is agreed with the broker under TLS, as Node takes it. */
export interface Credentials {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly passphrase?: string
  readonly servername?: string
  readonly ALPNProtocols?: string[]
}

type Code = 'broker_tls' | 'kafka_tls'

/**
 * Reads the files, each time anew, so that a renewed certificate is taken at the next connection.
 * Throws a FieldError of this code that names the file which is not what it should be.
 */
export function credentialsOf(settings: TlsSettings, passphrase: string | null, code: Code): Credentials {
  const { ca, cert, key, serverName = null, alpn = null } = settings
  return {
    ...(ca === null ? {} : { ca: readCertificate('ca', ca, code).pem }),
    ...(cert === null || key === null ? {} : ownCertificate(cert, key, passphrase, code)),
    ...(serverName === null ? {} : { servername: serverName }),
    ...(alpn === null ? {} : { ALPNProtocols: [alpn] }),
  }
}

function ownCertificate(cert: string, key: string, passphrase: string | null, code: Code): Credentials {
  const { pem, certificate } = readCertificate('cert', cert, code)
  const keyPem = readFile('key', key, code)
  if (!certificate.checkPrivateKey(privateKey(key, keyPem, passphrase, code)))
    throw wrong(code, 'key', key, 'is not the key of the certificate', 'give the key with which it was made')
  return { cert: pem, key: keyPem, ...(passphrase === null ? {} : { passphrase }) }
}

type Field = 'ca' | 'cert' | 'key'

function readCertificate(field: Field, file: string, code: Code): { pem: Buffer; certificate: X509Certificate } {
  const pem = readFile(field, file, code)
  try {
    return { pem, certificate: new X509Certificate(pem) }
  } catch (cause) {
    throw wrong(code, field, file, 'holds no certificate', 'give a PEM file: it begins with BEGIN CERTIFICATE', cause)
  }
}

function privateKey(file: string, key: Buffer, passphrase: string | null, code: Code): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === null ? {} : { passphrase }) })
  } catch (cause) {
    throw unreadableKey(file, cause, passphrase, code)
  }
}

function unreadableKey(file: string, cause: unknown, passphrase: string | null, code: Code): FieldError {
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (passphrase === null && /PASSPHRASE|INTERRUPTED/.test(why))
    return wrong(code, 'key', file, 'is locked with a passphrase', 'give the passphrase of the key', cause)
  if (passphrase !== null && /DECRYPT|BAD_PASSWORD/.test(why))
    return wrong(code, 'key', file, 'does not open with this passphrase', 'correct the passphrase of the key', cause)
  const way = 'give a PEM file: it begins with BEGIN ... PRIVATE KEY'
  return wrong(code, 'key', file, 'holds no private key', way, cause)
}

const whatItIs: Readonly<Record<Field, string>> = {
  ca: 'give the PEM file with the certificate authority of the broker',
  cert: 'give the PEM file with the certificate of this machine',
  key: 'give the PEM file with the private key of this machine',
}

function readFile(field: Field, file: string, code: Code): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw wrong(code, field, file, 'cannot be read', whatItIs[field], cause)
  }
}

function wrong(code: Code, field: Field, file: string, what: string, hint: string, cause?: unknown): FieldError {
  return new FieldError(code, `${field}: "${file}" ${what}`, { hint, path: field, cause })
}
