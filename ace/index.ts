export { ace } from './ace.ts'
export type { AceCallOptions, AceFormPart } from './call-options.ts'
export type { AceCallback, AceHttpClient, AceHttpResponse } from './http-client.ts'
export type { AceKeyValueStore, AceSettings, ClientInfo } from './settings.ts'
export type {
  AceConfig,
  AceConfluencePermissions,
  AceContext,
  AceForgeContext,
  AceHandler,
  AceHttpClientFor,
  AceJiraPermissions,
  AceMiddleware,
  AceNext,
  AceRequest,
  AceResponse,
  AceRoute,
  AceWebhookRequest,
  Addon
} from './types.ts'
