import '@/styles/tokens.css'
import '@/styles/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { language, speak, t } from '@/words'
import { ways } from '@/door/ways'
import App from './App.vue'
import { useSession } from './session'

const router = createRouter({
  history: createWebHistory('/desk/'),
  routes: [
    { path: '/login', name: 'login', component: () => import('./LoginPage.vue') },
    { path: '/join', name: 'join', component: () => import('./JoinPage.vue') },
    {
      path: '/', component: () => import('./Shell.vue'), children: [
        { path: '', component: () => import('./QueuePage.vue'), children: [
          { path: '', name: 'queue', component: () => import('./NothingOpen.vue') },
          { path: 'cases/:id', name: 'case', component: () => import('./CasePage.vue'), props: true },
        ] },
        { path: 'duty/:tab?', name: 'duty', component: () => import('./DutyPage.vue') },
        { path: 'paste', name: 'paste', component: () => import('./PastePage.vue') },
        { path: 'file', name: 'file', component: () => import('./FilePage.vue') },
        { path: 'paper', name: 'paper', component: () => import('./PaperPage.vue') },
        { path: 'orders/:id', name: 'order', component: () => import('./OrderPage.vue'), props: true },
        { path: 'feeds', name: 'feeds', component: () => import('./FeedsPage.vue') },
        { path: 'search', name: 'search', component: () => import('./SearchPage.vue') },
        { path: 'notes/:tab?', name: 'told', component: () => import('./ToldPage.vue') },
        { path: 'colleagues/:tab?', name: 'door', component: () => import('./DoorPage.vue') },
        { path: 'offers', name: 'offers', component: () => import('./OffersPage.vue') },
        { path: 'points/:tab?', name: 'points', component: () => import('./PointsPage.vue') },
        { path: 'account', name: 'account', component: () => import('./AccountPage.vue') },
        { path: 'audit', name: 'audit', component: () => import('./AuditPage.vue') },
        { path: 'setup/:tab?', name: 'setup', component: () => import('./SetupPage.vue') },
        { path: 'people/:id?', name: 'people', component: () => import('./PeoplePage.vue'), props: true },
      ],
    },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})

const app = createApp(App).use(createPinia())
const session = useSession()
app.provide(ways, session)

router.beforeEach(async to => {
  document.title = t('product')
  if (to.name === 'login' || to.name === 'join') return true
  try {
    if (session.me || (await session.recall())) return elsewhere(String(to.name))
  } catch {
    return { name: 'login', query: { to: to.fullPath, away: '1' } }
  }
  return { name: 'login', query: { to: to.fullPath } }
})

/** Where somebody belongs who cannot be at the page asked for. */
function elsewhere(name: string) {
  if (!session.ready) return name === 'account' || { name: 'account' }
  if (!session.system && name === 'setup') return session.works ? { name: 'queue' } : session.security ? { name: 'people' } : { name: session.audit ? 'audit' : 'account' }
  if (!session.works && (name === 'queue' || name === 'case' || name === 'door')) return session.security || session.system ? { name: 'people' } : { name: session.audit ? 'audit' : 'account' }
  return true
}

void speak(language.value).then(() => app.use(router).mount('#app'))
