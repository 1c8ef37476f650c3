import { relativeUrlFault, urlFault } from './check-url.ts'
import type { Descriptor } from './descriptor.ts'
import { moduleUrls } from './descriptor-modules.ts'
import { descriptorWebhooks } from './descriptor-webhooks.ts'
import { findMembers } from './find-members.ts'
import { fieldOf, isObject, type JsonObject } from './json-value.ts'
import { requiredMembers } from './module-kinds.ts'
import { listModules, type RawModule } from './module-list.ts'
import type { Fault, ProblemList } from './problem-list.ts'

/** Shapes, keys, required members and URLs of all modules, webhooks among them. */
export function checkModules(descriptor: Descriptor, problems: ProblemList): void {
  checkShape(descriptor.modules, problems)
  const firstWithKey = new Map<string, string>()
  for (const raw of listModules(descriptor)) {
    if (raw.type === 'webhooks') checkWebhook(raw, problems)
    else checkModule(raw, firstWithKey, problems)
  }
  checkRepeatedEvents(descriptor, problems)
}

function checkShape(modules: unknown, problems: ProblemList): void {
  if (modules === undefined || modules === null || modules === false) return
  if (!isObject(modules)) problems.error('modules', 'modules-type', 'has to be an object of module types')
  else
    for (const [type, value] of Object.entries(modules)) {
      const field = fieldOf('modules', type)
      if (value === null || value === false || isObject(value)) continue
      if (!Array.isArray(value)) {
        problems.error(field, 'module-type', 'has to be a module, a list of modules, false or null')
        continue
      }
      for (const [index, item] of value.entries()) {
        if (!isObject(item)) problems.error(fieldOf(field, index), 'module-type', 'has to be an object')
      }
    }
}

function checkModule(raw: RawModule, firstWithKey: Map<string, string>, problems: ProblemList): void {
  const { type, module, field } = raw
  for (const member of requiredMembers.get(type) ?? []) {
    if (findMembers(module, member, field).length === 0)
      problems.error(`${field}.${member}`, 'member-missing', `is missing, and ${type} cannot do without it`)
  }
  if (module.key === undefined)
    problems.warn(fieldOf(field, 'key'), 'module-key-missing', 'is missing; the host wants a key for every module')
  else problems.judge(fieldOf(field, 'key'), keyFault(module.key, fieldOf(field, 'key'), firstWithKey))
  for (const { value, field: urlField } of moduleUrls(raw)) problems.judge(urlField, urlFault(value))
  checkCacheable(module, field, problems)
}

function keyFault(key: unknown, field: string, firstWithKey: Map<string, string>): Fault | null {
  if (typeof key !== 'string' || !/^[a-zA-Z0-9-]+$/.test(key)) {
    return ['module-key', 'has to be text of letters, digits and hyphens']
  }
  const first = firstWithKey.get(key)
  if (first !== undefined) return ['module-key-repeated', `is the same as ${first}; a key is used once in an app`]
  firstWithKey.set(key, field)
  return null
}

function checkCacheable(holder: JsonObject, field: string, problems: ProblemList): void {
  for (const [name, value] of Object.entries(holder)) {
    if (name === 'cacheable') {
      if (typeof value !== 'boolean') problems.error(fieldOf(field, name), 'cacheable-type', 'has to be true or false')
    } else if (name !== 'params' && isObject(value)) checkCacheable(value, fieldOf(field, name), problems)
  }
}

function checkWebhook({ module, field }: RawModule, problems: ProblemList): void {
  const { event, url } = module
  if (typeof event !== 'string' || event === '' || event.length > 100) {
    problems.error(
      fieldOf(field, 'event'),
      'webhook-event',
      'has to be the name of an event, of at most 100 characters'
    )
  }
  problems.judge(fieldOf(field, 'url'), relativeUrlFault(url))
}

function checkRepeatedEvents(descriptor: Descriptor, problems: ProblemList): void {
  for (const { webhooks, events } of descriptorWebhooks(descriptor)) {
    checkTellable(webhooks[0]?.field ?? 'modules.webhooks', events, problems)
    const first = new Map<string, string>()
    for (const { event, field } of webhooks) {
      const earlier = first.get(event)
      if (earlier === undefined) first.set(event, field)
      else problems.warn(field, 'webhook-repeated', `listens to "${event}" on the same path as ${earlier}`)
    }
  }
}

// Confluence does not say in the body which event it is, so only the path can tell.
const CONFLUENCE_EVENT = /^(?:page|blog|blueprint|content|space|label|group|search|relation)_/

function checkTellable(field: string, events: readonly string[], problems: ProblemList): void {
  const untellable = events.filter((event) => CONFLUENCE_EVENT.test(event))
  if (events.length < 2 || untellable.length === 0) return
  problems.warn(
    field,
    'webhook-untellable',
    `shares its path with other events, and Confluence does not say which one it sends: give ${untellable.join(', ')} a path each`
  )
}
