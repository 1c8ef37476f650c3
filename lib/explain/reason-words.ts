/** Why a token is refused, by the reason that stands in the app's log. */
const words: Readonly<Record<string, string>> = {
  algorithm: 'it is signed with another algorithm than this policy takes',
  'api-base-url': 'its "app.apiBaseUrl" is no address of the allowed hosts',
  app: 'its "app.id" is another app',
  audience: 'its audience is not this app',
  'authorization-scheme': 'the Authorization header has another scheme',
  claim: 'a claim is missing or has the wrong form',
  'claim-missing': 'a claim is missing',
  'claim-shape': 'a claim has the wrong form',
  environment: 'it comes from an environment that the app does not take',
  expired: 'it has expired',
  hash: 'its hash is of another request',
  'hash-missing': 'it has no hash of a request',
  'header-forbidden': 'its header has a member that is never taken',
  'header-shape': 'its header is not a JSON object',
  installation: 'its installation id has the wrong form',
  'issued-in-the-future': 'it was issued in the future: compare the clocks (fastify-atlassian doctor)',
  issuer: 'its issuer is not the one that this policy takes',
  kid: 'the id of its key is missing or has the wrong form',
  lifetime: 'it lives longer than is accepted, or not at all',
  'lifetime-too-long': 'it lives longer than is accepted',
  'not-yet': 'it is not valid yet: compare the clocks (fastify-atlassian doctor)',
  'not-yet-valid': 'it is not valid yet: compare the clocks (fastify-atlassian doctor)',
  'payload-shape': 'its claims are not a JSON object',
  'session-too-old': 'the session has lasted longer than is accepted',
  signature: 'its signature is wrong',
  tenant: 'it is of another tenant',
  'tenant-not-installed': 'the app is not installed on its site any more',
  'token-kind': 'it is a token of another kind',
  'token-place': 'it is not where this policy looks for it',
  'token-shape': 'it does not consist of three parts of base64url',
  'token-too-long': 'it is longer than is accepted',
  'token-type': 'the type in its header is wrong for this policy',
  url: 'the address cannot be hashed'
}

/** A reason in words; one that is not known stays as it is. */
export function reasonWords(reason: string, details: Readonly<Record<string, unknown>> = {}): string {
  const sentence = words[reason] ?? reason
  const { claim, place, header } = details
  if (typeof claim === 'string') return `${sentence}: ${claim}`
  if (typeof place === 'string') return `${sentence}: it was in the ${place}`
  return typeof header === 'string' ? `${sentence}: ${header}` : sentence
}
