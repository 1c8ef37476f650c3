/** One file of a form that was sent, as text. */
export interface SentFile {
  readonly name: string
  readonly filename: string
  readonly type: string
  readonly content: string
}

/** The files of a multipart form; `null` for what is none. */
export function filesOfForm(body: string, contentType: string | undefined): readonly SentFile[] | null {
  const boundary = /^multipart\/form-data\s*;.*?\bboundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1]
  if (boundary === undefined || !body.includes(`--${boundary}--`)) return null
  const files: SentFile[] = []
  for (const part of `\r\n${body}`.split(`\r\n--${boundary}`).slice(1)) {
    const [head = '', ...rest] = part.split('\r\n\r\n')
    const [, name] = /\bname="([^"]*)"/.exec(head) ?? []
    const [, filename] = /\bfilename="([^"]*)"/.exec(head) ?? []
    if (name === undefined || filename === undefined) continue
    const type = /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? 'application/octet-stream'
    files.push({ name, filename: filename.replaceAll('%22', '"'), type, content: rest.join('\r\n\r\n') })
  }
  return files
}
