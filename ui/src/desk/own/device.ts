// A browser and its system, as far as what the browser calls itself tells.
const browsers: [RegExp, string][] = [[/MicroMessenger/, 'WeChat'], [/wxwork/i, 'WeCom'], [/DingTalk/, 'DingTalk'], [/Edg(e|A|iOS)?\//, 'Edge'], [/QQBrowser/, 'QQ Browser'], [/UCBrowser/, 'UC'], [/HuaweiBrowser/, 'Huawei'], [/Firefox|FxiOS/, 'Firefox'], [/Chrom(e|ium)|CriOS/, 'Chrome'], [/Safari/, 'Safari']]
const systems: [RegExp, string][] = [[/HarmonyOS|OpenHarmony/, 'HarmonyOS'], [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']]
const first = (all: [RegExp, string][], text: string) => all.find(([pattern]) => pattern.test(text))?.[1]

export function device(agent: string): string {
  return [first(browsers, agent), first(systems, agent)].filter(Boolean).join(' · ') || agent.slice(0, 40)
}
