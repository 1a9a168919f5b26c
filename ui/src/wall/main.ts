import '@/styles/tokens.css'
import '@/styles/base.css'
import './wall.css'
import { createApp } from 'vue'
import { hooks } from '@/api/request'
import { ways } from '@/door/ways'
import { language, speak } from '@/words'
import { setRight } from '@/words/time'
import App from './App.vue'
import { light, setLight } from './look'
import { door } from './session'

setLight(light.value)
hooks.told = setRight
void speak(language.value).then(() => createApp(App).provide(ways, door).mount('#app'))
