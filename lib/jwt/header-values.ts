const NONE: readonly string[] = Object.freeze([])

/** Every `Authorization` header of a request. Node keeps the first and hides the others, so the raw list is read. */
export function authorizationValues(rawHeaders: readonly string[], merged: string | undefined): readonly string[] {
  if (merged === undefined) return NONE
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 13 && name.toLowerCase() === 'authorization') values.push(rawHeaders[i + 1] ?? '')
  }
  return values.length > 0 ? values : [merged]
}

/** The media type without its parameters, in lower case. */
export function mediaType(header: string | undefined): string | undefined {
  return header?.split(';', 1)[0]?.trim().toLowerCase()
}
