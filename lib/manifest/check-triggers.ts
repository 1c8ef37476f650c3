import { isObject } from '../descriptor/json-value.ts'
import type { Findings } from './findings.ts'
import { scheduleIntervals } from './manifest.ts'
import { endpointUses, type ManifestView, type ModuleEntry, wantsToken } from './read-manifest.ts'

const MAX_SCHEDULES = 5
const lifecycleEvent = /^avi:forge:(?:installed|upgraded):app$/

/** Events and schedules, and whether the system token stays fresh (forge.md 1.1, 1.3, 3.2). */
export function checkTriggers(view: ManifestView, findings: Findings): void {
  const ofType = (type: string) => view.modules.filter((module) => module.type === type)
  for (const trigger of ofType('trigger')) checkTrigger(trigger, findings)
  const schedules = ofType('scheduledTrigger')
  for (const schedule of schedules) checkSchedule(schedule, findings)
  if (schedules.length > MAX_SCHEDULES) {
    findings.error('schedules-too-many', 'modules.scheduledTrigger', `An app has at most ${MAX_SCHEDULES} schedules.`)
  }
  if (ofType('preUninstall').length > 1) {
    findings.error('pre-uninstall-twice', 'modules.preUninstall', 'An app has one preUninstall module.')
  }
  checkKeepAlive(view, schedules, findings)
}

function checkTrigger(trigger: ModuleEntry, findings: Findings): void {
  const { value, field } = trigger
  const events: unknown[] = Array.isArray(value.events) ? value.events : []
  if (events.length === 0) findings.error('trigger-events', `${field}.events`, 'A trigger names at least one event.')
  for (const event of events) {
    if (typeof event !== 'string' || !event.startsWith('avi:')) {
      findings.error('trigger-event-form', `${field}.events`, 'The name of an event begins with "avi:".')
    } else if (event === 'avi:forge:uninstalled:app') {
      findings.warn(
        'trigger-uninstalled',
        `${field}.events`,
        'Forge sends no such event; preUninstall takes its place.'
      )
    }
  }
  if (isLicensedOnly(trigger) && events.some((event) => typeof event === 'string' && lifecycleEvent.test(event))) {
    findings.warn(
      'lifecycle-licensed-only',
      `${field}.filter`,
      'Without a license the app would not hear that it was installed.'
    )
  }
}

function checkSchedule({ value, field }: ModuleEntry, findings: Findings): void {
  const known: readonly unknown[] = scheduleIntervals
  if (!known.includes(value.interval)) {
    findings.error('schedule-interval', `${field}.interval`, `It is one of ${scheduleIntervals.join(', ')}.`)
  }
}

/** A system token lives for four hours and comes with calls only: something has to call. */
function checkKeepAlive(view: ManifestView, schedules: readonly ModuleEntry[], findings: Findings): void {
  const withToken = new Set(view.endpoints.filter((each) => wantsToken(each, 'appSystemToken')).map(({ key }) => key))
  if (withToken.size === 0) return
  const frequent = schedules.filter(
    (schedule) =>
      (schedule.value.interval === 'hour' || schedule.value.interval === 'fiveMinute') &&
      endpointUses(schedule).some(({ key }) => withToken.has(key))
  )
  if (frequent.length === 0) {
    findings.warn(
      'keep-alive-missing',
      'modules.scheduledTrigger',
      'No hourly schedule brings a system token: the stored one ends after at most four quiet hours.'
    )
  } else if (frequent.every(isLicensedOnly)) {
    findings.warn(
      'keep-alive-licensed-only',
      frequent[0]?.field ?? '',
      'Without a license the system token is no longer renewed.'
    )
  }
}

function isLicensedOnly({ value }: ModuleEntry): boolean {
  return isObject(value.filter) && value.filter.appIsLicensed === true
}
