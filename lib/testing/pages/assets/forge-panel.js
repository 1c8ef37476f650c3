// A Forge module whose front end the simulator does not know: a form that calls the backend as a front end would.

import { post } from './api.js'
import { fill, h } from './dom.js'

export function forgePanel(module, place) {
  const id = `forge-path-${module.key}`
  const path = h('input', { id, value: '/', required: true, 'data-testid': id })
  const answer = h('pre', { class: 'mono', role: 'status', 'data-testid': `forge-answer-${module.key}` })
  const send = async (event) => {
    event.preventDefault()
    try {
      const call = { path: path.value, method: 'GET' }
      const { status, body } = await post('forge-invoke', { moduleKey: module.key, context: place.context, call })
      fill(answer, `${status}\n${JSON.stringify(body, null, 2) ?? ''}`)
    } catch (error) {
      fill(answer, `rejected: ${error.message}`)
    }
  }
  return h(
    'form',
    { onsubmit: send },
    h('label', { for: id, class: 'field-label' }, 'invokeRemote'),
    path,
    h('button', { class: 'button small' }, 'Call'),
    answer
  )
}
