/** One key of the ring: 32 bytes, or the same wrapped by a KMS, under an id that is written into every stored value. */
export type EncryptionKey =
  | { readonly id: string; readonly key: string | Uint8Array }
  | { readonly id: string; readonly wrapped: string | Uint8Array }

/** Where a wrapping key lives that never leaves its place: a KMS, an HSM, a vault. Asked once per key and process. */
export interface UnwrapProvider {
  /** The 32 bytes of the key that was wrapped. Rejects if they cannot be had. */
  unwrap(wrapped: Uint8Array, keyId: string): Promise<Uint8Array>
}

/** How secrets are protected in a database. */
export interface EncryptionOptions {
  /** Newest first: the first one writes, all of them read. `key` is 32 bytes, or their base64 text. */
  readonly keys: readonly EncryptionKey[]
  readonly provider?: UnwrapProvider
  /** Lets rows be read that an older version or another framework left unencrypted. Ends with re-encryption. */
  readonly acceptPlaintext?: boolean
}
