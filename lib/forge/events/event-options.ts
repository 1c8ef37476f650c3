import type { DataResidencyHandlers } from './data-residency.ts'
import type { ForgeEventKind, ForgeEventMessage } from './forge-event.ts'

/** `inbox`: written, answered, handled. `await`: handled before the answer, 500 if a handler fails. */
export type ForgeEventMode = 'inbox' | 'await'

/** One route for events. */
export interface ForgeEventRoute {
  /** Below the mount path, as in the manifest's `endpoint.route.path`. */
  readonly path?: string
  /** Keys of the endpoints in the manifest that may call it. Default: each of the app's. */
  readonly endpoints?: readonly string[]
  /** Default: `forge.events.mode`. */
  readonly mode?: ForgeEventMode
}

/** Routes for what Forge sends by itself. `forge: { events: {} }` makes all of them but data residency. */
export interface ForgeEventsOptions {
  /** `avi:forge:installed:app`. A path, more about the route, or `false` for none. Default `/forge/lifecycle/installed`. */
  readonly installed?: string | false | ForgeEventRoute
  /** `avi:forge:upgraded:app`. Default `/forge/lifecycle/upgraded`. */
  readonly upgraded?: string | false | ForgeEventRoute
  /** The module `preUninstall`. Default `/forge/lifecycle/pre-uninstall`. */
  readonly preUninstall?: string | false | ForgeEventRoute
  /** Events of products. Default `/forge/events`. */
  readonly product?: string | false | ForgeEventRoute
  /** The modules `scheduledTrigger`. Default `/forge/scheduled`. */
  readonly scheduled?: string | false | ForgeEventRoute
  /** Hooks of data residency. Without it there are no such routes. */
  readonly dataResidency?: DataResidencyHandlers
  /** How events are handled, unless their route says otherwise. Default `inbox`. */
  readonly mode?: ForgeEventMode
  /**
   * Takes the place of the inbox: gives a verified event to a queue of the app. Answered once it resolves; if it
   * rejects or takes too long the host tries again. `app.atlassian.handleForgeEvent(message)` runs the handlers later.
   */
  readonly enqueue?: (message: ForgeEventMessage) => unknown
  /** How long an installation lives on after `preUninstall` at most, for handlers. Default 55 seconds. */
  readonly preUninstallMs?: number
}

/** The same for one route, checked. */
export interface ResolvedEventRoute {
  readonly kind: ForgeEventKind
  readonly path: string
  readonly endpoints: ReadonlySet<string> | null
  readonly mode: ForgeEventMode
}

/** The same for all routes, checked. */
export interface ResolvedForgeEvents {
  readonly routes: readonly ResolvedEventRoute[]
  readonly dataResidency: (DataResidencyHandlers & { readonly path: string }) | null
  readonly enqueue: ForgeEventsOptions['enqueue']
  readonly preUninstallMs: number
}

/** Where events arrive unless the app says otherwise; the manifest that the package writes has the same paths. */
export const defaultEventPaths: Readonly<Record<ForgeEventKind | 'dataResidency', string>> = Object.freeze({
  installed: '/forge/lifecycle/installed',
  upgraded: '/forge/lifecycle/upgraded',
  preUninstall: '/forge/lifecycle/pre-uninstall',
  product: '/forge/events',
  scheduled: '/forge/scheduled',
  dataResidency: '/forge/dare'
})
