import { readFileSync } from 'node:fs'
import { isObject } from '../../descriptor/json-value.ts'
import { Secret } from '../../secret.ts'
import { UsageError } from '../world.ts'
import { isLoopback } from './loopback.ts'

/** Who the developer is on a site. */
export interface Login {
  readonly username: string
  readonly password: Secret
}

/** A site of `credentials.json`. */
export interface SiteLogin extends Login {
  readonly product: 'jira' | 'confluence'
  /** As people know it, such as `example.atlassian.net`. */
  readonly name: string
  readonly origin: string
  /** With `/wiki` for Confluence. */
  readonly baseUrl: string
  /** On this machine, so that no tunnel is needed. */
  readonly local: boolean
}

/** What ACE's `credentials.json` holds (connect.md 8.2). */
export interface Credentials {
  readonly sites: readonly SiteLogin[]
  readonly bitbucket: Login | null
  /** Handed to ngrok as it is, such as `authtoken` and `domain`. */
  readonly ngrok: Readonly<Record<string, unknown>> | null
}

/** Throws UsageError, which names the member and never what stands in it. */
export function readCredentials(file: string): Credentials {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // What a parser says may quote the text around the mistake, and that may be a password.
    throw new UsageError(`"${file}" cannot be read, or is not valid JSON`)
  }
  if (!isObject(value)) throw new UsageError(`"${file}" is not a JSON object`)
  const { hosts = {}, bitbucket, ngrok } = value
  if (!isObject(hosts)) throw new UsageError('"hosts" in the credentials has to be an object')
  return {
    sites: Object.entries(hosts).map(([host, member]) => siteOf(host, member)),
    bitbucket: bitbucket === undefined ? null : loginOf(bitbucket, 'bitbucket'),
    ngrok: isObject(ngrok) ? ngrok : null
  }
}

function siteOf(host: string, member: unknown): SiteLogin {
  const text = host.includes('://') ? host : `https://${host}`
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!plain) throw new UsageError('"hosts" in the credentials has a name that is no host, or that holds a password')
  const local = isLoopback(url.hostname)
  if (local && !host.includes('://')) url.protocol = 'http:'
  if (!local && url.protocol !== 'https:') throw new UsageError(`"${url.host}" in the credentials has to be https`)
  const product = isObject(member) ? String(member.product ?? 'jira').toLowerCase() : 'jira'
  if (product !== 'jira' && product !== 'confluence') {
    throw new UsageError(`"hosts.${url.host}.product" in the credentials is jira or confluence`)
  }
  return {
    ...loginOf(member, `hosts.${url.host}`),
    product,
    name: url.host,
    origin: url.origin,
    baseUrl: url.origin + (product === 'confluence' ? '/wiki' : ''),
    local
  }
}

function loginOf(value: unknown, member: string): Login {
  const { username, password }: Record<string, unknown> = isObject(value) ? value : {}
  if (typeof username === 'string' && username !== '' && typeof password === 'string' && password !== '') {
    return { username, password: new Secret(password) }
  }
  throw new UsageError(`"${member}" in the credentials needs "username" and "password"`)
}

/** The value of the header `Authorization`: a password never stands in a URL. */
export function basicHeader({ username, password }: Login): Secret {
  return new Secret(`Basic ${Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64')}`)
}
