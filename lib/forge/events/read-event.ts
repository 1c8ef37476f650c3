import { AtlassianError, AuthorizationError } from '../../errors.ts'
import { appAri, environmentAri, installationAri } from '../ari.ts'
import { isMembers, textOrNull } from '../forge-claims.ts'
import type { TraceHeaders } from '../trace.ts'
import { isOfForgeItself, type VerifiedForge } from '../verify-invocation.ts'
import type { ResolvedEventRoute } from './event-options.ts'
import type { ForgeEventKind, ForgeEventMessage } from './forge-event.ts'

/** An event as it arrived at a path, verified but for its body. */
export interface ArrivedEvent {
  readonly forge: VerifiedForge
  /** The parsed body; `undefined` if there was none. */
  readonly body: unknown
  readonly trace: TraceHeaders
}

/** What is known of an event before it has a place in an inbox. */
export type ReadForgeEvent = Omit<ForgeEventMessage, 'deliveryId' | 'tenantId' | 'receivedAtMs'>

const NAMES: ReadonlyMap<string, ForgeEventKind> = new Map([
  ['avi:forge:installed:app', 'installed'],
  ['avi:forge:upgraded:app', 'upgraded']
])
// Events of apps have the id of the app and their own key in them, with slashes between.
const AVI = /^avi:[\w.:/-]{1,200}$/

/**
 * Which event this is, and for which of the path's routes. Throws `ATL_WEBHOOK_BODY` for a body that is no event, or one
 * of another path, and AuthorizationError if the call is not one of Forge itself, comes by an endpoint that the route
 * is not for, or if the body speaks of another installation than the token.
 */
export function readForgeEvent(
  { forge, body, trace }: ArrivedEvent,
  routes: readonly ResolvedEventRoute[]
): { readonly event: ReadForgeEvent; readonly route: ResolvedEventRoute } {
  if (!isOfForgeItself(forge)) throw new AuthorizationError('not-an-event')
  const outer = body === undefined ? {} : body
  if (!isMembers(outer)) throw new AtlassianError('ATL_WEBHOOK_BODY', 'event-body')
  // Documents show the event in `payload`, captures show it bare (forge.md 1.3).
  const inner = isMembers(outer.payload) ? outer.payload : outer
  const eventType = textOrNull(inner, 'eventType') ?? textOrNull(outer, 'eventType') ?? cloudEventType(inner)
  const route = routeOf(eventType, routes)
  if (route.endpoints !== null && !route.endpoints.has(forge.module.key)) throw new AuthorizationError('event-endpoint')
  if (route.kind === 'installed' || route.kind === 'upgraded') refuseOthers(inner, forge)
  const retry = inner.retryContext ?? outer.retryContext
  return {
    route,
    event: {
      kind: route.kind,
      event: route.kind === 'product' ? productEvent(eventType) : `forge:${route.kind}`,
      installationId: forge.installation.id,
      environmentId: forge.environment.id,
      cloudId: forge.cloudId,
      appVersion: forge.app.version,
      endpoint: forge.module.key,
      retry: isMembers(retry) ? retryCount(retry.retryCount) : 0,
      retryReason: isMembers(retry) ? shortText(retry.retryReason) : null,
      accountId: shortText(inner.atlassianId) ?? shortText(member(inner.actor, 'accountId')),
      selfGenerated: inner.selfGenerated === true,
      trace,
      body: inner
    }
  }
}

/** The `eventType` decides where it names a life-cycle event or several kinds share a path; else the path does. */
function routeOf(eventType: string | null, routes: readonly ResolvedEventRoute[]): ResolvedEventRoute {
  const [only, ...others] = routes
  const named = eventType === null ? undefined : (NAMES.get(eventType) ?? (AVI.test(eventType) ? 'product' : undefined))
  const route = named === undefined && others.length === 0 ? only : routes.find(({ kind }) => kind === named)
  if (route === undefined) throw new AtlassianError('ATL_WEBHOOK_BODY', 'event-type')
  return route
}

/** Events about policies come in the form of CloudEvents, which names them otherwise. */
function cloudEventType(body: Readonly<Record<string, unknown>>): string | null {
  return textOrNull(body, 'specversion') === null ? null : textOrNull(body, 'type')
}

function productEvent(eventType: string | null): string {
  return eventType !== null && AVI.test(eventType) ? eventType : 'forge:unknown'
}

/** What a body may say about whose event it is: nothing else than the token (forge.md 9, 19). */
function refuseOthers(body: Readonly<Record<string, unknown>>, forge: VerifiedForge): void {
  const { app, environment } = body
  const said = [
    { value: body.id, name: installationAri, signed: forge.installation.id, reason: 'event-installation' },
    { value: member(app, 'id'), name: appAri, signed: forge.app.id, reason: 'event-app' },
    {
      value: member(environment, 'id'),
      name: (value: unknown) => environmentAri(forge.app.id, value),
      signed: forge.environment.id,
      reason: 'event-environment'
    }
  ]
  for (const { value, name, signed, reason } of said) {
    if (value !== undefined && value !== null && name(value) !== signed) throw new AuthorizationError(reason)
  }
}

function member(value: unknown, name: string): unknown {
  return isMembers(value) ? value[name] : undefined
}

function retryCount(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 100 ? value : 0
}

function shortText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : null
}
