export type { AppEvents, LifecycleEventMap } from '../lib/app-events.ts'
export type { AppProperties, JsonValue } from '../lib/app-services/app-properties.ts'
export type { DynamicModule, DynamicModuleMap, DynamicModules } from '../lib/app-services/dynamic-modules.ts'
export type { ServiceLookup } from '../lib/app-services/service-target.ts'
export type { Tenants } from '../lib/app-tenants.ts'
export type { Authorized } from '../lib/authorize/authorizer.ts'
export type {
  ConfluenceApplicationPermission,
  ConfluenceContentPermission,
  ConfluenceSpacePermission,
  JiraGlobalPermission,
  JiraProjectPermission
} from '../lib/authorize/permission-names.ts'
export type { ConfluenceRequirements, JiraRequirements } from '../lib/authorize/requirements.ts'
export { ConfigurationError, type ConfigurationProblem } from '../lib/config/configuration-error.ts'
export type { ConfiguredOptions } from '../lib/config/read-configuration.ts'
export type { Descriptor, DescriptorSource } from '../lib/descriptor/index.ts'
export type {
  DynamicWebhook,
  DynamicWebhookEvent,
  NewDynamicWebhook,
  RegisteredDynamicWebhook
} from '../lib/dynamic-webhooks/dynamic-webhook.ts'
export type { DynamicWebhooks } from '../lib/dynamic-webhooks/dynamic-webhooks.ts'
export type { RefreshExpiringOptions, RefreshExpiringReport } from '../lib/dynamic-webhooks/refresh-expiring.ts'
export { type EitherEvent, type EitherEventName, type EventIds, eitherEvents } from '../lib/either-events.ts'
export {
  AtlassianError,
  AuthenticationError,
  AuthorizationError,
  type ErrorCode,
  MissingPackageError,
  OptionError
} from '../lib/errors.ts'
export type { HostLookup } from '../lib/find-target.ts'
export {
  type DataResidencyCode,
  DataResidencyError,
  type DataResidencyHandlers,
  type DataResidencyMove,
  type DataResidencyPlan,
  type DataResidencyStatus
} from '../lib/forge/events/data-residency.ts'
export type { ForgeEventMode, ForgeEventRoute, ForgeEventsOptions } from '../lib/forge/events/event-options.ts'
export type {
  ForgeEvent,
  ForgeEventKind,
  ForgeEventMap,
  ForgeEventMessage,
  ForgeInstalledBody,
  ForgePreUninstallEvent,
  ForgeScheduledBody
} from '../lib/forge/events/forge-event.ts'
export type { ForgeProductMap } from '../lib/forge/events/product-bodies.ts'
export type { ForgeInvocation, ForgeTokens } from '../lib/forge/forge-authenticator.ts'
export type { ForgeContext, ForgeInstallationContext, ForgeLicense } from '../lib/forge/forge-claims.ts'
export type { ForgeOptions, IsolatedCloudOptions } from '../lib/forge/forge-options.ts'
export { ForgeTokenError } from '../lib/forge/forge-token-error.ts'
export type { ForgeRouteRules } from '../lib/forge/route-rules.ts'
export type { TraceHeaders } from '../lib/forge/trace.ts'
export type { VerifiedForge } from '../lib/forge/verify-invocation.ts'
export type { HostDispatcher } from '../lib/host/connections.ts'
export type { HostBody } from '../lib/host/host-body.ts'
export type { HostMetrics } from '../lib/host/host-calls.ts'
export type { AsUserOptions, HostClient, HostRequestOptions } from '../lib/host/host-client.ts'
export { HostError } from '../lib/host/host-error.ts'
export type { HostHeaders } from '../lib/host/host-headers.ts'
export type { HostLimitEvent, TenantPoints } from '../lib/host/limit-watch.ts'
export { type FilePart, type MultipartBody, multipart } from '../lib/host/multipart.ts'
export type { ItemOptions, PageOptions } from '../lib/host/pages.ts'
export { type TypedTransport, typedTransport } from '../lib/host/typed-client.ts'
export { UserTokenError } from '../lib/host/user-token-error.ts'
export type { ProductContext } from '../lib/jwt/claims.ts'
export type { ListablePolicy, Policy, PolicyOption, TokenKind } from '../lib/jwt/policy.ts'
export type { VerifiedConnect } from '../lib/jwt/verify-connect.ts'
export type { License, LicenseSource } from '../lib/license/license.ts'
export type { LicenseOptions, LicenseRules } from '../lib/license/license-guard.ts'
export type { AuthorizationOptions, ConnectOptions, LifecycleHookEvent, LifecycleHooks } from '../lib/options.ts'
export type {
  PersonalData,
  PersonalDataEvent,
  PersonalDataOptions,
  PersonalDataReport
} from '../lib/personal-data/personal-data.ts'
export { parseRecordings, type Recording, RecordingError, type RecordingKind } from '../lib/recording/recording.ts'
export type { TenantRegion } from '../lib/residency/regions.ts'
export { Secret } from '../lib/secret.ts'
export type { AccountUse, KeptAccount } from '../lib/tenant/account-store.ts'
export type { LifecycleResult } from '../lib/tenant/lifecycle-service.ts'
export {
  type ConnectRegistration,
  type ConnectTenant,
  type ForgeTenant,
  hasRegistration,
  type Installation,
  isConnected,
  type Product,
  type Tenant,
  type TenantIdentity,
  type TenantStatus
} from '../lib/tenant/tenant.ts'
export type { TenantName } from '../lib/tenant/tenant-names.ts'
export type { PurgeRequest, PurgeResult } from '../lib/tenant/tenant-purge.ts'
export type {
  ConnectTenantWithSettings,
  ListSettingsQuery,
  SetSettingOptions,
  Setting,
  Settings,
  TenantSettings,
  TenantWithSettings
} from '../lib/tenant/tenant-settings.ts'
export type { TenantLookup, TenantStore } from '../lib/tenant/tenant-store.ts'
export type {
  ConfluencePageBody,
  ConfluenceWebhookBody,
  ConfluenceWebhookContent
} from '../lib/webhook/confluence-payloads.ts'
export type {
  JiraCommentBody,
  JiraIssueBody,
  JiraWebhookBody,
  JiraWebhookComment,
  JiraWebhookFields,
  JiraWebhookIssue,
  JiraWebhookUser,
  JiraWorklogBody
} from '../lib/webhook/jira-payloads.ts'
export type { WebhookEvent } from '../lib/webhook/webhook-event.ts'
export type { ConfluenceWebhookMap, JiraWebhookMap, WebhookMap } from '../lib/webhook/webhook-map.ts'
export { connectPlugin, connectPlugin as default } from './connect.ts'
export { type OptionsFromEnv, type OptionsFromEnvInput, optionsFromEnv } from './options-from-env.ts'
export { redactingLogger, redactUrl, requestSerializer } from './redact.ts'
export { requireAtlassian, requireConnect, requireForge, requireTenant } from './require-atlassian.ts'
export type {
  AtlassianRequestContext,
  AtlassianRouteConfig,
  AuthenticateHook,
  AuthorizeHook,
  ConnectRequestContext,
  FastifyAtlassian,
  ForgeRequestContext,
  Principal
} from './types.ts'
