export { parseManifest } from './forge/parse-manifest.ts'
export type {
  ForgeAnswer,
  ForgeBrowserOptions,
  ForgeCallOptions,
  ForgeChoice,
  ForgeEnvironment,
  ForgeEnvironmentType,
  ForgeEventOptions,
  ForgeHost,
  ForgeInstallation,
  ForgeInstallOptions,
  ForgeManifest,
  ForgeReinstallOptions,
  ForgeRequestOptions,
  ForgeResidencyHook,
  ForgeResidencyOptions,
  ForgeScheduleOptions,
  ForgeSignOptions,
  ForgeSignTools,
  ForgeSimulatorOptions,
  ForgeStage,
  ForgeUiModule,
  ForgeUpgradeOptions
} from './forge/types.ts'
export { createHostSimulator } from './host-simulator.ts'
export type { HostSimulatorOptions, SiteIdentity, SiteOptions } from './simulator-options.ts'
export type { JiraState, SiteState, WikiState } from './site-state.ts'
export type { ContractStore, StoreContract } from './store-contract-fixtures.ts'
export { tenantStoreContract } from './tenant-store-contract.ts'
export type {
  AnsweredExchange,
  App,
  CallOptions,
  Exchange,
  ExchangeKind,
  Fault,
  HostSimulator,
  InjectableApp,
  InstallOptions,
  PageModule,
  PageOptions,
  ResidencyCallOptions,
  RestAnswer,
  RestRequest,
  SignOptions,
  SignTools,
  SimulatedAccounts,
  SimulatedJiraSite,
  SimulatedLicense,
  SimulatedSite,
  SimulatedUser,
  SimulatedWikiSite,
  SiteAction,
  SiteChoice,
  UserChoice,
  WebhookOptions
} from './types.ts'
