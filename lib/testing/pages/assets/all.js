// The AP script of the simulated host. An app page loads it like the real one and talks to the page around it by postMessage.
// Security: this side answers only to window.parent, and after the greeting only to the origin that greeted back;
// the host's side checks the frame's window and the app's origin. No answer ever carries the shared secret.
;(() => {
  if (window.AP) return

  const MARK = 'simulated-host'
  const framed = window.parent !== window
  const options = readOptions(document.currentScript)
  const waiting = []
  const answers = new Map()
  const listeners = new Map()
  const anyListeners = new Set()
  const objects = new Map()
  let hostOrigin = null
  let lastId = 0

  /** `data-options="sizeToParent:true;resize:false"` as an object of strings. */
  function readOptions(script) {
    const text = script?.getAttribute('data-options') ?? ''
    const pairs = text.split(';').map((part) => part.split(':').map((word) => word.trim()))
    return Object.fromEntries(pairs.filter(([name, value]) => name && value !== undefined))
  }

  function post(message) {
    if (hostOrigin === null) waiting.push(message)
    else window.parent.postMessage({ mark: MARK, ...message }, hostOrigin)
  }

  /** Asks the host for one thing; a promise for its answer. */
  function call(method, ...args) {
    if (!framed) return Promise.reject(new Error('AP works only inside a frame of the host.'))
    lastId += 1
    const id = lastId
    return new Promise((resolve, reject) => {
      answers.set(id, { resolve, reject })
      post({ id, method, args })
    })
  }

  /** Serves both styles: a callback, or the promise. */
  function answerTo(promise, callback) {
    if (typeof callback === 'function') promise.then(callback, report)
    return promise
  }

  function report(error) {
    console.error(`AP: ${error?.message ?? error}`)
  }

  window.addEventListener('message', (event) => {
    const message = event.data
    if (event.source !== window.parent || message?.mark !== MARK) return
    if (message.welcome) {
      if (hostOrigin === null) {
        hostOrigin = event.origin
        for (const early of waiting.splice(0)) post(early)
      }
      return
    }
    if (event.origin !== hostOrigin) return
    if (message.event) fire(message.event.name, message.event.args ?? [])
    else if (message.object) objects.get(message.object.id)?.(message.object.name, message.object.args ?? [])
    else if (answers.has(message.id)) {
      const { resolve, reject } = answers.get(message.id)
      answers.delete(message.id)
      if (message.ok) resolve(message.value)
      else reject(new Error(message.error))
    }
  })
  if (framed) window.parent.postMessage({ mark: MARK, hello: true }, '*')

  // Events: one bus for all frames of this app on the page.
  function fire(name, args) {
    for (const listener of [...(listeners.get(name) ?? [])]) listener(...args)
    for (const listener of [...anyListeners]) listener(name, args)
  }
  const events = {
    on(name, listener) {
      if (!listeners.has(name)) listeners.set(name, new Set())
      listeners.get(name).add(listener)
    },
    once(name, listener) {
      const wrapped = (...args) => {
        events.off(name, wrapped)
        listener(...args)
      }
      wrapped.original = listener
      events.on(name, wrapped)
    },
    off(name, listener) {
      const all = listeners.get(name)
      for (const each of [...(all ?? [])]) if (each === listener || each.original === listener) all.delete(each)
    },
    offAll: (name) => void listeners.delete(name),
    onAny: (listener) => void anyListeners.add(listener),
    offAny: (listener) => void anyListeners.delete(listener),
    emit: (name, ...args) => void call('emit', name, args).catch(report)
  }

  // Objects that live on the host's side (a dialog, a flag) and report back by an id that we choose.
  function hostObject(method, first) {
    const id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`
    const handlers = []
    objects.set(id, (name, args) => {
      for (const handler of handlers) if (handler.name === name) handler.listener(...args)
      if (name === 'close') objects.delete(id)
    })
    call(method, { ...first, objectId: id }).catch(report)
    return {
      on: (name, listener) => void handlers.push({ name, listener }),
      close: () => void call('closeObject', id).catch(report)
    }
  }

  // Requests: jQuery-like options, callbacks or a promise of { body, xhr }.
  function request(first, second) {
    const given = typeof first === 'string' ? { ...second, url: first } : { ...first }
    const type = String(given.type ?? given.method ?? 'GET').toUpperCase()
    const plain = { type, url: String(given.url), headers: { ...given.headers } }
    if (given.contentType) plain.headers['Content-Type'] = given.contentType
    if (given.data !== undefined && given.data !== null) addData(plain, given.data)
    const promise = call('request', plain).then((answer) => {
      const xhr = {
        status: answer.status,
        statusText: answer.statusText,
        responseText: answer.body,
        getResponseHeader: (name) => answer.headers[name.toLowerCase()] ?? null,
        getAllResponseHeaders: () =>
          Object.entries(answer.headers)
            .map((pair) => pair.join(': '))
            .join('\r\n')
      }
      if (answer.status >= 200 && answer.status < 300) return { body: answer.body, xhr }
      throw { xhr, err: answer.body, message: `the host answered ${answer.status}` }
    })
    if (given.success || given.error) {
      promise.then(
        ({ body, xhr }) => given.success?.(body, 'success', xhr),
        (failure) =>
          given.error?.(failure.xhr ?? { status: 0, responseText: '' }, 'error', failure.err ?? failure.message)
      )
    }
    return promise
  }

  function addData(plain, data) {
    if (plain.type === 'GET' || plain.type === 'HEAD') {
      const query = typeof data === 'string' ? data : new URLSearchParams(data).toString()
      plain.url += (plain.url.includes('?') ? '&' : '?') + query
    } else if (typeof data === 'string') plain.body = data
    else {
      plain.body = JSON.stringify(data)
      plain.headers['Content-Type'] ??= 'application/json'
    }
  }

  // Size: the host cannot measure a page of another origin, so the page says how tall it is.
  function ownHeight() {
    const root = document.documentElement
    const overflow = root.scrollHeight > root.clientHeight ? root.scrollHeight : 0
    return Math.ceil(Math.max(root.getBoundingClientRect().height, overflow))
  }
  function resize(width, height) {
    call('resize', String(width ?? '100%'), String(height ?? ownHeight())).catch(report)
  }
  function sizeToParent() {
    stopWatching()
    call('sizeToParent').catch(report)
  }
  let observer = null
  let lastHeight = 0
  function stopWatching() {
    observer?.disconnect()
    observer = null
  }
  function watchHeight() {
    observer = new ResizeObserver(() => {
      const height = ownHeight()
      if (height === lastHeight) return
      lastHeight = height
      resize('100%', height)
    })
    observer.observe(document.documentElement)
    if (document.body) observer.observe(document.body)
  }
  function start() {
    if (!framed) return
    if (options.sizeToParent === 'true') sizeToParent()
    else if (options.resize !== 'false') watchHeight()
    // The host's page hears no key that is pressed inside this frame; a dialog has to close on Escape all the same.
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) call('escape').catch(report)
    })
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()

  const ask = (method) => (callback) => answerTo(call(method), callback)
  window.AP = {
    context: { getToken: ask('getToken'), getContext: ask('getContext') },
    user: { getCurrentUser: ask('getCurrentUser') },
    request,
    resize,
    sizeToParent,
    events,
    getLocation: ask('getLocation'),
    dialog: {
      create: (dialogOptions) => hostObject('dialogCreate', dialogOptions),
      close: (data) => void call('dialogClose', data).catch(report),
      getCustomData: ask('getCustomData')
    },
    flag: { create: (flagOptions) => hostObject('flagCreate', flagOptions) },
    navigator: {
      go: (target, context) => void call('navigate', String(target), { ...context }).catch(report),
      getLocation: ask('getHostLocation'),
      reload: () => void call('reload').catch(report)
    },
    history: {
      getState: (type, callback) => answerTo(call('historyState'), callback ?? type),
      pushState: (state) => void call('historyPush', String(state), false).catch(report),
      replaceState: (state) => void call('historyPush', String(state), true).catch(report),
      go: (steps) => void call('historyGo', Number(steps)).catch(report),
      back: () => void call('historyGo', -1).catch(report),
      forward: () => void call('historyGo', 1).catch(report),
      popState: (listener) => events.on('history.popstate', listener)
    }
  }
})()
