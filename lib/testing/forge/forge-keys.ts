import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, exportPKCS8, exportSPKI, generateKeyPair, type JWK } from 'jose'

/** One key pair of the host, with everything that a test may want of it. */
export interface ForgeKey {
  /** With slashes, as in life. */
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly privatePem: string
  readonly publicPem: string
  readonly jwk: JWK
}

export interface ForgeKeys {
  /** The key that signs now. The first one is made when it is first asked for. */
  current(): Promise<ForgeKey>
  /** A new key signs from now on. The ones before stay in the published set, unless they are withdrawn. */
  rotate(withdraw: boolean): Promise<ForgeKey>
  /** The published set. */
  published(): Promise<{ keys: JWK[] }>
}

/** Making a key takes a while, so a test that never meets Forge makes none. */
export function createForgeKeys(): ForgeKeys {
  let keys: Promise<readonly ForgeKey[]> | null = null
  const all = () => {
    keys ??= newKey().then((key) => [key])
    return keys
  }
  const newest = (list: readonly ForgeKey[]) => {
    const key = list.at(-1)
    if (key === undefined) throw new Error('The simulated host has no key.')
    return key
  }
  return {
    current: async () => newest(await all()),
    async rotate(withdraw) {
      const before = all()
      keys = Promise.all([before, newKey()]).then(([old, key]) => [...(withdraw ? [] : old), key])
      return newest(await keys)
    },
    published: async () => ({ keys: (await all()).map(({ jwk }) => jwk) })
  }
}

async function newKey(): Promise<ForgeKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = `forge/invocation-token/wf-${randomUUID()}`
  const [jwk, privatePem, publicPem] = await Promise.all([
    exportJWK(publicKey),
    exportPKCS8(privateKey),
    exportSPKI(publicKey)
  ])
  return { kid, privateKey, privatePem, publicPem, jwk: { ...jwk, kid, use: 'sig', alg: 'RS256' } }
}
