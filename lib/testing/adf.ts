import { isObject } from './descriptor-reader.ts'

/** The plain text of an Atlassian document, one line a block; a plain string is its own text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!isObject(value)) return ''
  if (typeof value.text === 'string') return value.text
  if (!Array.isArray(value.content)) return ''
  const joiner = value.type === 'doc' ? '\n' : ''
  return value.content.map(textOf).join(joiner)
}

/** The text as an Atlassian document, one paragraph a line. */
export function toDocument(text: string): object {
  return {
    type: 'doc',
    version: 1,
    content: text
      .split('\n')
      .map((line) => ({ type: 'paragraph', content: line === '' ? [] : [{ type: 'text', text: line }] }))
  }
}
