import type { HashExplanation } from '../explain/explain-hash.ts'
import type { Explanation } from '../explain/explain-token.ts'
import type { Colours } from './colours.ts'
import { printable } from './world.ts'

const signatureWords = {
  unknown: 'NOT CHECKED: nothing below is proved. --secret or --database checks it.',
  right: 'right: the claims below are what was signed.',
  wrong: 'WRONG: it was signed with another secret, or changed.'
} as const

/** An explanation as a person reads it. */
export function explainReport(explanation: Explanation, remark: string, paint: Colours): string {
  const { sentence, header, claims, times, signature, policies, hash } = explanation
  const mark = signature === 'right' ? paint.good : signature === 'wrong' ? paint.bad : paint.careful
  const width = Math.max(...policies.map(({ policy }) => policy.length))
  const named = Math.max(0, ...times.map(({ claim }) => claim.length))
  return [
    paint.strong(sentence),
    '',
    `Signature: ${mark(signatureLine(signature, remark))}`,
    `Header:    ${printable(JSON.stringify(header))}`,
    'Claims:',
    ...indent(printable(JSON.stringify(claims, null, 2))),
    ...(times.length === 0 ? [] : ['Times:']),
    ...times.map(({ claim, at, words }) => `  ${claim.padEnd(named)}  ${words}${at === null ? '' : ` (${at})`}`),
    'Policies:',
    ...policies.map(({ policy, passes, reasons }) => {
      const verdict = passes ? paint.good('passes ') : paint.bad('refused')
      return `  ${policy.padEnd(width)}  ${verdict}  ${printable(reasons.join('; '))}`
    }),
    ...hashLines(hash, typeof claims.qsh === 'string' && claims.qsh !== 'context-qsh', paint),
    ''
  ].join('\n')
}

function signatureLine(signature: Explanation['signature'], remark: string): string {
  if (signature === 'unknown') return remark === '' ? signatureWords.unknown : remark
  return remark === '' ? signatureWords[signature] : `${signatureWords[signature]} But ${remark}.`
}

function hashLines(hash: HashExplanation | null, hasHash: boolean, paint: Colours): string[] {
  if (hash === null) {
    return hasHash ? ['Hash: not compared; tell the request with --method and --url, or give its address.'] : []
  }
  const { claimed, canonical, computed, fits, variations } = hash
  if (canonical === null)
    return [`Hash: ${paint.bad('the address has a percent sign that means nothing, so it has no hash.')}`]
  const lines = [
    `Hash: ${fits ? paint.good('fits this request.') : paint.bad('is of another request.')}`,
    `  in the token         ${printable(claimed)}`,
    `  of this request      ${computed}`,
    `  what is hashed here  ${printable(canonical)}`
  ]
  if (fits) return lines
  if (variations.length === 0) {
    lines.push(
      '  No small difference explains it: it was signed for another address, or several things changed on the way.',
      '  http or https, the server and the port are no part of a hash. "doctor --listen" shows what proxies change.'
    )
  }
  for (const { steps, canonical: signed } of variations) {
    lines.push(
      `  ${paint.careful('Its hash would be right if')} ${printable(steps.join(', and '))}:`,
      `    ${printable(signed)}`
    )
  }
  return lines
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`)
}
