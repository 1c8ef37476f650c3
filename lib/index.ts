/** The framework-free core: who signed this, which tenant is it, and how do we answer or call back. */
export { type AllowedHosts, compileAllowedHosts, productionHosts } from './allowed-hosts.ts'
export type { AuthorizationRequest, Authorized, Authorizer } from './authorize/authorizer.ts'
export {
  type ConfluenceRequirements,
  type JiraRequirements,
  parseConfluenceRequirements,
  parseJiraRequirements,
  type Requirements
} from './authorize/requirements.ts'
export { type BitbucketOptions, type ResolvedBitbucket, resolveBitbucket } from './bitbucket/bitbucket-options.ts'
export type { BitbucketPayload, BitbucketPrincipal } from './bitbucket/bitbucket-payload.ts'
export { type BitbucketTokens, exchangeBitbucketToken } from './bitbucket/bitbucket-tokens.ts'
export { createInstallProver, type InstallProver, type ProverOptions } from './bitbucket/prove-install.ts'
export { type BitbucketSigner, signBitbucketRequest } from './bitbucket/sign-bitbucket-request.ts'
export { type ConnectApp, createConnectApp } from './connect-app.ts'
export {
  assertDescriptor,
  checkDescriptor,
  type Descriptor,
  type DescriptorProblem,
  loadDescriptor
} from './descriptor/index.ts'
export {
  AtlassianError,
  AuthenticationError,
  AuthorizationError,
  type ErrorCode,
  errorTable,
  MissingPackageError,
  OptionError
} from './errors.ts'
export type { ForgeOptions, ResolvedForgeOptions } from './forge/forge-options.ts'
export { ForgeTokenError } from './forge/forge-token-error.ts'
export { createKeySet, type KeySet } from './forge/key-set.ts'
export { type InvocationRules, type VerifiedForge, verifyInvocationToken } from './forge/verify-invocation.ts'
export { createHostCalls, type HostCalls, type HostCallsOptions, type HostMetrics } from './host/host-calls.ts'
export type { HostClient } from './host/host-client.ts'
export { HostError } from './host/host-error.ts'
export { createUserTokens, type UserTokensOptions } from './host/user-token.ts'
export { UserTokenError } from './host/user-token-error.ts'
export type { UserTokenRequest, UserTokens } from './host/user-tokens.ts'
export { type ConnectClaims, type ProductContext, parseConnectClaims } from './jwt/claims.ts'
export { extractToken, type FoundToken, type TokenPlace } from './jwt/extract-token.ts'
export { createInstallKeySource, type InstallKeySource, productionKeyHosts } from './jwt/install-keys.ts'
export {
  createProvidedKeySource,
  type KeyCache,
  type KeyProvider,
  type ProvidedKeyOptions
} from './jwt/key-provider.ts'
export { type Policy, type PolicyOption, policies, type TokenKind } from './jwt/policy.ts'
export { CONTEXT_QSH, canonicalRequest, matchesQueryStringHash, queryStringHash } from './jwt/qsh.ts'
export { signSessionToken } from './jwt/session-token.ts'
export { signHostRequest } from './jwt/sign-host-request.ts'
export { signUserAssertion, type UserAssertion } from './jwt/sign-user-assertion.ts'
export { parseSignedUrl, type SignedUrl } from './jwt/signed-url.ts'
export { type ConnectRules, readConnectToken, type VerifiedConnect, verifyConnectToken } from './jwt/verify-connect.ts'
export { type InstallRules, readInstallToken, type VerifiedInstall, verifyInstall } from './jwt/verify-install.ts'
export { checkManifest, type ManifestCheckInput } from './manifest/check-manifest.ts'
export { type CreatedManifest, createManifest, type ManifestInput } from './manifest/create-manifest.ts'
export type {
  Manifest,
  ManifestFinding,
  ManifestOptions,
  ManifestPaths,
  ManifestProduct,
  ManifestRoute,
  ManifestValue,
  RemoteOperation,
  ScheduleInterval
} from './manifest/manifest.ts'
export { manifestToYaml } from './manifest/to-yaml.ts'
export type { ConnectOptions, ResolvedOptions } from './options.ts'
export type { Clock, FetchLike, Log, SignedRequest, Timer } from './ports.ts'
export { parseRecordings, type Recording, RecordingError, type RecordingKind } from './recording/recording.ts'
export { resolveOptions } from './resolve-options.ts'
export { Secret } from './secret.ts'
export type {
  AccountAnswer,
  AccountClaim,
  AccountOutcome,
  AccountStore,
  AccountUse,
  ClaimedAccount,
  KeptAccount
} from './tenant/account-store.ts'
export { applyLifecycleEvent, type LifecycleEvent, type LifecycleOutcome } from './tenant/lifecycle.ts'
export { type LifecyclePayload, parseLifecyclePayload } from './tenant/lifecycle-payload.ts'
export type { SettingsListQuery, SettingsOwner, SettingsStore, StoredSetting } from './tenant/settings-store.ts'
export {
  type ConnectRegistration,
  type ConnectTenant,
  clientKeysOf,
  type ForgeTenant,
  hasRegistration,
  type Installation,
  isAlive,
  isConnected,
  noRegistration,
  type Tenant,
  type TenantIdentity,
  tenantStatus,
  timeOfDeath
} from './tenant/tenant.ts'
export { inOrderOfNames, nextNames, type TenantName } from './tenant/tenant-names.ts'
export {
  type DeadTenant,
  type PurgeOptions,
  type PurgeRequest,
  type PurgeResult,
  purgeTenants,
  type TenantRemover
} from './tenant/tenant-purge.ts'
export type { Delivery, DeliveryInbox, NewDelivery, TenantLookup, TenantStore } from './tenant/tenant-store.ts'
export type { AccessTokenKind, StoredToken, TokenKey, TokenStore } from './tenant/token-store.ts'
export type { Credentials, CredentialsLoader } from './verify/credentials.ts'
export { type AuthErrorCode, authErrorCodeOf } from './verify/error-codes.ts'
export { createInstallReplays, type InstallReplays } from './verify/install-replays.ts'
export type { OwnExtraction, VerifyOptions } from './verify/shared.ts'
export { type FormOfRequest, signedRequestFromFetch, signedRequestFromNode } from './verify/signed-request.ts'
export {
  type VerifiedInstallation,
  type VerifyInstallationOptions,
  verifyInstallation
} from './verify/verify-installation.ts'
export {
  type QueryStringHashType,
  type VerifiedRequest,
  type VerifyRequestOptions,
  verifyRequest
} from './verify/verify-request.ts'
export { version } from './version.ts'
export type { WebhookEvent } from './webhook/webhook-event.ts'
