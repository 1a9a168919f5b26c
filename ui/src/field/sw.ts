// Keeps the pages of this face, so that they open without a network. Answers of the API are none
// of its business: the page keeps what it knows, also in browsers that have no such worker.
/// <reference lib="webworker" />
export {}
declare const self: ServiceWorkerGlobalScope
declare const FIELD_FILES: { name: string; files: string[] }

const shell = '/field/index.html'

// A new build waits until the pages of the old one are closed: their parts come from its cache.
self.addEventListener('install', e => {
  e.waitUntil(
    caches.open(FIELD_FILES.name).then(c => c.addAll(FIELD_FILES.files.map(f => new Request(f, { cache: f.includes('/assets/') ? 'default' : 'reload' })))),
  )
})

self.addEventListener('activate', e => {
  e.waitUntil(
    caches.keys().then(all => Promise.all(all.filter(n => n.startsWith('field-') && n !== FIELD_FILES.name).map(n => caches.delete(n)))).then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', e => {
  const { request } = e
  const at = new URL(request.url)
  if (request.method !== 'GET' || at.origin !== self.location.origin || at.pathname.startsWith('/api/')) return
  if (request.mode === 'navigate') {
    if (at.pathname === '/field' || at.pathname.startsWith('/field/')) e.respondWith(caches.match(shell).then(kept => kept ?? fetch(request)))
    return
  }
  if (FIELD_FILES.files.includes(at.pathname)) e.respondWith(caches.match(at.pathname).then(kept => kept ?? fetch(request)))
})
