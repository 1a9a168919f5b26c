import '@/styles/tokens.css'
import '@/styles/base.css'
import './home.css'
import { createApp } from 'vue'
import { language, speak } from '@/words'
import App from './App.vue'
import { big, speakBig } from './big'

speak(language.value)
speakBig(big.value)
createApp(App).mount('#app')
