/** What atlassian-connect-auth allowed and the core does not. Nothing of the Fastify plugins knows this module. */
export {
  type AuthorizationMethod,
  type CompatInstallation,
  type CompatInstallationOptions,
  type InstallProof,
  verifyInstallation
} from './verify-installation.ts'
export { type CompatRequestOptions, verifyRequest } from './verify-request.ts'
