import { checkManifest, createManifest, type ManifestCheckInput } from 'fastify-atlassian/core'
import { descriptorOf } from './descriptor-of.ts'

/** Anything that a file may hold. */
export type Draft = ReturnType<typeof JSON.parse>

export const forge = { appId: '8db33809-1f32-48bb-8c52-5877dab48107', scopes: ['read:jira-work'] }
export const descriptor = await descriptorOf()

/** A manifest without faults, as a file would hold it, with one change. */
export function changed(change: (draft: Draft) => void): Draft {
  const draft: Draft = JSON.parse(JSON.stringify(createManifest({ descriptor, forge }).manifest))
  change(draft)
  return draft
}

export function found(change: (draft: Draft) => void, input: ManifestCheckInput = {}): string[] {
  return checkManifest(changed(change), input).map(({ code, severity }) => `${severity} ${code}`)
}
