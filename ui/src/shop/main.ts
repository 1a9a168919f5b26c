import '@/styles/tokens.css'
import '@/styles/base.css'
import './shop.css'
import { createApp } from 'vue'
import { ways } from '@/door/ways'
import { language, speak } from '@/words'
import App from './App.vue'
import { door } from './session'

void speak(language.value).then(() => createApp(App).provide(ways, door).mount('#app'))
