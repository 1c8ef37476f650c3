import type { Descriptor } from '../descriptor/descriptor.ts'
import { isObject } from '../descriptor/json-value.ts'
import { sharedTypes } from './connect-modules.ts'
import type { Findings } from './findings.ts'
import { APP_PREFIX, manifestProducts, UNREGISTERED_APP } from './manifest.ts'
import type { ManifestView, ModuleEntry } from './read-manifest.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const connectKey = /^[a-zA-Z0-9._-]{1,90}$/
const variable = /\$\{\w+\}/
const endedRuntimes: ReadonlySet<unknown> = new Set(['sandbox', 'nodejs18.x', 'nodejs20.x'])

/** The app itself and its Connect part (forge.md 5.1, 5.2). */
export function checkApp(view: ManifestView, descriptor: Descriptor | undefined, findings: Findings): void {
  checkId(view.app.id, findings)
  const { runtime } = view.app
  if (!isObject(runtime) || typeof runtime.name !== 'string') {
    findings.error('runtime-missing', 'app.runtime.name', 'Forge wants a runtime, for an app without functions too.')
  } else if (endedRuntimes.has(runtime.name)) {
    findings.warn('runtime-ended', 'app.runtime.name', `"${runtime.name}" is no longer supported.`)
  }
  checkConnect(view, descriptor, findings)
  checkConnectModules(view, findings)
}

function checkId(id: unknown, findings: Findings): void {
  const field = 'app.id'
  if (typeof id !== 'string') findings.error('app-id-missing', field, 'The id of the app is missing.')
  else if (id === UNREGISTERED_APP) {
    findings.warn('app-id-placeholder', field, 'It is a placeholder until "forge register" has run.')
  } else if (!variable.test(id) && !(id.startsWith(APP_PREFIX) && uuid.test(id.slice(APP_PREFIX.length)))) {
    findings.error('app-id-form', field, `It has the form ${APP_PREFIX}<uuid>.`)
  }
}

function checkConnect(
  { connect, remotes, connectModules }: ManifestView,
  descriptor: Descriptor | undefined,
  findings: Findings
): void {
  const { key, remote, authentication } = connect ?? {}
  if (connect !== null || connectModules.length > 0 || descriptor !== undefined) {
    if (typeof key !== 'string') {
      findings.error(
        'connect-key-missing',
        'app.connect.key',
        'The key of the Connect app is missing; it stays for ever.'
      )
    } else if (variable.test(key)) {
      // A variable is filled in by Forge, one value for each environment.
    } else if (!connectKey.test(key)) {
      findings.error(
        'connect-key-form',
        'app.connect.key',
        'It has 1 to 90 letters, digits, dots, hyphens and underscores.'
      )
    } else if (descriptor !== undefined && key !== descriptor.key) {
      findings.error(
        'connect-key-differs',
        'app.connect.key',
        'It is not the key of the descriptor: sites would get another app.'
      )
    }
  }
  if (connectModules.length > 0 && typeof remote !== 'string') {
    findings.error('connect-remote-missing', 'app.connect.remote', 'Connect modules need the remote that serves them.')
  } else if (typeof remote === 'string') {
    const found = remotes.find((entry) => entry.key === remote)
    if (found === undefined) {
      findings.error('connect-remote-unknown', 'app.connect.remote', `There is no remote "${remote}".`)
    } else if (found.value.configurable !== undefined) {
      findings.error(
        'connect-remote-configurable',
        'app.connect.remote',
        'A remote that administrators configure cannot serve Connect modules.'
      )
    }
  }
  if (authentication !== undefined && connectModules.length === 0) {
    findings.error(
      'connect-authentication-unused',
      'app.connect.authentication',
      'It is refused without Connect modules.'
    )
  } else if (authentication !== undefined && authentication !== 'jwt') {
    findings.error('connect-authentication', 'app.connect.authentication', 'Only "jwt" is possible.')
  }
}

function checkConnectModules({ connectModules, modules, endpoints }: ManifestView, findings: Findings): void {
  const owners = new Map<string, ModuleEntry>()
  for (const module of [...endpoints, ...modules, ...connectModules]) {
    const { type, key, field } = module
    const isConnect = field.startsWith('connectModules.')
    if (isConnect && !manifestProducts.some((product) => type.startsWith(`${product}:`))) {
      findings.error('connect-module-type', field, 'The type of a Connect module begins with "jira:" or "confluence:".')
    }
    if (key === '') {
      findings.error('module-key-missing', field, 'A module needs a key.')
      continue
    }
    const owner = owners.get(key)
    if (owner !== undefined) checkTwins(owner, module, findings)
    owners.set(key, module)
  }
  for (const product of manifestProducts) {
    const count = connectModules.filter(({ type }) => type === `${product}:lifecycle`).length
    if (count > 1) {
      findings.error('lifecycle-twice', `connectModules.${product}:lifecycle`, 'A product has one life-cycle module.')
    }
  }
}

/** Whether two products may share a key is not documented; everywhere else they may not. */
function checkTwins(owner: ModuleEntry, { type, key, field }: ModuleEntry, findings: Findings): void {
  const message = `The key "${key}" belongs to ${owner.field} already`
  const inTwoProducts = [owner.field, field].every((at) => at.startsWith('connectModules.')) && owner.type !== type
  if (!inTwoProducts || productOf(owner.type) === productOf(type)) {
    findings.error('module-key-twice', field, `${message}; it names one module.`)
  } else if (!sharedTypes.test(type)) {
    findings.warn('module-key-in-products', field, `${message}, for another product: Forge may refuse it.`)
  }
}

function productOf(type: string): string {
  return type.slice(0, type.indexOf(':'))
}
