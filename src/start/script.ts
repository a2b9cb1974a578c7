import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** What of kboot a build has in dist/ or in the executable: src/main.ts and all that it needs, as one CommonJS file. */
export const scriptName = 'kboot.cjs';

/**
 * What V8 has compiled of that file, for one version of Node and one type of processor: V8 checks only its own version and
 * flags.
 */
export const codeCacheName = `kboot-${process.version}-${process.arch}.cache`;

/** Compiles the file's text, or takes it from `codeCache`; a cache of another V8 is ignored. */
export function compile(source: string, codeCache?: Buffer): Script {
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  return new Script(wrapped, { filename: scriptName, cachedData: codeCache });
}

/** Runs it as Node would run the CommonJS file `file`. */
export function run(script: Script, file: string): void {
  const module = { exports: {} };
  const main = script.runInThisContext() as (...parts: readonly unknown[]) => void;
  main(module.exports, createRequire(file), module, file, dirname(file));
}
