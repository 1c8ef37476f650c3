// The words of the tour: what each kind of exchange is for, and what each part of a token says.

const EXCHANGES = {
  descriptor: {
    label: 'Descriptor',
    text: 'The host reads the app’s descriptor: its name, its modules, which webhooks it wants, where life-cycle calls go. Nothing is signed, because nothing in it is secret. The host keeps this copy until the next upgrade.'
  },
  installed: {
    label: 'Installed',
    text: 'The most important call there is: the host hands the app the shared secret of this tenant. Both sides share no secret yet, so the call is signed with the host’s private key (RS256). The app fetches the public key named by “kid” from a key server that its own configuration names, and believes the body only when signature, audience, issuer and hash are right. The same call tells of upgrades and new secrets.'
  },
  uninstalled: {
    label: 'Uninstalled',
    text: 'The goodbye, signed RS256 like “installed”. It is sent once. From now on the app refuses this tenant’s page tokens, and keeps the data for a while in case the tenant comes back.'
  },
  enabled: {
    label: 'Enabled',
    text: 'A notification after installing, upgrading or switching on again. It is signed HS256 with the shared secret that “installed” delivered a moment ago: the first use of that secret.'
  },
  disabled: {
    label: 'Disabled',
    text: 'A notification that the app was switched off, or is about to be uninstalled. It may arrive after “uninstalled”: an app must not let it revive or overwrite a dead tenant.'
  },
  page: {
    label: 'Page',
    text: 'The host’s server fetches one of the app’s pages, as it does for static macros. Method, path and query are hashed, and the hash is signed with the shared secret. Loaded by a server, the token may travel in the Authorization header.'
  },
  frame: {
    label: 'Page load',
    text: 'The browser loads one of the app’s pages. The site made this address: it filled the template variables, hashed method, path and query, and signed the hash with the shared secret. The app verifies it before it shows anything; a few minutes later, or with one letter changed, the address is worthless. Only the browser sees the answer, so no status stands here.'
  },
  context: {
    label: 'Context token',
    text: 'The app’s page has no cookie, because it lives in a frame of another site. So it asks the host, AP.context.getToken, and sends what it gets to its own backend as “Authorization: JWT”. These calls go straight from the browser to the app, past this log.'
  },
  'as-user': {
    label: 'AP.request',
    text: 'The app’s page asks the host’s page to call the REST API. The call is made with the session of the user who looks at it, so it may do what that user may do. The app’s secret has no part in it.'
  },
  webhook: {
    label: 'Webhook',
    text: 'Something happened on the site and the descriptor asked to be told. The token travels in the Authorization header. Its hash covers method, path and query but not the body, so the app trusts the token’s issuer for who is speaking and treats the body as a hint. Jira repeats a delivery that fails; Confluence does not.'
  },
  api: {
    label: 'App API',
    text: 'The app’s page calls the app’s own backend. There is no cookie: the page asked the host for a context token and sends it along. Its “qsh” is the fixed text context-qsh, so one token works for many calls, and never on a route that demands a computed hash.'
  },
  rest: {
    label: 'Host REST',
    text: 'The app calls the host’s REST API. Now the app is the one that signs: the issuer is the app key, the audience is the client key, and the hash covers this very call. In Confluence the path is hashed without /wiki. The host checks everything and answers 401 if a letter is off.'
  },
  token: {
    label: 'User token',
    text: 'The app asks Atlassian’s authorization server to let it act as a user. It signs an assertion with the shared secret: its client id at this site, the user, the site and the server. What comes back is a token of a few minutes that the app sends as “Authorization: Bearer”; the site then answers as if that user had called.'
  },
  invoke: {
    label: 'Forge call',
    text: 'The front end of a Forge app asks the host to call the backend. The host signs an invocation token (RS256, 25 seconds) that names the app, the installation, the environment, the module and the user, and adds tokens for the product’s API where the manifest asks for them. The token does not cover method, path or body.'
  },
  preflight: {
    label: 'Preflight',
    text: 'The browser asks the app whether a page of this site may call it. Nothing proves who asks, so the answer tells nothing but that.'
  },
  browser: {
    label: 'Forge call by the browser',
    text: 'A front end calls the backend straight from the browser, with requestRemote. The same invocation token is used again until it is nearly over, and no token for the product comes along.'
  },
  event: {
    label: 'Forge event',
    text: 'Something happened, and a trigger of the manifest lists it. The invocation token has no user. The app has five seconds to answer, and a delivery that fails comes four times more, a minute apart, with “retryContext”.'
  },
  scheduled: {
    label: 'Scheduled',
    text: 'A scheduled trigger of the manifest. It brings a fresh system token, which is how an app keeps one that is good.'
  },
  'pre-uninstall': {
    label: 'Pre-uninstall',
    text: 'The goodbye of a Forge installation. It is sent once, and the uninstallation does not wait for a good answer.'
  },
  'data-residency': {
    label: 'Data residency',
    text: 'A site moves to another region, and the app is asked to move its data too.'
  },
  graphql: {
    label: 'GraphQL',
    text: 'The app asks for a token of a user who is absent, and shows its system token for it. Refusals come with status 200, so the app has to read the answer.'
  },
  key: {
    label: 'Public key',
    text: 'The app fetches the public key that a token names in “kid”: one for an install token, the whole set for invocation tokens. Anyone may read it. The app asks only key servers from its own configuration, never one that a request suggests.'
  }
}

/** Label and explanation for a kind of exchange. */
export function explainKind(kind) {
  return EXCHANGES[kind] ?? { label: kind, text: 'An exchange between host and app.' }
}

const TOKENS = {
  install: 'install token: RS256, only for installed and uninstalled',
  page: 'page token: its hash belongs to this one URL',
  webhook: 'webhook token: header only, hash of method, path and query',
  context: 'context token: names user and context, good for many calls',
  session: 'session token: made by the app for its own page',
  app: 'app token: made by the app for one call to the host',
  assertion: 'user assertion: made by the app to ask for a token of this user',
  user: 'user token: opaque, lets the app act as one user',
  invocation: 'invocation token: RS256, 25 seconds, says who calls; no key to the product',
  system: 'system token: opaque, lets a Forge app act as itself',
  offline: 'token of an absent user: asked for by GraphQL'
}

export function explainToken(tokenKind) {
  return TOKENS[tokenKind] ?? null
}

/** What one member of the token's header or claims says here. */
export function explainMember(name, value, exchange) {
  const seconds = (text) => `${text} ${new Date(Number(value) * 1000).toLocaleTimeString([], { hour12: false })}`
  const known = {
    alg: () =>
      value === 'RS256'
        ? 'signed with the host’s private key; the app needs only the public one'
        : 'signed with the shared secret of this tenant',
    typ: () => 'a JSON Web Token',
    kid: () => 'which public key verifies it',
    iss: () =>
      exchange.direction === 'to-host' ? 'who speaks: the app, by its key' : 'who speaks: the site, by its client key',
    sub: () => 'the user it is about, by account id',
    aud: () =>
      exchange.direction === 'to-host' ? 'for which site it is meant' : 'for which app it is meant, by base URL',
    iat: () => seconds('made at'),
    exp: () => seconds('useless after'),
    qsh: () => (value === 'context-qsh' ? 'fixed text: bound to no URL' : 'hash of the request, see below'),
    context: () => 'what the user is looking at'
  }
  return known[name]?.() ?? ''
}
