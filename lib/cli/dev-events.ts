/** A place where `dev` registers the app. */
export interface DevSite {
  /** Without credentials, whatever was given. */
  readonly baseUrl: string
  readonly product: 'jira' | 'confluence' | 'bitbucket'
}

/** What `dev` tells of real sites, as `--json` prints it. Nothing in it proves anything to anybody. */
export interface DevEventMap {
  /** Every site was asked: those that have the app now, and those that refused. */
  appRegistered: { readonly appKey: string; readonly hosts: readonly DevSite[]; readonly failed: readonly DevSite[] }
  /** The app was taken from these sites again. */
  appDeregistered: { readonly appKey: string; readonly hosts: readonly DevSite[] }
  /** The app can be reached from outside. */
  tunnelStarted: { readonly publicUrl: string }
}

/** All of them. */
export const devEventNames = ['appRegistered', 'appDeregistered', 'tunnelStarted'] as const

/** Tells what `dev` did, to handlers that nothing waits for. */
export interface DevEvents {
  /** Returns the function that ends the listening. */
  on<Name extends keyof DevEventMap>(name: Name, handler: (event: DevEventMap[Name]) => unknown): () => void
  /** Takes credentials and queries out of addresses first. Never throws. */
  emit<Name extends keyof DevEventMap>(name: Name, event: DevEventMap[Name]): void
}

/** `failed` is given what a handler throws. */
export function createDevEvents(failed: (error: unknown) => void): DevEvents {
  const handlers = new Map<string, Set<(event: never) => unknown>>()
  return Object.freeze({
    on(name: string, handler: (event: never) => unknown) {
      const ofName = handlers.get(name) ?? new Set()
      handlers.set(name, ofName)
      ofName.add(handler)
      return () => {
        ofName.delete(handler)
      }
    },
    emit(name: string, event: object) {
      const told = withoutCredentials(event)
      for (const handler of handlers.get(name) ?? []) {
        const call = async () => handler(told as never)
        call().catch(failed)
      }
    }
  })
}

/** `credentials.json` and old habits put a password into an address. */
function withoutCredentials(value: unknown): unknown {
  if (typeof value === 'string') return plainAddress(value)
  if (Array.isArray(value)) return Object.freeze(value.map(withoutCredentials))
  if (typeof value !== 'object' || value === null) return value
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutCredentials(member)]))
  )
}

function plainAddress(text: string): string {
  if (!/^https?:/i.test(text)) return text
  if (!URL.canParse(text)) return ''
  const { origin, pathname } = new URL(text)
  return `${origin}${pathname}`.replace(/\/$/, '')
}
