import { BoundedMap } from '../bounded-map.ts'
import { AtlassianError, AuthenticationError } from '../errors.ts'
import type { InstallTokenMark } from '../tenant/tenant.ts'

/** Remembers accepted install tokens while they could be sent again with another body, which no token covers. */
export interface InstallReplays {
  /**
   * Keeps the mark until it expires, unless there is one of this token; gives the body's hash that is kept then. Where
   * several processes serve the app they have to share this.
   */
  remember(mark: InstallTokenMark): string | Promise<string>
}

const MAX_MARKS = 10_000

/** In the memory of this process. Only tokens that verified get in. */
export function createInstallReplays(): InstallReplays {
  const bodies = new BoundedMap<string, string>(MAX_MARKS)
  return {
    remember({ token, body }) {
      const known = bodies.peek(token)
      if (known !== undefined) return known
      bodies.set(token, body)
      return body
    }
  }
}

/** The same token with the same body may come again; with another it is refused. Throws AuthenticationError. */
export async function refuseReplay(replays: InstallReplays, mark: InstallTokenMark): Promise<void> {
  let kept: unknown
  try {
    kept = await replays.remember(mark)
  } catch (cause) {
    throw new AtlassianError('ATL_STORE_UNAVAILABLE', 'install-replays', {}, { cause })
  }
  if (kept !== mark.body) throw new AuthenticationError('install-token-reused')
}
