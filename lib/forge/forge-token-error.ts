import { AtlassianError } from '../errors.ts'

/** A token of Forge that a call needs is not there. The message says what to change; it holds no token. */
export class ForgeTokenError extends AtlassianError {
  constructor(code: 'ATL_FORGE_TOKEN_MISSING' | 'ATL_FORGE_TOKEN_EXPIRED', reason: string, message: string) {
    super(code, reason, {}, { message })
    this.name = 'ForgeTokenError'
  }
}

const SYSTEM_SETTING =
  'In the manifest, set "auth.appSystemToken.enabled: true" at the endpoint (for calls of functions: at the remote), ' +
  'and add the scope "read:app-system-token" beside at least one scope of a product'

const HOURLY =
  'Aim a scheduledTrigger with "interval: hour" at an endpoint whose route is the option "forge.keepAlivePath"'

/** The call brought no system token, and none of its installation is stored. */
export function systemTokenMissing(): ForgeTokenError {
  return new ForgeTokenError(
    'ATL_FORGE_TOKEN_MISSING',
    'system-token-missing',
    `The app has no system token of this installation, or only had one that has ended. ${SYSTEM_SETTING}. Calls of ` +
      `requestRemote never bring one. ${HOURLY}, so that one is always there`
  )
}

/** The stored system token is over, and only a call of Forge brings the next one. */
export function systemTokenExpired(): ForgeTokenError {
  return new ForgeTokenError(
    'ATL_FORGE_TOKEN_EXPIRED',
    'system-token-expired',
    `The system token of this installation has ended, and only a call of Forge brings another one. ${HOURLY}`
  )
}

/** The product answered 401 to the token, and there is no other. */
export function systemTokenRefused(): ForgeTokenError {
  return new ForgeTokenError(
    'ATL_FORGE_TOKEN_EXPIRED',
    'system-token-refused',
    'Atlassian refused the system token of this installation, and only a call of Forge brings another one. If that ' +
      'lasts for hours, the app was uninstalled'
  )
}

/** The call has a user, and brought no token of that user. */
export function userTokenMissing(): ForgeTokenError {
  return new ForgeTokenError(
    'ATL_FORGE_TOKEN_MISSING',
    'user-token-missing',
    'This call brought no token of its user. In the manifest, set "auth.appUserToken.enabled: true" at the endpoint, ' +
      'and add the scope "read:app-user-token" beside at least one scope of a product. Calls of requestRemote never ' +
      'bring one; "impersonate: true" acts as the user without it, where the manifest allows impersonation'
  )
}
