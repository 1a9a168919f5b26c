import { expect, test } from 'vitest'
import { device } from './device'

test('a browser is named with its system, WeChat before the Chrome inside it', () => {
  expect(device('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0')).toBe('Edge · Windows')
  expect(device('Mozilla/5.0 (Linux; Android 12; HarmonyOS) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.40')).toBe('WeChat · HarmonyOS')
  expect(device('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1')).toBe('Safari · iOS')
})

test('what is no browser is called as it calls itself, and nothing is nothing', () => {
  expect([device('curl/8.5'), device('')]).toEqual(['curl/8.5', ''])
})
