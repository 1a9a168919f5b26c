import '@/styles/tokens.css'
import '@/styles/base.css'
import './home.css'
import { createApp } from 'vue'
import { language, speak } from '@/words'
import App from './App.vue'
import { big, speakBig } from './big'

speakBig(big.value)
void speak(language.value).then(() => createApp(App).mount('#app'))
