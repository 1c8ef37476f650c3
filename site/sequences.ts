import type { Sequence } from './sequence-picture.ts'

/** The pictures of docs/how-it-works.md, by the names of their files in docs/pictures. */
export const sequences: Readonly<Record<string, Sequence>> = {
  'connect-install': {
    title: 'A site installs a Connect app',
    actors: ['Jira or Confluence', 'Your app', 'Atlassian key host'],
    steps: [
      [0, 1, 'GET /atlassian-connect.json'],
      [1, 0, 'the descriptor'],
      [0, 1, 'POST /installed', 'JWT signed with RS256, new shared secret in the body'],
      [1, 2, 'GET the public key', 'only from hosts of your configuration'],
      [2, 1, 'key, kept for later installs'],
      [1, 1, 'signature, audience, hash', 'then the tenant is written'],
      [1, 0, '204', 'hooks run after the commit']
    ]
  },
  'connect-page': {
    title: 'A user opens a page of a Connect app',
    actors: ['Browser', 'Jira or Confluence', 'Your app'],
    steps: [
      [0, 1, 'opens an issue'],
      [1, 0, 'a frame whose URL carries a JWT', 'HS256, with the hash of this URL'],
      [0, 2, 'GET /panel?issue=1&jwt=…'],
      [2, 2, 'the tenant of the issuer,', 'its secret, the hash, the time'],
      [2, 0, 'the page, with a session token', 'short-lived, signed by the app'],
      [0, 2, 'GET /api/… with the session token'],
      [2, 0, 'data of this tenant and user']
    ]
  },
  'forge-remote': {
    title: 'A Forge front end calls the same backend',
    actors: ['Custom UI', 'Forge platform', 'Your app'],
    steps: [
      [0, 1, 'requestRemote', 'or invokeRemote'],
      [1, 2, 'the call, with an invocation token', 'RS256, and tokens for the product API'],
      [2, 2, 'key set of the platform, kept;', 'app, environment, installation, time'],
      [2, 1, 'data of this tenant and user'],
      [1, 0, 'the same answer']
    ]
  },
  'one-tenant': {
    title: 'One tenant through the migration',
    actors: ['Site', 'Your app', 'Tenant storage'],
    steps: [
      [0, 1, 'installed, by Connect', 'clientKey and shared secret'],
      [1, 2, 'tenant 7, written'],
      [0, 1, 'first call of the Forge installation', 'names the clientKey it came from, signed'],
      [1, 2, 'the installation joins tenant 7'],
      [0, 1, 'uninstalled, by Connect', 'the Forge installation stays'],
      [2, 2, 'tenant 7 and its data live on']
    ]
  }
}
