// The host's side of the AP script: answers the frames of the app, and nobody else.
// A message counts only if it comes from the window of a frame that we made and from the app's origin.

import { post } from './api.js'
import { closeDialog, openDialog, showFlag } from './dialogs.js'
import { navigatorPath } from './paths.js'

const MARK = 'simulated-host'
const frames = new Set()
let view = null

/** Remembers the page's view, which decides what the frames are told about. */
export function startBridge(currentView) {
  view = currentView
}

/** Lets this frame talk to the host: `{ iframe, origin, module, context, customData?, dialog? }`. */
export function addFrame(frame) {
  frames.add(frame)
  return frame
}

/** Forgets frames that are no longer in the document. */
export function sweepFrames() {
  for (const frame of frames) if (!frame.iframe.isConnected) frames.delete(frame)
}

/** Fires an event in every frame of the app on this page. */
function broadcast(name, args) {
  for (const frame of frames) send(frame, { event: { name, args } })
}

function send(frame, message) {
  frame.iframe.contentWindow?.postMessage({ mark: MARK, ...message }, frame.origin)
}

window.addEventListener('message', async (event) => {
  const frame = [...frames].find((each) => each.iframe.contentWindow === event.source)
  const message = event.data
  if (!frame || event.origin !== frame.origin || message?.mark !== MARK) return
  if (message.hello) {
    send(frame, { welcome: true })
    return
  }
  const method = Object.hasOwn(methods, message.method) ? methods[message.method] : null
  try {
    if (method === null) throw new Error(`this host has no AP method "${message.method}"`)
    const args = Array.isArray(message.args) ? message.args : []
    send(frame, { id: message.id, ok: true, value: await method(frame, ...args) })
  } catch (error) {
    send(frame, { id: message.id, ok: false, error: String(error?.message ?? error) })
  }
})

const methods = {
  async getToken(frame) {
    const { token } = await post('context-token', { moduleKey: frame.module.key, context: frame.context })
    return token
  },
  getContext: async (frame) => (await post('context', { context: frame.context })).context,
  getCurrentUser: () => ({ atlassianAccountId: view.user }),
  forgeInvoke: (frame, call) => post('forge-invoke', { moduleKey: frame.module.key, context: frame.context, call }),
  forgeRequest: (frame, call) => post('forge-request', { moduleKey: frame.module.key, context: frame.context, call }),
  forgeContext: (frame) => ({
    accountId: view.user,
    cloudId: view.site.cloudId,
    siteUrl: view.site.origin,
    moduleKey: frame.module.key,
    extension: { type: frame.module.type, ...frame.context }
  }),
  request: (frame, options) => post('request', { ...plainRequest(options), moduleKey: frame.module.key }),
  emit: (_frame, name, args) => broadcast(String(name), Array.isArray(args) ? args : []),
  getLocation: () => location.href,
  getHostLocation: () => ({ target: view.route.kind, context: view.context, href: location.href }),
  resize: (frame, width, height) => setSize(frame, width, height),
  sizeToParent(frame) {
    frame.iframe.classList.add('fills')
    frame.iframe.style.height = ''
  },
  reload: () => location.reload(),
  navigate(_frame, target, context) {
    const path = navigatorPath(view, target, context ?? {})
    if (path === null) throw new Error(`this host cannot go to "${target}" with that context`)
    location.assign(path)
  },
  dialogCreate(frame, options) {
    const module = view.modules.find((each) => each.key === options?.key)
    if (!module) throw new Error(`the descriptor has no module "${options?.key}" to show in a dialog`)
    const tell = (name, args) => {
      send(frame, { object: { id: options.objectId, name, args } })
      broadcast(`dialog.${name}`, args)
    }
    openDialog({ module, options, context: frame.context, objectId: options.objectId, tell })
  },
  dialogClose: (frame, data) => closeDialog(frame.dialog?.objectId, data),
  closeObject: (_frame, id) => closeDialog(id) || showFlag.close(id),
  getCustomData: (frame) => frame.customData ?? null,
  escape(frame) {
    if (frame.dialog && frame.dialog.closeOnEscape !== false) closeDialog(frame.dialog.objectId)
  },
  flagCreate(frame, options) {
    const tell = (name, args) => send(frame, { object: { id: options.objectId, name, args } })
    showFlag({ ...options, tell, onAction: (detail) => broadcast('flag.action', [detail]) })
  },
  historyState: () => (location.hash.startsWith('#!') ? decodeURIComponent(location.hash.slice(2)) : ''),
  historyPush(_frame, state, replace) {
    const hash = `#!${encodeURIComponent(state)}`
    if (replace) history.replaceState(null, '', hash)
    else history.pushState(null, '', hash)
  },
  historyGo: (_frame, steps) => history.go(Number(steps) || 0)
}

window.addEventListener('popstate', () => broadcast('history.popstate', [{ state: methods.historyState() }]))

function plainRequest(options) {
  const { type, url, headers, body } = options ?? {}
  return { type: String(type ?? 'GET'), url: String(url), headers: { ...headers }, body: body ?? null }
}

/** Only lengths come through; anything else would let a page write into our style. */
function setSize(frame, width, height) {
  const length = (text) => (/^\d{1,5}(\.\d+)?(px)?$/.test(text) ? `${Math.min(Number.parseFloat(text), 8000)}px` : null)
  if (frame.dialog?.fixedHeight) return
  frame.iframe.classList.remove('fills')
  const pixels = length(height)
  if (pixels) frame.iframe.style.height = pixels
  else if (/^\d{1,3}%$/.test(height)) frame.iframe.style.height = height
  frame.iframe.style.width = width === '100%' ? '' : (length(width) ?? '')
}
