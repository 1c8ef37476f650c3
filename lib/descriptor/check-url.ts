import { isAbsolute } from './app-address.ts'
import type { Fault } from './problem-list.ts'

/** What is wrong with the URL of a module: a path below the base URL or an absolute http(s) URL is right. */
export function urlFault(url: unknown): Fault | null {
  if (typeof url !== 'string') return ['url-type', 'has to be text: a path below baseUrl or an https URL']
  if (url === '') return ['url-empty', 'is empty; give a path such as "/page"']
  if (isAbsolute(url) && !/^https?:\/\/[^/]/i.test(url)) {
    return ['url-scheme', 'has to be a path below baseUrl or begin with https://']
  }
  return formFault(url)
}

/** The same where only a path is right. The words never repeat it: its query may hold a secret of the app. */
export function relativeUrlFault(url: unknown): Fault | null {
  if (typeof url !== 'string') return ['url-type', 'has to be text: a path below baseUrl, such as "/path"']
  if (url === '') return ['url-empty', 'is empty; give a path such as "/path"']
  if (isAbsolute(url)) return ['url-absolute', 'has to be a path below baseUrl, not an absolute URL']
  return formFault(url)
}

function formFault(url: string): Fault | null {
  const path = url.replace(/[?#].*$/s, '')
  const fixed = url.replace(/\{[^{}]*\}/g, 'x')
  if (/[\u0000-\u0020\u007f\\]/.test(fixed)) {
    return ['url-characters', 'holds a space, a backslash or a control character; encode it with %']
  }
  if (/[{}]/.test(fixed)) return ['url-variable', 'has a brace without its partner; a variable is written {name}']
  if (!isDecodable(fixed.replace(/[?#].*$/s, ''))) {
    return ['url-encoding', 'has a path that is not well encoded: look for a stray %']
  }
  if (/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) {
    return ['url-dot-segment', 'has a "." or ".." segment, which browsers resolve before they ask for it']
  }
  return null
}

function isDecodable(path: string): boolean {
  try {
    return decodeURI(path).isWellFormed()
  } catch {
    return false
  }
}
