export type { AppAddress } from './app-address.ts'
export { appAddress } from './app-address.ts'
export { assertDescriptor, checkDescriptor } from './check-descriptor.ts'
export type {
  Descriptor,
  DescriptorDraft,
  DescriptorLifecycle,
  DescriptorProblem,
  DescriptorSource,
  DescriptorTransform
} from './descriptor.ts'
export type { DescriptorModule } from './descriptor-modules.ts'
export { descriptorModules } from './descriptor-modules.ts'
export type { DescriptorWebhook, WebhookRoute } from './descriptor-webhooks.ts'
export { descriptorWebhooks } from './descriptor-webhooks.ts'
export { changedFixedParts } from './fixed-parts.ts'
export type { LifecycleEventName, LifecyclePath } from './lifecycle-paths.ts'
export { lifecyclePaths, residencyPath } from './lifecycle-paths.ts'
export type { LoadDescriptorOptions } from './load-descriptor.ts'
export { loadDescriptor } from './load-descriptor.ts'
export { matchesPath } from './matches-path.ts'
export type { ModuleMethod } from './module-kinds.ts'
export { assertOwnAddress } from './own-address.ts'
export { pathPattern, routeIdentity } from './path-pattern.ts'
export { serializeDescriptor } from './serialize-descriptor.ts'
