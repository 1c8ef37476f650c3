import { isLoopbackHost } from '../allowed-hosts.ts'
import { isObject } from './ace-file.ts'
import { readAceStore } from './ace-store.ts'
import { checkValue, type Kind } from './check-value.ts'
import type { Draft } from './draft.ts'

/** What a reader of one key is told. */
export interface AceValue {
  /** With `$NAME` replaced. */
  readonly value: unknown
  /** The variable or the key of the file, for messages. */
  readonly from: string
  readonly draft: Draft
  /** What ACE takes for the environment: NODE_ENV, else `development`. */
  readonly environment: string
  /** Other keys of the section. */
  other(key: string): unknown
}

/** One key of ACE's configuration. */
export interface AceKey {
  readonly key: string
  /** The variable that comes before the file. */
  readonly variable?: string
  /** ACE also reads it outside of the sections. */
  readonly global?: true
  /** Its value may hold a password, of which nothing is told. */
  readonly secret?: true
  /** Options that are settled by it: where they are known already, the key is not looked at. */
  readonly options: readonly string[]
  read(value: AceValue): void
}

const text: Kind = { type: 'text' }
const url: Kind = { type: 'url' }
const boolean: Kind = { type: 'boolean' }

/** A key that is one of our options under another name. */
const as = (key: string, option: string, kind: Kind, more: Pick<AceKey, 'variable' | 'global'> = {}): AceKey => ({
  key,
  options: [option],
  ...more,
  read: ({ draft, value, from }) => draft.read(option, kind, value, from)
})

/** A key without an option: the start says what there is instead. */
const without = (key: string, sentence: string): AceKey => ({
  key,
  options: [],
  read: ({ draft, from }) => draft.notice(`${from} is not needed: ${sentence}`)
})

/** Every key of ACE 11.5's configuration. */
export const aceKeys: readonly AceKey[] = Object.freeze([
  as('port', 'port', { type: 'integer', min: 0, max: 65_535 }, { variable: 'PORT' }),
  as('environment', 'environment', text),
  as('localBaseUrl', 'baseUrl', url, { variable: 'AC_LOCAL_BASE_URL' }),
  as('allowedBaseUrls', 'allowedBaseUrls', { type: 'list', of: 'url' }, { variable: 'AC_ALLOWED_BASE_URLS' }),
  as('hostScriptUrl', 'hostScriptUrl', url, { variable: 'AC_HOST_SCRIPT_URL' }),
  as('appKey', 'appKey', text, { variable: 'AC_APP_KEY' }),
  as('userAgent', 'userAgent', text, { global: true }),
  {
    key: 'appId',
    variable: 'AC_APP_ID',
    global: true,
    options: ['forge.appId'],
    read({ draft, value, from }) {
      draft.read('forge.appId', { type: 'forge-app' }, value, from)
      if (draft.has('forge.environments')) return
      draft.notice(
        `${from}: ACE takes calls of every Forge environment, here FASTIFY_ATLASSIAN_FORGE_ENVIRONMENTS says which; production needs it`
      )
    }
  },
  {
    key: 'product',
    variable: 'AC_PRODUCT',
    global: true,
    options: ['product'],
    read({ draft, value, from }) {
      const checked = checkValue({ type: 'choice', values: ['jira', 'confluence', 'bitbucket'] }, value)
      if ('expected' in checked) draft.problem(from, checked.expected)
      // Jira and Confluence need no word: the descriptor and each tenant say which it is.
      else if (checked.value === 'bitbucket') draft.set('product', 'bitbucket', from)
    }
  },
  { key: 'whitelist', variable: 'AC_HOST_WHITELIST', options: ['allowedHosts'], read: readWhitelist },
  { key: 'maxTokenAge', options: ['session.minutes'], read: readMaxTokenAge },
  {
    key: 'setupInstallRoute',
    options: ['lifecycle.installed'],
    read({ draft, value, from }) {
      const checked = checkValue(boolean, value)
      if ('expected' in checked) draft.problem(from, checked.expected)
      else if (checked.value === false) draft.set('lifecycle.installed', false, from)
    }
  },
  {
    key: 'watch',
    options: ['watchDescriptor'],
    // ACE watches in development only, and so may we.
    read({ draft, value, from, environment }) {
      if (environment === 'development') draft.read('watchDescriptor', boolean, value, from)
    }
  },
  { key: 'store', secret: true, options: ['store'], read: readAceStore },
  {
    key: 'expressErrorHandling',
    options: ['errorPage'],
    read({ draft, value, from }) {
      const checked = checkValue(boolean, value)
      if ('expected' in checked) draft.problem(from, checked.expected)
      else if (checked.value === true) draft.set('errorPage', false, from)
    }
  },
  { key: 'errorTemplate', options: ['errorPage'], read: readErrorTemplate },
  // Read with `errorTemplate`; without it ACE does not look at them either.
  { key: 'errorTemplateName', options: [], read: () => {} },
  { key: 'errorTemplateObject', options: [], read: () => {} },
  without(
    'validateDescriptor',
    'the descriptor is checked at every start, and by "npx fastify-atlassian descriptor check"'
  ),
  without(
    'hosts',
    'the app registers itself nowhere; "npx fastify-atlassian dev" registers it on the hosts of credentials.json'
  ),
  without('jwt', 'calls to hosts are signed for three minutes, as with the default of jwt.validityInMinutes')
])

