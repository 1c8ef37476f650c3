import { memberOf, RegistrationError, type SiteAnswer } from './site-client.ts'

/** Connect.md 0: what Atlassian takes no more, and since when. */
export const connectRefused =
  'Since 31 March 2026 Atlassian blocks installs of a Connect descriptor from its address: develop with the simulated host (--register never), and move the app to Forge (fastify-atlassian manifest, docs/migration-to-forge.md).'

/** The same for Bitbucket. */
export const bitbucketRefused =
  'Since 2 February 2026 Bitbucket registers no new Connect apps: only those that it knew before can be registered again, others have to be Forge apps (fastify-atlassian manifest).'

/** What an answer that is no success means, before the install was asked for. */
export function refusedAnswer(answer: SiteAnswer, what: string): RegistrationError {
  if (answer.status === 401) {
    return new RegistrationError(
      `${what} (401): the e-mail or the API token in credentials.json is wrong; make a token at https://id.atlassian.com/manage-profile/security/api-tokens`
    )
  }
  if (answer.status === 403) return new RegistrationError(`${what} (403): the user is no administrator of the site`)
  if (answer.status >= 300 && answer.status < 400) {
    return new RegistrationError(
      `${what} (${answer.status}): it redirects elsewhere, so its name in credentials.json is another`
    )
  }
  return new RegistrationError(`${what} (${answer.status})${said(answer)}`)
}

/** What the refusal of the install itself means. */
export function refusedInstall(answer: SiteAnswer): RegistrationError {
  if (answer.status === 401) return refusedAnswer(answer, 'The login was refused')
  if (answer.status === 409) {
    return new RegistrationError(
      `The site is at work on another install of the app (409)${said(answer)}. Try again in a minute.`
    )
  }
  return new RegistrationError(`The install was refused (${answer.status})${said(answer)}. ${connectRefused}`)
}

/** The site's own words, if it has some that are not a page. */
function said({ json }: SiteAnswer): string {
  const words = [
    memberOf(json, 'status', 'errorMessage'),
    memberOf(json, 'errorMessage'),
    memberOf(json, 'message'),
    memberOf(json, 'error', 'message'),
    memberOf(json, 'subCode')
  ].find((value) => typeof value === 'string' && value !== '')
  return typeof words === 'string' ? `: ${sentence(words)}` : ''
}

/** One line, cut, without the dot that ours brings. */
export function sentence(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(/\.+$/, '').slice(0, 300)
}
