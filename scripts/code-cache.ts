// node code-cache.ts SCRIPT CACHE ARGUMENT...: runs kboot as bundled in SCRIPT, and writes what V8 has compiled of it to CACHE.
import { readFileSync, writeFileSync } from 'node:fs';
import { compile, run } from '../src/start/script.ts';

const [file = '', cache = ''] = process.argv.splice(2, 2);
const script = compile(readFileSync(file, 'utf8'));
process.on('exit', () => {
  writeFileSync(cache, script.createCachedData());
});
run(script, file);
