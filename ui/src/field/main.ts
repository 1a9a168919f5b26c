import '@/styles/tokens.css'
import '@/styles/base.css'
import './field.css'
import { createApp } from 'vue'
import { hooks } from '@/api/request'
import { ways } from '@/door/ways'
import { filing } from '@/pack/filing'
import { language, speak } from '@/words'
import { setRight } from '@/words/time'
import App from './App.vue'
import { keepSmaller } from './proof'
import { door } from './session'

hooks.told = setRight
void speak(language.value).then(() => createApp(App).provide(ways, door).provide(filing, keepSmaller).mount('#app'))

// Where there is no such thing, as in some browsers inside other programs, the page works all the
// same while it is open, and what is written down is kept.
if (import.meta.env.PROD && 'serviceWorker' in navigator) void navigator.serviceWorker.register('/field/sw.js', { scope: '/field/' }).catch(() => undefined)
