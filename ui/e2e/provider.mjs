// A real OpenID Connect provider for tests, on loopback: node provider.mjs. It prints its address and
// takes orders as lines of JSON on its input, answering each with a line: {base} whose client logs
// in there, {account} who logs in from now on, {rotate: true} signs with new keys from now on.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import Provider from 'oidc-provider'

let base = ''
let account = ''
let keys = []
let provider
let asked = 0

function rotate() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  keys = [{ ...privateKey.export({ format: 'jwk' }), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' }]
}

function renew() {
  provider = new Provider(issuer, {
    clients: [{
      client_id: 'gezhi', client_secret: 'a sample secret', grant_types: ['authorization_code'], response_types: ['code'],
      redirect_uris: [base + '/api/v1/session/outside/gov/callback'], post_logout_redirect_uris: [base + '/desk/login'],
      backchannel_logout_uri: base + '/api/v1/session/outside/gov/logout', backchannel_logout_session_required: true,
    }],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    features: {
      devInteractions: { enabled: false }, backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => (ctx.body = form) },
    },
    // The program under test is on loopback, which the provider would not call otherwise.
    fetch: (url, { dispatcher: _, ...options }) => globalThis.fetch(url, options),
    interactions: { url: (_ctx, i) => '/interaction/' + i.uid },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: 'subject-of-' + id, preferred_username: id, name: id }) }),
    cookies: { keys: ['a sample key'] },
    jwks: { keys },
  })
  provider.on('server_error', (_ctx, e) => console.error(e))
  provider.on('backchannel.error', (_ctx, e) => console.error(e))
}

async function interact(req, res) {
  const { prompt, params, session } = await provider.interactionDetails(req, res)
  if (prompt.name === 'login') {
    asked++
    return provider.interactionFinished(req, res, { login: { accountId: account } }, { mergeWithLastSubmission: false })
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope('openid profile')
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true })
}

const server = createServer((req, res) => {
  const done = req.url.startsWith('/interaction/') ? interact(req, res) : provider.callback()(req, res)
  Promise.resolve(done).catch(e => {
    console.error(e)
    res.writeHead(500).end()
  })
})
await new Promise(done => server.listen(0, '127.0.0.1', done))
const issuer = `http://127.0.0.1:${server.address().port}`
rotate()
console.log(JSON.stringify({ issuer }))
createInterface({ input: process.stdin }).on('line', line => {
  const order = JSON.parse(line)
  if (order.base) base = order.base
  if (order.account) account = order.account
  if (order.rotate) rotate()
  if (order.base || order.rotate) renew()
  console.log(JSON.stringify({ asked }))
}).on('close', () => process.exit(0))
