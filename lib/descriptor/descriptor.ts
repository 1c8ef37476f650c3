/** The `lifecycle` member: paths relative to `baseUrl`, with a query if the app likes. */
export interface DescriptorLifecycle {
  readonly installed?: string
  readonly uninstalled?: string
  readonly enabled?: string
  readonly disabled?: string
  readonly [member: string]: unknown
}

/**
 * An app descriptor (`atlassian-connect.json`). Only members that this package reads are typed; everything else
 * is kept as it came. The types hold once `assertDescriptor` has accepted the descriptor.
 */
export interface Descriptor {
  readonly key: string
  readonly baseUrl: string
  readonly name?: string
  readonly description?: string
  readonly vendor?: { readonly name?: string; readonly url?: string }
  readonly authentication: { readonly type?: string; readonly [member: string]: unknown }
  readonly lifecycle?: DescriptorLifecycle
  readonly scopes?: readonly string[]
  /** Module type to one module, a list of them, `false` or `null`. */
  readonly modules?: Readonly<Record<string, unknown>>
  readonly apiVersion?: number
  readonly apiMigrations?: Readonly<Record<string, unknown>>
  readonly enableLicensing?: boolean
  readonly [member: string]: unknown
}

/** A descriptor that a transformer may change in place. */
export type DescriptorDraft = { -readonly [Member in keyof Descriptor]: Descriptor[Member] }

/** Changes the descriptor after its placeholders are filled; what it returns is what is checked and served. */
export type DescriptorTransform = (descriptor: DescriptorDraft) => object | Promise<object>

/**
 * Where the descriptor comes from: the path of a JSON file (from the current folder; comments and trailing commas
 * are allowed), a `file:` URL, the descriptor itself, or a function that makes it.
 */
export type DescriptorSource = string | URL | object | (() => object | Promise<object>)

/** One finding. `field` is a path such as `modules.webPanels[0].url`; `code` is stable; `message` is for people. */
export interface DescriptorProblem {
  readonly field: string
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
}