/** ACE's globs stand for names of hosts, with any scheme and port. */
function readWhitelist({ draft, value, from }: AceValue): void {
  const entries: unknown = typeof value === 'string' ? value.split(',').map((entry) => entry.trim()) : value
  if (!Array.isArray(entries) || !entries.every((entry): entry is string => typeof entry === 'string')) {
    draft.problem(from, 'it must be names of hosts such as "*.atlassian.net", with commas between them')
    return
  }
  const named = entries.filter((entry) => entry !== '').map((entry) => entry.toLowerCase())
  if (named.length < entries.length) {
    draft.notice(`${from}: an empty entry, which lets every host install in ACE, is left out here`)
  }
  for (const entry of named) {
    if ('expected' in checkValue({ type: 'list', of: 'host' }, [entry])) {
      draft.problem(
        from,
        'each entry must be a host such as "acme.atlassian.net", or "*." before one; "*" stands nowhere else'
      )
      return
    }
    if (isLoopbackHost(entry)) {
      draft.notice(
        `${from}: "${entry}" means https://${entry} here; name its scheme and port, as in "http://${entry}:2990"`
      )
    }
  }
  if (named.length > 0) draft.set('allowedHosts', named, from)
}

const MAX_SESSION_MINUTES = 60

/** The age of the tokens that ACE's pages call back with: a session here, in minutes and never longer than an hour. */
function readMaxTokenAge({ draft, value, from }: AceValue): void {
  const checked = checkValue({ type: 'integer', min: 1, max: 1e12 }, value)
  if ('expected' in checked) {
    draft.problem(from, 'it must be a whole number of seconds')
    return
  }
  const minutes = Math.ceil(Number(checked.value) / 60)
  if (minutes > MAX_SESSION_MINUTES) {
    draft.notice(
      `${from} is more than an hour: a session token lasts ${MAX_SESSION_MINUTES} minutes at most, and pages refresh it`
    )
  }
  draft.set('session.minutes', Math.min(minutes, MAX_SESSION_MINUTES), from)
}

function readErrorTemplate({ draft, value, from, other }: AceValue): void {
  const checked = checkValue(boolean, value)
  if ('expected' in checked) {
    draft.problem(from, checked.expected)
    return
  }
  if (checked.value === false) return
  const template = other('errorTemplateName') ?? 'unauthorized'
  const data = other('errorTemplateObject')
  if (typeof template !== 'string' || template === '') {
    draft.problem(`${from}Name`, 'it must be the name of a template')
  } else if (data !== undefined && !isObject(data)) {
    draft.problem(`${from}Object`, 'it must be an object')
  } else {
    draft.set('errorPage', data === undefined ? { template } : { template, data }, from)
  }
}
