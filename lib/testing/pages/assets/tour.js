// A short tour above the log: steps to take, ticked when the log shows that they happened.

import { fill, h, icon } from './dom.js'

const good = (entry) => entry.status >= 200 && entry.status < 300
const installs = (entries) => entries.filter((entry) => entry.kind === 'installed' && good(entry))

const STEPS = [
  {
    text: 'Install the app. Then open the entry “Installed”: it is the only moment at which the secret travels, so it is signed with the host’s private key.',
    done: (entries) => installs(entries).length > 0
  },
  {
    text: 'Open a “Page load”. Its token signs one address and nothing else; find both hashes and see that they are equal.',
    done: (entries) => entries.some((entry) => entry.kind === 'frame' && entry.opened)
  },
  {
    text: 'Change a title or add a comment. The site tells the app by webhook, with the token in a header this time.',
    done: (entries) => entries.some((entry) => entry.kind === 'webhook' || entry.kind === 'event')
  },
  {
    text: 'Use the app in its frame. Its page asks the host for a context token, and its backend calls the host’s REST API with a token of its own.',
    done: (entries) => entries.some((entry) => entry.kind === 'context' || entry.kind === 'rest')
  },
  {
    text: 'Rotate the secret or upgrade. It is “installed” once more, for a tenant that the app already knows.',
    done: (entries) =>
      installs(entries).some((one, index, all) => all.findIndex((other) => other.site === one.site) !== index)
  },
  {
    text: 'Cause trouble and try again. A good app waits, repeats what may be repeated, and says what happened.',
    done: (entries) => entries.some((entry) => entry.status === 0 || entry.status >= 400)
  },
  {
    text: 'Uninstall, and install again. What did the app remember?',
    done: (entries) =>
      entries.some((entry) => (entry.kind === 'uninstalled' || entry.kind === 'pre-uninstall') && good(entry))
  },
  {
    text: 'An app with a manifest can move: to “Connect on Forge” and then to “Forge”, by the switch at the top. What was written in its panel is still there; open a “Forge call” to see who vouches for the user now.',
    done: (entries) => entries.some((entry) => entry.kind === 'invoke' && good(entry))
  }
]

/** The tour: the next step, and all of them to unfold; `update(entries)` ticks what is done. */
export function drawTour() {
  const progress = h('span', { class: 'muted' })
  const list = h('ol', { class: 'tour-steps' })
  const next = h('p', { class: 'tour-next', 'data-testid': 'tour-next' })
  const steps = h('details', null, h('summary', null, 'A short tour ', progress), list)
  const tour = h('section', { class: 'tour', 'aria-label': 'Tour', 'data-testid': 'tour' }, steps, next)
  tour.update = (entries) => {
    const states = STEPS.map((step) => step.done(entries))
    const open = STEPS.find((_step, index) => !states[index])
    progress.textContent = `${states.filter(Boolean).length} of ${STEPS.length} done`
    fill(
      list,
      STEPS.map((step, index) => stepItem(step.text, states[index]))
    )
    fill(
      next,
      open ? [h('strong', null, 'Next: '), open.text] : 'All done. Now read it again with your own app in the frames.'
    )
  }
  steps.addEventListener('toggle', () => {
    next.hidden = steps.open
  })
  return tour
}

function stepItem(text, done) {
  return h(
    'li',
    { class: done ? 'done' : '' },
    h('span', { class: 'tick' }, done ? icon('check') : null),
    h('span', null, done ? h('span', { class: 'visually-hidden' }, 'Done: ') : null, text)
  )
}
