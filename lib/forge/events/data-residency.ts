import { AtlassianError } from '../../errors.ts'
import type { TenantWithSettings } from '../../tenant/tenant-settings.ts'
import { isMembers } from '../forge-claims.ts'
import type { TraceHeaders } from '../trace.ts'

/** The host's codes: not scheduled, region unsupported, moves unsupported, too many at once, anything else. */
export type DataResidencyCode = 'E0001' | 'E0002' | 'E0003' | 'E0004' | 'E9999'

/** How a move stands. Only `ready-to-commit` lets the host commit. */
export type DataResidencyStatus = 'in-progress' | 'ready-to-commit' | 'failed'

/** What a hook of data residency throws to refuse a move for good: an answer with a code is not tried again. */
export class DataResidencyError extends Error {
  readonly code: DataResidencyCode

  constructor(code: DataResidencyCode, message = 'The data cannot be moved') {
    super(message)
    this.name = 'DataResidencyError'
    this.code = code
  }
}

/** A move of one site's data to another region. */
export interface DataResidencyMove {
  readonly migrationId: string
  readonly tenant: TenantWithSettings
  readonly platform: 'connect' | 'forge'
  /** As in `tenant.installations`: `connect:<connectId>` for one that only Connect knows. */
  readonly installationId: string
  /** Empty for Connect, which knows no environments. */
  readonly environmentId: string
  readonly trace: TraceHeaders
}

/** The same with its plan. */
export interface DataResidencyPlan extends DataResidencyMove {
  /** Where the data has to be: `EU`, `US` and so on. */
  readonly location: string
  readonly startTimeMs: number
  readonly endTimeMs: number
}

/** The hooks of data residency, all of which a move needs. Each is answered once it is done. */
export interface DataResidencyHandlers {
  /** The five routes of Forge are below it. Default `/forge/dare`. Those of Connect are where the descriptor says. */
  readonly path?: string
  readonly schedule: (plan: DataResidencyPlan) => unknown
  readonly start: (plan: DataResidencyPlan) => unknown
  readonly status: (move: DataResidencyMove) => Promise<DataResidencyStatus>
  readonly commit: (move: DataResidencyMove) => unknown
  readonly rollback: (move: DataResidencyMove) => unknown
}

/** The five hooks by the last part of their paths. */
export const dataResidencyHooks = ['schedule', 'start', 'status', 'commit', 'rollback'] as const

/** One of them. */
export type DataResidencyHook = (typeof dataResidencyHooks)[number]

/** A verified call of one of the hooks. */
export interface DataResidencyCall {
  readonly hook: DataResidencyHook
  readonly platform: 'connect' | 'forge'
  readonly installationId: string
  readonly environmentId: string
  readonly tenant: TenantWithSettings
  readonly trace: TraceHeaders
  /** The parsed body, for `status` the query. */
  readonly input: unknown
}

/** How a hook is answered. */
export interface DataResidencyAnswer {
  readonly statusCode: number
  /** `null`: none. */
  readonly body: object | null
  /** What the handler threw, for the log. */
  readonly cause?: unknown
  /** The move that the hook was about. */
  readonly migrationId: string
  /** Where it goes, if the hook was told. */
  readonly location: string | null
}

/**
 * Runs a hook and says how it is answered (forge.md 1.3). What it throws is answered with a code if it is a
 * DataResidencyError, and without one otherwise, so that the host tries twice more. Throws `ATL_WEBHOOK_BODY`.
 */
export async function answerDataResidency(
  handlers: DataResidencyHandlers,
  call: DataResidencyCall
): Promise<DataResidencyAnswer> {
  const input = isMembers(call.input) ? call.input : {}
  const { tenant, platform, installationId, environmentId, trace } = call
  const move: DataResidencyMove = {
    migrationId: migrationId(input.migrationId),
    tenant,
    platform,
    installationId,
    environmentId,
    trace
  }
  const plan = call.hook === 'schedule' || call.hook === 'start' ? planOf(move, input) : null
  return {
    ...(await run(handlers, call.hook, move, plan)),
    migrationId: move.migrationId,
    location: plan?.location ?? null
  }
}

type Answer = Omit<DataResidencyAnswer, 'migrationId' | 'location'>

async function run(
  handlers: DataResidencyHandlers,
  hook: DataResidencyHook,
  move: DataResidencyMove,
  plan: DataResidencyPlan | null
): Promise<Answer> {
  try {
    if (hook === 'status') return { statusCode: 200, body: { status: statusOf(await handlers.status(move)) } }
    if (plan !== null && (hook === 'schedule' || hook === 'start')) await handlers[hook](plan)
    else if (hook === 'commit' || hook === 'rollback') await handlers[hook](move)
    return { statusCode: 204, body: null }
  } catch (cause) {
    return failure(hook, cause)
  }
}

function failure(hook: DataResidencyHook, cause: unknown): Answer {
  const code = cause instanceof DataResidencyError ? { errorResponseCode: cause.code } : {}
  // Asked for a state, the answer is one: the host then rolls back.
  if (hook === 'status' && cause instanceof DataResidencyError) {
    return { statusCode: 200, body: { status: 'failed', ...code }, cause }
  }
  return {
    statusCode: cause instanceof DataResidencyError ? 400 : 500,
    body: { message: 'The hook failed.', ...code },
    cause
  }
}

function statusOf(value: unknown): DataResidencyStatus {
  if (value === 'in-progress' || value === 'ready-to-commit' || value === 'failed') return value
  throw new TypeError('"status" must tell "in-progress", "ready-to-commit" or "failed"')
}

function planOf(move: DataResidencyMove, input: Readonly<Record<string, unknown>>): DataResidencyPlan {
  const { location } = input
  if (typeof location !== 'string' || !/^[\w-]{1,32}$/.test(location)) throw refused('location')
  return {
    ...move,
    location,
    startTimeMs: timeOf(input.startTime, 'startTime'),
    endTimeMs: timeOf(input.endTime, 'endTime')
  }
}

function timeOf(value: unknown, name: string): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw refused(name)
  return time
}

/** A number in bodies, a text in the query. */
function migrationId(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^[\w-]{1,64}$/.test(text)) throw refused('migrationId')
  return text
}

function refused(member: string): AtlassianError {
  return new AtlassianError('ATL_WEBHOOK_BODY', 'data-residency', { member })
}
