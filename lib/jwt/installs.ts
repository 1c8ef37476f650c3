import type { SignedRequest } from '../ports.ts'
import {
  type LifecycleEventType,
  type LifecyclePayload,
  type PayloadRules,
  parseLifecyclePayload
} from '../tenant/lifecycle-payload.ts'
import type { InstallKeySource } from './install-keys.ts'
import { type InstallRules, readInstallToken, type VerifiedInstall, verifyInstall } from './verify-install.ts'

/** A life-cycle call of which nothing was wrong before its body came. Not to be believed. */
export interface PendingInstall {
  /** Resolves only if the call is to be believed. */
  verify(body: unknown, events: readonly LifecycleEventType[]): Promise<VerifiedInstall>
}

/** How `installed` and `uninstalled` are proved. Which way it is, configuration says, and never a request. */
export interface Installs {
  /** Refuses what can be refused without the body. Throws AuthenticationError. */
  read(request: SignedRequest): PendingInstall
  /** The shape of a life-cycle body. Throws AtlassianError `ATL_LIFECYCLE_BODY` or `ATL_HOST_NOT_ALLOWED`. */
  parse(body: unknown, events: readonly LifecycleEventType[]): LifecyclePayload
}

/** The way of Jira and Confluence: RS256 with Atlassian's keys and nothing else (connect.md 2.4). */
export function createSignedInstalls(rules: InstallRules, keys: InstallKeySource, about: PayloadRules): Installs {
  const parse: Installs['parse'] = (body, events) => parseLifecyclePayload(body, events, about)
  return {
    parse,
    read(request) {
      const unverified = readInstallToken(request, rules)
      return { verify: (body, events) => verifyInstall(unverified, parse(body, events), body, keys, rules) }
    }
  }
}
