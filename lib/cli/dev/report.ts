import type { Secret } from '../../secret.ts'
import type { DevEventMap } from '../dev-events.ts'
import { type CliWorld, withoutPasswords } from '../world.ts'

/** What happened, as `--json` names it. */
export type DevEventType = 'ready' | 'app' | 'descriptor' | 'manifest' | 'site' | 'tunnel' | 'note' | 'problem'

/** One request that was made between a host and the app. It never holds a token. */
export interface Traffic {
  readonly direction: 'to-app' | 'to-host'
  readonly site: string | null
  readonly method: string
  /** Path and query without `jwt`. */
  readonly path: string
  /** The kind of its token, which is what a policy asks for; null without a token. */
  readonly token: string | null
  /** 0: no answer came. */
  readonly status: number
  readonly ms: number
  readonly verdict: string
}

/** Tells the developer what happens. No password and no token passes it. */
export interface Reporter {
  tell(type: DevEventType, text: string, data?: Readonly<Record<string, unknown>>): void
  traffic(traffic: Traffic): void
  /** For scripts: a person has read the same in other lines. */
  event<Name extends keyof DevEventMap>(name: Name, event: DevEventMap[Name]): void
  /** From now on this text is hidden wherever it appears. */
  hide(secret: Secret): void
}

const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g
const HIDDEN = '***'

/** `json`: each event is one line of JSON; without it results go to `out` and problems to `err`, as text. */
export function createReporter(world: CliWorld, json: boolean): Reporter {
  const secrets = new Set<string>()
  const paint = painter(world.isTerminal === true && !world.env.NO_COLOR && !json)

  function clean(text: string): string {
    let result = withoutPasswords(text).replace(TOKEN, HIDDEN)
    for (const secret of secrets) result = result.replaceAll(secret, HIDDEN)
    return result
  }

  function line(event: object): void {
    // Each text by itself: what stands between two of them belongs to JSON.
    const text = JSON.stringify(event, (_name, value) => (typeof value === 'string' ? clean(value) : value))
    world.out(`${text}\n`)
  }

  return {
    hide(secret) {
      // A text of a letter or two is no secret, and hiding it would spoil every word.
      if (secret.reveal().length > 3) secrets.add(secret.reveal())
    },
    tell(type, text, data = {}) {
      if (json) line({ type, text, ...data })
      else if (type === 'problem') world.err(`${paint('red', 'problem'.padEnd(10))} ${clean(text)}\n`)
      else world.out(`${paint('bold', type.padEnd(10))} ${clean(text)}\n`)
    },
    event(name, event) {
      if (json) line({ type: name, ...event })
    },
    traffic(traffic) {
      if (json) {
        line({ type: 'traffic', ...traffic })
        return
      }
      const { direction, site, method, path, token, status, ms, verdict } = traffic
      const colour = status >= 200 && status < 400 ? 'green' : 'red'
      const words = [
        direction === 'to-app' ? '→' : '←',
        paint(colour, status === 0 ? '---' : String(status)),
        method.padEnd(6),
        path,
        `[${token ?? 'no token'}]`,
        `${Math.round(ms)} ms`,
        paint('dim', site === null ? verdict : `${site}: ${verdict}`)
      ]
      world.out(`${clean(words.join(' '))}\n`)
    }
  }
}

const codes = { red: 31, green: 32, bold: 1, dim: 2 } as const

function painter(colours: boolean): (colour: keyof typeof codes, text: string) => string {
  return (colour, text) => (colours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text)
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason'
}
