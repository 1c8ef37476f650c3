import type { TenantWithSettings } from '../../tenant/tenant-settings.ts'
import type { TraceHeaders } from '../trace.ts'

/** What a route for events is there for. */
export type ForgeEventKind = 'installed' | 'upgraded' | 'preUninstall' | 'product' | 'scheduled'

/** A verified event as plain data, which survives JSON: what waits in an inbox or in a queue of the app. */
export interface ForgeEventMessage {
  /** Ours, a UUID: the same for every try to handle this delivery, and for a delivery that was replayed. */
  readonly deliveryId: string
  /** The tenant when it arrived. Whose it is when it is handled is told by the installation. */
  readonly tenantId: string
  readonly kind: ForgeEventKind
  /**
   * `forge:installed`, `forge:upgraded`, `forge:preUninstall` or `forge:scheduled`; for the rest its `eventType`, such as
   * `avi:jira:updated:issue`, or `forge:unknown`.
   */
  readonly event: string
  /** In their long forms, as signed. */
  readonly installationId: string
  readonly environmentId: string
  /** The site, as signed; `null` where the installation has none, or several. */
  readonly cloudId: string | null
  /** The version of the app that is installed there. */
  readonly appVersion: string | null
  /** The key of the endpoint in the manifest, as signed. */
  readonly endpoint: string
  /** How often the host tried before, 0 for the first time. */
  readonly retry: number
  /** Why it tries again, in the host's words. */
  readonly retryReason: string | null
  /** Who did it, as the body says. A hint. */
  readonly accountId: string | null
  /** Whether the app itself caused it, as the body says. */
  readonly selfGenerated: boolean
  /** Headers for calls that belong to it: `get(path, { headers: event.trace })`. */
  readonly trace: TraceHeaders
  readonly receivedAtMs: number
  /** The event itself, taken out of `payload` where it came in one. A hint: read again by REST what matters. */
  readonly body: unknown
}

/** A verified event of Forge, as its handlers get it. */
export interface ForgeEvent<Body = unknown> extends Omit<ForgeEventMessage, 'tenantId' | 'body'> {
  readonly platform: 'forge'
  /** Read again when the event is handled. */
  readonly tenant: TenantWithSettings
  readonly body: Body
}

/** The app is about to be removed from a site. */
export interface ForgePreUninstallEvent extends ForgeEvent<ForgeScheduledBody> {
  /**
   * Whether the tenant ends with it. `false` while another installation of it lives, in Connect or in Forge: then its
   * data is still needed.
   */
  readonly lastInstallation: boolean
}

/** What the host says when the app was installed or upgraded; the identifiers as they came (forge.md 1.3). */
export interface ForgeInstalledBody {
  readonly id?: string
  readonly installerAccountId?: string
  readonly upgraderAccountId?: string
  readonly app?: { readonly id?: string; readonly version?: string; readonly name?: string }
  readonly environment?: { readonly id?: string }
  readonly permissions?: Readonly<Record<string, unknown>>
}

/** What the host says with a schedule and before it uninstalls. */
export interface ForgeScheduledBody {
  readonly context?: { readonly cloudId?: string; readonly moduleKey?: string }
}

/** The events of Forge that are not named after what happened in a product. */
export interface ForgeEventMap {
  /** The app was installed. Its bot user may not have its permissions yet. */
  'forge:installed': ForgeEvent<ForgeInstalledBody>
  /** A new major version was accepted. Minor ones are not told. */
  'forge:upgraded': ForgeEvent<ForgeInstalledBody>
  'forge:preUninstall': ForgePreUninstallEvent
  /** Every schedule; `forge:scheduled:<endpoint key>` hears those of one endpoint. */
  'forge:scheduled': ForgeEvent<ForgeScheduledBody>
  /** An event of a product that does not say which. */
  'forge:unknown': ForgeEvent
  /** All of them, those of products too. */
  'forge:*': ForgeEvent
}
