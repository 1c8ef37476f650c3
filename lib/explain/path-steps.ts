import { type Step, tryDecode, unique } from './step.ts'

/** The path itself, without the base path as the host leaves it out, and what it may have been. */
export function pathSteps(raw: string, basePath: string): Step[] {
  const inside = basePath !== '' && (raw === basePath || raw.startsWith(`${basePath}/`))
  const own = (inside ? raw.slice(basePath.length) : raw) || '/'
  const segments = own.split('/').slice(1)
  const steps: Step[] = [
    { words: '', text: own },
    { words: 'the path was decoded before it was signed, or encoded on the way', text: tryDecode(own) },
    {
      words: 'the path was signed with more percent signs: it was decoded on the way',
      text: own.replaceAll('%', '%25')
    },
    { words: 'the path was encoded a second time on the way', text: own.replace(/%25([0-9a-f]{2})/gi, '%$1') },
    {
      words: 'the path was signed in the usual encoding, and written anew on the way',
      text: encodeURI(tryDecode(own))
    },
    { words: 'the letters of percent sequences in the path were capitals', text: upperHex(own) },
    { words: 'the letters of percent sequences in the path were small', text: lowerHex(own) },
    { words: 'the path was in small letters', text: own.toLowerCase() },
    { words: 'double slashes in the path were made one on the way, or the other way round', text: merged(own) },
    { words: 'the path ended with a slash more', text: `${own}//` },
    { words: 'the path ended with two slashes less', text: own.replace(/\/+$/, '') }
  ]
  if (basePath !== '')
    steps.push({ words: `the base path ${basePath} was not left out of the hash`, text: basePath + own })
  for (const count of [1, 2]) {
    if (segments.length <= count) break
    const gone = `/${segments.slice(0, count).join('/')}`
    const words = `${gone} was not part of the signed path: a proxy added it, or it is a base path that was not told`
    steps.push({ words, text: `/${segments.slice(count).join('/')}` })
  }
  return unique(steps)
}

function upperHex(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (hex) => hex.toUpperCase())
}

function lowerHex(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (hex) => hex.toLowerCase())
}

function merged(path: string): string {
  return path.replace(/\/{2,}/g, '/')
}
