// The dialog that sends any webhook which the app's descriptor lists.

import { post } from './api.js'
import { showFlag, showModal } from './dialogs.js'
import { h } from './dom.js'
import { tell } from './strip.js'

/** Opens the dialog for the current site. */
export function openWebhooks(view) {
  if (view.webhooks.length === 0) {
    showModal({
      title: 'No webhooks',
      content: h('p', null, 'The descriptor of this app lists no webhooks on this site.')
    })
    return
  }
  const options = view.webhooks.map((event) => h('option', { value: event }, event))
  const select = h('select', { id: 'webhook-event', autofocus: true, 'data-testid': 'webhook-event' }, options)
  const payload = h('textarea', {
    id: 'webhook-payload',
    rows: 7,
    spellcheck: 'false',
    'data-testid': 'webhook-payload',
    'aria-describedby': 'webhook-help'
  })
  const problem = h('p', { class: 'field-problem', role: 'alert' })

  const send = async (close) => {
    let given
    if (payload.value.trim() !== '') {
      try {
        given = JSON.parse(payload.value)
      } catch {
        problem.textContent = 'The payload is not valid JSON.'
        payload.focus()
        return
      }
    }
    close()
    try {
      const { exchange } = await post('webhook', { event: select.value, payload: given, context: view.context })
      tell(`Webhook ${select.value}`, exchange)
    } catch (error) {
      showFlag({ title: 'The webhook could not be sent', body: error.message, type: 'error' })
    }
  }
  showModal({
    title: 'Send a webhook',
    testid: 'webhook-dialog',
    content: [
      h(
        'p',
        null,
        'The host posts the event to the app, signed with the shared secret. The hash covers method, path and query, not the body.'
      ),
      h('div', { class: 'field' }, h('label', { for: 'webhook-event', class: 'field-label' }, 'Event'), select),
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'webhook-payload', class: 'field-label' }, 'Payload (JSON)'),
        payload
      ),
      h(
        'p',
        { class: 'muted small', id: 'webhook-help' },
        'Leave it empty for the usual payload about what this page shows. Editing an issue or page and adding comments sends webhooks as well.'
      ),
      problem
    ],
    footer: (close) => [
      h('button', { type: 'button', class: 'button', onclick: () => close() }, 'Cancel'),
      h(
        'button',
        { type: 'button', class: 'button primary', 'data-testid': 'send-webhook', onclick: () => send(close) },
        'Send'
      )
    ]
  })
}
