import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../client')
/** What needs nothing comes first. */
const files = ['client-error', 'request', 'token-source', 'until', 'connect-transport', 'forge-transport', 'client']

/** The client as one script that leaves `createClient` behind: pages of the app allow no other way in. */
export function clientScript(): string {
  const code = files.map((name) =>
    stripTypeScriptTypes(readFileSync(join(folder, `${name}.ts`), 'utf8'))
      .replace(/^\s*(?:import|export)\s[^(){}=]*(?:\{[^}]*\})?[^(){}=]*\sfrom\s.*$/gm, '')
      .replace(/^export /gm, '')
  )
  return `globalThis.createClient = (() => {\n${code.join('\n')}\nreturn createClient\n})()`
}
