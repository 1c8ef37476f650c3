import type { Audience, SiteGroup } from './site-state.ts'
import type { SimulatedUser } from './types.ts'

export const simulatedUsers: readonly SimulatedUser[] = [
  { accountId: '557058:ada-0001', name: 'Ada', initials: 'AL', colour: '#5e4db2', admin: true },
  { accountId: '557058:bo-0002', name: 'Bo', initials: 'BN', colour: '#1f845a', admin: false },
  { accountId: '557058:cleo-0003', name: 'Cleo', initials: 'CM', colour: '#ae4787', admin: false }
]

/** Ada, when nobody is named; null for an anonymous visitor. Throws for a name that nobody has. */
export function chooseUser(wanted: string | null | undefined): SimulatedUser | null {
  if (wanted === null) return null
  const name = wanted ?? 'Ada'
  const found = simulatedUsers.find((user) => user.accountId === name || user.name === name)
  if (found === undefined) {
    const known = simulatedUsers.map((user) => user.name).join(', ')
    throw new Error(`The simulated host has no user "${name}". It has ${known}, and null for an anonymous visitor.`)
  }
  return found
}

export function findUser(accountId: string | null): SimulatedUser | undefined {
  return simulatedUsers.find((user) => user.accountId === accountId)
}

/** Groups and roles that an audience may name, with the account ids in them. */
export interface Circles {
  readonly groups: readonly SiteGroup[]
  readonly roles?: ReadonlyMap<string, ReadonlySet<string>>
}

export function belongs(audience: Audience, user: SimulatedUser | null, circles: Circles): boolean {
  if (audience === 'everyone') return true
  if (user === null) return false
  if (user.admin || audience === 'users') return true
  return audience.some((name) => isIn(name, user.accountId, circles))
}

function isIn(name: string, accountId: string, circles: Circles): boolean {
  if (name.startsWith('group:')) {
    return circles.groups.some((group) => `group:${group.name}` === name && group.members.has(accountId))
  }
  if (!name.startsWith('role:')) return name === accountId
  const members = circles.roles?.get(name.slice('role:'.length)) ?? []
  return [...members].some((member) => !member.startsWith('role:') && isIn(member, accountId, circles))
}
