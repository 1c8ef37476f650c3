// The switch between the platforms: the same app on the way from Connect to Forge.

import { post } from './api.js'
import { showFlag } from './dialogs.js'
import { h } from './dom.js'

const STAGES = {
  connect: 'Connect',
  'connect-on-forge': 'Connect on Forge',
  forge: 'Forge'
}

const EXPLAINED = {
  connect: 'A descriptor, pages of the app in frames, tokens signed with a shared secret',
  'connect-on-forge':
    'A manifest that carries the Connect modules: everything as before, and the app has an installation id',
  forge: 'The front end is Forge’s, and its calls carry invocation tokens; the Connect part is silent'
}

/** Null where no app could move. */
export function platformSwitch(view, refresh) {
  const { site } = view
  if (!site.mayMove) return null
  const buttons = Object.entries(STAGES).map(([stage, label]) =>
    h(
      'button',
      {
        type: 'button',
        class: 'strip-button',
        'data-testid': `platform-${stage}`,
        'aria-pressed': String(site.platform === stage),
        title: stage === 'connect' && site.platform !== 'connect' ? 'Only an uninstall leads back' : EXPLAINED[stage],
        disabled: stage === 'connect' && site.platform !== 'connect',
        onclick: (event) => (site.platform === stage ? undefined : move(stage, event.currentTarget, refresh))
      },
      label
    )
  )
  return h('div', { class: 'strip-group', role: 'group', 'aria-label': 'Platform of the app on this site' }, buttons)
}

async function move(to, button, refresh) {
  if (button.getAttribute('aria-busy') === 'true') return
  button.setAttribute('aria-busy', 'true')
  try {
    const { verdict } = await post('platform', { to })
    showFlag({ objectId: 'result', title: `The app is on ${STAGES[to]}`, body: verdict, type: 'success' })
  } catch (error) {
    showFlag({ objectId: 'result', title: 'The app stays where it was', body: error.message, type: 'error' })
  } finally {
    button.removeAttribute('aria-busy')
    await refresh()
  }
}
