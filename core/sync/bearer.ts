import type { AuthenticationProviderArgs, Authenticator, Mechanism } from 'kafkajs'

/**
 * Login by OAUTHBEARER (RFC 7628). The client's own takes the refusal of a token for a success, and fails later without
 * a word of why: it does not look into the answer.
 */
export function bearer(token: () => Promise<string>): Mechanism {
  return { mechanism: 'oauthbearer', authenticationProvider: (how) => authenticator(how, token) }
}

function authenticator(
  { host, port, saslAuthenticate }: AuthenticationProviderArgs,
  token: () => Promise<string>,
): Authenticator {
  return {
    authenticate: async () => {
      const message = Buffer.from(`n,,\u0001auth=Bearer ${await token()}\u0001\u0001`)
      const refused = await saslAuthenticate({
        request: { encode: () => sized(message) },
        response: { decode: (answer) => answer, parse: (answer) => answer.length > 4 }, // nothing behind its length: accepted
      })
      if (refused) throw new RefusedToken(`${host}:${port} refuses the token`)
    },
  }
}

/** By the name that the client has for it. */
class RefusedToken extends Error {
  override readonly name = 'KafkaJSSASLAuthenticationError'
}

/** As SaslAuthenticate carries bytes: behind their length. */
function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
