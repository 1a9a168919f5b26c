// Builds the service worker of the field face: a second small build, with the list of what the
// face really reaches. Its name is the hash of that list, so that a new build is a new cache.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'

/** @param html entry of the face, such as "field/index.html"; beside it lie its manifest and icons */
export function worker(html: string, source: string, beside: string[]): Plugin {
  let files: string[] = []
  let out = 'dist'
  return {
    name: 'worker', apply: 'build', enforce: 'post',
    configResolved(c) { out = c.build.outDir },
    generateBundle(_, bundle) {
      const seen = new Set<string>()
      const walk = (name: string) => {
        const part = bundle[name]
        if (!part || seen.has(name)) return
        seen.add(name)
        if (part.type !== 'chunk') return
        for (const x of [...part.imports, ...part.dynamicImports]) walk(x)
        for (const x of [...(part.viteMetadata?.importedCss ?? []), ...(part.viteMetadata?.importedAssets ?? [])]) seen.add(x)
      }
      for (const part of Object.values(bundle)) if (part.type === 'chunk' && part.isEntry && part.facadeModuleId?.endsWith('/' + html)) walk(part.fileName)
      files = [...seen].sort()
    },
    async closeBundle() {
      const list = [html, ...beside, ...files].map(f => '/' + f)
      const hash = createHash('sha256')
      for (const f of list) hash.update(f).update(readFileSync(join(out, f)))
      await build({
        configFile: false, logLevel: 'warn', publicDir: false, define: { FIELD_FILES: JSON.stringify({ name: 'field-' + hash.digest('hex').slice(0, 12), files: list }) },
        build: { emptyOutDir: false, outDir: join(out, 'field'), target: 'es2020', lib: { entry: source, formats: ['iife'], name: 'worker', fileName: () => 'sw.js' } },
      })
    },
  }
}
