export const products = ['jira', 'confluence'] as const
export const platforms = ['connect', 'connect-on-forge', 'forge'] as const
export const databases = ['sqlite', 'postgres'] as const

/** What the front end of a new app imports. */
export const CLIENT = 'fastify-atlassian/client'
export const BRIDGE = '@forge/bridge'

/** What a new app is to be. */
export interface Choice {
  /** For people, and for the key of the descriptor. */
  readonly name: string
  /** The key of the descriptor, which stays for ever. */
  readonly key: string
  readonly product: (typeof products)[number]
  /** Where it lives: Connect alone, Connect with a Forge part beside it, or Forge alone. */
  readonly platform: (typeof platforms)[number]
  readonly database: (typeof databases)[number]
  /** Whether it has a page for people. */
  readonly frontEnd: boolean
  /** What its package.json says about this package: a range of versions, or the address of a tarball. */
  readonly packageSpec: string
}

export const hasConnect = ({ platform }: Choice): boolean => platform !== 'forge'
export const hasForge = ({ platform }: Choice): boolean => platform !== 'connect'

/** One file of the new app. */
export interface NewFile {
  /** With slashes, from the folder of the app. */
  readonly path: string
  readonly text: string
}

/** Lines of a file; those that are `false` are left out, lists are taken apart. */
export function lines(...given: readonly (string | false | readonly string[])[]): string {
  return `${given
    .flat()
    .filter((line) => line !== false)
    .join('\n')}\n`
}
