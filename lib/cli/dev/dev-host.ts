import type { DevEvents } from '../dev-events.ts'
import type { Reporter } from './report.ts'

/** Why the host should look at the app: it started, started again, or serves another descriptor. */
export type Occasion = 'first' | 'restarted' | 'descriptor'

/** The Atlassian that the app lives in while it is developed. */
export interface DevHost {
  /** Where the app has to listen. */
  readonly appPort: number
  /** Options of `connectPlugin` that make the app trust this host, as JSON can carry them. */
  readonly appOptions: Readonly<Record<string, unknown>>
  /** Path of the app's address, empty for none. */
  readonly basePath: string
  /** What a browser opens; null when that is the product itself. */
  readonly pageUrl: string | null
  /** Installs the app where that is due. Tells what went wrong, and never rejects. */
  appReady(occasion: Occasion): Promise<void>
  appStopping(): void
  /** The file of the Forge manifest has changed. */
  manifestChanged(): Promise<void>
  /** The last thing while the app still listens. */
  leave(): Promise<void>
  close(): Promise<void>
}

/** What a host needs of the command. */
export interface HostWorld {
  readonly reporter: Reporter
  readonly events: DevEvents
  readonly signal: AbortSignal
}
